"""What is owed, by whom, since when; what came in; how the books stand."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, F, Max, Min, Q, QuerySet, Sum

from billing.formula import Share, percent
from billing.models import Account, Bill, BillRun, CreditNote, Payment, SurveyResult
from billing.models.bills import BillQuerySet
from billing.permissions import BOOKS
from billing.quarters import Quarter
from propman.accounts.models import User
from propman.community.models import Household, Person

# Days past due: more than the first, up to the second.
AGES: dict[str, tuple[int | None, int | None]] = {
    "not_due": (None, 0),
    "month": (0, 30),
    "quarter": (30, 90),
    "year": (90, 365),
    "older": (365, None),
}


def bills_of(user: User) -> BillQuerySet:
    """The bills that the user pays, newest first."""
    bills: BillQuerySet = Bill.objects.filter(payer__user=user)
    return bills.select_related("run", "community", "payer").order_by("-quarter", "-year", "-number")


def credit_notes() -> QuerySet[CreditNote]:
    """Every credit note, newest first."""
    return CreditNote.objects.select_related("bill", "issued_by").order_by("-year", "-number")


def bills_visible_to(user: User, roles: frozenset[str]) -> QuerySet[Bill]:
    """One's own, or all of the company for finance and its management."""
    everything = Bill.objects.select_related("run__agreement", "community", "payer", "household")
    return everything if roles.intersection(BOOKS) else everything.filter(payer__user=user)


def payments() -> QuerySet[Payment]:
    """Every payment, with its reversal if there is one."""
    found = Payment.objects.select_related("community", "payer", "household__room", "taken_by")
    return found.prefetch_related("reversals")


def payments_visible_to(user: User, roles: frozenset[str]) -> QuerySet[Payment]:
    everything = payments()
    return everything if roles.intersection(BOOKS) else everything.filter(payer__user=user)


def credit_of(user: User) -> int:
    """The user's owner credit in all households, in minor units of the company's currency."""
    found = Account.objects.filter(kind=Account.Kind.OWNER_CREDIT, payer__user=user)
    return found.aggregate(total=Sum(F("credits") - F("debits")))["total"] or 0


@dataclass(frozen=True)
class Standing:
    """How a payer of a household stands: open bills and owner credit, in minor units."""

    household: Household
    payer: Person | None
    open_bills: list[Bill]
    credit: int

    @property
    def owed(self) -> int:
        return sum(bill.owed for bill in self.open_bills)


def standing(household: Household, payer: Person | None, currency: str) -> Standing:
    """What a payer owes for a household, and what stands to his credit."""
    bills = Bill.objects.filter(household=household, payer=payer, currency=currency).open().oldest_first()
    account = Account.objects.filter(
        kind=Account.Kind.OWNER_CREDIT, household=household, payer=payer, currency=currency
    ).first()
    return Standing(household, payer, list(bills), account.balance if account else 0)


def runs_with_sums() -> QuerySet[BillRun]:
    """Every run with its number of bills, their sum and what is still open, newest quarter first."""
    return BillRun.objects.select_related("community").order_by("-quarter", "community__name", "pk")


def sums_of(runs: list[BillRun]) -> dict[int, Mapping[str, Any]]:
    """Bills, sum and open amount of many runs, by run id, with one query."""
    rows = (
        Bill.objects.filter(run__in=runs)
        .order_by()
        .values("run_id")
        .annotate(
            bills=Count("pk", filter=Q(cancelled_at=None)),
            total=Sum("amount", filter=Q(cancelled_at=None), default=0),
            owed=Sum(F("amount") - F("settled"), default=0),
            first=Min("number"),
            last=Max("number"),
        )
    )
    return {row["run_id"]: row for row in rows}


def due_between(age: str, *, today: date) -> Q:
    """Bills as many days past due as the age says; see AGES."""
    over, up_to = AGES[age]
    due = Q() if over is None else Q(due_on__lt=today - timedelta(days=over))
    return due if up_to is None else due & Q(due_on__gte=today - timedelta(days=up_to))


