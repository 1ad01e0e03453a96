"""Who stands at the counter, and what was taken there."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, F, Max, Q, QuerySet, Sum

from billing.models import Bill, Payment, Transfer
from billing.selectors.money import payments
from propman.community.models import Household, Occupancy, Person
from propman.tenancy.numbers import parsed

FOUND_AT_MOST = 20


@dataclass(frozen=True)
class Found:
    """A payer of a household, nobody by name where the owner is not known, and what is open in minor units."""

    household: Household
    payer: Person | None
    owed: int


def customers_like(wanted: str, *, today: date) -> list[Found]:
    """Payers by room, by the name of anybody in the household, or by the number of a bill; exact rooms first."""
    if number := parsed(wanted):
        billed = Bill.objects.filter(year=number[0], number=number[1]).values_list("household_id", "payer_id")
        return _found(list(billed), wanted)
    matches = Q(room__label__icontains=wanted) | Q(occupancies__person__name__icontains=wanted)
    homes = Household.objects.filter(matches).order_by("room__label", "pk").values_list("pk", flat=True).distinct()
    households = [pk for pk, _label in homes.values_list("pk", "room__label")[:FOUND_AT_MOST]]
    owners = Occupancy.objects.filter(household__in=households, kind=Occupancy.Kind.OWNER)
    owned = owners.filter(Q(ends_on=None) | Q(ends_on__gt=today)).values_list("household_id", flat=True)
    return _found(
        [
            *owners.values_list("household_id", "person_id"),
            *Bill.objects.filter(household__in=households).order_by().values_list("household_id", "payer_id").distinct(),
            *((household, None) for household in set(households) - set(owned)),
        ],
        wanted,
    )


def _found(pairs: list[tuple[int, int | None]], wanted: str) -> list[Found]:
    """Each pair once, with what is open."""
    households = Household.objects.select_related("room", "community").in_bulk({household for household, _payer in pairs})
    payers = Person.objects.in_bulk({payer for _household, payer in pairs if payer})
    owed = {
        (row["household_id"], row["payer_id"]): row["owed"]
        for row in Bill.objects.open()
        .filter(household__in=households)
        .order_by()
        .values("household_id", "payer_id")
        .annotate(owed=Sum(F("amount") - F("settled")))
    }
    rows = [Found(households[home], payers[payer] if payer else None, owed.get((home, payer), 0)) for home, payer in set(pairs)]

    def order(row: Found) -> tuple[bool, str, int, str]:
        label = row.household.room.label
        return label != wanted, label, -row.owed, row.payer.name if row.payer else ""

    return sorted(rows, key=order)[:FOUND_AT_MOST]


def may_pay(household: Household, payer: Person) -> bool:
    """Whether the person owns or owned the household, or was billed for it."""
    return (
        Occupancy.objects.filter(household=household, person=payer, kind=Occupancy.Kind.OWNER).exists()
        or Bill.objects.filter(household=household, payer=payer).exists()
    )


def position(household: Household, payer: Person | None) -> str:
    """Where the payer's account stands: it changes with every movement of money.

    A counter sends it as the payment's key, so that two counters that look at the same debt book it once.
    """
    moved = Transfer.objects.filter(
        Q(bill__household=household, bill__payer=payer)
        | Q(payment__household=household, payment__payer=payer)
        | Q(refund__household=household, refund__payer=payer)
    ).aggregate(last=Max("pk"))["last"]
    return f"counter:{household.pk}:{payer.pk if payer else 0}:{moved or 0}"


def payments_like(wanted: str, *, taken: tuple[datetime, datetime] | None = None) -> QuerySet[Payment]:
    """Payments taken in [from, until) or all, by receipt, room, payer or reference, newest first."""
    found = payments().order_by("-year", "-number")
    if taken:
        found = found.filter(taken_at__gte=taken[0], taken_at__lt=taken[1])
    if number := parsed(wanted):
        return found.filter(year=number[0], number=number[1])
    if wanted:
        found = found.filter(
            Q(household__room__label__icontains=wanted) | Q(payer__name__icontains=wanted) | Q(reference__icontains=wanted)
        )
    return found


def takings(found: QuerySet[Payment]) -> list[Mapping[str, Any]]:
    """How many payments came in by each method and what they add up to; reversed ones are left out."""
    standing = found.filter(reversals=None).order_by("method", "currency")
    return list(standing.values("method", "currency").annotate(payments=Count("pk"), total=Sum("amount")))
