"""Following a complaint by number and tracking code, without an account."""

from datetime import timedelta
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from complaints import selectors, services
from complaints.clocks import Clock
from complaints.forms.filing import FollowForm
from complaints.models import Complaint
from complaints.selectors.dispatch import coming_to
from complaints.services.filing import tracking_digest
from complaints.services.timing import read
from complaints.workflow import BadInput, Refused, is_allowed
from complaints.workflow import Verb as V
from propman.common.forms import TakesFiles
from propman.common.tries import too_many_tries
from propman.tenancy.idempotency import once
from propman.tenancy.middleware import company_of

FOLLOWED = "complaints.followed"
TRIES, TRY_WINDOW = 20, timedelta(minutes=15)
BY_CODE: dict[str, Any] = {
    "reply": lambda given, text, files: services.reply_as_asker(**given, text=text, files=files),
    "urge": lambda given, text, files: services.urge_complaint(**given, text=text),
    "confirm": lambda given, text, files: services.confirm_complaint(**given),
    "half_fix": lambda given, text, files: services.half_fix_complaint(**given, text=text, files=files),
    "reopen": lambda given, text, files: services.reopen_complaint(**given, text=text, files=files),
    "withdraw": lambda given, text, files: services.withdraw_complaint(**given, text=text),
}


def followed(request: HttpRequest) -> Complaint | None:
    """The complaint whose number and code were shown to be right in this session."""
    pk = request.session.get(FOLLOWED, {}).get(str(company_of(request).pk))
    found: Complaint | None = Complaint.objects.for_list().select_related("policy").filter(pk=pk).first() if pk else None
    return found


@login_not_required
@require_http_methods(["GET", "POST"])
def follow(request: HttpRequest) -> HttpResponse:
    """Ask for number and code; a wrong number and a wrong code look the same."""
    if request.method == "GET" and (complaint := followed(request)) and "other" not in request.GET:
        return _render(request, complaint)
    form = FollowForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST" and form.is_valid():
        # a right answer counts as well
        if too_many_tries(request, f"follow:{company_of(request).pk}", most=TRIES, within=TRY_WINDOW):
            form.add_error(None, _("Too many tries; wait a quarter of an hour, or call the service centre."))
            status = 429
        else:
            found = Complaint.objects.filter(number=form.cleaned_data["number"].strip()).first()
            digest = tracking_digest(form.cleaned_data["code"])
            if found and constant_time_compare(found.tracking_digest, digest):
                request.session.cycle_key()
                request.session[FOLLOWED] = {
                    **request.session.get(FOLLOWED, {}),
                    str(company_of(request).pk): found.pk,
                }
                return redirect("complaints:follow")
            form.add_error(None, _("Number and code do not belong together; look at your receipt."))
            status = 422
    return render(request, "complaints/follow.html", {"form": form}, status=status)


@login_not_required
@require_POST
@once
def act_by_code(request: HttpRequest) -> HttpResponse:
    """What the asker may do without an account: reply, urge, confirm, half-fix, reopen, withdraw."""
    complaint = followed(request)
    if complaint is None:
        return redirect("complaints:follow")
    text = request.POST.get("text", "")
    act = BY_CODE.get(request.POST.get("verb", ""))
    if act is None:
        return redirect("complaints:follow")
    form = TakesFiles(request.POST, request.FILES)
    if not form.is_valid():
        return _render(request, complaint, text=text, form=form, status=422)
    try:
        act({"complaint": complaint, "by": None, "at": timezone.now()}, text, form.cleaned_data["files"])
    except Refused as problem:
        status = 422 if isinstance(problem, BadInput) else 409
        return _render(request, followed(request) or complaint, problem=str(problem), text=text, form=form, status=status)
    return redirect("complaints:follow")


def _render(
    request: HttpRequest,
    complaint: Complaint,
    *,
    problem: str = "",
    text: str = "",
    form: TakesFiles | None = None,
    status: int = 200,
) -> HttpResponse:
    at = timezone.now()
    readings = read(complaint) if complaint.is_open else {}
    verbs = [V.REPLY, V.URGE, V.CONFIRM, V.HALF_FIX, V.REOPEN, V.WITHDRAW]
    context = {
        "complaint": complaint,
        "thread": selectors.thread_of(complaint, viewer=None),
        "verbs": {verb.value for verb in verbs if is_allowed(complaint.state, verb)},
        "coming": coming_to(complaint),
        "resolve_due": next((face for face in selectors.clock_faces(readings, at=at) if face.clock == Clock.RESOLVE), None),
        "problem": problem,
        "text": text,
        "reply_files": form or TakesFiles(),
        "verdict_files": TakesFiles(auto_id="verdict_%s"),
    }
    return render(request, "complaints/followed.html", context, status=status)
