"""What complaints say of employees and offices over some days, by set-based queries; and the complaints behind a figure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from propman.cases.models import Case
from propman.cases.workflow import BREACHES, Verdict
from propman.cases.workflow import State as CaseState

from .clocks import Clock
from .models import CallBack, Complaint, Timer
from .workflow import State

CAME_BACK = Q(reopenings__gt=0) | Q(half_fixes__gt=0)
# What was merged is answered, and found to be put right, with the complaint that it was merged into.
ANSWERED = Q(first_answered_at__isnull=False) | Q(merged_into__first_answered_at__isnull=False)
CONFIRMED = Q(closed_as=Complaint.ClosedAs.CONFIRMED) | Q(merged_into__closed_as=Complaint.ClosedAs.CONFIRMED)
# By the asker's own word, or by what he says when the centre calls back; a call-back that finds it not put right undoes both.
VERIFIED = (CONFIRMED | Q(call_verified=True)) & Q(call_refuted=False)

# What is counted of an employee: the complaints that he handles, wherever they came in.
OF_EMPLOYEE: Mapping[str, Q] = {
    "contacts": Q(),
    "verified": CAME_BACK | Q(ran_out=True),  # the asker's word or a clock shows that it went wrong
    "on_time": Q(ran_out=False),
    "reopened": CAME_BACK,
}
FIGURES_OF_EMPLOYEE = (*OF_EMPLOYEE, "breaches")  # these are of his cases: see confirmed_breaches()
# What is counted of an office: the complaints that it received, whoever has them now.
OF_OFFICE: Mapping[str, Q] = {
    "contacts": Q(),
    "on_time": ANSWERED & Q(ran_out=False),
    "verified": VERIFIED,
    "reopened": CAME_BACK,
    "ratings": Q(rating__isnull=False),
}


@dataclass(frozen=True)
class EmployeeFacts:
    contacts: int = 0
    verified: int = 0
    on_time: int = 0
    reopened: int = 0
    breaches: int = 0


@dataclass(frozen=True)
class OfficeFacts:
    contacts: int = 0
    on_time: int = 0
    verified: int = 0
    reopened: int = 0
    ratings: int = 0
    rating_sum: int = 0


def employee_facts(since: datetime, until: datetime) -> dict[int, EmployeeFacts]:
    """By employee: the contacts received in [since, until) that he handles, what came of them, and his breaches."""
    handled = _handled(since, until).filter(handler__isnull=False).order_by()
    found: Any = handled.values("handler_id").annotate(**_counts(OF_EMPLOYEE))
    told = {row.pop("handler_id"): EmployeeFacts(**row) for row in found}
    received = _received(since, until).order_by().values("number")
    cases = confirmed_breaches().filter(subject__in=received).order_by()
    breaches = cases.values_list("accused_id").annotate(Count("subject", distinct=True))
    return told | {pk: replace(told.get(pk, EmployeeFacts()), breaches=count) for pk, count in breaches}


def office_facts(since: datetime, until: datetime) -> dict[int, OfficeFacts]:
    """By management office: the contacts that it received in [since, until), answered, verified by the asker, rated."""
    counts = {**_counts(OF_OFFICE), "rating_sum": Sum("rating", default=0)}
    received = _received(since, until).filter(office__isnull=False).order_by()
    found: Any = received.values("office_id").annotate(**counts)
    return {row.pop("office_id"): OfficeFacts(**row) for row in found}


def confirmed_breaches() -> QuerySet[Case]:
    """The cases on complaints that the head of the unit confirmed, or the company for him, and no appeal has lifted."""
    cases = Case.objects.filter(subject_kind="complaint", ground__in=BREACHES)
    return cases.exclude(state__in=[CaseState.DRAFTED, CaseState.DROPPED]).exclude(verdict=Verdict.LIFTED)


def complaints_of_employee(employee: int, figure: str, since: datetime, until: datetime) -> QuerySet[Complaint]:
    """The complaints behind one of the employee's figures. Raises KeyError for an unknown figure.

    Breaches are those of his cases, whoever handles the complaint.
    """
    if figure == "breaches":
        subjects = confirmed_breaches().filter(accused=employee).values("subject")
        return _received(since, until).filter(number__in=subjects).order_by("-received_at", "-pk")
    return _handled(since, until).filter(OF_EMPLOYEE[figure], handler_id=employee).order_by("-received_at", "-pk")


def complaints_of_office(office: int, figure: str, since: datetime, until: datetime) -> QuerySet[Complaint]:
    """The complaints behind one of the office's figures. Raises KeyError for an unknown figure."""
    return _received(since, until).filter(OF_OFFICE[figure], office_id=office).order_by("-received_at", "-pk")


def _received(since: datetime, until: datetime) -> QuerySet[Complaint]:
    """What was received in these days, with what clocks and call-backs say of it."""
    of = Coalesce("merged_into_id", "pk")
    closed_at = Coalesce("merged_into__closed_at", "closed_at")
    called = CallBack.objects.filter(complaint=OuterRef("settled_by"), called_at__gte=OuterRef("settled_at"))
    fired = Timer.objects.filter(complaint=OuterRef("pk"), fired_at__isnull=False, level__gte=100)
    return (
        Complaint.objects.received()
        .filter(received_at__gte=since, received_at__lt=until)
        .annotate(settled_by=of, settled_at=closed_at)
        .annotate(
            ran_out=Exists(fired.filter(clock__in=[Clock.FIRST_ANSWER, Clock.RESOLVE])),
            call_verified=Exists(called.filter(outcome=CallBack.Outcome.VERIFIED)),
            call_refuted=Exists(called.filter(outcome=CallBack.Outcome.REFUTED)),
        )
    )


def _handled(since: datetime, until: datetime) -> QuerySet[Complaint]:
    """What an employee is measured by: each trouble once (rulebook 5.6), so not what was merged, nor what was withdrawn."""
    return _received(since, until).exclude(state__in=[State.MERGED, State.WITHDRAWN])


def _counts(of: Mapping[str, Q]) -> dict[str, Count]:
    return {name: Count("pk", filter=condition) if condition else Count("pk") for name, condition in of.items()}
