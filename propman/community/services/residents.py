"""People of the rooms: who moves in and out, and who sits on the owners' committee.

The roles of owner, tenant, family member and committee member follow from these rows and from nothing else: every verb
calls `keep_roles_in_step` in its own transaction, and a daily job does so for whatever begins or ends on that day.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from propman.accounts.models import User
from propman.accounts.roles import RESIDENTS, Role
from propman.common.text import tidy
from propman.tenancy.events import Actor, NewEvent, record_event, record_events, stream_of
from propman.tenancy.models import Company
from propman.tenancy.scope import current_company_id

from ..models import CommitteeMember, Community, Household, Occupancy, OwnersCommittee, Person, Room
from .places import named

DIRECTORY_ROLES = sorted(RESIDENTS | {Role.COMMITTEE_MEMBER})


class AlreadyLivesThere(ValidationError):
    """The person already has that place in the household."""


class NotLivingThere(ValidationError):
    """The occupancy has already ended."""


class NotAnOwner(ValidationError):
    """Only owners of a community can sit on its committee."""


class AlreadyLeft(ValidationError):
    """The committee's term, or the member's, is over."""


class AccountTaken(ValidationError):
    """The account belongs to another person of the company."""


@transaction.atomic
def add_person(*, name: str, phone: str = "", email: str = "", by: Actor | None, at: datetime) -> Person:
    """Note somebody as a resident; he signs in once an account is connected. Raises ValidationError."""
    person = Person(name=named(name, 80), phone=tidy(phone, longest=32), email=tidy(email, longest=254))
    person.clean_fields(exclude=["company", "user"])
    person.save()
    record_event("person.added", person, by=by, at=at, texts=_personal(person))
    return person


@transaction.atomic
def change_person(*, person: Person, name: str, phone: str, email: str, by: Actor | None, at: datetime) -> Person:
    """Put a resident's name, phone or e-mail right. Raises ValidationError."""
    person = Person.objects.select_for_update().get(pk=person.pk)
    person.name, person.phone, person.email = named(name, 80), tidy(phone, longest=32), tidy(email, longest=254)
    person.clean_fields(exclude=["company", "user"])
    person.save(update_fields=["name", "phone", "email"])
    record_event("person.changed", person, by=by, at=at, texts=_personal(person))
    return person


@transaction.atomic
def connect_account(*, person: Person, user: User, by: Actor | None, at: datetime) -> Person:
    """Let the person sign in as that user, with the roles that follow from where he lives. Raises AccountTaken."""
    person = Person.objects.select_for_update().get(pk=person.pk)
    person.user = user
    try:
        with transaction.atomic():
            person.save(update_fields=["user"])
    except IntegrityError as error:
        raise AccountTaken(_("This account belongs to another resident.")) from error
    record_event("person.account_connected", person, by=by, at=at, facts={"user": user.pk})
    keep_roles_in_step([person.pk], by=by, at=at)
    return person


@transaction.atomic
def connect_accounts(*, accounts: Sequence[tuple[Person, User]], by: Actor | None, at: datetime) -> None:
    """Let many residents sign in, as connect_account does for one. Raises AccountTaken; then none is connected."""
    for person, user in accounts:
        person.user = user
    try:
        with transaction.atomic():
            Person.objects.bulk_update([person for person, _user in accounts], ["user"], batch_size=500)
    except IntegrityError as error:
        raise AccountTaken(_("This account belongs to another resident.")) from error
    record_events(
        [NewEvent(stream_of(person), "person.account_connected", {"user": user.pk}) for person, user in accounts],
        by=by,
        at=at,
    )
    keep_roles_in_step([person.pk for person, _user in accounts], by=by, at=at)


def _personal(person: Person) -> dict[str, str]:
    return {"name": person.name, "phone": person.phone, "email": person.email}


@transaction.atomic
def found_household(*, room: Room, on: date, by: Actor | None, at: datetime) -> Household:
    """Begin a household in the empty room, with nobody in it yet. Raises AlreadyLivesThere when the room has one."""
    room = Room.objects.select_for_update().get(pk=room.pk)
    if Household.objects.filter(room=room, ended_on=None).exists():
        raise AlreadyLivesThere(_("A household lives in this room already."))
    household = Household.objects.create(community_id=room.community_id, room=room, started_on=on)
    record_event("household.founded", household, by=by, at=at, facts={"room": room.pk, "on": on.isoformat()})
    return household


