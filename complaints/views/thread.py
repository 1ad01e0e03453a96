"""One complaint: the asker's thread, the ticket of those who work on it, and every verb."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from complaints import actions, selectors
from complaints.clocks import Clock
from complaints.forms import FORMS, VerbForm
from complaints.models import Complaint
from complaints.permissions import Viewer, allowed_verbs, complaint_for, may_know_asker, open_offer, viewer_of
from complaints.services.timing import read
from complaints.workflow import BadInput, NotYours, Refused, Verb

# Words that answer what the other side wrote: the draft waits when something new has arrived meanwhile.
CONVERSING = frozenset({Verb.ANSWER, Verb.REPLY, Verb.RESOLVE, Verb.WAIT})


@require_GET
def detail(request: HttpRequest, number: str) -> HttpResponse:
    """The thread for its asker, the ticket for employees."""
    viewer = viewer_of(request)
    complaint = complaint_for(viewer, number)
    return render_complaint(request, complaint, viewer)


@require_http_methods(["GET", "POST"])
def act(request: HttpRequest, number: str, verb: Verb) -> HttpResponse:
    """One verb: a form of its own without scripts, a POST that carries it out."""
    viewer = viewer_of(request)
    complaint = complaint_for(viewer, number)
    form = FORMS[verb](request.POST or None, verb=verb)
    if request.method == "GET":
        return render(request, "complaints/act.html", {"complaint": complaint, "form": form, "verb": verb})
    if not form.is_valid():
        return render_complaint(request, complaint, viewer, failed=form, status=422)
    if verb in CONVERSING and (arrived := what_arrived(complaint, viewer, form)):
        form.add_error(None, arrived)
        return render_complaint(request, complaint, viewer, failed=form, status=409)
    try:
        actions.act(complaint, verb, viewer=viewer, at=timezone.now(), data=form.cleaned_data)
    except BadInput as problem:
        form.add_error(problem.field if problem.field in form.fields else None, str(problem))
        return render_complaint(request, complaint, viewer, failed=form, status=422)
    except NotYours as problem:
        form.add_error(None, str(problem))
        return render_complaint(request, complaint_for(viewer, number), viewer, failed=form, status=403)
    except Refused as problem:
        form.add_error(None, str(problem))
        return render_complaint(request, complaint_for(viewer, number), viewer, failed=form, status=409)
    messages.success(request, _("Done: %(verb)s.") % {"verb": verb.label})
    if not Complaint.objects.visible_to(viewer).filter(pk=complaint.pk).exists():
        return redirect("complaints:queue")
    return redirect("complaints:detail", number=number)


def what_arrived(complaint: Complaint, viewer: Viewer, form: VerbForm) -> str:
    """A sentence when somebody else wrote after the version that the draft was written against, or nothing."""
    read_until = form.cleaned_data.get("version")
    if read_until is None:
        return ""
    thread = selectors.thread_of(complaint, viewer=viewer)
    newer = [entry for entry in thread.entries[-20:] if entry.is_spoken and not entry.is_mine]
    if thread.version <= read_until or not newer or newer[-1].position <= read_until:
        return ""
    form.data = form.data.copy()  # type: ignore[attr-defined]
    form.data["version"] = thread.version  # type: ignore[index]
    return _("%(name)s wrote while you did; your words are kept. Read it, then send again.") % {"name": newer[-1].who}


def render_complaint(
    request: HttpRequest, complaint: Complaint, viewer: Viewer, *, failed: VerbForm | None = None, status: int = 200
) -> HttpResponse:
    """The page of a complaint; a form that failed comes back with what was typed."""
    at = timezone.now()
    thread = selectors.thread_of(complaint, viewer=viewer)
    verbs = allowed_verbs(viewer, complaint)
    readings = read(complaint) if complaint.is_open else {}
    context: dict[str, Any] = {
        "complaint": complaint,
        "thread": thread,
        "viewer": viewer,
        "verbs": {verb.value for verb in verbs},
        "forms": {
            verb.value: failed
            if failed and failed.verb == verb
            else FORMS[verb](verb=verb, initial={"version": thread.version}, prefix=None)
            for verb in verbs
        },
        "failed": failed,
        "failed_verb": failed.verb.value if failed else "",
        "asker": selectors.asker_name(complaint, viewer),
        "knows_asker": may_know_asker(viewer, complaint),
        "faces": selectors.clock_faces(readings, at=at),
        "resolve_due": next((face for face in selectors.clock_faces(readings, at=at) if face.clock == Clock.RESOLVE), None),
        "offer": open_offer(complaint),
    }
    if complaint.asker_id == viewer.user.pk and viewer.employee is None:
        return render(request, "complaints/thread.html", context, status=status)
    context["rungs"] = selectors.next_rungs(complaint, readings, at=at)
    context["also_open"] = selectors.also_open(complaint, viewer)
    return render(request, "complaints/ticket.html", context, status=status)
