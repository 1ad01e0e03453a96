from propman.accounts import services
from tests.factories import BEGIN

PUBLIC = {
    "accounts:accept_invitation",
    "account_login",
    "account_logout",
    "account_inactive",
    "account_signup",
    "account_email_verification_sent",
    "account_confirm_email",
    "account_confirm_login_code",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
    "mfa_authenticate",
    "choose_language",
    "choose_theme",
}
EVERY_MEMBER = {
    "accounts:profile",
    "accounts:keys",
    "account_reauthenticate",
    "account_email",
    "account_change_password",
    "account_set_password",
    "mfa_index",
    "mfa_reauthenticate",
    "mfa_activate_totp",
    "mfa_deactivate_totp",
    "mfa_view_recovery_codes",
    "mfa_generate_recovery_codes",
    "mfa_download_recovery_codes",
    "mfa_list_webauthn",
    "mfa_add_webauthn",
    "mfa_reauthenticate_webauthn",
    "mfa_remove_webauthn",
    "mfa_edit_webauthn",
    "portal:choose_company",
}


FORBIDDEN = {"accounts:revoke_key": ["rival_owner", "agent", "administrator"]}


def samples(cast):
    token, _secret = services.create_token(user=cast.owner, name="script", at=BEGIN)
    return {
        "accounts:accept_invitation": {"secret": "wrong"},
        "accounts:revoke_key": {"pk": token.pk},
        "account_confirm_email": {"key": "wrong"},
        "account_reset_password_from_key": {"uidb36": "1", "key": "wrong"},
        "mfa_remove_webauthn": {"pk": 1},
        "mfa_edit_webauthn": {"pk": 1},
    }
