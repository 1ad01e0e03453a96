from datetime import UTC, date, datetime, timedelta

import pytest

from propman.accounts.models import Membership
from propman.accounts.roles import Role
from propman.community.models import Household, Occupancy, Person
from propman.community.selectors import households_of
from propman.community.services.residents import (
    AccountTaken,
    AlreadyLeft,
    AlreadyLivesThere,
    NewResident,
    NotAnOwner,
    NotLivingThere,
    add_person,
    connect_account,
    elect_committee,
    end_committee_term,
    join_committee,
    leave_committee,
    move_in,
    move_in_many,
    move_out,
)
from propman.tenancy.jobrun import run_everything_due
from propman.tenancy.models import Event
from propman.tenancy.scope import company_scope
from tests.factories import make_community, make_household, make_user

AT = datetime(2026, 3, 2, 2, tzinfo=UTC)
TODAY = date(2026, 3, 2)
ACT = {"by": None, "at": AT}
OWNER, TENANT = Occupancy.Kind.OWNER, Occupancy.Kind.TENANT


@pytest.fixture
def room(community, company):
    household = make_household(community)
    with company_scope(company.pk):
        Household.objects.filter(pk=household.pk).update(ended_on=household.started_on)
    return household.room


def make_person(name="Lin Jia", user=True):
    person = add_person(name=name, phone="13800000000", **ACT)
    return connect_account(person=person, user=make_user(name), **ACT) if user else person


def roles_of(person):
    return sorted(Membership.objects.filter(user=person.user, ended_at=None).values_list("role", flat=True))


def test_moving_in_begins_household_and_role(scope, room):
    person = make_person()
    occupancy = move_in(room=room, person=person, kind=OWNER, on=TODAY, **ACT)
    assert occupancy.household.started_on == TODAY
    assert roles_of(person) == ["owner"]
    assert [home.pk for home in households_of(person.user, on=TODAY)] == [occupancy.household_id]


def test_moving_in_twice_is_refused(scope, room):
    person = make_person()
    move_in(room=room, person=person, kind=OWNER, on=TODAY, **ACT)
    with pytest.raises(AlreadyLivesThere):
        move_in(room=room, person=person, kind=OWNER, on=TODAY, **ACT)
    assert Occupancy.objects.count() == 1


def test_moving_out_takes_away_access(scope, room):
    person = make_person()
    occupancy = move_in(room=room, person=person, kind=OWNER, on=TODAY, **ACT)
    tomorrow = TODAY + timedelta(days=1)
    move_out(occupancy=occupancy, on=tomorrow, by=None, at=AT + timedelta(days=1))
    assert roles_of(person) == []
    assert not households_of(person.user, on=tomorrow).exists()
    assert Household.objects.get(pk=occupancy.household_id).ended_on == tomorrow
    with pytest.raises(NotLivingThere):
        move_out(occupancy=occupancy, on=tomorrow, **ACT)


def test_moving_out_of_one_of_two_rooms_keeps_the_role(scope, community, room):
    person = make_person()
    occupancy = move_in(room=room, person=person, kind=OWNER, on=TODAY, **ACT)
    move_in(room=make_household(community).room, person=person, kind=OWNER, on=TODAY, **ACT)
    move_out(occupancy=occupancy, on=TODAY, **ACT)
    assert roles_of(person) == ["owner"]


def test_household_stays_while_somebody_lives_there(scope, room):
    owner, tenant = make_person("Owner"), make_person("Tenant")
    first = move_in(room=room, person=owner, kind=OWNER, on=TODAY, **ACT)
    move_in(room=room, person=tenant, kind=TENANT, on=TODAY, **ACT)
    move_out(occupancy=first, on=TODAY, **ACT)
    assert Household.objects.get(pk=first.household_id).ended_on is None
    assert (roles_of(owner), roles_of(tenant)) == ([], ["tenant"])


def test_move_of_a_day_to_come_waits_for_it(company, room):
    later = AT + timedelta(days=3)
    with company_scope(company.pk):
        person = make_person()
        occupancy = move_in(room=room, person=person, kind=OWNER, on=TODAY + timedelta(days=3), **ACT)
        assert roles_of(person) == []
    run_everything_due(later)
    with company_scope(company.pk):
        assert roles_of(person) == ["owner"]
        move_out(occupancy=occupancy, on=TODAY + timedelta(days=5), by=None, at=later)
        assert roles_of(person) == ["owner"]
    run_everything_due(AT + timedelta(days=5))
    with company_scope(company.pk):
        assert roles_of(person) == []


