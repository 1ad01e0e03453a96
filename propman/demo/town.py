"""A town: one company with its communities, people and rota, built by the services in a few hundred statements.

`build_town` builds it as of its first day; the functions in `lives.LIVES` then live through it month by month.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from allauth.account.models import EmailAddress
from faker import Faker

from propman.accounts.models import User
from propman.accounts.roles import Role
from propman.accounts.services import grant_role
from propman.community.models import Community, Department, Employee, Household, Occupancy, OwnersCommittee, Person
from propman.community.services.places import NewRoom, add_rooms, open_community
from propman.community.services.residents import NewResident, connect_accounts, elect_committee, move_in_many
from propman.community.services.staff import NewShift, add_employee, connect_employee, name_head, open_department, plan_shifts
from propman.tenancy.companies import open_company
from propman.tenancy.models import Company
from propman.tenancy.scope import company_scope

NAMES = [
    ("willow-court", "Willow Court 柳岸苑", "柳岸路 18 号"),
    ("harbour-gardens", "Harbour Gardens 海港花园", "滨海大道 266 号"),
    ("jade-terrace", "Jade Terrace 翡翠台", "青山路 7 号"),
]
OFFICES = ("Chair 主任", "Vice chair 副主任", "Member 委员", "Member 委员", "Member 委员")
POSTS = ("Front desk 前台", "Engineer 工程", "Cleaning 保洁", "Security 保安")
SHIFTS = (time(0), time(8), time(16))
ROTA_AHEAD = timedelta(days=120)


@dataclass
class Place:
    """A community with its office and its households; `owners`, `tenants` and `family` by household id."""

    community: Community
    office: Department
    staff: list[Employee] = field(default_factory=list)  # the head comes first
    households: list[Household] = field(default_factory=list)
    owners: dict[int, Person] = field(default_factory=dict)
    tenants: dict[int, Person] = field(default_factory=dict)
    family: dict[int, Person] = field(default_factory=dict)
    committee: OwnersCommittee | None = None

    @property
    def head(self) -> Employee:
        return self.staff[0]


@dataclass
class Town:
    """A company that lives: nothing in it happens after `until`. `seed` makes every run alike."""

    company: Company
    seed: int
    begins_at: datetime
    until: datetime
    places: list[Place] = field(default_factory=list)
    centre: Department | None = None
    posts: dict[str, Employee] = field(default_factory=dict)  # by role: who holds it in the company
    agents: list[Employee] = field(default_factory=list)
    duty_managers: list[Employee] = field(default_factory=list)
    made: Counter[str] = field(default_factory=Counter)
    agenda: list[Any] = field(default_factory=list)  # what was begun and goes on in a later month
    moment: datetime | None = None  # of the step that is being taken
    last_counted_month: str | None = None  # "2026-10": the last month whose cards were counted

    def __post_init__(self) -> None:
        self.random = Random(self.seed)  # noqa: S311 - a town is no secret
        self.faker = Faker("zh_CN")
        self.faker.seed_instance(self.seed)

    def at(self, day: date, hour: float = 0) -> datetime:
        """A moment in the company's zone."""
        return datetime.combine(day, time(0), self.company.timezone) + timedelta(hours=hour)

    def months(self) -> Iterator[date]:
        """The first day of every month that begins before `until`."""
        day = self.company.today(self.begins_at).replace(day=1)
        while self.at(day) < self.until:
            yield day
            day = next_month(day)


def next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def build_town(
    *,
    address: str,
    name: str,
    communities: int,
    households: int,
    seed: int,
    begins_at: datetime,
    until: datetime,
    without_committee: int = 0,
) -> Town:
    """Build the company with so many communities of so many households; the last `without_committee` have no committee.

    Everything is dated `begins_at`, households live there since a year before. Raises AddressTaken.
    """
    company = open_company(address=address, name=name, by=None, at=begins_at)
    town = Town(company, seed, begins_at, until)
    with company_scope(company.pk):
        build_company_office(town)
        build_centre(town)
        for number in range(communities):
            place = build_place(town, number, households)
            if number < communities - without_committee:
                build_committee(town, place)
    return town


def build_company_office(town: Town) -> None:
    office = open_department(
        name="Company office 公司办公室", kind=Department.Kind.COMPANY_OFFICE, phone="021-5550-0100", by=None, at=town.begins_at
    )
    roles = (Role.GENERAL_MANAGER, Role.COMPANY_ADMINISTRATOR, Role.HR_OFFICER, Role.FINANCE_OFFICER, Role.UNION_PANEL_MEMBER)
    for role in roles:
        town.posts[role] = hire(town, office, str(role.label), role)
    name_head(department=office, head=town.posts[Role.GENERAL_MANAGER], by=None, at=town.begins_at)


def build_centre(town: Town) -> None:
    """The 24-hour service centre with its rota: three shifts a day, a duty manager and an agent on each."""
    centre = town.centre = open_department(
        name="Service centre 24 小时服务中心",
        kind=Department.Kind.SERVICE_CENTRE,
        phone="021-5550-0124",
        by=None,
        at=town.begins_at,
    )
    head = hire(town, centre, "Head of the centre 中心主任")
    name_head(department=centre, head=head, by=None, at=town.begins_at)
    town.duty_managers = [hire(town, centre, "Duty manager 值班经理", Role.DUTY_MANAGER) for _n in range(4)]
    town.agents = [hire(town, centre, "Agent 客服", Role.CENTRE_AGENT) for _n in range(5)]
    town.posts[Role.DUTY_MANAGER], town.posts[Role.CENTRE_AGENT] = town.duty_managers[0], town.agents[0]
    plan_shifts(department=centre, shifts=list(rota(town)), by=None, at=town.begins_at)


