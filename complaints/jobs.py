"""What the clock and users start: the sweep of the timers, what time itself moves, bulk runs, stray files."""

import logging
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, timedelta

from celery import shared_task
from django.utils import timezone, translation

from propman.accounts.models import Membership
from propman.community.models import Department, DutyShift
from propman.tenancy.jobrun import Job, Period, each_day
from propman.tenancy.models import Company, JobRun
from propman.tenancy.scope import company_scope
from propman.tenancy.tasks import CompanyTask

from . import actions, export_files, services
from .forms import FORMS
from .models import BulkRow, DailyHead, LogSource
from .permissions import Viewer
from .services import bulk, exporting
from .services.breaches import draft_from_breaches
from .services.drawing import draw_call_backs, give_up_call_backs
from .services.escalation import wake_complaints_of
from .services.listening import A_WEEK, check_silence, week_begins_at
from .services.reconciling import forget_old_uploads, match_entries
from .services.sealing import day_ends_at, make_head
from .services.shifts import end_shift as end_one_shift
from .workflow import Refused, Verb

log = logging.getLogger(__name__)

A_DAY = timedelta(days=1)
FORGOTTEN = timedelta(seconds=30)  # a worker that was called would have begun by then
SEAL_AFTER = timedelta(minutes=10)
MATCHED_AGAIN_FOR = timedelta(days=35)  # older gaps are matched by hand
CHECK_AFTER = timedelta(hours=6)
BREACHES = "complaints.breaches"
OVERLAP = timedelta(hours=1)  # a long transaction may commit an event after its time


def fire_due_timers(at: datetime) -> int:
    """Escalate what is due by now; returns how many timers fired."""
    return services.fire_due_timers(at)


def wake_complaints(at: datetime) -> int:
    """Bring back what waited or was deferred, close what stayed silent; returns how many."""
    return services.wake_complaints(at)


def remind_of_late_orders(at: datetime) -> int:
    """Remind departments of work orders that are overdue; returns how many."""
    return services.remind_of_late_orders(at)


@shared_task(base=CompanyTask, serves_all_companies=True)
def carry_out_bulk_run(company_id: int, run_id: int) -> int:
    """Carry out what is left of a bulk run, each row in a transaction of its own; returns how many rows.

    Called twice it does nothing twice: a row is claimed, done and marked in one transaction.
    """
    rows = 0
    while carry_out_row(company_id, run_id):
        rows += 1
    with company_scope(company_id):
        bulk.finish_run(run_id, at=timezone.now())
    return rows


def carry_out_row(company_id: int, run_id: int) -> bool:
    """One row of a bulk run, with its result; whether there was one."""
    with company_scope(company_id):
        row = bulk.next_row(run_id)
        if row is None:
            return False
        language = Company.objects.values_list("language", flat=True).get(pk=company_id)
        reader = row.run.by.user
        with translation.override((reader.language if reader else "") or language):
            bulk.finish_row(row, at=timezone.now(), refusal=act_on(row))
        return True


def act_on(row: BulkRow) -> str:
    """Why the verb of the run was refused for the row, or nothing."""
    verb, by = Verb(row.run.verb), row.run.by
    if by.user is None or by.left_on is not None:
        return translation.gettext("Whoever confirmed it no longer works here.")
    roles = frozenset(Membership.objects.filter(user=by.user, ended_at=None).values_list("role", flat=True))
    form = FORMS[verb](row.run.values, verb=verb)
    if not form.is_valid():
        return " ".join(str(line) for lines in form.errors.values() for line in lines)
    try:
        actions.act(row.complaint, verb, viewer=Viewer(by.user, roles, by), at=timezone.now(), data=form.cleaned_data)
    except Refused as problem:
        return str(problem)
    return ""


def each_apart(act: Callable[[int, int], int], found: Iterable[tuple[int, int]]) -> int:
    """Act on each company and row; one that fails is logged and does not stop those of others. Returns the sum."""
    done = 0
    for company_id, pk in found:
        try:
            done += act(company_id, pk)
        except Exception:
            log.exception("%s failed for %s of company %s", act, pk, company_id)
    return done


def finish_bulk_runs(at: datetime) -> int:
    """Go on with bulk runs whose worker was lost; returns how many rows were left."""
    return each_apart(carry_out_bulk_run, bulk.unfinished_runs(before=at - FORGOTTEN))


