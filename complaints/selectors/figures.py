"""What managers see of complaints over some days, by office, category, channel, hour or month; and the rows behind a figure.

Counted is what came in during the period, by the office at receipt: merging, handing over or closing lowers nothing
(rulebook 2.7). History of another system is left out. One condition says what a figure counts and what its rows are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from math import sqrt
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, Sum
from django.db.models.functions import Coalesce, ExtractHour, TruncMonth
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from complaints.clocks import Clock
from complaints.figures import CAME_BACK, confirmed_breaches
from complaints.models import Category, Complaint, Contact, Timer, WorkOrder
from complaints.order_workflow import COMMITTED
from complaints.querysets import ComplaintQuerySet
from propman.community.models import Department

DIMENSIONS: dict[str, tuple[Any, Any]] = {
    "office": (_lazy("Office"), _lazy("Complaints by office")),
    "category": (_lazy("Category"), _lazy("Complaints by category")),
    "channel": (_lazy("Channel"), _lazy("Complaints by channel")),
    "hour": (_lazy("Hour"), _lazy("Complaints by hour of the day")),
    "month": (_lazy("Month"), _lazy("Complaints by month")),
}
FIGURES: dict[str, Any] = {
    "received": _lazy("Received"),
    "late": _lazy("A clock ran out"),
    "on_time": _lazy("No clock ran out"),
    **{f"late_{clock.value}": clock.label for clock in Clock},
    "reopened": _lazy("Reopened or half fixed"),
    "fine": _lazy("On time and never reopened"),
    "rated": _lazy("Rated"),
    "breaches": _lazy("Breach confirmed"),
    "ordered": _lazy("Work was ordered"),
}
COST_OF_ORDER = Coalesce("work_orders__actual_cost", "work_orders__estimate")
NONE = 0  # in an address: the complaints that came to no office
FEWEST = 10  # a line of fewer complaints says nothing by itself
BEYOND_CHANCE = 2.0  # standard deviations


@dataclass(frozen=True)
class Slice:
    """Which complaints are counted: the days (both included) and what the address narrows them to; `offices` is all
    that the viewer may count, None for the whole company.
    """

    since: date
    until: date
    zone: ZoneInfo
    offices: tuple[int, ...] | None = None
    office: int | None = None
    category: str = ""
    channel: str = ""
    hour: int | None = None
    currency: str = "CNY"

    @property
    def begins_at(self) -> datetime:
        return datetime.combine(self.since, time(), self.zone)

    @property
    def ends_at(self) -> datetime:
        return datetime.combine(self.until + timedelta(days=1), time(), self.zone)


@dataclass(frozen=True)
class Line:
    """What is counted of one office, category, channel, hour or month, or of all; `late_by` holds a count per clock.

    `cost` is what the work orders cost, or are estimated at while they are not done, in minor units.
    """

    key: Any
    name: str
    received: int = 0
    late: int = 0
    late_by: Mapping[str, int] | None = None
    reopened: int = 0
    fine: int = 0
    rated: int = 0
    rating_sum: int = 0
    breaches: int = 0
    ordered: int = 0
    cost: int = 0
    currency: str = "CNY"

    @property
    def troubled(self) -> int:
        """Late, reopened or both."""
        return self.received - self.fine

    @property
    def on_time_share(self) -> float | None:
        return 100 * (self.received - self.late) / self.received if self.received else None

    @property
    def reopened_share(self) -> float | None:
        return 100 * self.reopened / self.received if self.received else None

    @property
    def rating(self) -> float | None:
        return self.rating_sum / self.rated if self.rated else None

    def in_time(self, clock: str) -> float | None:
        """The share in per cent of which this clock has not run out."""
        return 100 * (self.received - (self.late_by or {}).get(clock, 0)) / self.received if self.received else None


def counted(of: Slice) -> ComplaintQuerySet:
    """The complaints of the slice; history of another system is visible elsewhere, and counted nowhere."""
    rows: ComplaintQuerySet = Complaint.objects.received().filter(received_at__gte=of.begins_at, received_at__lt=of.ends_at)
    if of.offices is not None:
        rows = rows.filter(office__in=of.offices)
    if of.office is not None:
        rows = rows.filter(office=of.office or None)
    if of.category:
        rows = rows.filter(category__code=of.category)
    if of.channel:
        rows = rows.filter(contact__channel=of.channel)
    if of.hour is not None:
        rows = rows.annotate(hour=ExtractHour("received_at", tzinfo=of.zone)).filter(hour=of.hour)
    return rows


def condition(figure: str, of: Slice) -> Q:
    """What makes a complaint of the slice count in the figure. Raises KeyError for an unknown one."""
    ran_out = Timer.objects.filter(level=100, fired_at__isnull=False, due_at__gte=of.begins_at)
    late = Q(pk__in=ran_out.values("complaint_id"))
    confirmed = confirmed_breaches().filter(drafted_at__gte=of.begins_at)
    return {
        "received": Q(),
        "late": late,
        "on_time": ~late,
        **{f"late_{clock.value}": Q(pk__in=ran_out.filter(clock=clock).values("complaint_id")) for clock in Clock},
        "reopened": CAME_BACK,
        "fine": ~late & ~CAME_BACK,
        "rated": Q(rating__isnull=False),
        "breaches": Q(number__in=confirmed.values("subject")),
        "ordered": Q(pk__in=WorkOrder.objects.filter(state__in=sorted(COMMITTED)).values("complaint_id")),
    }[figure]


def rows_behind(figure: str, of: Slice) -> ComplaintQuerySet:
    """The complaints behind a figure. Raises KeyError for an unknown one."""
    return counted(of).filter(condition(figure, of))


def lines(dimension: str, of: Slice) -> list[Line]:
    """A line for each value of the dimension that occurs: a query for the counts, one for the costs, one for the names."""
    key: Any = {
        "office": "office_id",
        "category": "category_id",
        "channel": "contact__channel",
        "hour": ExtractHour("received_at", tzinfo=of.zone),
        "month": TruncMonth("received_at", tzinfo=of.zone),
    }[dimension]
    name_of_key = key if isinstance(key, str) else "part"
    rows: Any = counted(of).order_by()
    rows = rows if isinstance(key, str) else rows.annotate(part=key)
    ordered = rows.filter(work_orders__state__in=sorted(COMMITTED)).values(name_of_key)
    costs = {row[name_of_key]: row["cost"] for row in ordered.annotate(cost=Sum(COST_OF_ORDER))}
    found: Any = rows.values(name_of_key).annotate(
        **{f"n_{name}": Count("pk", filter=condition(name, of)) if name != "received" else Count("pk") for name in FIGURES},
        rating_sum=Sum("rating", default=0),
    )
    names = _names(dimension)
    told = [_line(row[name_of_key], {**row, "cost": costs.get(row[name_of_key], 0)}, dimension, names, of) for row in found]
    return told + _quiet_hours(told) if dimension == "hour" else told


def _quiet_hours(told: Sequence[Line]) -> list[Line]:
    """The hours in which nothing came in, so that a day is drawn whole."""
    none = {clock.value: 0 for clock in Clock}
    quiet = set(range(24)) - {line.key for line in told} if told else set()
    return [Line(hour, _named("hour", hour), late_by=none) for hour in sorted(quiet)]


def _line(key: Any, row: Mapping[str, Any], dimension: str, names: Mapping[Any, str], of: Slice) -> Line:
    if dimension == "month":
        key = key.date()
    return Line(
        key=key,
        name=names.get(key) or _named(dimension, key),
        received=row["n_received"],
        late=row["n_late"],
        late_by={clock.value: row[f"n_late_{clock.value}"] for clock in Clock},
        reopened=row["n_reopened"],
        fine=row["n_fine"],
        rated=row["n_rated"],
        rating_sum=row["rating_sum"],
        breaches=row["n_breaches"],
        ordered=row["n_ordered"],
        cost=row["cost"],
        currency=of.currency,
    )


def _names(dimension: str) -> dict[Any, str]:
    match dimension:
        case "office":
            return dict(Department.objects.values_list("pk", "name"))
        case "category":
            return {category.pk: str(category) for category in Category.objects.all()}
        case "channel":
            return {value: str(label) for value, label in Contact.Channel.choices}
        case _:
            return {}


def _named(dimension: str, key: Any) -> str:
    match dimension:
        case "hour":
            return f"{key:02d}:00–{(key + 1) % 24:02d}:00"
        case "month":
            return f"{key:%Y-%m}"
        case _:
            return _("None") if key is None else str(key)


def total(of: Sequence[Line]) -> Line:
    """All lines together."""
    whole = Line(None, _("All"), late_by={clock.value: 0 for clock in Clock})
    for line in of:
        whole = replace(
            whole,
            received=whole.received + line.received,
            late=whole.late + line.late,
            late_by={clock: count + (line.late_by or {})[clock] for clock, count in (whole.late_by or {}).items()},
            reopened=whole.reopened + line.reopened,
            fine=whole.fine + line.fine,
            rated=whole.rated + line.rated,
            rating_sum=whole.rating_sum + line.rating_sum,
            breaches=whole.breaches + line.breaches,
            ordered=whole.ordered + line.ordered,
            cost=whole.cost + line.cost,
            currency=line.currency,
        )
    return whole


@dataclass(frozen=True)
class Standout:
    """The line to look at, and the span of the others; `line` is None where chance explains the differences."""

    line: Line | None
    lowest_on_time: float
    highest_on_time: float
    highest_reopened: float
    others: int


def standout(of: Sequence[Line]) -> Standout | None:
    """Of the lines with ten complaints or more the one with more late or reopened ones than chance explains.

    Compared with all others together, by two standard deviations of a share. None with fewer than two such lines.
    """
    enough = [line for line in of if line.received >= FEWEST]
    if len(enough) < 2:
        return None
    whole = total(enough)
    worst = max(enough, key=lambda line: _beyond_others(line, whole))
    stands_out = _beyond_others(worst, whole) >= BEYOND_CHANCE
    others = [line for line in enough if line is not worst or not stands_out]
    shares = [line.on_time_share or 0.0 for line in others]
    return Standout(
        line=worst if stands_out else None,
        lowest_on_time=min(shares),
        highest_on_time=max(shares),
        highest_reopened=max(line.reopened_share or 0.0 for line in others),
        others=len(others),
    )


def _beyond_others(line: Line, whole: Line) -> float:
    """By how many standard deviations more of the line went wrong than of all others."""
    received, troubled = whole.received - line.received, whole.troubled - line.troubled
    share = max(troubled, 1) / received  # none at all among few is no proof of none
    expected = line.received * share
    spread = sqrt(expected * max(1 - share, 1 / received))
    return (line.troubled - expected) / spread


def late_clocks(complaints: Sequence[Complaint]) -> dict[int, list[str]]:
    """By complaint: the names of the clocks that ran out, by one query."""
    fired = Timer.objects.filter(complaint__in=complaints, level=100, fired_at__isnull=False)
    found: dict[int, list[str]] = {}
    for complaint, clock in fired.order_by("clock").values_list("complaint_id", "clock").distinct():
        found.setdefault(complaint, []).append(str(Clock(clock).label))
    return found
