"""What the directory shows: lists of communities, rooms and people, and a room with everybody who lived there."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from .models import CommitteeMember, Community, Household, Occupancy, OwnersCommittee, Person, Room

EXPORT_BATCH = 2000


def with_counts(communities: QuerySet[Community]) -> QuerySet[Community]:
    """Communities with how many rooms and households they have, and whether a committee."""
    return with_committee(communities).annotate(
        room_count=_count_of(Room.objects.all()), household_count=_count_of(Household.objects.filter(ended_on=None))
    )


def with_committee(communities: QuerySet[Community]) -> QuerySet[Community]:
    current = OwnersCommittee.objects.filter(community=OuterRef("pk"), ends_on=None)
    return communities.annotate(has_committee=Exists(current))


def _count_of(rows: QuerySet[Any]) -> Coalesce:
    counted = rows.filter(community=OuterRef("pk")).order_by().values("community").annotate(n=Count("*")).values("n")
    return Coalesce(Subquery(counted), 0)


def rooms_of(community: Community, *, text: str = "", building: int | None = None, lived_in: str = "") -> QuerySet[Room]:
    """The rooms of the community whose label, resident or phone matches; `lived_in` is "", "yes" or "no"."""
    rooms = Room.objects.filter(community=community)
    if building:
        rooms = rooms.filter(entrance__building=building)
    if lived_in:
        lives = Household.objects.filter(room=OuterRef("pk"), ended_on=None)
        rooms = rooms.filter(Exists(lives) if lived_in == "yes" else ~Exists(lives))
    if text:
        lives = Occupancy.objects.filter(_is_called(text), household__room=OuterRef("pk"), ends_on=None)
        rooms = rooms.filter(Q(label__icontains=text) | Exists(lives))
    return rooms


def _is_called(text: str, prefix: str = "person__") -> Q:
    by_name = Q(**{f"{prefix}name__icontains": text})
    digits = text.replace(" ", "")
    return by_name | Q(**{f"{prefix}phone__startswith": digits}) if digits.lstrip("+").isdigit() else by_name


def with_residents(rooms: QuerySet[Room]) -> QuerySet[Room]:
    """The rooms with their current household and its people, in two more queries however many rooms."""
    people = Occupancy.objects.filter(ends_on=None).select_related("person").order_by("starts_on", "pk")
    households = Household.objects.filter(ended_on=None).prefetch_related(Prefetch("occupancies", queryset=people))
    return rooms.prefetch_related(Prefetch("households", queryset=households))


def history_of(room: Room) -> list[Household]:
    """Every household that lived in the room, the newest first, each with its people."""
    people = Occupancy.objects.select_related("person").order_by("starts_on", "pk")
    households = Household.objects.filter(room=room).prefetch_related(Prefetch("occupancies", queryset=people))
    return list(households.order_by("-started_on", "-pk"))


def people_of(community: Community, *, text: str = "", kind: str = "") -> QuerySet[Person]:
    """Everybody who lives in the community or owns a room there now."""
    lives = Occupancy.objects.filter(person=OuterRef("pk"), household__community=community, ends_on=None)
    if kind:
        lives = lives.filter(kind=kind)
    people = Person.objects.filter(Exists(lives))
    return people.filter(_is_called(text, "") | Q(email__iexact=text)) if text else people


def known_person(*, name: str, phone: str, email: str) -> Person | None:
    """The person of that name with that phone and e-mail; nobody when neither is given."""
    if not (phone or email):
        return None
    return Person.objects.filter(name=name, phone=phone, email=email).order_by("pk").first()


def with_homes(people: QuerySet[Person], community: Community) -> QuerySet[Person]:
    homes = Occupancy.objects.filter(household__community=community, ends_on=None).select_related("household__room")
    return people.prefetch_related(Prefetch("occupancies", queryset=homes.order_by("pk"), to_attr="homes"))


def committee_of(community: Community) -> OwnersCommittee | None:
    """The committee in office with its members."""
    members = CommitteeMember.objects.filter(ends_on=None).select_related("person").order_by("pk")
    return (
        OwnersCommittee.objects.filter(community=community, ends_on=None)
        .prefetch_related(Prefetch("members", queryset=members))
        .first()
    )


def owners_of(community: Community) -> QuerySet[Person]:
    """Who may sit on the committee."""
    owned = Occupancy.objects.filter(
        person=OuterRef("pk"), household__community=community, kind=Occupancy.Kind.OWNER, ends_on=None
    )
    return Person.objects.filter(Exists(owned)).order_by("name", "pk")


def exported_rooms(rooms: QuerySet[Room]) -> Iterator[Sequence[Any]]:
    """Each room with its owner, in the columns that import_rooms reads; batch by batch."""
    last: tuple[str, int] = ("", 0)
    while True:
        after = Q(label__gt=last[0]) | Q(label=last[0], pk__gt=last[1])
        batch = list(
            with_residents(rooms.filter(after).select_related("entrance__building")).order_by("label", "pk")[:EXPORT_BATCH]
        )
        for room in batch:
            owner = next(
                (one.person for home in room.households.all() for one in home.occupancies.all() if one.kind == "owner"), None
            )
            yield (
                room.entrance.building.name,
                room.entrance.name,
                room.name,
                room.area,
                owner.name if owner else "",
                owner.phone if owner else "",
                owner.email if owner else "",
            )
        if len(batch) < EXPORT_BATCH:
            return
        last = (batch[-1].label, batch[-1].pk)
