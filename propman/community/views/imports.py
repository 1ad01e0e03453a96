"""Bringing a file in by the browser: upload, look at what it would do, confirm, and undo while nothing refers to it."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from propman.accounts.permissions import role_required
from propman.accounts.roles import STAFF
from propman.tenancy.middleware import company_of

from ..forms.directory import UploadForm, UploadRoomsForm
from ..models import Import
from ..permissions import KEEPS_STAFF, community_for, import_for
from ..services import imports
from ..services.import_rooms import RoomsImporter
from ..services.import_staff import StaffImporter
from .directory import staff_only, user_of

MOST_SHOWN = 500


@staff_only
def upload_rooms(request: HttpRequest, address: str) -> HttpResponse:
    """Upload a room list; nothing is written before it is confirmed on the next page."""
    community = community_for(request, address, to_change=True)
    form = UploadRoomsForm(request.POST, request.FILES) if request.method == "POST" else UploadRoomsForm()
    if form.is_bound and form.is_valid():
        importer = RoomsImporter(community, form.cleaned_data["area"])
        if upload := _previewed(request, form, importer):
            return redirect("directory:import", upload.pk)
    brought = Import.objects.filter(community=community)
    return _upload_page(request, form, brought, RoomsImporter.columns, reverse("directory:rooms", args=[address]))


@role_required(*KEEPS_STAFF)
def upload_staff(request: HttpRequest) -> HttpResponse:
    """Upload a staff list; nothing is written before it is confirmed on the next page."""
    form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
    if form.is_bound and form.is_valid():
        importer = StaffImporter(company_of(request).today(timezone.now()))
        if upload := _previewed(request, form, importer):
            return redirect("directory:import", upload.pk)
    brought = Import.objects.filter(kind=Import.Kind.STAFF)
    return _upload_page(request, form, brought, StaffImporter.columns, reverse("directory:communities"))


def _previewed(request: HttpRequest, form: UploadForm, importer: imports.Importer) -> Import | None:
    file = form.cleaned_data["file"]
    try:
        return imports.preview_import(
            importer=importer, file=file.file, file_name=file.name, by=user_of(request), at=timezone.now()
        )
    except ValidationError as error:
        form.add_error("file", error)
        return None


def _upload_page(request: HttpRequest, form: UploadForm, brought: Any, columns: Any, back: str) -> HttpResponse:
    recent = brought.filter(discarded_at=None).defer("content", "plan").select_related("uploaded_by").order_by("-pk")[:20]
    shown = {"form": form, "imports": recent, "columns": columns, "back": back}
    return render(request, "community/directory/upload.html", shown, status=422 if form.is_bound else 200)


@staff_only
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """What the file would do, or did: counts, every wrong row, and examples of what is new or changed."""
    upload = import_for(request, pk)
    plan = upload.plan
    shown = {
        "upload": upload,
        "plan": plan,
        "problems": plan["problems"][:MOST_SHOWN],
        "more_problems": max(0, plan["refused"] - MOST_SHOWN),
        "is_open": upload.content is not None,
        "may_undo": upload.confirmed_at is not None and upload.undone_at is None,
        "upload_url": _upload_url(upload),
    }
    return render(request, "community/directory/import.html", shown)


def _upload_url(upload: Import) -> str:
    if upload.community:
        return reverse("directory:upload_rooms", args=[upload.community.address])
    return reverse("directory:upload_staff")


def _importer_of(upload: Import, request: HttpRequest) -> imports.Importer:
    if upload.community:
        return RoomsImporter(upload.community, upload.area)
    return StaffImporter(company_of(request).today(upload.uploaded_at))


@role_required(*STAFF)
@require_POST
def confirm(request: HttpRequest, pk: int) -> HttpResponseRedirect:
    upload = import_for(request, pk)
    twins = [_importer_of(upload, request) for _twin in range(2)]
    try:
        imports.confirm_import(upload=upload, importer=twins[0], again=twins[1], by=user_of(request), at=timezone.now())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("Imported."))
    return redirect("directory:import", pk)


@role_required(*STAFF)
@require_POST
def discard(request: HttpRequest, pk: int) -> HttpResponseRedirect:
    upload = import_for(request, pk)
    try:
        imports.discard_import(upload=upload, at=timezone.now())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("The file is forgotten; nothing was imported."))
    return redirect(_upload_url(upload))


@role_required(*STAFF)
@require_POST
def undo(request: HttpRequest, pk: int) -> HttpResponseRedirect:
    done = import_for(request, pk)
    try:
        imports.undo_import(done=done, by=user_of(request), at=timezone.now())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("Everything that this import made was taken back."))
    return redirect("directory:import", pk)
