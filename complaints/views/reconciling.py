"""Reconciliation: a day of the phone log, the mailbox or the visitors' book beside the contacts."""

from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from complaints import services
from complaints.forms.counting import ExplainForm, LogUploadForm, MatchForm, ReasonForm
from complaints.forms.filing import ContactForm
from complaints.logs import COLUMNS
from complaints.models import CHANNELS, LogEntry, LogEntryWords, LogImport, LogMapping, LogSource
from complaints.permissions import SEES_ALL, Viewer, complaint_for, viewer_of
from complaints.selectors import reconciling as selectors
from complaints.selectors.counting import counting_policy
from complaints.services import reconciling
from complaints.workflow import BadInput, Refused
from propman.accounts.permissions import role_required
from propman.accounts.roles import CENTRE, Role
from propman.community.models import Employee
from propman.tenancy.idempotency import once
from propman.tenancy.middleware import company_of

from .filing import to_receipt
from .queue import employee_or_404

SHOWN = {"open": LogEntry.State.OPEN, "matched": LogEntry.State.MATCHED, "explained": LogEntry.State.EXPLAINED}
ICONS = {LogSource.PHONE: "phone", LogSource.MAILBOX: "mail", LogSource.VISITORS: "book"}
MOST_PROBLEMS = 500


def agent_or_404(viewer: Viewer) -> Employee:
    """The centre decides about entries; managers look on."""
    employee = employee_or_404(viewer)
    if not viewer.is_centre:
        raise Http404
    return employee


def may_know(viewer: Viewer) -> bool:
    """Who called is for the centre; others see how many."""
    return viewer.is_centre


@require_GET
@role_required(*SEES_ALL)
def reconcile(request: HttpRequest) -> HttpResponse:
    """A day of one list: what is matched, explained and missing, by office."""
    viewer, company, at = viewer_of(request), company_of(request), timezone.now()
    source = request.GET.get("source", LogSource.PHONE)
    if source not in LogSource.values:
        raise Http404
    day = _day(request.GET.get("day", ""), source, company.today(at))
    entries = selectors.entries_of(company, source, day)
    offices = selectors.by_office(entries)
    show = request.GET.get("show", "open")
    if show not in SHOWN:
        raise Http404
    office = next((one for one in offices if str(one.office) == request.GET.get("office")), None)
    if office is None and show == "open":
        office = next((one for one in offices if one.gaps), None)
    rows = entries.filter(state=SHOWN[show]).order_by("occurred_at", "pk")
    if office is not None:
        rows = rows.filter(office_id=office.office)
    total = sum(one.entries for one in offices)
    gaps = sum(one.gaps for one in offices)
    context: dict[str, Any] = {
        "viewer": viewer,
        "source": LogSource(source),
        "sources": [{"value": one.value, "label": one.label, "icon": ICONS[one], "is_on": one == source} for one in LogSource],
        "day": day,
        "days": selectors.last_days(company, source, until=company.today(at), at=at),
        "offices": offices,
        "office": office,
        "show": show,
        "total": total,
        "matched": sum(one.matched for one in offices),
        "by_hand": entries.filter(state=LogEntry.State.MATCHED).exclude(matched_by=LogEntry.MatchedBy.RULE).count(),
        "explained": sum(one.explained for one in offices),
        "unseen": entries.filter(state=LogEntry.State.EXPLAINED, seen_at=None).count(),
        "gaps": gaps,
        "percent": 100 * (total - gaps) / total if total else 100,
        "upload": selectors.last_import(source),
        "alarms": selectors.alarms(),
        "window": counting_policy().match_minutes,
        "may_decide": viewer.is_centre,
        "is_duty_manager": Role.DUTY_MANAGER in viewer.roles,
        "at": at,
    }
    if may_know(viewer):
        shown = list(rows.select_related("log_import", "office", "contact", "decided_by")[: selectors.ENTRIES])
        context["rows"] = selectors.rows_of(shown, source=source, window=counting_policy().window)
        context["more"] = max(0, rows.count() - len(shown))
        chosen = request.GET.get("entry", "")
        context["chosen"] = next((one.entry.pk for one in context["rows"] if str(one.entry.pk) == chosen), None) or (
            context["rows"][0].entry.pk if context["rows"] else None
        )
    context["this_day"] = next((one for one in context["days"] if one.day == day), None)
    return render(request, "complaints/reconcile.html", context)


