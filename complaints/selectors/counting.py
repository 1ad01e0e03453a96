"""What is shown of call-backs, silence, daily heads and the public register."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import TruncMonth

from complaints.clocks import Clock
from complaints.models import CallBack, Complaint, CountingPolicy, DailyHead, HeadLine, LogEntry, SilenceCheck, Timer
from propman.community.models import Community
from propman.tenancy.models import Company

from .reconciling import closes_at

SEED_IS_SECRET_FOR = timedelta(days=14)
LAST_DAYS = timedelta(days=90)
FEW = 5  # shares of fewer complaints are not shown: they would tell of single households
MONTHS = 12


# Rulebook 2.7: ten of a hundred closings are called back. The others are what a company would begin with.
USUAL = {"call_back_percent": 10, "match_minutes": 60, "alarm_per_mille": 10}
RANGES = {"call_back_percent": (1, 100), "match_minutes": (1, 1440), "alarm_per_mille": (1, 200)}


def counting_policy() -> CountingPolicy:
    """The newest version; the usual values where the company has published none."""
    return CountingPolicy.objects.order_by("-version").first() or CountingPolicy(version=0, **USUAL)


def open_call_backs() -> QuerySet[CallBack]:
    """What is still to be called, the oldest draw first; who is called and about what comes with it."""
    return (
        CallBack.objects.filter(outcome="")
        .select_related(
            "draw__head", "complaint__words", "complaint__category", "complaint__community", "complaint__room",
            "complaint__first_inquirer", "complaint__handler", "complaint__contact__user", "complaint__contact__person",
        )
        .order_by("draw__drawn_at", "pk")
    )  # fmt: skip


@dataclass(frozen=True)
class CallBackResult:
    """What came of the call-backs of one office."""

    office: str
    drawn: int
    verified: int
    refuted: int
    unreached: int
    waiting: int

    @property
    def percent(self) -> int | None:
        """Of those reached, how many say that it is put right; None where nobody was reached."""
        reached = self.verified + self.refuted
        return round(100 * self.verified / reached) if reached else None


def call_back_results(*, at: datetime) -> list[CallBackResult]:
    """By office at receipt, of the last ninety days."""
    outcome = CallBack.Outcome
    rows = (
        CallBack.objects.filter(draw__drawn_at__gt=at - LAST_DAYS)
        .values("complaint__office", "complaint__office__name", "complaint__community__name")
        .annotate(
            drawn=Count("pk"),
            verified=Count("pk", filter=Q(outcome=outcome.VERIFIED)),
            refuted=Count("pk", filter=Q(outcome=outcome.REFUTED)),
            unreached=Count("pk", filter=Q(outcome=outcome.UNREACHED)),
            waiting=Count("pk", filter=Q(outcome="")),
        )
        .order_by("complaint__community__name", "complaint__office")
    )
    return [
        CallBackResult(
            row["complaint__community__name"] or row["complaint__office__name"] or "",
            *(row[name] for name in ("drawn", "verified", "refuted", "unreached", "waiting")),
        )
        for row in rows
    ]


def silence_weeks() -> list[date]:
    """The Mondays of the weeks that were checked, newest first."""
    return list(SilenceCheck.objects.order_by("-week").values_list("week", flat=True).distinct()[:12])


def silence_of(week: date) -> list[SilenceCheck]:
    """Every office in that week, the least likely first."""
    return list(SilenceCheck.objects.filter(week=week).select_related("office__community").order_by("probability", "office_id"))


@dataclass(frozen=True)
class SealedDay:
    """A daily head with its draw; the seed only once it may be known."""

    head: DailyHead
    draw: Any
    seed: str

    @property
    def drawn(self) -> int:
        return -(-len(self.draw.closings) * self.draw.percent // 100) if self.draw else 0


def sealed_days(*, before: date | None, at: datetime, most: int = 60) -> list[SealedDay]:
    """Heads with their draws, newest first."""
    heads = DailyHead.objects.prefetch_related("draws").order_by("-day")
    if before is not None:
        heads = heads.filter(day__lt=before)
    days = []
    for head in heads[:most]:
        draw = next(iter(head.draws.all()), None)
        seed = draw.seed if draw and draw.drawn_at <= at - SEED_IS_SECRET_FOR else ""
        days.append(SealedDay(head, draw, seed))
    return days


@dataclass(frozen=True)
class Month:
    """One month of a community's register; shares are None where they would tell of single households."""

    month: date
    received: int
    answered: int
    on_time: int
    reopened: int

    def _share(self, part: int) -> int | None:
        return round(100 * part / self.received) if self.received >= FEW else None

    @property
    def on_time_percent(self) -> int | None:
        return self._share(self.on_time)

    @property
    def reopened_percent(self) -> int | None:
        return self._share(self.reopened)


