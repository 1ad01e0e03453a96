"""The big screen: what runs out next, how the day goes, who is on duty; no resident is named."""

from datetime import timedelta

import pytest
from django.utils import timezone

from complaints import services
from complaints.permissions import Viewer
from complaints.selectors.ladder import who_is_next
from complaints.selectors.wallboard import wall
from complaints.services.escalation import fire_timers_of
from complaints.templatetags.complaints import wall_time
from propman.accounts.roles import Role
from propman.community.models import DutyShift
from propman.tenancy.events import facts_of
from propman.tenancy.models import Event
from tests.factories import make_employee
from tests.factories.complaints import make_complaint, make_policy

pytestmark = pytest.mark.django_db
WALL = "/lanting/complaints/wallboard/"


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def open_ones(scope, now, household, owner, office):
    make_policy(now - timedelta(days=30))
    asker = services.Asker(name="王小芳", phone="13800138000")
    return [make_complaint(household=household, at=now - timedelta(hours=n), asker=asker) for n in range(9)]


def test_seven_rows_next_due_first_and_no_resident(open_ones, agent, client_of, household):
    page = client_of(agent).get(WALL).content.decode()
    assert page.count("pm-wall__row") == 7
    assert "and 2 more" in page
    assert "王小芳" not in page
    assert "13800138000" not in page
    assert household.room.label not in page
    assert household.room.label.rpartition("-")[0] in page


def test_share_on_time_counts_what_no_clock_ran_out_of(open_ones, company, agent, now, staff):
    fire_timers_of(company.pk, now)
    shown = wall(Viewer(agent, frozenset({Role.CENTRE_AGENT}), staff(agent)), at=now)
    late = sum(one.received_at + timedelta(hours=1) <= now for one in open_ones)  # an hour to accept
    assert (shown.received, shown.on_time, shown.open, shown.nobody) == (9, 9 - late, 9, 9)
    assert shown.longest == open_ones[-1]
    assert shown.offices[0].late == late


def test_who_is_on_duty_and_what_he_reads(open_ones, centre, agent, staff, now, client_of):
    begins, ends = now - timedelta(hours=1), now + timedelta(hours=1)
    DutyShift.objects.create(department=centre, employee=staff(agent), starts_at=begins, ends_at=ends)
    client = client_of(agent)
    assert "free" in client.get(WALL).content.decode()
    services.note_reader(complaint=open_ones[0], by=staff(agent), at=now, is_typing=True)
    assert open_ones[0].number in client.get(WALL, headers={"HX-Target": "main"}).content.decode()


def test_room_of_a_confidential_one_is_nowhere(scope, now, household, owner, office, agent, client_of):
    make_policy(now - timedelta(days=30))
    make_complaint(household=household, at=now, is_confidential=True)
    assert household.room.label.rpartition("-")[0] not in client_of(agent).get(WALL).content.decode()


def test_wallboard_is_not_for_offices(open_ones, head, client_of):
    assert client_of(head).get(WALL).status_code == 403


def test_empty_centre_has_a_wallboard_too(scope, agent, client_of):
    assert "nothing is open" in client_of(agent).get(WALL).content.decode()


def test_next_person_on_the_ladder_stands_beside_the_handler(scope, centre, agent, staff, now, client_of):
    make_policy(now - timedelta(days=30))
    lead = staff(make_employee(centre, Role.DUTY_MANAGER, name="Pei An"))
    DutyShift.objects.create(
        department=centre, employee=lead, is_lead=True, starts_at=now - timedelta(hours=1), ends_at=now + timedelta(hours=7)
    )
    held = services.accept_complaint(complaint=make_complaint(at=now), by=staff(agent), at=now)
    shown = wall(Viewer(agent, frozenset({Role.CENTRE_AGENT}), staff(agent)), at=now)
    [(_row, then)] = shown.rows
    assert (then.name, then.at) == ("Pei An", held.next_due_at)
    assert f"then Pei An {wall_time(held.next_due_at)}" in client_of(agent).get(WALL).content.decode()


def test_centre_that_will_take_it_stands_beside_the_late_one_of_an_office(scope, office, head, staff, agent, now, client_of):
    make_policy(now - timedelta(days=30))
    received_at = now - timedelta(minutes=70)  # of an hour to accept it
    late = make_complaint(first_asked=staff(head), received_at=received_at, at=now)
    fire_timers_of(scope.pk, now)
    takes_at = received_at + timedelta(minutes=90)
    assert who_is_next([late], at=now)[late.pk].at == takes_at
    assert f"the centre takes it {wall_time(takes_at)}" in client_of(agent).get(WALL).content.decode()


def test_person_shown_next_is_the_one_whom_the_clock_tells(open_ones, company, centre, agent, staff, now, manager, client_of):
    held = services.accept_complaint(complaint=open_ones[0], by=staff(agent), at=now)
    rung = who_is_next([held], at=now)[held.pk]
    assert rung.name == staff(manager).name  # the centre has neither a duty manager nor a head
    fire_timers_of(company.pk, rung.at)
    told = Event.objects.filter(stream=f"complaint:{held.pk}", name="complaint.escalated").order_by("-position").first()
    assert facts_of(told)["to"] == staff(manager).pk