def _day(text: str, source: str, today: date) -> date:
    """The day that was asked for; without one the newest of the list."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        newest = LogEntry.objects.filter(source=source).exclude(state=LogEntry.State.WITHDRAWN).order_by("-occurred_at").first()
        return timezone.localdate(newest.occurred_at) if newest else today - timedelta(days=1)


def page_of(of: LogEntry, /, **more: object) -> str:
    """The page on which the entry stands."""
    query = {"source": of.source, "day": timezone.localdate(of.occurred_at), "office": of.office_id, **more}
    return f"{reverse('complaints:reconcile')}?{urlencode(query)}"


def entry_for(pk: int) -> LogEntry:
    """Raises Http404."""
    entries = LogEntry.objects.select_related("log_import", "office", "community").exclude(state=LogEntry.State.WITHDRAWN)
    return get_object_or_404(entries, pk=pk)


@require_http_methods(["GET", "POST"])
@role_required(*CENTRE)
def match(request: HttpRequest, pk: int) -> HttpResponse:
    """Match an entry by hand, with a reason."""
    viewer = viewer_of(request)
    employee, entry = agent_or_404(viewer), entry_for(pk)
    form = MatchForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            complaint = complaint_for(viewer, form.cleaned_data["number"].strip())
        except Http404:
            form.add_error("number", _("There is no complaint with this number."))
        else:
            try:
                reconciling.match_entry(
                    entry=entry, complaint=complaint, by=employee, at=timezone.now(), reason=form.cleaned_data["reason"]
                )
            except BadInput as problem:
                form.add_error(problem.field, str(problem))
            except Refused as problem:
                form.add_error(None, str(problem))
            else:
                messages.success(request, _("Matched to %(number)s.") % {"number": complaint.number})
                return redirect(page_of(entry))
    return _entry_page(request, entry, form, _("Match to a contact"))


@require_http_methods(["GET", "POST"])
@role_required(*CENTRE)
def explain(request: HttpRequest, pk: int) -> HttpResponse:
    """Say why an entry is no matter for the company."""
    employee, entry = agent_or_404(viewer_of(request)), entry_for(pk)
    form = ExplainForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            reconciling.explain_entry(entry=entry, by=employee, at=timezone.now(), **form.cleaned_data)
        except BadInput as problem:
            form.add_error(problem.field, str(problem))
        except Refused as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, _("Explained; the duty manager sees the reason."))
            return redirect(page_of(entry))
    return _entry_page(request, entry, form, _("Not a matter for us"))


@require_http_methods(["GET", "POST"])
@role_required(*CENTRE)
@once
def log_missing(request: HttpRequest, pk: int) -> HttpResponse:
    """Log the contact that is missing, from what the entry says; it is matched by that."""
    viewer = viewer_of(request)
    employee, entry = agent_or_404(viewer), entry_for(pk)
    words = LogEntryWords.objects.filter(entry=entry).first()
    initial = {
        "channel": CHANNELS[LogSource(entry.source)],
        "asker_name": words.name if words else "",
        "asker_phone": words.phone[:32] if words else "",
        "asker_email": words.email if words else "",
        "community": entry.community_id,
        "received_at": entry.occurred_at,
    }
    form = ContactForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        data, at = form.cleaned_data, timezone.now()
        try:
            filed = reconciling.log_missing_contact(
                entry=entry,
                by=employee,
                at=at,
                channel=data["channel"],
                kind=data["kind"],
                category=data["category"],
                severity=data["severity"],
                title=data["title"],
                text=data["text"],
                community=data["community"],
                room=data["room"],
                asker=services.Asker(name=data["asker_name"], phone=data["asker_phone"], email=data["asker_email"]),
                is_confidential=data["is_confidential"],
                received_at=data["received_at"] or entry.occurred_at,
            )
        except BadInput as problem:
            form.add_error(problem.field if problem.field in form.fields else None, str(problem))
        except Refused as problem:
            form.add_error(None, str(problem))
        else:
            return to_receipt(viewer.user, filed)
    return _entry_page(request, entry, form, _("Log the missing contact"))


def _entry_page(request: HttpRequest, entry: LogEntry, form: Any, title: str) -> HttpResponse:
    context = {
        "entry": entry,
        "row": selectors.rows_of([entry], source=entry.source, window=counting_policy().window)[0],
        "form": form,
        "title": title,
        "back": page_of(entry, entry=entry.pk),
    }
    return render(request, "complaints/reconcile_entry.html", context, status=422 if form.errors else 200)


@require_POST
@role_required(*CENTRE)
def reopen(request: HttpRequest, pk: int) -> HttpResponse:
    """Undo what was decided about an entry."""
    viewer = viewer_of(request)
    employee, entry = agent_or_404(viewer), entry_for(pk)
    try:
        reconciling.reopen_entry(entry=entry, by=employee, at=timezone.now(), is_duty_manager=Role.DUTY_MANAGER in viewer.roles)
    except Refused as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, _("It is open again."))
    return redirect(page_of(entry))


@require_POST
@role_required(Role.DUTY_MANAGER)
def seen(request: HttpRequest) -> HttpResponse:
    """The duty manager has read these reasons."""
    viewer = viewer_of(request)
    employee = agent_or_404(viewer)
    entries = [int(one) for one in request.POST.getlist("entries") if one.isascii() and one.isdigit() and len(one) < 19]
    count = reconciling.see_explanations(entries=entries, by=employee, is_duty_manager=True, at=timezone.now())
    messages.success(request, _("Seen: %(count)d.") % {"count": count})
    return redirect("complaints:reconcile")


@require_http_methods(["GET", "POST"])
@role_required(*CENTRE)
def upload(request: HttpRequest) -> HttpResponse:
    """Upload a list with its mapping; nothing is written before it is confirmed on the next page."""
    viewer, at = viewer_of(request), timezone.now()
    agent_or_404(viewer)
    source = request.GET.get("source", LogSource.PHONE)
    if source not in LogSource.values:
        raise Http404
    mapping = LogMapping.objects.filter(source=source).values_list("text", flat=True).first() or ""
    initial = {"source": source, "mapping": mapping}
    form = LogUploadForm(request.POST, request.FILES) if request.method == "POST" else LogUploadForm(initial=initial)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            found = reconciling.preview_log(
                company=company_of(request),
                source=data["source"],
                file=data["file"].file,
                file_name=data["file"].name,
                mapping=data["mapping"],
                by=viewer.user,
                at=at,
            )
        except ValidationError as error:
            form.add_error("file", error)
        else:
            reconciling.save_mapping(source=data["source"], text=data["mapping"], by=viewer.user, at=at)
            return redirect("complaints:log_import", found.pk)
    recent = LogImport.objects.defer("content", "mapping").filter(discarded_at=None).order_by("-pk")[:20]
    context = {"form": form, "imports": recent, "columns": COLUMNS, "source": source}
    return render(request, "complaints/reconcile_upload.html", context, status=422 if form.errors else 200)


def upload_for(pk: int) -> LogImport:
    """Raises Http404."""
    return get_object_or_404(LogImport.objects.select_related("uploaded_by"), pk=pk)


@require_GET
@role_required(*CENTRE)
def log_import(request: HttpRequest, pk: int) -> HttpResponse:
    """What a list would do, or did: counts and every wrong row."""
    agent_or_404(viewer_of(request))
    found = upload_for(pk)
    plan = found.plan
    context = {
        "upload": found,
        "plan": plan,
        "problems": plan["problems"][:MOST_PROBLEMS],
        "more_problems": max(0, plan["refused"] - MOST_PROBLEMS),
        "skipped": plan["also"].get("skipped", 0),
        "there": plan["left"] - plan["also"].get("skipped", 0),
        "is_open": found.content is not None,
        "is_in": found.confirmed_at is not None and found.withdrawn_at is None,
    }
    return render(request, "complaints/reconcile_import.html", context)


@require_POST
@role_required(*CENTRE)
def confirm_import(request: HttpRequest, pk: int) -> HttpResponse:
    """Bring the list in and match it."""
    viewer = viewer_of(request)
    agent_or_404(viewer)
    found = upload_for(pk)
    try:
        plan, count = reconciling.confirm_log(company=company_of(request), upload=found, by=viewer.user, at=timezone.now())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("complaints:log_import", pk)
    except Refused as problem:
        messages.error(request, str(problem))
        return redirect("complaints:log_import", pk)
    messages.success(
        request, _("Brought in: %(new)d. %(count)d found a contact by themselves.") % {"new": plan.created, "count": count}
    )
    return redirect(f"{reverse('complaints:reconcile')}?source={found.source}")


@require_POST
@role_required(*CENTRE)
def forget_import(request: HttpRequest, pk: int) -> HttpResponse:
    """Forget a file that was not brought in."""
    agent_or_404(viewer_of(request))
    try:
        reconciling.forget_log(upload=upload_for(pk), at=timezone.now())
    except Refused as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, _("The file is forgotten; nothing was imported."))
    return redirect("complaints:log_upload")


@require_POST
@role_required(*CENTRE)
def withdraw_import(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back a list that was brought in by mistake."""
    employee = agent_or_404(viewer_of(request))
    form = ReasonForm(request.POST)
    try:
        if not form.is_valid():
            raise BadInput("reason", _("Please write something."))
        count = reconciling.withdraw_log(
            upload=upload_for(pk), by=employee, at=timezone.now(), reason=form.cleaned_data["reason"]
        )
    except Refused as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, _("Taken back: %(count)d.") % {"count": count})
    return redirect("complaints:log_import", pk)
