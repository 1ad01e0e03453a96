"""What the home page shows of complaints."""

from collections.abc import Iterator

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from propman.accounts.roles import RESIDENTS
from propman.community.home import Act, Section, Waiting

from . import selectors
from .models import Complaint
from .permissions import viewer_of
from .workflow import State


def address_of(request: HttpRequest, number: str) -> str:
    """Where the complaint with that number is to be found by whoever asks; nowhere when he may not see it."""
    there = Complaint.objects.visible_to(viewer_of(request)).filter(number=number).exists()
    return reverse("complaints:detail", args=[number]) if there else ""


def waiting(request: HttpRequest) -> Iterator[Waiting]:
    """Resolved complaints that wait for the asker's word, and for employees what is theirs to do next."""
    viewer = viewer_of(request)
    for complaint in selectors.of_asker(viewer.user).filter(state=State.RESOLVED)[:5]:
        url = reverse("complaints:detail", args=[complaint.number])
        yield Waiting(
            title=_("Is it put right? %(title)s") % {"title": complaint.words.title if complaint.words else ""},
            meta=_("%(name)s says so. Without your word it closes by itself.") % {"name": complaint.handler},
            url=url,
            icon="circle-check",
            due_at=complaint.wakes_at,
            started_at=complaint.resolved_at,
            acts=(
                Act(
                    _("It is fixed"),
                    reverse("complaints:confirm", args=[complaint.number]),
                    "check",
                    is_post=True,
                    is_primary=True,
                ),
                Act(_("Not yet"), url),
            ),
        )
    for complaint in selectors.of_asker(viewer.user).filter(state=State.WAITING)[:5]:
        yield Waiting(
            title=complaint.words.title if complaint.words else complaint.number or "",
            meta=_("%(name)s asks you something") % {"name": complaint.handler},
            url=reverse("complaints:detail", args=[complaint.number]),
            icon="message-question",
            due_at=complaint.wakes_at,
            started_at=complaint.received_at,
        )
    if viewer.employee is None:
        return
    at = timezone.now()
    rows = Complaint.objects.visible_to(viewer)
    offered = selectors.in_view(rows, "offered", viewer, at=at).for_list().order_by("next_due_at", "pk")[:5]
    handled = selectors.in_view(rows, "mine", viewer, at=at).for_list().order_by("next_due_at", "pk")[:10]
    for complaint, says in [*((one, _("Offered to you")) for one in offered), *((one, _("You handle it")) for one in handled)]:
        yield Waiting(
            title=complaint.words.title if complaint.words else complaint.number or "",
            meta=f"{complaint.number} · {says}",
            url=reverse("complaints:detail", args=[complaint.number]),
            icon="message-circle",
            due_at=complaint.next_due_at if complaint.state in {State.RECEIVED, State.ACCEPTED} else None,
            started_at=complaint.received_at,
        )


def section(request: HttpRequest) -> Section | None:
    """A resident's newest complaints."""
    roles: frozenset[str] = getattr(request, "roles", frozenset())
    if not roles & RESIDENTS:
        return None
    viewer = viewer_of(request)
    return Section("complaints/_home.html", {"complaints": list(selectors.of_asker(viewer.user)[:3])}, order=20)


def queue_section(request: HttpRequest) -> Section | None:
    """How the queue stands for whoever works on it, and what runs out next."""
    viewer = viewer_of(request)
    if viewer.employee is None:
        return None
    at = timezone.now()
    counts = selectors.view_counts(viewer, at=at)
    shown = [one for one in selectors.labelled_views(counts) if one.name in {"nobody", "late", "urged", "paused"}]
    rows = selectors.queue_rows(Complaint.objects.visible_to(viewer).open().order_by("next_due_at", "pk")[:8], viewer)
    return Section(
        "complaints/_home_queue.html", {"views": shown, "open": counts["open"], "rows": rows, "viewer": viewer}, order=10
    )
