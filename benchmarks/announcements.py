"""An announcement to a community of 10,000 households, beside the bare INSERT of as many notices."""

from datetime import UTC, datetime, timedelta

from django.db import connection, transaction

from benchmarks.measure import Figure, median_ms, seconds
from benchmarks.scratch import analyze, owner_cursor
from propman.announcements.models import Announcement
from propman.announcements.selectors import Places
from propman.announcements.services import NewAnnouncement, write_announcement
from propman.community.models import Building, Community, Department
from propman.notify.models import Notice
from propman.notify.planning import plan_notices
from propman.tenancy.scope import company_scope
from tests.factories.people import make_user
from tests.factories.places import make_community, make_company, make_department

MANY, FEW = 10_000, 1_000
AT = datetime(2026, 3, 2, 4, tzinfo=UTC)
ENTRANCES = 100  # households behind a door

TOWN = [
    """INSERT INTO community_entrance (company_id, building_id, name)
       SELECT %(company)s, %(building)s, n FROM generate_series(1, %(count)s / %(entrances)s) AS n""",
    """INSERT INTO community_room (company_id, community_id, entrance_id, name, label, area)
       SELECT %(company)s, %(community)s, door.id, n, n || '-' || door.name, 80
       FROM community_entrance AS door, generate_series(1, %(entrances)s) AS n WHERE building_id = %(building)s""",
    """INSERT INTO community_household (company_id, community_id, room_id, started_on)
       SELECT company_id, community_id, id, '2020-01-01' FROM community_room WHERE community_id = %(community)s""",
    """INSERT INTO accounts_user (email, name, password, phone, language, is_active, is_operator, sessions_epoch, joined_at)
       SELECT id || '@home.example', 'P', '!', '', '', true, false, 0, '2026-01-01'
       FROM community_household WHERE community_id = %(community)s""",
    """INSERT INTO accounts_membership (company_id, user_id, role, started_at)
       SELECT %(company)s, id, 'owner', '2026-01-01' FROM accounts_user WHERE email LIKE '%%@home.example'
       ON CONFLICT DO NOTHING""",
    """INSERT INTO community_person (company_id, name, phone, email, user_id)
       SELECT %(company)s, 'P', '', '', account.id FROM community_household AS home
       JOIN accounts_user AS account ON account.email = home.id || '@home.example' WHERE community_id = %(community)s""",
    """INSERT INTO community_occupancy (company_id, household_id, person_id, kind, starts_on)
       SELECT %(company)s, home.id, person.id, 'owner', '2020-01-01' FROM community_household AS home
       JOIN accounts_user AS account ON account.email = home.id || '@home.example'
       JOIN community_person AS person ON person.user_id = account.id WHERE community_id = %(community)s""",
]
FLOOR = """
    INSERT INTO notify_notice (company_id, event, user_id, email, phone, words, path, at)
    SELECT company_id, event, user_id, email, phone, words, path, at FROM notify_notice WHERE company_id = %s
"""


class Undone(Exception):
    """Ends a measured transaction without a trace."""


def lay_out(office: Department, households: int) -> Community:
    community = make_community(office.company, f"homes-{households}")
    with company_scope(office.company_id):
        building = Building.objects.create(community=community, name="1")
    values = {"company": office.company_id, "community": community.pk, "building": building.pk, "entrances": ENTRANCES}
    with owner_cursor() as cursor:
        for statement in TOWN:
            cursor.execute(statement, {**values, "count": households})
    return community


def tell(community: Community, office: Department) -> Announcement:
    return write_announcement(
        new=NewAnnouncement("water", "No water", "The pump is changed.", AT + timedelta(hours=2), AT + timedelta(hours=5)),
        to=Places(communities=frozenset({community.pk})),
        department=office,
        by=make_user(),
        at=AT,
    )


def undone(company_id: int, work) -> None:  # type: ignore[no-untyped-def]
    try:
        with company_scope(company_id):
            work()
            raise Undone
    except Undone:
        pass


def run() -> list[Figure]:
    company = make_company("announced")
    office = make_department(company, name="Office")
    many, few = lay_out(office, MANY), lay_out(office, FEW)
    analyze()
    large, small = (
        median_ms(lambda community=community: undone(company.pk, lambda: tell(community, office)), times=5)
        for community in (many, few)
    )
    with company_scope(company.pk):
        tell(many, office)
        assert Notice.objects.count() == MANY

    def bare() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(FLOOR, [company.pk])

    floor = median_ms(lambda: undone(company.pk, bare), times=5)
    planned = 0.0
    while True:
        with company_scope(company.pk):
            found: list[int] = []
            planned += seconds(lambda: found.append(plan_notices(at=AT)))  # noqa: B023 - called at once
        if not found[0]:
            break
    return [
        Figure(
            "announcement to 10,000 households, whole",
            large,
            "ms",
            floor,
            "5 times a bare INSERT..SELECT of 10,000 notices at most",
            large <= 5 * floor,
            note="finds, counts by entrance and tells",
        ),
        Figure(
            "announcement to 10,000 households, beside 1,000",
            large,
            "ms",
            small,
            "10 times the households, 10 times the time at most",
            large <= 10 * small,
        ),
        Figure(
            "10,000 notices given to messages",
            planned * 1000,
            "ms",
            floor,
            "under 10 s, in the background",
            planned < 10,
            note="one worker",
        ),
    ]