def rota(town: Town) -> Iterator[NewShift]:
    day, last, number = town.company.today(town.begins_at), town.company.today(town.until + ROTA_AHEAD), 0
    while day < last:
        for begin in SHIFTS:
            starts_at = town.at(day, begin.hour)
            leads, others = town.duty_managers, town.agents
            yield NewShift(leads[number % len(leads)], starts_at, starts_at + timedelta(hours=8), is_lead=True)
            yield NewShift(others[number % len(others)], starts_at, starts_at + timedelta(hours=8))
            number += 1
        day += timedelta(days=1)


def build_place(town: Town, number: int, households: int) -> Place:
    address, name, street = NAMES[number] if number < len(NAMES) else (f"community-{number + 1}", f"{number + 1} 号小区", "")
    community = open_community(address=address, name=name, street=street, by=None, at=town.begins_at)
    office = open_department(
        name=f"{name} · office 管理处",
        kind=Department.Kind.MANAGEMENT_OFFICE,
        community=community,
        phone=f"021-5550-{1000 + number * 10:04}",
        by=None,
        at=town.begins_at,
    )
    place = Place(community, office)
    town.places.append(place)
    place.staff = [hire(town, office, "Head of the office 管理处主任"), *(hire(town, office, post) for post in POSTS)]
    name_head(department=office, head=place.head, by=None, at=town.begins_at)
    town.posts.setdefault(Role.DEPARTMENT_HEAD, place.head)
    town.posts.setdefault(Role.EMPLOYEE, place.staff[1])
    build_homes(town, place, households)
    town.made["households"] += len(place.households)
    return place


def build_homes(town: Town, place: Place, households: int) -> None:
    """Rooms, and in each an owner; in some a tenant or a member of the family; all of them with accounts."""
    rooms = [new_room(town, index) for index in range(households)]
    added = add_rooms(community=place.community, rooms=rooms, by=None, at=town.begins_at)
    ids = [added.rooms[room.key].pk for room in rooms]
    since = town.company.today(town.begins_at) - timedelta(days=365)
    residents = [new_resident(town, room, Occupancy.Kind.OWNER) for room in ids]
    residents += [new_resident(town, room, Occupancy.Kind.TENANT) for room in ids[1::7]]
    residents += [new_resident(town, room, Occupancy.Kind.FAMILY_MEMBER) for room in ids[2::4]]
    moved = move_in_many(community=place.community, residents=residents, on=since, by=None, at=town.begins_at)
    place.households = sorted(moved.households, key=lambda household: household.pk)
    by_kind = {"owner": place.owners, "tenant": place.tenants, "family_member": place.family}
    for occupancy in moved.occupancies:
        by_kind[occupancy.kind][occupancy.household_id] = occupancy.person
    users = new_users(moved.people, town)
    connect_accounts(accounts=list(zip(moved.people, users, strict=True)), by=None, at=town.begins_at)


def new_room(town: Town, index: int) -> NewRoom:
    """The room of a building with two entrances of six floors with two rooms each."""
    building, place = divmod(index, 24)
    entrance, place = divmod(place, 12)
    floor, side = divmod(place, 2)
    area = Decimal(town.random.randrange(5500, 14000)) / 100
    return NewRoom(f"{building + 1}栋", f"{entrance + 1}单元", f"{floor + 1:02}{side + 1:02}", area)


def new_resident(town: Town, room: int, kind: str) -> NewResident:
    number = town.made["people"] = town.made["people"] + 1
    email = f"resident{number}@{town.company.address}.example"
    return NewResident(room, town.faker.name(), f"138{number:08}", email, kind)


def new_users(people: Sequence[Person | Employee], town: Town) -> list[User]:
    """Accounts without a password: whoever is to sign in gets one by `sign_ins`."""
    users = User.objects.bulk_create(
        User(email=one.email, name=one.name, phone=one.phone, password="!", joined_at=town.begins_at)  # noqa: S106
        for one in people
    )
    EmailAddress.objects.bulk_create(EmailAddress(user=user, email=user.email, verified=True, primary=True) for user in users)
    return users


def hire(town: Town, department: Department, post: str, *roles: Role) -> Employee:
    number = town.made["employees"] = town.made["employees"] + 1
    employee = add_employee(
        number=f"E{number:04}",
        name=town.faker.name(),
        department=department,
        joined_on=town.company.today(town.begins_at) - timedelta(days=town.random.randrange(200, 2000)),
        phone=f"021-5550-{2000 + number:04}",
        email=f"staff{number}@{town.company.address}.example",
        post=post,
        sex=town.random.choice([Employee.Sex.FEMALE, Employee.Sex.MALE]),
        born_on=date(1970, 1, 1) + timedelta(days=town.random.randrange(0, 11000)),
        contract="open-ended",
        by=None,
        at=town.begins_at,
    )
    (user,) = new_users([employee], town)
    employee = connect_employee(employee=employee, user=user, by=None, at=town.begins_at)
    for role in roles:
        grant_role(user=user, role=role, by=None, at=town.begins_at)
    return employee


def build_committee(town: Town, place: Place) -> None:
    owners = [place.owners[household.pk] for household in place.households[:: max(1, len(place.households) // 5)]]
    members = list(zip(owners, OFFICES, strict=False))
    on = town.company.today(town.begins_at) - timedelta(days=180)
    place.committee = elect_committee(community=place.community, members=members, on=on, by=None, at=town.begins_at)