@transaction.atomic
def move_in(*, room: Room, person: Person, kind: str, on: date, by: Actor | None, at: datetime) -> Occupancy:
    """Let the person live in (or own) the room from that day; an empty room begins a new household.

    `kind` is a value of Occupancy.Kind. The role follows on the day itself. Raises AlreadyLivesThere.
    """
    room = Room.objects.select_for_update().get(pk=room.pk)
    if Household.objects.filter(room=room, ended_on__gt=on).exists():
        raise AlreadyLivesThere(_("The household before is still there on that day."))
    household = Household.objects.filter(room=room, ended_on=None).first() or found_household(room=room, on=on, by=by, at=at)
    try:
        with transaction.atomic():
            occupancy = Occupancy.objects.create(household=household, person=person, kind=kind, starts_on=on)
    except IntegrityError as error:
        raise AlreadyLivesThere(_("%(name)s is noted there already."), params={"name": person.name}) from error
    facts = {"occupancy": occupancy.pk, "person": person.pk, "kind": kind, "on": on.isoformat()}
    record_event("household.moved_in", household, by=by, at=at, facts=facts)
    keep_roles_in_step([person.pk], by=by, at=at)
    return occupancy


@transaction.atomic
def move_out(*, occupancy: Occupancy, on: date, by: Actor | None, at: datetime) -> Occupancy:
    """End the occupancy: `on` is the first day on which it no longer holds. Access ends with it, on that day.

    When the last one leaves, the household ends; an owner who sells leaves the committee too. Raises NotLivingThere.
    """
    household = Household.objects.select_for_update().get(pk=occupancy.household_id)
    occupancy = Occupancy.objects.select_for_update(of=("self",)).select_related("person").get(pk=occupancy.pk)
    if occupancy.ends_on is not None:
        raise NotLivingThere(_("This has ended already."))
    occupancy.ends_on = max(on, occupancy.starts_on)
    occupancy.save(update_fields=["ends_on"])
    facts = {"occupancy": occupancy.pk, "person": occupancy.person_id, "kind": occupancy.kind, "on": on.isoformat()}
    record_event("household.moved_out", household, by=by, at=at, facts=facts)
    _end_empty(household, by=by, at=at)
    if occupancy.kind == Occupancy.Kind.OWNER:
        _leave_committees_of(occupancy.person, household.community_id, on=occupancy.ends_on, by=by, at=at)
    keep_roles_in_step([occupancy.person_id], by=by, at=at)
    return occupancy


def _end_empty(household: Household, *, by: Actor | None, at: datetime) -> None:
    days = list(Occupancy.objects.filter(household=household).values_list("ends_on", flat=True))
    if household.ended_on is None and None not in days:
        household.ended_on = max([household.started_on, *days])
        household.save(update_fields=["ended_on"])
        record_event("household.ended", household, by=by, at=at, facts={"on": household.ended_on.isoformat()})


@dataclass(frozen=True)
class NewResident:
    """Somebody to move into a room; the same name with the same phone or e-mail is the same person."""

    room_id: int
    name: str
    phone: str = ""
    email: str = ""
    kind: str = Occupancy.Kind.OWNER


@dataclass
class MovedIn:
    """What `move_in_many` made."""

    people: list[Person]
    households: list[Household]
    occupancies: list[Occupancy]


@transaction.atomic
def move_in_many(
    *, community: Community, residents: Sequence[NewResident], on: date, by: Actor | None, at: datetime
) -> MovedIn:
    """Move many people into rooms of the community that they do not live in yet; names must be tidy.

    A handful of statements and one event for all of them; who is noted there under that name and kind already is left.
    Nobody gets a role: these people have no account yet.
    """
    Community.objects.select_for_update().get(pk=community.pk)
    company = community.company_id
    rooms = {resident.room_id for resident in residents}
    homes = {household.room_id: household for household in Household.objects.filter(room__in=rooms, ended_on=None)}
    noted = people_noted(rooms)
    new = [one for one in residents if (one.room_id, one.name, one.kind) not in noted]
    founded = Household.objects.bulk_create(
        [
            Household(company_id=company, community=community, room_id=room, started_on=on)
            for room in dict.fromkeys(one.room_id for one in new)
            if room not in homes
        ],
        batch_size=2000,
    )
    homes |= {household.room_id: household for household in founded}
    people, created = _people_for(new, company)
    occupancies = Occupancy.objects.bulk_create(
        [
            Occupancy(company_id=company, household=homes[one.room_id], person=person, kind=one.kind, starts_on=on)
            for one, person in zip(new, people, strict=True)
        ],
        batch_size=2000,
    )
    if occupancies:
        facts = {"occupancies": len(occupancies), "households": len(founded), "on": on.isoformat()}
        record_event("community.moved_in", community, by=by, at=at, facts=facts)
    return MovedIn(created, founded, occupancies)


