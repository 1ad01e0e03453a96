"""Who an announcement is for, who has read it, and how pages name its places."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db.models import BooleanField, Count, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet, Sum

from propman.accounts.models import Membership, User
from propman.community.models import Building, Community, Entrance, Household, Occupancy

from .models import Announcement, Audience, Reach, Reading


@dataclass(frozen=True)
class Places:
    """Whole communities, buildings and entrances, by id; a part lies in none of the wholes named beside it."""

    communities: frozenset[int] = frozenset()
    buildings: frozenset[int] = frozenset()
    entrances: frozenset[int] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.communities or self.buildings or self.entrances)

    def lies(self, before: str = "") -> Q:
        """Whether a household lies there; `before` leads to it from another row."""
        where = Q(**{f"{before}community__in": self.communities})
        if self.buildings:
            where |= Q(**{f"{before}room__entrance__building__in": self.buildings})
        if self.entrances:
            where |= Q(**{f"{before}room__entrance__in": self.entrances})
        return where

    def households(self, *, on: date) -> QuerySet[Household]:
        """The households that live there on that day."""
        lives = Q(started_on__lte=on) & (Q(ended_on=None) | Q(ended_on__gt=on))
        rows: QuerySet[Household] = Household.objects.filter(self.lies(), lives)
        return rows

    def readers(self, *, on: date) -> QuerySet[Any]:
        """The people with an account who live there, or own what is there, on that day, as `person__user`, each once.

        Joins and no queries in queries: those cost seconds where the tables are new and nothing is known of them.
        """
        lives = Q(starts_on__lte=on) & (Q(ends_on=None) | Q(ends_on__gt=on))
        stands = Q(household__started_on__lte=on) & (Q(household__ended_on=None) | Q(household__ended_on__gt=on))
        member = Exists(Membership.objects.filter(user=OuterRef("person__user"), ended_at=None))
        rows = Occupancy.objects.filter(self.lies("household__"), lives, stands, member, person__user__is_active=True)
        return rows.order_by().values("person__user").distinct()


def told_to_all(community: Community, *, at: datetime) -> QuerySet[Announcement]:
    """What the whole community is told at that moment, the first to begin first: not what concerns a part of it."""
    whole = Audience.objects.filter(community=community, building=None, entrance=None).values("announcement")
    rows: QuerySet[Announcement] = Announcement.objects.current(at).filter(pk__in=whole).order_by("starts_at", "pk")
    return rows


def places_of(announcement: Announcement) -> Places:
    rows = list(Audience.objects.filter(announcement=announcement).values_list("community", "building", "entrance"))
    return Places(
        frozenset(community for community, building, entrance in rows if building is None and entrance is None),
        frozenset(building for _community, building, _entrance in rows if building),
        frozenset(entrance for _community, _building, entrance in rows if entrance),
    )


def chosen_places(
    communities: Collection[int], buildings: Collection[int], entrances: Collection[int], *, among: QuerySet[Community]
) -> Places:
    """Of what was chosen, the places in those communities; a part of a whole that was chosen as well is left out."""
    whole = frozenset(among.filter(pk__in=communities).values_list("pk", flat=True))
    parts = Building.objects.filter(pk__in=buildings, community__in=among).exclude(community__in=whole)
    held = frozenset(parts.values_list("pk", flat=True))
    doors = Entrance.objects.filter(pk__in=entrances, building__community__in=among)
    doors = doors.exclude(building__community__in=whole).exclude(building__in=held)
    return Places(whole, held, frozenset(doors.values_list("pk", flat=True)))


def covers(wider: Places, narrower: Places) -> bool:
    """Whether every place of the one lies in the other."""
    left = Building.objects.filter(pk__in=narrower.buildings - wider.buildings).exclude(community__in=wider.communities)
    doors = Entrance.objects.filter(pk__in=narrower.entrances - wider.entrances)
    doors = doors.exclude(building__in=wider.buildings).exclude(building__community__in=wider.communities)
    return narrower.communities <= wider.communities and not left.exists() and not doors.exists()


def has_account(on: date) -> Exists:
    """Whether somebody of a household can sign in."""
    return Exists(
        Occupancy.objects.filter(
            Q(ends_on=None) | Q(ends_on__gt=on),
            Exists(Membership.objects.filter(user=OuterRef("person__user"), ended_at=None)),
            household=OuterRef("pk"),
            starts_on__lte=on,
            person__user__is_active=True,
        )
    )


@dataclass(frozen=True)
class Preview:
    """Who would get an announcement to those places today."""

    communities: int
    buildings: int
    entrances: int
    households: int
    accounts: int
    without_account: int


def preview_of(places: Places, *, on: date) -> Preview:
    counted = (
        places.households(on=on)
        .annotate(has_account=ExpressionWrapper(has_account(on), output_field=BooleanField()))
        .aggregate(
            communities=Count("community", distinct=True),
            buildings=Count("room__entrance__building", distinct=True),
            entrances=Count("room__entrance", distinct=True),
            households=Count("pk"),
            without_account=Count("pk", filter=Q(has_account=False)),
        )
    )
    return Preview(**counted, accounts=places.readers(on=on).count())


@dataclass(frozen=True)
class Counts:
    """Households that an announcement was for, that have somebody with an account, and that have read it."""

    households: int = 0
    reached: int = 0
    read: int = 0

    @property
    def unreached(self) -> int:
        return self.households - self.reached

    @property
    def percent(self) -> float:
        return 100 * self.read / self.households if self.households else 0.0


@dataclass(frozen=True)
class Place:
    """An entrance, a building or a community in the table of readers, with what lies in it."""

    name: str
    counts: Counts
    parts: list["Place"] = field(default_factory=list)


def counts_of(announcements: Iterable[Announcement], *, among: QuerySet[Community]) -> dict[int, Counts]:
    """The counts of each published announcement, over those communities; two queries, whatever their number."""
    keys = [announcement.pk for announcement in announcements]
    reach = (
        Reach.objects.filter(announcement__in=keys, community__in=among)
        .values("announcement")
        .annotate(all=Sum("households"), with_account=Sum("reached"))
    )
    read = dict(
        _readings(keys, among)
        .values("announcement")
        .annotate(number=Count("household", distinct=True))
        .values_list("announcement", "number")
    )
    counted = {row["announcement"]: Counts(row["all"], row["with_account"], read.get(row["announcement"], 0)) for row in reach}
    return {key: counted.get(key, Counts()) for key in keys}


def _readings(keys: Collection[int], among: QuerySet[Community]) -> QuerySet[Reading]:
    """Of households that were there when it was published: whoever moved in later reads it too, and is not counted."""
    rows: QuerySet[Reading] = Reading.objects.filter(
        announcement__in=keys,
        household__community__in=among,
        household__started_on__lte=F("announcement__published_at__date"),
    )
    return rows


def readers_by_place(announcement: Announcement, *, among: QuerySet[Community]) -> list[Place]:
    """The counts of an announcement by community, building and entrance; names of places, never of people."""
    read = dict(
        _readings([announcement.pk], among)
        .values("household__room__entrance")
        .annotate(number=Count("household", distinct=True))
        .values_list("household__room__entrance", "number")
    )
    rows = (
        Reach.objects.filter(announcement=announcement, community__in=among)
        .select_related("community", "building", "entrance")
        .order_by("community__name", "building__name", "entrance__name")
    )
    tree: dict[str, dict[str, list[Place]]] = {}
    for row in rows:
        counts = Counts(row.households, row.reached, read.get(row.entrance_id, 0))
        tree.setdefault(row.community.name, {}).setdefault(row.building.name, []).append(Place(row.entrance.name, counts))
    return [
        _whole(community, [_whole(building, doors) for building, doors in buildings.items()])
        for community, buildings in tree.items()
    ]


def _whole(name: str, parts: list[Place]) -> Place:
    total = Counts(
        sum(part.counts.households for part in parts),
        sum(part.counts.reached for part in parts),
        sum(part.counts.read for part in parts),
    )
    return Place(name, total, parts)


def read_by(user: User, announcements: Iterable[Announcement]) -> dict[int, datetime]:
    """When the user first saw each of them."""
    keys = [announcement.pk for announcement in announcements]
    rows = Reading.objects.filter(user=user, announcement__in=keys).order_by("-at")
    return dict(rows.values_list("announcement", "at"))


def places_in_words(announcements: Iterable[Announcement]) -> dict[int, list[str]]:
    """Where each announcement holds, as people say it; one query."""
    rows = (
        Audience.objects.filter(announcement__in=[announcement.pk for announcement in announcements])
        .select_related("community", "building__community", "entrance__building__community")
        .order_by("community__name", "building__name", "entrance__building__name", "entrance__name")
    )
    found: dict[int, list[str]] = {}
    for row in rows:
        found.setdefault(row.announcement_id, []).append(place_in_words(row))
    return found


def place_in_words(place: Audience) -> str:
    if place.entrance:
        return f"{place.community} {place.entrance.building.name} {place.entrance.name}".strip()
    return f"{place.community} {place.building.name}" if place.building else str(place.community)


def entrances_of(announcement: Announcement, *, among: QuerySet[Community]) -> list[Entrance]:
    """Every door at which paper is to be put up, those of the whole communities among them."""
    places = places_of(announcement)
    rows = Entrance.objects.select_related("building__community").filter(
        Q(pk__in=places.entrances) | Q(building__in=places.buildings) | Q(building__community__in=places.communities),
        building__community__in=among,
    )
    return list(rows.order_by("building__community__name", "building__name", "name"))


def addressed(announcement: Announcement, homes: Iterable[Household]) -> list[Household]:
    """Those of the households that lie in the places of the announcement."""
    to = places_of(announcement)
    return [
        home
        for home in homes
        if home.community_id in to.communities
        or home.room.entrance.building_id in to.buildings
        or home.room.entrance_id in to.entrances
    ]


def places_unknown(
    buildings: Collection[int], entrances: Collection[int], *, among: QuerySet[Community]
) -> dict[str, set[Any]]:
    """The ids that name no building and no entrance of those communities."""
    houses = Building.objects.filter(pk__in=buildings, community__in=among).values_list("pk", flat=True)
    doors = Entrance.objects.filter(pk__in=entrances, building__community__in=among).values_list("pk", flat=True)
    return {"buildings": set(buildings) - set(houses), "entrances": set(entrances) - set(doors)}
