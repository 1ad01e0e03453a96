"""One complaint: the asker's thread, the ticket of those who work on it, and every verb."""

from collections.abc import Sequence
from typing import Any, cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from complaints import actions, selectors
from complaints.clocks import Clock
from complaints.forms import FORMS
from complaints.forms.verbs import VerbForm
from complaints.models import Complaint
from complaints.order_workflow import OverBudget
from complaints.permissions import Viewer, allowed_verbs, complaint_for, may_know_asker, open_offer, verbs_of, viewer_of
from complaints.selectors.dispatch import coming_to, orders_of
from complaints.selectors.intake import alike, gathered
from complaints.services.timing import read
from complaints.workflow import BadInput, NotYours, Refused, Verb
from propman.announcements.permissions import Viewer as Speaker
from propman.announcements.permissions import communities_spoken_to
from propman.common.forms import TakesFiles
from propman.tenancy.idempotency import once

from .queue import queue_context, swaps

ON_PAGE = frozenset({Verb.ANSWER, Verb.REPLY, Verb.RATE})  # the others have a page of their own
VERDICT = (Verb.CONFIRM, Verb.HALF_FIX, Verb.REOPEN)
MORE = (Verb.CALL_BACK, Verb.DEFER, Verb.RECATEGORISE, Verb.CORRECT, Verb.LENGTHEN, Verb.MERGE)


@require_GET
def detail(request: HttpRequest, number: str) -> HttpResponse:
    """The thread for its asker, the ticket for employees."""
    viewer = viewer_of(request)
    complaint = complaint_for(viewer, number)
    return render_complaint(request, complaint, viewer)


@require_http_methods(["GET", "POST"])
@once
def act(request: HttpRequest, number: str, verb: Verb) -> HttpResponse:
    """One verb: a form of its own without scripts, a POST that carries it out."""
    viewer = viewer_of(request)
    complaint = complaint_for(viewer, number)
    # Its fields stand beside those of the reply: an id must not stand twice on a page.
    given = (request.POST, request.FILES) if request.method == "POST" else ()
    form = FORMS[verb](*given, verb=verb, complaint=complaint, auto_id="id_%s" if verb in ON_PAGE else "act_%s")
    if request.method == "GET":
        if verb not in verbs_of(viewer, complaint):
            raise Http404
        page = "complaints/_act_form.html" if swaps(request, "act") else "complaints/act.html"
        return render(request, page, {"complaint": complaint, "form": form, "verb": verb})
    if not form.is_valid():
        return render_complaint(request, complaint, viewer, failed=form, status=422)
    if verb in actions.CONVERSING and (arrived := what_arrived(complaint, viewer, form)):
        form.add_error(
            None,
            _("%(name)s wrote while you did; your words are kept. Read it, then send again.") % {"name": arrived[-1].who},
        )
        return render_complaint(request, complaint_for(viewer, number), viewer, failed=form, arrived=arrived, status=409)
    try:
        actions.act(complaint, verb, viewer=viewer, at=timezone.now(), data=form.cleaned_data)
    except BadInput as problem:
        form.add_error(problem.field if problem.field in form.fields else None, str(problem))
        return render_complaint(request, complaint, viewer, failed=form, status=422)
    except OverBudget as problem:
        form.add_error("over_budget", str(problem))
        return render_complaint(request, complaint, viewer, failed=form, status=409)
    except NotYours as problem:
        form.add_error(None, str(problem))
        return render_complaint(request, complaint_for(viewer, number), viewer, failed=form, status=403)
    except Refused as problem:
        form.add_error(None, str(problem))
        return render_complaint(request, complaint_for(viewer, number), viewer, failed=form, status=409)
    kept_as = "text" if verb in actions.CONVERSING else verb.value
    messages.success(request, _("Done: %(verb)s.") % {"verb": verb.label}, extra_tags=kept_as)
    if not Complaint.objects.visible_to(viewer).filter(pk=complaint.pk).exists():
        return leave(request, reverse("complaints:queue"))
    return redirect("complaints:detail", number=number)


def leave(request: HttpRequest, address: str) -> HttpResponse:
    """To another page altogether, also when a script asked for a part of this one."""
    return HttpResponse(headers={"HX-Redirect": address}) if "HX-Request" in request.headers else redirect(address)


def what_arrived(complaint: Complaint, viewer: Viewer, form: VerbForm) -> list[selectors.Entry]:
    """What somebody else said after the version that the draft was written against.

    Locks the complaint first: of two who send at the same moment, the second one sees the words of the first.
    """
    read_until = form.cleaned_data.get("version")
    if read_until is None:
        return []
    newer = actions.newer_words(complaint, viewer, read_until)
    if newer:
        form.data = form.data.copy()  # type: ignore[attr-defined]
        form.data["version"] = newer[-1].position  # type: ignore[index]
    return newer


def stands_apart(failed: VerbForm, verbs: frozenset[Verb], *, is_asker: bool, is_kept: bool) -> bool:
    """Whether a form that failed has no place on the page, so that what was typed needs one of its own.

    `is_kept`: the words go on in the form of the answer, beside which they were typed.
    """
    if is_asker:
        on_page = verbs & {Verb.REPLY, Verb.RATE, *VERDICT}
    elif Verb.ANSWER in verbs:
        on_page = verbs & {Verb.NOTE, Verb.ANSWER} | ({Verb.REPLY, Verb.WAIT} if is_kept else set())
    else:
        on_page = verbs & {Verb.NOTE, Verb.REPLY}
    return bool(failed.visible_fields()) and failed.verb not in on_page


