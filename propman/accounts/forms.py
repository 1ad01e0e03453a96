from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.core import context
from allauth.mfa.base import forms as factor_forms
from allauth.mfa.models import Authenticator
from allauth.mfa.totp import forms as totp_forms
from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.cache import cache
from django.utils.translation import gettext_lazy as _

from propman.common.text import tidy

from .models import User


class ActivateTOTPForm(totp_forms.ActivateTOTPForm):
    """Setting the second factor up proves it for this session."""

    def clean(self) -> dict[str, Any]:
        if not self.errors:
            record_authentication(context.request, self.user, method="mfa", type="totp")
        return self.cleaned_data


class RepeatableCode:
    """Lets a code be used again while it is valid: in the demo several people share one telephone's clock."""

    user: Any
    data: Any

    def clean_code(self) -> str:
        for authenticator in Authenticator.objects.filter(user=self.user, type=Authenticator.Type.TOTP):
            cache.delete(authenticator.wrap()._get_used_cache_key(self.data.get("code", "")))
        code: str = super().clean_code()  # type: ignore[misc]
        return code


class DemoAuthenticateForm(RepeatableCode, factor_forms.AuthenticateForm):
    pass


class DemoReauthenticateForm(RepeatableCode, factor_forms.ReauthenticateForm):
    pass


class JoinForm(forms.Form):
    """Name and password of somebody who comes in by an invitation."""

    name = forms.CharField(label=_("Your name"), max_length=80, widget=forms.TextInput({"autocomplete": "name"}))
    password = forms.CharField(
        label=_("Password"),
        help_text=_("At least 10 characters; several words are easy to remember and hard to guess."),
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
        strip=False,
    )
    again = forms.CharField(
        label=_("Password again"), widget=forms.PasswordInput({"autocomplete": "new-password"}), strip=False
    )
    agrees = forms.BooleanField(label=_("I have read how my data is used and agree."))

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email = email

    def clean_name(self) -> str:
        return tidy(self.cleaned_data["name"], longest=80)

    def clean(self) -> dict[str, Any]:
        password, again = self.cleaned_data.get("password"), self.cleaned_data.get("again")
        if password:
            try:
                validate_password(password, User(email=self.email, name=self.cleaned_data.get("name", "")))
            except forms.ValidationError as error:
                self.add_error("password", error)
        if password and again and password != again:
            self.add_error("again", _("This is not the same password."))
        return self.cleaned_data

    def account(self) -> dict[str, str]:
        return {"name": self.cleaned_data["name"], "password": self.cleaned_data["password"]}


class ProfileForm(forms.ModelForm):
    language = forms.ChoiceField(label=_("Language"), choices=[("", _("As the company")), *settings.LANGUAGES], required=False)

    class Meta:
        model = User
        fields = ["name", "phone", "language"]

    def clean_name(self) -> str:
        return tidy(self.cleaned_data["name"], longest=80)

    def clean_phone(self) -> str:
        return tidy(self.cleaned_data["phone"], longest=32)


class KeyForm(forms.Form):
    name = forms.CharField(label=_("What the key is for"), max_length=60)

    def clean_name(self) -> str:
        return tidy(self.cleaned_data["name"], longest=60)
