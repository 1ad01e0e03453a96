"""The administrator's settings of the rounds."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from cards import services
from cards.forms import CardSettingsForm
from cards.models import CardSettings
from propman.accounts.models import User
from propman.accounts.permissions import role_required
from propman.accounts.roles import Role


@role_required(Role.COMPANY_ADMINISTRATOR)
def settings(request: HttpRequest) -> HttpResponse:
    """When counts begin, and when the households are reminded."""
    form = CardSettingsForm(request.POST or None, instance=CardSettings.objects.first())
    if request.method == "POST" and form.is_valid():
        assert isinstance(request.user, User)
        services.change_card_settings(**form.cleaned_data, by=request.user, at=timezone.now())
        messages.success(request, _("Saved. It binds the rounds that are issued from now on."))
        return redirect("cards:settings")
    return render(request, "cards/settings.html", {"form": form}, status=422 if form.errors else 200)
