from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.core import context
from allauth.mfa.base import forms as factor_forms
from allauth.mfa.models import Authenticator
from allauth.mfa.totp import forms as totp_forms
from django.core.cache import cache


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
