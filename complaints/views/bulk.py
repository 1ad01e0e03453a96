"""Many complaints at once: a preview that says what will happen to each, then a run with a result per row."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from complaints.forms import FORMS
from complaints.forms.bulk import ChosenForm
from complaints.models import BulkRow, BulkRun, Complaint, Offer
from complaints.permissions import Viewer, allowed_verbs, viewer_of
from complaints.services.bulk import start_bulk_run
from complaints.workflow import BadInput, Verb
from propman.accounts.permissions import role_required
from propman.accounts.roles import STAFF

from .queue import employee_or_404, swaps


@require_POST
@role_required(*STAFF)
def preview(request: HttpRequest) -> HttpResponse:
    """What would happen to each of the chosen complaints; once confirmed, it happens in the background."""
    viewer, at = viewer_of(request), timezone.now()
    employee = employee_or_404(viewer)
    chosen = ChosenForm(request.POST)
    if not chosen.is_valid():
        messages.error(request, " ".join(str(line) for lines in chosen.errors.values() for line in lines))
        return redirect("complaints:queue")
    verb = chosen.chosen
    rows = visible(chosen.cleaned_data["numbers"], viewer)
    is_confirmed = "confirmed" in request.POST
    form = FORMS[verb](request.POST if is_confirmed else None, verb=verb, initial={"into": request.POST.get("into", "")[:20]})
    possible = [row for row in rows if verb in allowed_verbs(viewer, row) and row.number != request.POST.get("into")]
    if is_confirmed and form.is_valid():
        values = {name: request.POST.get(name, "") for name in form.fields if name not in {"version", "files"}}
        try:
            run = start_bulk_run(verb=verb, values=values, complaints=possible, by=employee, at=at)
        except BadInput as problem:
            form.add_error(problem.field if problem.field in form.fields else None, str(problem))
        else:
            return redirect("complaints:bulk_run", pk=run.pk)
    context = {
        "form": form,
        "verb": verb,
        "possible": possible,
        "others": [row for row in rows if row not in possible],
        "viewer": viewer,
    }
    return render(request, "complaints/bulk.html", context, status=422 if form.errors else 200)


def visible(numbers: list[str], viewer: Viewer) -> list[Complaint]:
    """The chosen ones that the viewer may see, with their open offers, by two queries however many they are."""
    rows = list(Complaint.objects.visible_to(viewer).for_list().filter(number__in=numbers).order_by("next_due_at", "pk"))
    offers = {offer.complaint_id: offer for offer in Offer.objects.filter(complaint__in=rows, closed_at=None)}
    for row in rows:
        row._open_offer = offers.get(row.pk)
    return rows


@require_GET
@role_required(*STAFF)
def run(request: HttpRequest, pk: int) -> HttpResponse:
    """How far a run is, and what came of each row; for whoever confirmed it."""
    viewer = viewer_of(request)
    found = BulkRun.objects.filter(pk=pk, by=employee_or_404(viewer)).first()
    if found is None:
        raise Http404
    rows = list(BulkRow.objects.select_related("complaint__words").filter(run=found).order_by("pk"))
    done = sum(row.done_at is not None for row in rows)
    context: dict[str, Any] = {
        "run": found,
        "rows": rows,
        "done": done,
        "total": len(rows),
        "percent": round(100 * done / len(rows)),
        "refused": sum(bool(row.refusal) for row in rows),
        "verb": Verb(found.verb),
        "viewer": viewer,
    }
    return render(request, "complaints/_bulk_run.html" if swaps(request, "run") else "complaints/bulk_run.html", context)