def test_next_household_waits_for_the_one_before(scope, room):
    occupancy = move_in(room=room, person=make_person("Old"), kind=OWNER, on=TODAY, **ACT)
    move_out(occupancy=occupancy, on=TODAY + timedelta(days=9), **ACT)
    with pytest.raises(AlreadyLivesThere):
        move_in(room=room, person=make_person("New"), kind=OWNER, on=TODAY, **ACT)
    move_in(room=room, person=make_person("Newer"), kind=OWNER, on=TODAY + timedelta(days=9), **ACT)


def test_account_of_another_resident_is_refused(scope):
    person = make_person()
    with pytest.raises(AccountTaken):
        connect_account(person=add_person(name="Other", **ACT), user=person.user, **ACT)


def test_committee_role_follows_membership(scope, room, community):
    person = make_person()
    move_in(room=room, person=person, kind=OWNER, on=TODAY, **ACT)
    committee = elect_committee(community=community, members=[(person, "Chair")], on=TODAY, **ACT)
    assert roles_of(person) == ["committee_member", "owner"]
    leave_committee(member=committee.members.get(), on=TODAY, **ACT)
    assert roles_of(person) == ["owner"]
    join_committee(committee=committee, person=person, on=TODAY, **ACT)
    end_committee_term(committee=committee, on=TODAY, **ACT)
    assert roles_of(person) == ["owner"]
    with pytest.raises(AlreadyLeft):
        join_committee(committee=committee, person=person, on=TODAY, **ACT)


def test_tenant_cannot_sit_on_the_committee(scope, room, community):
    tenant = make_person()
    move_in(room=room, person=tenant, kind=TENANT, on=TODAY, **ACT)
    with pytest.raises(NotAnOwner):
        elect_committee(community=community, members=[(tenant, "")], on=TODAY, **ACT)
    assert roles_of(tenant) == ["tenant"]


def test_owner_of_another_community_cannot_join(scope, company, room):
    person = make_person()
    move_in(room=room, person=person, kind=OWNER, on=TODAY, **ACT)
    with pytest.raises(NotAnOwner):
        elect_committee(community=make_community(company), members=[(person, "")], on=TODAY, **ACT)


def test_owner_who_sells_leaves_the_committee(scope, room, community):
    person = make_person()
    occupancy = move_in(room=room, person=person, kind=OWNER, on=TODAY, **ACT)
    committee = elect_committee(community=community, members=[(person, "Chair")], on=TODAY, **ACT)
    move_out(occupancy=occupancy, on=TODAY, **ACT)
    assert committee.members.get().ends_on == TODAY
    assert roles_of(person) == []


def test_next_committee_ends_the_one_before(scope, room, community):
    person = make_person()
    move_in(room=room, person=person, kind=OWNER, on=TODAY, **ACT)
    old = elect_committee(community=community, members=[(person, "Chair")], on=TODAY, **ACT)
    elect_committee(community=community, members=[(person, "Chair")], on=TODAY + timedelta(days=1), **ACT)
    old.refresh_from_db()
    assert old.ends_on == TODAY + timedelta(days=1)


def test_many_move_in_once(scope, room, community, django_assert_max_num_queries):
    rooms = [room, *(make_household(community).room for _n in range(30))]
    residents = [NewResident(one.pk, f"Owner {one.pk}", "138") for one in rooms]
    residents.append(NewResident(rooms[1].pk, f"Owner {room.pk}", "138"))
    with django_assert_max_num_queries(13):
        moved = move_in_many(community=community, residents=residents, on=TODAY, **ACT)
    assert (len(moved.people), len(moved.households), len(moved.occupancies)) == (31, 1, 32)
    again = move_in_many(community=community, residents=residents, on=TODAY, **ACT)
    assert (again.people, again.households, again.occupancies) == ([], [], [])
    assert Person.objects.count() == 31


def test_journal_keeps_names_in_side_rows(scope, room):
    person = make_person("Very Secret Name")
    move_in(room=room, person=person, kind=OWNER, on=TODAY, **ACT)
    assert not any("Secret" in event.canonical for event in Event.objects.all())


def test_roles_of_employees_are_left_alone(scope, room, head):
    person = connect_account(person=add_person(name="Head", **ACT), user=head, **ACT)
    occupancy = move_in(room=room, person=person, kind=OWNER, on=TODAY, **ACT)
    move_out(occupancy=occupancy, on=TODAY, **ACT)
    assert Role.DEPARTMENT_HEAD in roles_of(person)
