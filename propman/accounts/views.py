from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from propman.tenancy.middleware import company_of
from propman.tenancy.models import Company

from . import services
from .adapter import speak
from .forms import JoinForm, KeyForm, ProfileForm
from .models import ApiToken, User
from .permissions import companies_of
from .roles import COUNTING, OFFICIALS


def choose_company(request: HttpRequest) -> HttpResponse:
    """The person's companies; whoever has just one goes straight there, officials and operators to their own pages.

    An officer of the Consumers Association counts no cards and has no page over all companies: he chooses one.
    """
    user = cast(User, request.user)
    held = companies_of(user)
    if user.is_operator and not held:
        return redirect("/accounts/platform/")
    supervises = any(roles & COUNTING for roles in held.values())
    if supervises and all(roles <= OFFICIALS for roles in held.values()):
        return redirect("/oversight/")
    companies = Company.objects.filter(pk__in=[pk for pk, roles in held.items() if roles - COUNTING]).order_by("name")
    if len(companies) == 1 and not supervises:
        return redirect(f"/{companies[0].address}/")
    return render(request, "accounts/choose_company.html", {"companies": companies, "supervises": supervises})


@login_not_required
def accept_invitation(request: HttpRequest, secret: str) -> HttpResponse:
    """The link of an invitation: whoever has an account signs in and accepts, anybody else sets name and password."""
    at = timezone.now()
    try:
        invitation = services.open_invitation(secret, at=at)
    except services.InvitationClosed as error:
        return render(request, "accounts/invitation_closed.html", {"why": error.message}, status=410)
    user = request.user if isinstance(request.user, User) else None
    if user and user.email.lower() != invitation.email:
        return render(request, "accounts/invitation_closed.html", {"other": user.email}, status=409)
    if user is None and User.objects.filter(email__iexact=invitation.email).exists():
        return redirect(f"/accounts/login/?{urlencode({'next': request.get_full_path()})}")
    form = (
        None
        if user
        else JoinForm(
            request.POST if request.method == "POST" else None, initial={"name": invitation.name}, email=invitation.email
        )
    )
    if request.method == "POST" and (form is None or form.is_valid()):
        try:
            services.accept_invitation(invitation=invitation, user=user, at=at, **(form.account() if form else {}))
        except ValidationError as error:
            return render(request, "accounts/invitation_closed.html", {"why": error.message}, status=410)
        messages.success(request, _("You are in. Sign in with your e-mail address and your new password."))
        home = f"/{company_of(request).address}/"
        return redirect(home if user else f"/accounts/login/?{urlencode({'next': home})}")
    return render(request, "accounts/accept_invitation.html", {"invitation": invitation, "form": form})


def profile(request: HttpRequest) -> HttpResponse:
    """One's own name, telephone and language."""
    form = ProfileForm(request.POST if request.method == "POST" else None, instance=cast(User, request.user))
    if request.method == "POST" and form.is_valid():
        user = form.save()
        with override(user.language or get_language()):
            messages.success(request, _("Saved."))
        response = redirect("accounts:profile")
        speak(response, user)
        return response
    return render(request, "accounts/profile.html", {"form": form})


def keys(request: HttpRequest) -> HttpResponse:
    """One's own keys for the API of this company; a new one is shown once."""
    user = cast(User, request.user)
    form, secret = KeyForm(request.POST if request.method == "POST" else None), ""
    if request.method == "POST" and form.is_valid():
        _token, secret = services.create_token(user=user, name=form.cleaned_data["name"], at=timezone.now())
        form = KeyForm()
    tokens = ApiToken.objects.filter(user=user, revoked_at=None).order_by("-pk")
    return render(request, "accounts/keys.html", {"form": form, "tokens": tokens, "secret": secret})


@require_POST
def revoke_key(request: HttpRequest, pk: int) -> HttpResponse:
    user = cast(User, request.user)
    token = get_object_or_404(ApiToken.objects.filter(user=user), pk=pk)
    services.revoke_token(token=token, by=user, at=timezone.now())
    messages.success(request, _("The key “%(name)s” opens nothing any more.") % {"name": token.name})
    return redirect("accounts:keys")