def verdict_problem(failed: VerbForm) -> str:
    """What is wrong with the asker's word; its buttons share one field, whose form is another for each."""
    if not failed.data.get("text", "").strip() and failed.verb != Verb.CONFIRM:
        return _("Say in a few words what is still wrong.")
    return " ".join(str(error) for errors in failed.errors.values() for error in errors)


def shown_form(verb: Verb, version: int, failed: VerbForm | None) -> VerbForm:
    """The form as it stands on the page: fresh, or with what was typed into it or its neighbour before it failed."""
    if failed is not None and failed.verb == verb:
        return failed
    initial: dict[str, Any] = {"version": version}
    if failed is not None and verb == Verb.ANSWER and failed.verb in actions.CONVERSING:
        initial["text"] = failed.data.get("text", "")
    # two forms stand beside each other on the asker's page: ids of their own
    return FORMS[verb](verb=verb, initial=initial, auto_id="id_rate_%s" if verb == Verb.RATE else "id_%s")


def files_forms(failed: VerbForm | None) -> dict[str, TakesFiles]:
    """Where photos are chosen on the page: with the reply, the note, the verdict; those of a form that failed are lost."""
    places = {"reply": actions.CONVERSING, "note": {Verb.NOTE}, "verdict": VERDICT}
    shown: dict[str, TakesFiles] = {}
    for name, at_home in places.items():
        mine = isinstance(failed, TakesFiles) and failed.verb in at_home
        shown[f"{name}_files"] = cast(TakesFiles, failed) if mine else TakesFiles(auto_id=f"{name}_%s")
    return shown


@require_POST
def verdict(request: HttpRequest, number: str) -> HttpResponse:
    """The asker's word on a resolved complaint: fixed, half fixed, not fixed."""
    viewer = viewer_of(request)
    complaint = complaint_for(viewer, number)
    verbs = {verb.value: verb for verb in VERDICT}
    verb = verbs.get(request.POST.get("verb", ""))
    if verb is None:
        return redirect("complaints:detail", number=number)
    return act(request, complaint.number or "", verb)


def announce_url(complaint: Complaint, viewer: Viewer) -> str:
    """Where a trouble of many is announced to its building, or to the community; nowhere for somebody who may not."""
    speaker = Speaker(viewer.user, viewer.roles, viewer.employee)
    if complaint.community_id is None or not communities_spoken_to(speaker).filter(pk=complaint.community_id).exists():
        return ""
    knows_room = complaint.room is not None and may_know_asker(viewer, complaint)
    place = f"b{complaint.room.entrance.building_id}" if knows_room else f"c{complaint.community_id}"
    named = {"place": place, "kind": complaint.category.code, "title": str(complaint.category)}
    return f"{reverse('announcements:write')}?{urlencode(named)}"


def render_complaint(
    request: HttpRequest,
    complaint: Complaint,
    viewer: Viewer,
    *,
    failed: VerbForm | None = None,
    arrived: Sequence[selectors.Entry] = (),
    status: int = 200,
) -> HttpResponse:
    """The page of a complaint; a form that failed comes back with what was typed."""
    at = timezone.now()
    thread = selectors.thread_of(complaint, viewer=viewer)
    verbs = allowed_verbs(viewer, complaint)
    readings = read(complaint) if complaint.is_open else {}
    is_asker = complaint.asker_id == viewer.user.pk
    is_apart = failed is not None and stands_apart(failed, verbs, is_asker=is_asker, is_kept=bool(arrived))
    if failed is not None and is_apart:
        failed.auto_id = "act_%s"
    verdict = failed if failed is not None and failed.verb in VERDICT and not is_apart else None
    context: dict[str, Any] = {
        "verdict_problem": verdict_problem(verdict) if verdict else "",
        "verdict_text": verdict.data.get("text", "") if verdict else "",
        "complaint": complaint,
        "thread": thread,
        "viewer": viewer,
        "verbs": {verb.value for verb in verbs},
        "forms": {verb.value: shown_form(verb, thread.version, failed) for verb in verbs & ON_PAGE},
        "failed": failed,
        "failed_apart": is_apart,
        "failed_verb": failed.verb.value if failed else "",
        "failed_url": reverse(f"complaints:{failed.verb.value}", args=[complaint.number]) if failed else "",
        "asker": selectors.asker_name(complaint, viewer),
        "knows_asker": may_know_asker(viewer, complaint),
        "faces": selectors.clock_faces(readings, at=at),
        "resolve_due": next((face for face in selectors.clock_faces(readings, at=at) if face.clock == Clock.RESOLVE), None),
        "offer": open_offer(complaint),
        "arrived": arrived,
        **files_forms(None if is_apart else failed),
    }
    if is_asker:
        context["coming"] = coming_to(complaint)
        return render(request, "complaints/thread.html", context, status=status)
    if viewer.employee is None:
        raise Http404
    is_part = swaps(request, "case")
    context |= {"is_part": True, "query": request.GET.urlencode()} if is_part else queue_context(request, viewer, at=at)
    context["more_verbs"] = [
        {"label": verb.label, "url": reverse(f"complaints:{verb.value}", args=[complaint.number])}
        for verb in MORE
        if verb in verbs
    ]
    context["rungs"] = selectors.next_rungs(complaint, readings, at=at)
    context["also_open"] = selectors.also_open(complaint, viewer)
    context["alike"] = alike(complaint, viewer)
    context["gathered"] = gathered(complaint, viewer)
    if context["alike"] or context["gathered"]:
        context["announce_url"] = announce_url(complaint, viewer)
    context["work_orders"] = orders_of(complaint, viewer)
    context["now"] = at
    return render(request, "complaints/_case.html" if is_part else "complaints/queue.html", context, status=status)