def people_noted(rooms: Iterable[int]) -> set[tuple[int, str, str]]:
    """Who has a place in the current households of the rooms: room, name and kind."""
    homes = dict(Household.objects.filter(room__in=list(rooms), ended_on=None).values_list("pk", "room_id"))
    held = list(Occupancy.objects.filter(household__in=homes, ends_on=None).values_list("household_id", "person_id", "kind"))
    names = dict(Person.objects.filter(pk__in={person for _home, person, _kind in held}).values_list("pk", "name"))
    return {(homes[home], names[person], kind) for home, person, kind in held}


def _people_for(residents: Sequence[NewResident], company: int) -> tuple[list[Person], list[Person]]:
    """The person of each resident, and those of them that are new; without phone and e-mail everybody is somebody else."""
    by_email = Q(phone="", email__in={one.email for one in residents if one.email and not one.phone})
    reachable = Person.objects.filter(Q(phone__in={one.phone for one in residents if one.phone}) | by_email)
    known = {(person.name, person.phone, person.email): person for person in reachable}
    people, created = [], []
    for one in residents:
        person = known.get((one.name, one.phone, one.email))
        if person is None:
            person = Person(company_id=company, name=one.name, phone=one.phone, email=one.email)
            created.append(person)
            if one.phone or one.email:
                known[one.name, one.phone, one.email] = person
        people.append(person)
    Person.objects.bulk_create(created, batch_size=2000)
    return people, created


@transaction.atomic
def elect_committee(
    *, community: Community, members: Sequence[tuple[Person, str]], on: date, by: Actor | None, at: datetime
) -> OwnersCommittee:
    """Begin the term of a new owners' committee: persons with their office, such as Chair; the one before ends that day.

    Raises NotAnOwner, ValidationError without any member.
    """
    if not members:
        raise ValidationError(_("A committee needs members."))
    Community.objects.select_for_update().get(pk=community.pk)
    if old := OwnersCommittee.objects.filter(community=community, ends_on=None).first():
        end_committee_term(committee=old, on=on, by=by, at=at)
    committee = OwnersCommittee.objects.create(community=community, elected_on=on)
    facts = {"community": community.pk, "on": on.isoformat()}
    record_event("committee.elected", committee, by=by, at=at, facts=facts)
    for person, office in members:
        join_committee(committee=committee, person=person, office=office, on=on, by=by, at=at)
    return committee


@transaction.atomic
def join_committee(
    *, committee: OwnersCommittee, person: Person, office: str = "", on: date, by: Actor | None, at: datetime
) -> CommitteeMember:
    """Put an owner of the community on its committee. Raises NotAnOwner, AlreadyLeft when the term is over."""
    committee = OwnersCommittee.objects.select_for_update().get(pk=committee.pk)
    if committee.ends_on is not None:
        raise AlreadyLeft(_("The term of this committee is over."))
    owned = Occupancy.objects.filter(
        person=person, kind=Occupancy.Kind.OWNER, household__community_id=committee.community_id, ends_on=None
    )
    if not owned.exists():
        raise NotAnOwner(_("%(name)s owns nothing in this community."), params={"name": person.name})
    try:
        with transaction.atomic():
            member = CommitteeMember.objects.create(
                committee=committee, person=person, office=tidy(office, longest=60), starts_on=on
            )
    except IntegrityError as error:
        raise AlreadyLivesThere(_("%(name)s is on the committee already."), params={"name": person.name}) from error
    facts = {"member": member.pk, "person": person.pk, "office": member.office, "on": on.isoformat()}
    record_event("committee.member_joined", committee, by=by, at=at, facts=facts)
    keep_roles_in_step([person.pk], by=by, at=at)
    return member


@transaction.atomic
def leave_committee(*, member: CommitteeMember, on: date, by: Actor | None, at: datetime) -> CommitteeMember:
    """End the member's place: `on` is the first day on which it no longer holds. Raises AlreadyLeft."""
    committee = OwnersCommittee.objects.select_for_update().get(pk=member.committee_id)
    member = CommitteeMember.objects.select_for_update().get(pk=member.pk)
    if member.ends_on is not None:
        raise AlreadyLeft(_("This member has left already."))
    member.ends_on = max(on, member.starts_on)
    member.save(update_fields=["ends_on"])
    facts = {"member": member.pk, "person": member.person_id, "on": on.isoformat()}
    record_event("committee.member_left", committee, by=by, at=at, facts=facts)
    keep_roles_in_step([member.person_id], by=by, at=at)
    return member


