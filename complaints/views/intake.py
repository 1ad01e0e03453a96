"""Phone intake on one screen: who calls, what is open there, what it is about, the number to read out."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from complaints.clocks import Clock
from complaints.forms.intake import OFFICE, SOLVED, IntakeForm
from complaints.permissions import complaint_for, viewer_of
from complaints.selectors import intake as selectors
from complaints.services.calling import take_call
from complaints.services.timing import read
from complaints.workflow import BadInput, Refused
from propman.accounts.permissions import role_required
from propman.accounts.roles import CENTRE
from propman.tenancy.idempotency import once

from .filing import code_for, code_of_form, receipted, to_receipt
from .queue import employee_or_404

LETTERS = {
    "A": "Alfa", "B": "Bravo", "C": "Charlie", "D": "Delta", "E": "Echo", "F": "Foxtrot", "G": "Golf", "H": "Hotel",
    "J": "Juliett", "K": "Kilo", "L": "Lima", "M": "Mike", "N": "November", "P": "Papa", "Q": "Quebec", "R": "Romeo",
    "S": "Sierra", "T": "Tango", "U": "Uniform", "V": "Victor", "W": "Whiskey", "X": "X-ray", "Y": "Yankee", "Z": "Zulu",
}  # fmt: skip


@require_http_methods(["GET", "POST"])
@role_required(*CENTRE)
@receipted
@once
def intake(request: HttpRequest) -> HttpResponse:
    """The form of a call; once it is logged, the number and the code to read out, then the next call."""
    viewer = viewer_of(request)
    employee, at = employee_or_404(viewer), timezone.now()
    calling = request.GET.get("phone", "")[:32]
    form = IntakeForm(request.POST if request.method == "POST" else None, initial={"who": calling, "phone": calling})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        means = complaint_for(viewer, data["means"]) if data["means"] else None
        try:
            filed = take_call(
                by=employee,
                at=at,
                said=data["said"],
                category=data["category"],
                severity=data["severity"],
                kind=data["kind"],
                caller=selectors.caller_of(data["caller"], on=timezone.localdate(at)),
                name=data["name"],
                phone=data["phone"],
                community=data["community"],
                is_confidential=data["is_confidential"],
                to_office=data["next"] == OFFICE,
                solution=data["solution"] if data["next"] == SOLVED else "",
                means=means,
                tracking_code=code_of_form(request, viewer),
            )
        except BadInput as problem:
            form.add_error(problem.field if problem.field in form.fields else None, str(problem))
        except Refused as problem:
            form.add_error(None, str(problem))
        else:
            return to_receipt(viewer.user, filed, "complaints:intake_done")
    chosen = selectors.caller_of(form.data.get("caller", ""), on=timezone.localdate(at)) if form.is_bound else None
    context: dict[str, Any] = {
        "form": form,
        "viewer": viewer,
        "chosen": chosen,
        "phone": calling,
        "means": form.data.get("means", "") if form.is_bound else "",
    }
    if chosen:
        context |= of_room(chosen, viewer, at)
    return render(request, "complaints/intake.html", context, status=422 if form.errors else 200)


def of_room(chosen: Any, viewer: Any, at: Any) -> dict[str, Any]:
    room = chosen.household.room
    return {
        "open_ones": selectors.open_for(room, viewer),
        "closed_ones": selectors.closed_for(room, viewer, at=at),
        "room": room,
    }


@require_GET
@role_required(*CENTRE)
def callers(request: HttpRequest) -> HttpResponse:
    """Residents whose phone, name or room holds what is being typed."""
    said = request.GET.get("who", "")[:60]
    found = selectors.callers(said, on=timezone.localdate())
    return render(request, "complaints/_callers.html", {"callers": found, "said": said})


@require_GET
@role_required(*CENTRE)
def caller(request: HttpRequest) -> HttpResponse:
    """What is open and was closed for the home of the one who was chosen."""
    viewer, at = viewer_of(request), timezone.now()
    chosen = selectors.caller_of(request.GET.get("caller", ""), on=timezone.localdate(at))
    context: dict[str, Any] = {"viewer": viewer, "chosen": chosen}
    return render(request, "complaints/_intake_home.html", context | (of_room(chosen, viewer, at) if chosen else {}))


@require_GET
@role_required(*CENTRE)
def done(request: HttpRequest, number: str) -> HttpResponse:
    """The number and, for an hour, the code to read out, and what may be promised."""
    viewer = viewer_of(request)
    complaint = complaint_for(viewer, number)
    code = code_for(request, viewer)
    due = {clock.value: reading.due_at() for clock, reading in read(complaint).items()} if complaint.is_open else {}
    context = {
        "complaint": complaint,
        "code": code,
        "spoken": ", ".join(LETTERS.get(letter, letter) for letter in code),
        "viewer": viewer,
        "answer_by": due.get(Clock.FIRST_ANSWER.value),
        "solved_by": due.get(Clock.RESOLVE.value),
    }
    return render(request, "complaints/intake_done.html", context)
