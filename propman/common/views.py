from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.http.response import HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from .templatetags.portal import THEME_COOKIE, THEMES

YEAR = 365 * 24 * 3600

choose_language = login_not_required(require_POST(set_language))


@login_not_required
@require_POST
def choose_theme(request: HttpRequest) -> HttpResponse:
    """Remember light, dark or as the device, in a cookie of this browser."""
    theme, back = request.POST.get("theme", ""), request.POST.get("next", "/")
    if theme not in THEMES:
        return HttpResponseBadRequest(gettext("Choose light, dark or as the device."), content_type="text/plain")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure()):
        back = "/"
    response = HttpResponseRedirect(back)
    response.set_cookie(THEME_COOKIE, theme, max_age=YEAR, secure=settings.SESSION_COOKIE_SECURE, httponly=True, samesite="Lax")
    return response