@transaction.atomic
def end_committee_term(*, committee: OwnersCommittee, on: date, by: Actor | None, at: datetime) -> OwnersCommittee:
    """End the committee and everybody's place on it; the community has none until the next is elected. Raises AlreadyLeft."""
    committee = OwnersCommittee.objects.select_for_update().get(pk=committee.pk)
    if committee.ends_on is not None:
        raise AlreadyLeft(_("The term of this committee is over."))
    for member in CommitteeMember.objects.filter(committee=committee, ends_on=None):
        leave_committee(member=member, on=on, by=by, at=at)
    committee.ends_on = max(on, committee.elected_on)
    committee.save(update_fields=["ends_on"])
    record_event("committee.term_ended", committee, by=by, at=at, facts={"on": on.isoformat()})
    return committee


def _leave_committees_of(person: Person, community: int, *, on: date, by: Actor | None, at: datetime) -> None:
    still = Occupancy.objects.filter(person=person, kind=Occupancy.Kind.OWNER, household__community_id=community, ends_on=None)
    if not still.exists():
        for member in CommitteeMember.objects.filter(person=person, committee__community_id=community, ends_on=None):
            leave_committee(member=member, on=on, by=by, at=at)


ROLES_THAT_FOLLOW = """
    SELECT DISTINCT person.user_id, place.role
    FROM community_person AS person
    JOIN (
        SELECT person_id, kind AS role, starts_on, ends_on FROM community_occupancy WHERE company_id = %(company)s
        UNION ALL
        SELECT person_id, 'committee_member', starts_on, ends_on FROM community_committeemember WHERE company_id = %(company)s
    ) AS place ON place.person_id = person.id
    WHERE person.company_id = %(company)s AND person.user_id IS NOT NULL
      AND place.starts_on <= %(today)s AND (place.ends_on IS NULL OR place.ends_on > %(today)s)
      AND (%(people)s::bigint[] IS NULL OR person.id = ANY(%(people)s))
"""
END_ROLES = f"""
    UPDATE accounts_membership AS held SET ended_at = %(at)s FROM community_person AS person
    WHERE held.company_id = %(company)s AND held.ended_at IS NULL AND held.role = ANY(%(roles)s)
      AND person.company_id = %(company)s AND person.user_id = held.user_id
      AND (%(people)s::bigint[] IS NULL OR person.id = ANY(%(people)s))
      AND (held.user_id, held.role) NOT IN (SELECT user_id, role FROM ({ROLES_THAT_FOLLOW}) AS follows)
    RETURNING held.id, held.user_id, held.role
"""  # noqa: S608 - a constant of ours
BEGIN_ROLES = f"""
    INSERT INTO accounts_membership (company_id, user_id, role, started_at, granted_by_id)
    SELECT %(company)s, user_id, role, %(at)s, %(by)s FROM ({ROLES_THAT_FOLLOW}) AS follows
    ON CONFLICT (company_id, user_id, role) WHERE ended_at IS NULL DO NOTHING
    RETURNING id, user_id, role
"""  # noqa: S608 - a constant of ours


def keep_roles_in_step(people: Iterable[int] | None = None, *, by: Actor | None, at: datetime) -> int:
    """Let the residents' roles follow from occupancies and committees of today; returns how many began or ended.

    `people` narrows it to those ids; None means everybody of the current company.
    """
    company = Company.objects.get(pk=current_company_id())
    values = {
        "company": company.pk,
        "today": company.today(at),
        "people": None if people is None else list(people),
        "roles": DIRECTORY_ROLES,
        "at": at,
        "by": None if by is None else by.pk,
    }
    with connection.cursor() as cursor:
        cursor.execute(END_ROLES, values)
        changes = [("role.ended", change) for change in cursor.fetchall()]
        cursor.execute(BEGIN_ROLES, values)
        changes += [("role.granted", change) for change in cursor.fetchall()]
    record_events(
        [NewEvent(f"membership:{pk}", name, {"user": user, "role": role}) for name, (pk, user, role) in changes],
        by=by,
        at=at,
    )
    return len(changes)
