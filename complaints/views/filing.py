"""Filing by a resident, and logging somebody who phoned, came by or wrote."""

from datetime import timedelta

from django.conf import settings as django_settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from complaints import services
from complaints.forms import ContactForm, FilingForm
from complaints.models import Contact
from complaints.permissions import Viewer, complaint_for, viewer_of
from complaints.workflow import BadInput
from propman.accounts.models import User
from propman.accounts.permissions import role_required
from propman.accounts.roles import RESIDENTS, STAFF
from propman.community.selectors import occupancies_of
from propman.tenancy.idempotency import once

RECEIPT = "receipt"
RECEIPT_LASTS = timedelta(hours=1)


@role_required(*RESIDENTS)
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
                at=timezone.now(),
            )
        except BadInput as problem:
            form.add_error(problem.field if problem.field in form.fields else None, str(problem))
        else:
            return to_receipt(viewer.user, filed)
    return render(request, "complaints/file.html", {"form": form}, status=422 if form.errors else 200)


@role_required(*STAFF)
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
                at=timezone.now(),
            )
        except BadInput as problem:
            form.add_error(problem.field if problem.field in form.fields else None, str(problem))
        else:
            return to_receipt(viewer.user, filed)
    return render(request, "complaints/log.html", {"form": form}, status=422 if form.errors else 200)


def to_receipt(user: User, filed: services.Filed, name: str = "complaints:receipt") -> HttpResponse:
    """The code goes along in a cookie for that one page: no server keeps it."""
    page = reverse(name, args=[filed.complaint.number])
    response = redirect(page)
    response.set_signed_cookie(
        RECEIPT,
        filed.tracking_code,
        salt=f"{RECEIPT} {user.pk} {page}",
        max_age=RECEIPT_LASTS,
        path=page,
        secure=django_settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


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
