"""Files of figures and of the complaints behind them: asked for on a page, written in the background, for who asked only."""

import logging
from datetime import datetime, timedelta

from celery import current_app
from django.db import connection, transaction
from django.db.models import Q
from kombu.exceptions import OperationalError

from complaints.models import Export
from propman.accounts.models import User
from propman.tenancy.scope import company_scope, current_company_id

log = logging.getLogger(__name__)

TASK = "complaints.jobs.write_export"
FORGOTTEN = timedelta(seconds=30)  # a worker that is alive says so with each page
KEPT = timedelta(days=1)


def ask_for_export(*, what: str, kind: str, query: str, by: User, language: str, at: datetime) -> Export:
    """Note what is wanted and wake a worker; `query` is what stands in the address of the page."""
    export: Export = Export.objects.create(what=what, kind=kind, query=query, by=by, language=language, asked_at=at)
    company_id, pk = current_company_id(), export.pk
    transaction.on_commit(lambda: _wake_worker(company_id, pk), robust=True)
    return export


def _wake_worker(company_id: int, pk: int) -> None:
    """Only to be quick: what a lost call or a broken queue leaves undone, the sweep does."""
    try:
        current_app.send_task(TASK, [company_id, pk], retry=False, expires=60)
    except OperationalError as error:
        log.warning("the queue cannot be reached: %s", error)


def unfinished_exports(*, before: datetime) -> list[tuple[int, int]]:
    """Company and export of everything that was asked for before that moment and that no worker is at."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT complaints_companies_with_exports(%s)", [before])
        companies = [row[0] for row in cursor.fetchall()]
    found = []
    for company_id in companies:
        with company_scope(company_id):
            waiting = Export.objects.filter(is_nobodys(before), finished_at=None, asked_at__lt=before).order_by("pk")
            found += [(company_id, pk) for pk in waiting.values_list("pk", flat=True)]
    return found


def is_nobodys(before: datetime) -> Q:
    """No worker is at it: none took it, or none has said since that it is there."""
    return Q(claimed_at=None) | Q(claimed_at__lt=before)


def forget_exports(*, at: datetime) -> int:
    """Remove the files of the current company that lay for a day, as they hold people's words."""
    return Export.objects.filter(content__isnull=False, finished_at__lt=at - KEPT).update(content=None)


def claim_export(pk: int, *, at: datetime) -> Export | None:
    """Take an export that no worker is at, from its beginning; None when it is finished or claimed."""
    export: Export | None = (
        Export.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("by")
        .filter(is_nobodys(at - FORGOTTEN), pk=pk, finished_at=None)
        .first()
    )
    if export is not None:
        Export.objects.filter(pk=pk).update(claimed_at=at, done=0)
    return export


def note_progress(pk: int, *, done: int, at: datetime, total: int | None = None) -> None:
    """How far the worker is; it also says that the worker is alive."""
    more = {} if total is None else {"total": total}
    Export.objects.filter(pk=pk).update(done=done, claimed_at=at, **more)


def finish_export(pk: int, *, at: datetime, content: bytes | None = None, refusal: str = "") -> bool:
    """Keep the file, or why there is none; whether this worker was the first to say so."""
    return bool(Export.objects.filter(pk=pk, finished_at=None).update(content=content, refusal=refusal[:300], finished_at=at))
