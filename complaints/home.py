"""What the home page shows of complaints."""

from collections.abc import Iterator

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from propman.accounts.roles import RESIDENTS, Role
from propman.common.money import in_figures
from propman.community.home import Act, Section, Waiting
from propman.tenancy.middleware import company_of

from . import selectors
from .figures_shown import COLUMNS, SHORT, shown_lines, summary_of, text_of
from .forms.figures import asked_for
from .models import Complaint, WorkOrder
from .order_workflow import OrderState
from .permissions import viewer_of
from .selectors import dispatch
from .selectors.figures import lines, total
from .workflow import State

MOST_OFFICES = 12


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
    if viewer.employee is None or Role.GENERAL_MANAGER in viewer.roles:
        return None
    at = timezone.now()
    counts = selectors.open_counts(viewer, at=at).views
    shown = [one for one in selectors.labelled_views(counts) if one.name in {"nobody", "late", "urged", "paused"}]
    rows = selectors.queue_rows(Complaint.objects.visible_to(viewer).open().order_by("next_due_at", "pk")[:8], viewer)
    return Section(
        "complaints/_home_queue.html", {"views": shown, "open": counts["open"], "rows": rows, "viewer": viewer}, order=10
    )


def offices_section(request: HttpRequest) -> Section | None:
    """For the general manager: complaints by office of the last 30 days, and which office is the one to look at."""
    if Role.GENERAL_MANAGER not in getattr(request, "roles", frozenset()):
        return None
    company = company_of(request)
    _form, asked = asked_for({"by": "office"}, company=company, today=company.today(timezone.now()), offices=None)
    found = lines(asked.by, asked.of)
    whole = total(found)
    shown = {
        "lines": shown_lines(found, asked, columns=SHORT)[:MOST_OFFICES],
        "columns": [COLUMNS[name] for name in SHORT],
        "total": [text_of(whole, name) for name in SHORT],
        "summary": summary_of(found),
    }
    return Section("complaints/_home_offices.html", shown, order=10, is_figures=True)


def orders_waiting(request: HttpRequest) -> Iterator[Waiting]:
    """Work orders: what the general manager has to allow, and what is the employee's to accept or to do."""
    viewer = viewer_of(request)
    if viewer.employee is None:
        return
    if Role.GENERAL_MANAGER in viewer.roles:
        for order in WorkOrder.objects.over_budget().for_list().order_by("due_at", "pk")[:5]:
            yield Waiting(
                title=_("Order over budget: %(what)s") % {"what": order.what},
                meta=_("%(cost)s, %(over)s over the line of %(unit)s")
                % {
                    "cost": in_figures(order.cost, order.currency),
                    "over": in_figures(order.over_by, order.currency),
                    "unit": order.department,
                },
                url=reverse("complaints:work_order", args=[order.number]),
                icon="coin",
                due_at=order.due_at if order.finished_at is None else None,
                started_at=order.ordered_at,
            )
    says = {OrderState.ORDERED: _("Ordered from you: accept it"), OrderState.ACCEPTED: _("Ordered from you: do it")}
    orders = dispatch.for_me(viewer.employee).for_list().order_by("due_at", "pk")[:10]
    for order in orders:
        place = order.complaint.community
        yield Waiting(
            title=order.what or order.number,
            meta=" · ".join(str(part) for part in (says[order.state], place) if part),
            url=reverse("complaints:work_order", args=[order.number]),
            icon="tool",
            due_at=order.due_at,
            started_at=order.accepted_at or order.ordered_at,
        )
