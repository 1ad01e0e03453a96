"""Who reads what, own views, and what an agent passes over."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from complaints.models import Complaint, Reader, SavedView, Skip
from complaints.workflow import BadInput, MoveNotAllowed, State, Verb
from propman.community.models import Employee
from propman.tenancy.events import stream_of
from propman.tenancy.models import Event

from .centre import ensure_centre
from .moving import cleaned, locked, move

FORGOTTEN = timedelta(minutes=5)  # rows of readers who left are swept away by their own next visit
MOST_VIEWS = 30


@transaction.atomic
def note_reader(*, complaint: Complaint, by: Employee, at: datetime, is_typing: bool) -> None:
    """Note that the employee has the complaint open now; no event, no clock."""
    Reader.objects.bulk_create(
        [Reader(company_id=complaint.company_id, complaint=complaint, employee=by, seen_at=at, is_typing=is_typing)],
        update_conflicts=True,
        unique_fields=["company", "complaint", "employee"],
        update_fields=["seen_at", "is_typing"],
    )
    Reader.objects.filter(employee=by, seen_at__lt=at - FORGOTTEN).delete()


@transaction.atomic
def save_view(*, by: Employee, name: str, query: str) -> SavedView:
    """Keep a search with its filters under a name; the same name again replaces it. Raises BadInput."""
    name = cleaned(name, field="name", longest=40)
    if len(query) > 500:
        raise BadInput("name", _("This search is too long to be kept."))
    if SavedView.objects.filter(employee=by).exclude(name=name).count() >= MOST_VIEWS:
        raise BadInput("name", _("You have %(most)d views; remove one first.") % {"most": MOST_VIEWS})
    view: SavedView = SavedView.objects.update_or_create(employee=by, name=name, defaults={"query": query})[0]
    return view


def remove_view(*, by: Employee, pk: int) -> None:
    """Remove one of the employee's own views; removing it twice changes nothing."""
    SavedView.objects.filter(employee=by, pk=pk).delete()


@transaction.atomic
def skip_complaint(*, complaint: Complaint, by: Employee, at: datetime, reason: str) -> Complaint:
    """Pass over a complaint that waits for the centre, with a reason that the supervisors see; it waits for the others.

    Its clock goes on. Raises NotYours outside the centre, MoveNotAllowed when it no longer waits or was skipped before.
    """
    reason = cleaned(reason, field="reason")
    ensure_centre(by)
    complaint = locked(complaint, at=at)
    if complaint.state != State.RECEIVED or complaint.handler_id is not None:
        raise MoveNotAllowed(_("It no longer waits for the centre."))
    if Skip.objects.filter(complaint=complaint, employee=by).exists():
        raise MoveNotAllowed(_("You have skipped it already."))
    move(complaint, Verb.SKIP, "complaint.skipped", by=by.user, at=at, facts={"skipped_by": by.pk}, texts={"text": reason})
    Skip.objects.create(complaint=complaint, employee=by, event_id=_last_event(complaint), skipped_at=at)
    return complaint


def _last_event(complaint: Complaint) -> int:
    return Event.objects.values_list("pk", flat=True).get(stream=stream_of(complaint), position=complaint.event_position)
