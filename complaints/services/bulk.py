"""Many complaints at once: planned by whoever previewed it, carried out in the background, a result per row."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime

from celery import current_app
from django.db import connection, transaction
from django.utils.translation import gettext as _
from kombu.exceptions import OperationalError

from complaints.models import BulkRow, BulkRun, Complaint
from complaints.workflow import BadInput, Verb
from propman.community.models import Employee
from propman.tenancy.scope import company_scope, current_company_id

log = logging.getLogger(__name__)

BULK_VERBS = (Verb.ACCEPT, Verb.TAKE_OVER, Verb.HAND_OVER, Verb.REPLY, Verb.NOTE, Verb.RECATEGORISE, Verb.MERGE)
MOST_ROWS = 500
TASK = "complaints.jobs.carry_out_bulk_run"


@transaction.atomic
def start_bulk_run(
    *, verb: Verb, values: Mapping[str, str], complaints: Sequence[Complaint], by: Employee, at: datetime
) -> BulkRun:
    """Note the run with its rows and wake a worker; each row is carried out in a transaction of its own.

    `values` are what the verb's form takes, as typed. Raises BadInput without complaints, with too many, or for a verb that
    is not for many at once.
    """
    if verb not in BULK_VERBS:
        raise BadInput("verb", _("Choose what is to be done."))
    if not complaints:
        raise BadInput("numbers", _("Choose at least one complaint."))
    if len(complaints) > MOST_ROWS:
        raise BadInput("numbers", _("Choose at most %(most)d complaints.") % {"most": MOST_ROWS})
    run: BulkRun = BulkRun.objects.create(verb=verb.value, values=dict(values), by=by, confirmed_at=at)
    rows = [BulkRow(company_id=run.company_id, run=run, complaint=one) for one in sorted(complaints, key=lambda one: one.pk)]
    BulkRow.objects.bulk_create(rows)
    company_id, run_id = current_company_id(), run.pk
    transaction.on_commit(lambda: _wake_worker(company_id, run_id), robust=True)
    return run


def _wake_worker(company_id: int, run_id: int) -> None:
    """Only to be quick: what a lost call or a broken queue leaves undone, the sweep does."""
    try:
        current_app.send_task(TASK, [company_id, run_id], retry=False, expires=60)
    except OperationalError as error:
        log.warning("the queue cannot be reached: %s", error)


def next_row(run_id: int) -> BulkRow | None:
    """A row that nobody works on, locked until the transaction ends; None when none is left."""
    row: BulkRow | None = (
        BulkRow.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("complaint", "run__by__user", "run__by__department")
        .filter(run=run_id, done_at=None)
        .order_by("pk")
        .first()
    )
    return row


def finish_row(row: BulkRow, *, at: datetime, refusal: str = "") -> None:
    """What came of one row."""
    BulkRow.objects.filter(pk=row.pk).update(done_at=at, refusal=refusal[:300])


def finish_run(run_id: int, *, at: datetime) -> None:
    """The run is over once no row is left."""
    if not BulkRow.objects.filter(run=run_id, done_at=None).exists():
        BulkRun.objects.filter(pk=run_id, finished_at=None).update(finished_at=at)


def unfinished_runs(*, before: datetime) -> list[tuple[int, int]]:
    """Company and run of everything that was confirmed before that moment and is not finished."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT complaints_companies_with_bulk_runs(%s)", [before])
        companies = [row[0] for row in cursor.fetchall()]
    found = []
    for company_id in companies:
        with company_scope(company_id):
            runs = BulkRun.objects.filter(finished_at=None, confirmed_at__lt=before).order_by("pk")
            found += [(company_id, pk) for pk in runs.values_list("pk", flat=True)]
    return found
