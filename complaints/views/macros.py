"""Ready-made words: kept by those who lead, put into a reply by whoever writes it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from complaints.forms.bulk import MacroForm
from complaints.models import Macro
from complaints.permissions import complaint_for, viewer_of
from complaints.selectors import asker_name
from complaints.services.macros import filled, keep_macro, retire_macro
from complaints.workflow import BadInput
from propman.accounts.permissions import role_required
from propman.accounts.roles import MANAGERS, STAFF

from .queue import employee_or_404


@require_http_methods(["GET", "POST"])
@role_required(*MANAGERS)
def macros(request: HttpRequest) -> HttpResponse:
    """The ready-made words of the company, and a form for one more."""
    form = MacroForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            macro = keep_macro(**form.cleaned_data)
        except BadInput as problem:
            form.add_error(problem.field, str(problem))
        else:
            messages.success(request, _("Kept as “%(name)s”.") % {"name": macro.name})
            return redirect("complaints:macros")
    context = {"form": form, "macros": Macro.objects.filter(retired_at=None).order_by("name")}
    return render(request, "complaints/macros.html", context, status=422 if form.errors else 200)


@require_POST
@role_required(*MANAGERS)
def retire(request: HttpRequest, pk: int) -> HttpResponse:
    """Offer the words no longer."""
    retire_macro(pk=get_object_or_404(Macro.objects.all(), pk=pk).pk, at=timezone.now())
    return redirect("complaints:macros")


@require_GET
@role_required(*STAFF)
def for_complaint(request: HttpRequest, number: str) -> HttpResponse:
    """The words as they would go to this asker."""
    viewer = viewer_of(request)
    employee, complaint = employee_or_404(viewer), complaint_for(viewer, number)
    asker = asker_name(complaint, viewer)
    rows = [
        (macro, filled(macro, complaint, asker=asker, by=employee))
        for macro in Macro.objects.filter(retired_at=None).order_by("name")
    ]
    context = {"rows": rows, "leads": bool(viewer.roles & MANAGERS)}
    return render(request, "complaints/_macros.html", context)
