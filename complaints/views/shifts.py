"""The end of a shift, and the wallboard."""

from typing import cast

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from complaints.models import Complaint, ShiftHandOver
from complaints.permissions import SEES_ALL, viewer_of
from complaints.selectors import wallboard as selectors
from complaints.selectors.rows import queue_rows
from complaints.services.shifts import hand_over_shift, take_shift
from complaints.workflow import BadInput, Refused
from propman.accounts.permissions import role_required
from propman.accounts.roles import CENTRE
from propman.common.forms import RowField

from .queue import employee_or_404, swaps


class ShiftForm(forms.Form):
    to = RowField(forms.Select, label=_lazy("Colleague"))
    note = forms.CharField(
        label=_lazy("What the next shift should know"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )


@require_http_methods(["GET", "POST"])
@role_required(*CENTRE)
def shift(request: HttpRequest) -> HttpResponse:
    """What the agent holds, whom to leave it to, and what others leave to him."""
    employee, at = employee_or_404(viewer_of(request)), timezone.now()
    form = ShiftForm(request.POST if request.method == "POST" else None)
    cast(RowField, form.fields["to"]).offer(selectors.receivers(employee, at=at))
    if request.method == "POST" and form.is_valid():
        try:
            given = hand_over_shift(by=employee, to=form.cleaned_data["to"], note=form.cleaned_data["note"], at=at)
        except BadInput as problem:
            form.add_error(problem.field, str(problem))
        else:
            messages.success(
                request,
                _("Offered to %(name)s: %(count)d. They stay yours until they are taken.")
                % {"name": given.receiver.name, "count": len(given.complaints)},
            )
            return redirect("complaints:shift")
    context = {
        "form": form,
        "held": queue_rows(Complaint.objects.open().filter(handler=employee).order_by("next_due_at", "pk"), viewer_of(request)),
        "offered": ShiftHandOver.objects.select_related("receiver").filter(giver=employee, taken_at=None),
        "waiting": selectors.shifts_for(employee),
        "shift": selectors.shift_of(employee, at=at),
        "viewer": viewer_of(request),
    }
    return render(request, "complaints/shift.html", context, status=422 if form.errors else 200)


@require_POST
@role_required(*CENTRE)
def take(request: HttpRequest, pk: int) -> HttpResponse:
    """Take everything that a colleague leaves."""
    employee = employee_or_404(viewer_of(request))
    hand_over = get_object_or_404(ShiftHandOver.objects.filter(receiver=employee), pk=pk)
    try:
        count = take_shift(hand_over=hand_over, by=employee, at=timezone.now())
    except Refused as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, _("Yours now: %(number)s.") % {"number": count})
    return redirect("complaints:shift")


@require_GET
@role_required(*SEES_ALL)
def wallboard(request: HttpRequest) -> HttpResponse:
    """The big screen of the centre; a fragment every five seconds."""
    at = timezone.now()
    context = {"wall": selectors.wall(viewer_of(request), at=at), "at": at}
    return render(request, "complaints/_wall.html" if swaps(request, "main") else "complaints/wallboard.html", context)