def register_of(community: Community, company: Company, *, at: datetime, since: datetime | None = None) -> list[Month]:
    """By month of receipt, newest first: what the community's office received, whatever became of it.

    `since` is the beginning of the first month; without it the last twelve are given.
    On time: no clock of the first answer or of the solution ran out.
    """
    ran_out = Timer.objects.filter(
        complaint=OuterRef("pk"), fired_at__isnull=False, level__gte=100, clock__in=[Clock.FIRST_ANSWER, Clock.RESOLVE]
    )
    received = Complaint.objects.received().filter(community=community, received_at__lte=at)
    if since is not None:
        received = received.filter(received_at__gte=since)
    rows = (
        received.annotate(month=TruncMonth("received_at", tzinfo=company.timezone), is_late=Exists(ran_out))
        .values("month")
        .annotate(
            received=Count("pk"),
            answered=Count("pk", filter=Q(first_answered_at__isnull=False)),
            on_time=Count("pk", filter=Q(is_late=False)),
            reopened=Count("pk", filter=Q(reopenings__gt=0) | Q(half_fixes__gt=0)),
        )
        .order_by("-month")[:MONTHS]
    )
    return [Month(row["month"].date(), row["received"], row["answered"], row["on_time"], row["reopened"]) for row in rows]


def published_gaps(community: Community, company: Company, *, at: datetime) -> list[dict[str, Any]]:
    """Days that are closed on which entries of other lists have no contact, newest first."""
    rows = (
        LogEntry.objects.filter(community=community, state=LogEntry.State.OPEN)
        .values("source", "occurred_at", "log_import__confirmed_at")
        .order_by("-occurred_at")[:2000]
    )
    gaps: dict[tuple[date, str], int] = {}
    for row in rows:
        if closes_at(company, row["occurred_at"], row["log_import__confirmed_at"]) <= at:
            key = (company.today(row["occurred_at"]), row["source"])
            gaps[key] = gaps.get(key, 0) + 1
    label = dict(LogEntry._meta.get_field("source").choices or [])
    return [{"day": day, "list": label[source], "gaps": count} for (day, source), count in sorted(gaps.items(), reverse=True)][
        :MONTHS
    ]


@dataclass(frozen=True)
class InChain:
    """That a number is there, and what covers it: nothing of what it is about."""

    number: str
    received_on: date
    heads: Sequence[DailyHead]
    covering: int
    positions: dict[int, int]

    @property
    def lines(self) -> list[tuple[DailyHead, int]]:
        return [(head, self.positions[head.pk]) for head in self.heads]


def in_chain(number: str, company: Company) -> InChain | None:
    """Where a number stands in the chain of the company's complaints; None when it does not."""
    complaint = Complaint.objects.filter(number=number).only("pk", "number", "received_at").first()
    if complaint is None:
        return None
    lines = list(HeadLine.objects.filter(complaint=complaint).select_related("head").order_by("head__day"))
    covering = DailyHead.objects.filter(day__gte=lines[0].head.day).count() if lines else 0
    return InChain(
        complaint.number or "",
        company.today(complaint.received_at),
        [line.head for line in lines],
        covering,
        {line.head_id: line.position for line in lines},
    )
