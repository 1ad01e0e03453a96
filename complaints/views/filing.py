"""Filing by a resident, and logging somebody who phoned, came by or wrote."""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from django.conf import settings as django_settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve
from django.utils import timezone

from complaints import services
from complaints.forms.filing import ContactForm, FilingForm
from complaints.models import Complaint, Contact
from complaints.permissions import Viewer, complaint_for, viewer_of
from complaints.services.filing import tracking_code_of, tracking_digest
from complaints.workflow import BadInput
from propman.accounts.models import User
from propman.accounts.permissions import role_required
from propman.accounts.roles import RESIDENTS, STAFF
from propman.community.selectors import occupancies_of
from propman.tenancy.idempotency import FIELD, KEY, once
from propman.tenancy.scope import current_company_id

View = Callable[..., HttpResponse]

RECEIPT = "receipt"
RECEIPT_LASTS = timedelta(hours=1)


def receipted(view: View) -> View:
    """Gives the second answer to a form that was sent twice the receipt of the first: a browser shows the second one."""

    @wraps(view)
    def given(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        if isinstance(response, HttpResponseRedirect) and RECEIPT not in response.cookies:
            give_again(request, response)
        return response

    return given


@role_required(*RESIDENTS)
@receipted
@once
def file(request: HttpRequest) -> HttpResponse:
    """Three steps on one page; the same page comes back with what was typed when something is missing."""
    viewer = viewer_of(request)
    today = timezone.localdate()
    occupancies = list(occupancies_of(viewer.user, on=today))
    if not occupancies:
        return render(request, "complaints/no_household.html")
    person = occupancies[0].person
    homes = list({occupancy.household_id: occupancy.household for occupancy in occupancies}.values())
    given = (request.POST, request.FILES) if request.method == "POST" else ()
    form = FilingForm(*given, homes=homes, initial={"phone": person.phone})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        at_home = data["where"] == FilingForm.HOME
        try:
            filed = services.file_complaint(
                channel=Contact.Channel.WEB,
                category=data["category"],
                severity=data["severity"],
                title=data["title"],
                text=data["text"] if at_home else f"{data['place']}\n\n{data['text']}",
                household=data["household"],
                community=data["household"].community,
                room=data["household"].room if at_home else None,
                asker=services.Asker(
                    user=viewer.user, person=person, name=person.name, phone=data["phone"] or person.phone, email=person.email
                ),
                is_confidential=data["is_confidential"],
                files=data["files"],
                tracking_code=code_of_form(request, viewer),
                at=timezone.now(),
            )
        except BadInput as problem:
            form.add_error(problem.field if problem.field in form.fields else None, str(problem))
        else:
            return to_receipt(viewer.user, filed)
    return render(request, "complaints/file.html", {"form": form}, status=422 if form.errors else 200)


@role_required(*STAFF)
@receipted
@once
def log(request: HttpRequest) -> HttpResponse:
    """A contact by phone, visit, letter or e-mail; whoever logs it was asked first."""
    viewer = viewer_of(request)
    if viewer.employee is None:
        raise Http404
    form = ContactForm(*((request.POST, request.FILES) if request.method == "POST" else ()))
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            filed = services.file_complaint(
                channel=data["channel"],
                kind=data["kind"],
                category=data["category"],
                severity=data["severity"],
                title=data["title"],
                text=data["text"],
                community=data["community"],
                room=data["room"],
                asker=services.Asker(name=data["asker_name"], phone=data["asker_phone"], email=data["asker_email"]),
                first_asked=viewer.employee,
                is_confidential=data["is_confidential"],
                received_at=data["received_at"],
                files=data["files"],
                tracking_code=code_of_form(request, viewer),
                at=timezone.now(),
            )
        except BadInput as problem:
            form.add_error(problem.field if problem.field in form.fields else None, str(problem))
        else:
            return to_receipt(viewer.user, filed)
    return render(request, "complaints/log.html", {"form": form}, status=422 if form.errors else 200)


def to_receipt(user: User, filed: services.Filed, name: str = "complaints:receipt") -> HttpResponse:
    response = redirect(name, filed.complaint.number)
    put_receipt(response, user, filed.tracking_code)
    return response


def put_receipt(response: HttpResponseRedirect, user: User, code: str) -> None:
    """The code goes along in a cookie for that one page: no server keeps it."""
    page = response.url
    response.set_signed_cookie(
        RECEIPT,
        code,
        salt=f"{RECEIPT} {user.pk} {page}",
        max_age=RECEIPT_LASTS,
        path=page,
        secure=django_settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def code_of_form(request: HttpRequest, viewer: Viewer) -> str:
    """The code that goes with this very form of this user; nothing for a form without a key."""
    key = request.POST.get(FIELD, "")
    return tracking_code_of(f"{current_company_id()} {viewer.user.pk} {key}") if KEY.fullmatch(key) else ""


def give_again(request: HttpRequest, response: HttpResponseRedirect) -> None:
    """Within the hour for which a receipt is shown, if the code fits the complaint that the answer leads to."""
    viewer, at = viewer_of(request), timezone.now()
    code = code_of_form(request, viewer)
    try:
        number = resolve(response.url.removeprefix(request.META["SCRIPT_NAME"])).kwargs.get("number", "")
    except Resolver404:
        return
    fresh = Complaint.objects.visible_to(viewer).filter(number=number, contact__recorded_at__gt=at - RECEIPT_LASTS)
    if code and fresh.filter(tracking_digest=tracking_digest(code)).exists():
        put_receipt(response, viewer.user, code)


def receipt(request: HttpRequest, number: str) -> HttpResponse:
    """Number and tracking code, to keep or to read out; the code is shown for an hour, to whoever filed."""
    viewer = viewer_of(request)
    complaint = complaint_for(viewer, number)
    context = {"complaint": complaint, "code": code_for(request, viewer), "viewer": viewer}
    return render(request, "complaints/receipt.html", context)


def code_for(request: HttpRequest, viewer: Viewer) -> str:
    """The tracking code that goes with this page, or nothing for anybody else and later."""
    salt = f"{RECEIPT} {viewer.user.pk} {request.path}"
    return request.get_signed_cookie(RECEIPT, "", salt=salt, max_age=RECEIPT_LASTS) or ""
