"""Photos and documents: every byte passes a check of who asks, wherever the storage keeps it; no link leads past it."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from complaints import selectors, services
from complaints.forms.filing import EraseForm
from complaints.models import Attachment, Complaint
from complaints.permissions import Viewer, complaint_for, file_for, may_erase, viewer_of
from complaints.sending import sent
from complaints.workflow import BadInput, Refused
from propman.accounts.permissions import role_required
from propman.accounts.roles import Role

from .follow import followed


def shown(request: HttpRequest, complaint: Complaint, attachment: Attachment, viewer: Viewer | None) -> HttpResponse:
    """One photo on a page of its own, with the way to the ones before and after it."""
    photos = [one for one in selectors.files_of(complaint, viewer=viewer) if one.can_open and one.attachment.is_photo]
    place = next((index for index, one in enumerate(photos) if one.attachment.pk == attachment.pk), None)
    if place is None:
        raise Http404
    context = {
        "complaint": complaint,
        "photo": photos[place],
        "place": place + 1,
        "photos": photos,
        "before": photos[place - 1] if place else None,
        "after": photos[place + 1] if place + 1 < len(photos) else None,
        "back": reverse("complaints:follow") if viewer is None else reverse("complaints:detail", args=[complaint.number]),
    }
    if viewer is None:
        context["layout"] = "layouts/base_public.html"
    return render(request, "complaints/photo.html", context)


@require_safe
def photo(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """A photo in the middle of a page."""
    viewer = viewer_of(request)
    complaint = complaint_for(viewer, number)
    return shown(request, complaint, file_for(viewer, complaint, pk), viewer)


@require_safe
def attachment(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """The photo or document itself."""
    viewer = viewer_of(request)
    complaint = complaint_for(viewer, number)
    return sent(complaint, file_for(viewer, complaint, pk))


@require_safe
def preview(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """The small picture of a photo."""
    viewer = viewer_of(request)
    complaint = complaint_for(viewer, number)
    return sent(complaint, file_for(viewer, complaint, pk), is_small=True)


@role_required(Role.DUTY_MANAGER)
@require_http_methods(["GET", "POST"])
def erase_file(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """What will be erased, once more, and why; then it is gone for good."""
    viewer = viewer_of(request)
    complaint = complaint_for(viewer, number)
    attachment = file_for(viewer, complaint, pk)
    if viewer.employee is None or not may_erase(viewer):
        raise Http404
    form = EraseForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        reason = form.cleaned_data["reason"]
        try:
            services.erase_file(
                complaint=complaint, attachment=attachment, by=viewer.employee, at=timezone.now(), reason=reason
            )
        except BadInput as problem:
            form.add_error("reason", str(problem))
        except Refused as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, _("The file is erased; its place in the thread says so."))
            return redirect("complaints:detail", complaint.number)
    file = next(one for one in selectors.files_of(complaint, viewer=viewer) if one.attachment.pk == attachment.pk)
    context = {"complaint": complaint, "file": file, "form": form}
    return render(request, "complaints/erase_file.html", context, status=422 if form.errors else 200)


def followed_or_404(request: HttpRequest) -> Complaint:
    """Raises Http404 unless number and code were shown to be right in this session."""
    complaint = followed(request)
    if complaint is None:
        raise Http404
    return complaint


@login_not_required
@require_safe
def follow_photo(request: HttpRequest, pk: int) -> HttpResponse:
    """A photo of the complaint that is followed by number and code."""
    complaint = followed_or_404(request)
    return shown(request, complaint, file_for(None, complaint, pk), None)


@login_not_required
@require_safe
def follow_attachment(request: HttpRequest, pk: int) -> HttpResponse:
    """The photo or document itself, by number and code."""
    complaint = followed_or_404(request)
    return sent(complaint, file_for(None, complaint, pk))


@login_not_required
@require_safe
def follow_preview(request: HttpRequest, pk: int) -> HttpResponse:
    """The small picture of a photo, by number and code."""
    complaint = followed_or_404(request)
    return sent(complaint, file_for(None, complaint, pk), is_small=True)