def shifts_to_end(company: Company, since: datetime, at: datetime) -> Iterator[Period]:
    """One period for each shift of the centre that ended, of the last day: older ones hold nothing any more."""
    ended = DutyShift.objects.filter(
        department__kind=Department.Kind.SERVICE_CENTRE, ends_at__gt=max(since, at - A_DAY), ends_at__lte=at
    )
    for shift in ended.order_by("ends_at", "pk"):
        yield Period(f"{shift.pk}:{shift.ends_at:%Y-%m-%dT%H%M}", shift.ends_at)


def end_shift(company: Company, period: str, at: datetime) -> None:
    """Nothing stays with an agent who has gone off duty."""
    shift = DutyShift.objects.select_related("employee", "department").filter(pk=int(period.partition(":")[0])).first()
    if shift is not None and shift.ends_at <= at:
        end_one_shift(shift=shift, at=at)


def each_hour(company: Company, since: datetime, at: datetime) -> Iterator[Period]:
    """This hour alone: it looks back to the last one that was done."""
    begins_at = at.replace(minute=0, second=0, microsecond=0)
    if since < begins_at:
        yield Period(begins_at.isoformat(), begins_at)


def draft_cases(company: Company, period: str, at: datetime) -> None:
    """Draft the cases of every breach since the last time."""
    last = JobRun.objects.filter(job=BREACHES, done_at__isnull=False).order_by("-done_at").first()
    draft_from_breaches(since=last.done_at - OVERLAP if last and last.done_at else company.created_at, until=at)


@shared_task(base=CompanyTask, serves_all_companies=True, name=exporting.TASK)
def write_export(company_id: int, pk: int) -> bool:
    """Write a file that somebody asked for; called twice it does nothing twice."""
    return export_files.write_export(company_id, pk)


def write_exports(at: datetime) -> int:
    """Write the files whose worker was lost; returns how many."""
    return each_apart(export_files.write_export, exporting.unfinished_exports(before=at - exporting.FORGOTTEN))


def forget_exports(company: Company, period: str, at: datetime) -> None:
    exporting.forget_exports(at=at)


def sweep_files(company: Company, period: str, at: datetime) -> None:
    """Delete the files that requests left behind which were rolled back, and those of rows that were erased."""
    services.sweep_files(at=at)


def sealed_days(company: Company, since: datetime, at: datetime) -> Iterator[Period]:
    """Every day since the last head that is over since ten minutes: days that were missed are caught up in their order."""
    last = DailyHead.objects.order_by("-day").values_list("day", flat=True).first()
    day = last + A_DAY if last else company.today(company.created_at)
    while (due_at := day_ends_at(company, day) + SEAL_AFTER) <= at:
        yield Period(day.isoformat(), due_at)
        day += A_DAY


def seal_day(company: Company, period: str, at: datetime) -> None:
    """Publish and mail the head of the day, and draw the call-backs of what was closed on it."""
    wake_complaints_of(company.pk, at)  # what silence closes belongs to its day
    head = make_head(company=company, day=date.fromisoformat(period), at=at)
    if head is not None:
        draw_call_backs(company=company, head=head, at=at)
    give_up_call_backs(at=at)


def checked_weeks(company: Company, since: datetime, at: datetime) -> Iterator[Period]:
    """The week before this one: an alarm about an older one would come too late to ask what happened."""
    monday = company.today(at) - timedelta(days=company.today(at).weekday())
    due_at = week_begins_at(company, monday) + CHECK_AFTER
    if since < due_at <= at and week_begins_at(company, monday - A_WEEK) >= company.created_at - A_WEEK:
        yield Period((monday - A_WEEK).isoformat(), due_at)


def listen(company: Company, period: str, at: datetime) -> None:
    """The silence alarm of a week."""
    check_silence(company=company, week=date.fromisoformat(period), at=at)


def match_lists(company: Company, period: str, at: datetime) -> None:
    """Contacts that were logged since may answer for entries that were open."""
    for source in LogSource.values:
        match_entries(source=source, at=at, since=at - MATCHED_AGAIN_FOR)
    forget_old_uploads(at=at)


DRAFTING = Job(BREACHES, each_hour, draft_cases)
JOBS = (
    Job("complaints.shifts", shifts_to_end, end_shift),
    DRAFTING,
    Job("complaints.exports", each_day, forget_exports),
    Job("complaints.files", each_day, sweep_files),
    Job("complaints.heads", sealed_days, seal_day),
    Job("complaints.silence", checked_weeks, listen),
    Job("complaints.lists", each_hour, match_lists),
)
