"""What the offices of a town tell their residents: every month some of each, and around `town.until` one of every standing."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random

from propman.announcements.models import Announcement, Reading
from propman.announcements.selectors import Places, places_of
from propman.announcements.services import (
    NewAnnouncement,
    clear_announcement,
    correct_announcement,
    withdraw_announcement,
    write_announcement,
)
from propman.community.models import Building, Community, Entrance

from .town import Place, Town, next_month

HOUR = timedelta(hours=1)
READERS = (0.35, 0.9)  # the share of a place's households that reads an announcement


@dataclass(frozen=True)
class Trouble:
    """Something that is announced: about what, its words, how long it lasts, and to what part of a community."""

    kind: str
    title: str
    text: str
    hours: float
    to: str = "community"


TANKS = Trouble(
    "water",
    "水箱清洗，暂停供水",
    "清洗二次供水水箱，请提前储水。恢复后请先放水一分钟。\n"
    "The tanks are cleaned; please store water and let the tap run for a minute afterwards.",
    6,
)
LIFT = Trouble(
    "lift",
    "电梯年检 Lift inspection",
    "年检期间电梯停用，请走楼梯；行动不便者请联系管理处。\n"
    "The lift stands during its inspection; call the office if stairs are a problem.",
    4,
    "entrance",
)
POWER = Trouble(
    "power",
    "配电柜检修，本栋停电 No power in your building",
    "更换配电柜部件，冰箱请勿频繁开启。\nA part of the switchboard is changed.",
    3,
    "building",
)
GAS = Trouble(
    "gas",
    "燃气管道安检 Gas inspection",
    "安检员凭工作证入户，请留人在家。\nInspectors show a badge; somebody should be at home.",
    8,
)
PAINT = Trouble(
    "other",
    "门厅粉刷 Wet paint in the hall",
    "两天内请勿触摸墙面。\nPlease do not touch the walls for two days.",
    48,
    "building",
)
TROUBLES = (TANKS, LIFT, POWER, GAS, PAINT)


def live_month(town: Town, month: date) -> None:
    """Two a month in each community; in the last month also what holds now, comes soon, was corrected or withdrawn."""
    for place in town.places:
        habit = Random(f"{town.seed}:{place.community.address}:{month}")  # noqa: S311 - a town is no secret
        for trouble in habit.sample(TROUBLES, 2):
            day = month + timedelta(days=habit.randrange(1, 26))
            starts_at = town.at(day, habit.choice((9, 10, 13, 14)))
            if starts_at + timedelta(days=3) < town.until:
                told = tell(town, place, trouble, habit, starts_at=starts_at, at=starts_at - habit.randrange(12, 40) * HOUR)
                read(town, place, told, habit)
                if trouble.kind in {"water", "lift"}:
                    give_all_clear(town, place, told, at=starts_at + timedelta(hours=trouble.hours * 0.8))
        if next_month(month) > town.company.today(town.until):
            live_now(town, place, habit)


def live_now(town: Town, place: Place, habit: Random) -> None:
    now, head = town.until, place.head
    holding = tell(town, place, POWER, habit, starts_at=now - HOUR, at=now - 20 * HOUR)
    read(town, place, holding, habit)
    wrong = tell(town, place, TANKS, habit, starts_at=now + 20 * HOUR, at=now - 9 * HOUR)
    right = correct_announcement(
        announcement=wrong,
        new=NewAnnouncement(TANKS.kind, TANKS.title, TANKS.text, now + 22 * HOUR, now + 28 * HOUR, remind_hours=3),
        to=Places(communities=frozenset({place.community.pk})),
        correction="时间推迟两小时 It begins two hours later",
        department=place.office,
        by=head.user,
        at=now - 2 * HOUR,
    )
    read(town, place, right, habit)
    gone = tell(town, place, GAS, habit, starts_at=now + 44 * HOUR, at=now - 30 * HOUR)
    withdraw_announcement(
        announcement=gone, reason="燃气公司改期 The gas company chose another day", by=head.user, at=now - 5 * HOUR
    )
    tell(town, place, PAINT, habit, starts_at=now + 60 * HOUR, at=now - HOUR, publish_at=now + 14 * HOUR)


def tell(
    town: Town,
    place: Place,
    trouble: Trouble,
    habit: Random,
    *,
    starts_at: datetime,
    at: datetime,
    publish_at: datetime | None = None,
) -> Announcement:
    new = NewAnnouncement(
        trouble.kind, trouble.title, trouble.text, starts_at, starts_at + timedelta(hours=trouble.hours), remind_hours=0
    )
    town.made["announcements"] += 1
    return write_announcement(
        new=new,
        to=part_of(place.community, trouble.to, habit),
        department=place.office,
        by=place.head.user,
        at=at,
        publish_at=publish_at,
    )


def part_of(community: Community, part: str, habit: Random) -> Places:
    """The community, or one of its buildings or entrances, chosen by name: the same town has the same ones."""
    if part == "building":
        buildings = list(Building.objects.filter(community=community).order_by("name"))
        return Places(buildings=frozenset({habit.choice(buildings).pk}))
    if part == "entrance":
        entrances = Entrance.objects.filter(building__community=community).order_by("building__name", "name")
        return Places(entrances=frozenset({habit.choice(list(entrances)).pk}))
    return Places(communities=frozenset({community.pk}))


def read(town: Town, place: Place, told: Announcement, habit: Random) -> None:
    """The owners of some households read it, in the hours after they were told."""
    share = habit.uniform(*READERS)
    there = set(places_of(told).households(on=town.company.today(told.publish_at)).values_list("pk", flat=True))
    users = {pk: owner.user_id for pk, owner in place.owners.items() if owner.user_id}
    rows: Iterable[Reading] = [
        Reading(
            company_id=told.company_id,
            announcement=told,
            user_id=users[home.pk],
            household=home,
            at=min(told.publish_at + timedelta(hours=habit.expovariate(0.25)), town.until),
        )
        for home in place.households
        if home.pk in there and home.pk in users and habit.random() < share
    ]
    town.made["readings"] += len(Reading.objects.bulk_create(rows, ignore_conflicts=True))


def give_all_clear(town: Town, place: Place, told: Announcement, *, at: datetime) -> None:
    clear_announcement(
        announcement=told,
        text="已恢复正常，感谢配合。\nAll works again. Thank you.",
        department=place.office,
        by=place.head.user,
        at=at,
    )