def arrears(*, today: date) -> list[dict[str, Any]]:
    """What is open by community and age, in minor units."""
    owed = F("amount") - F("settled")
    rows = (
        Bill.objects.open()
        .order_by("community__name", "community_id")
        .values("community_id", "community__name", "community__address", "currency")
        .annotate(
            bills=Count("pk"),
            total=Sum(owed),
            **{age: Sum(owed, filter=due_between(age, today=today), default=0) for age in AGES},
        )
    )
    return list(rows)


def bills_in_arrears(*, today: date, community: str = "", age: str = "") -> QuerySet[Bill]:
    """Open bills of an age, or all that are past their day, the longest overdue first."""
    late = due_between(age, today=today) if age in AGES else Q(due_on__lt=today)
    bills = Bill.objects.open().filter(late).select_related("payer", "community", "household")
    if community:
        bills = bills.filter(community__address=community)
    return bills.oldest_first()


def trial_balance() -> list[dict[str, Any]]:
    """Debits and credits by community and kind of account; owner credits are one line."""
    return list(
        Account.objects.order_by("community__name", "community_id", "kind", "currency")
        .values("community__name", "kind", "currency")
        .annotate(debited=Sum("debits"), credited=Sum("credits"), accounts=Count("pk"))
    )


@dataclass(frozen=True)
class Income:
    """Satisfaction and income of a community in one quarter, beside the quarter before. Prices in minor units."""

    name: str
    address: str
    quarter: str
    short: str
    rate: Share
    change_tenths: int | None
    price: int
    agreed_price: int
    currency: str
    billed: int
    agreed: int
    paid: int

    @property
    def percent(self) -> str:
        return percent(self.rate)

    @property
    def fee_percent(self) -> str:
        return percent(Share(self.billed, self.agreed)) if self.agreed else "0.0"

    @property
    def change(self) -> str:
        tenths = abs(self.change_tenths or 0)
        return f"{tenths // 10}.{tenths % 10}"


def short_of(name: str) -> str:
    """Two or three letters for a chart: WG for Willow Garden, 柳园 for 柳园小区."""
    return "".join(word[0] for word in name.split())[:3].upper() if name.isascii() else name[:2]


def tenths(share: Share) -> int:
    return round(share.points * 1000 / share.maximum)


def satisfaction_against_income(quarter: str) -> list[Income]:
    """For every billed community of the quarter: the rate, its change, price earned against price agreed, money in."""
    results = {
        (result.survey.community_id, result.survey.quarter): result for result in SurveyResult.objects.select_related("survey")
    }
    before = str(Quarter.parse(quarter).previous())
    runs = list(BillRun.objects.filter(quarter=quarter).select_related("community", "agreement").order_by("community__name"))
    sums = {
        row["run_id"]: row
        for row in Bill.objects.filter(run__in=runs, cancelled_at=None)
        .order_by()
        .values("run_id")
        .annotate(billed=Sum("amount"), agreed=Sum("base"), paid=Sum(F("settled") - F("credited")))
    }
    rows = []
    for run in runs:
        last = results.get((run.community_id, before))
        figures = sums.get(run.pk, {"billed": 0, "agreed": 0, "paid": 0})
        rows.append(
            Income(
                name=run.community.name,
                address=run.community.address,
                quarter=quarter,
                short=short_of(run.community.name),
                rate=run.rate,
                change_tenths=tenths(run.rate) - tenths(last.rate) if last else None,
                price=round(run.agreement.price * run.share_points / run.share_maximum),
                agreed_price=run.agreement.price,
                currency=run.agreement.currency,
                billed=figures["billed"],
                agreed=figures["agreed"],
                paid=figures["paid"],
            )
        )
    return sorted(rows, key=lambda row: -row.rate.points / row.rate.maximum)
