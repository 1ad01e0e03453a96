"""The box: POST /<company>/box/ is answered right after the prefix middleware, before sessions.

No cookie is read or set, and nothing of the request is kept but what `services.cast_card` writes; the serial replaces the
CSRF token. Fields: `serial` (six of them with `absent`), `opinion`, `language`. Answers HTML to browsers, else JSON.
"""

import json
from collections.abc import Callable
from typing import Any

from csp.utils import build_policy
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse, QueryDict
from django.template.loader import render_to_string
from django.urls import get_script_prefix
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation.trans_real import parse_accept_lang_header

from propman.tenancy.models import Company

from . import services
from .access_log import PATH
from .models import OPINION_LENGTH

LARGEST = 64 * 1024
STATUS = {"unknown": 404, "early": 409, "void": 409, "late": 410}


class BoxMiddleware:
    """Answers the box's address below a company's prefix; every other request passes."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        company: Company | None = getattr(request, "company", None)
        if company is None or request.path_info != PATH:
            return self.get_response(request)
        response = self.answer(request, company)
        response["Cache-Control"] = "no-store"
        response["Content-Security-Policy"] = build_policy()
        response["X-Frame-Options"] = "DENY"
        return response

    def answer(self, request: HttpRequest, company: Company) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        fields = fields_of(request)
        with translation.override(language_of(request, fields, company)), timezone.override(company.timezone):
            try:
                said = drop(fields, company)
            except services.CardRefused as refused:
                said = {"reason": refused.reason, "detail": why(refused)}
                return reply(request, company, said, STATUS[refused.reason], fields)
            except services.OpinionTooLong:
                detail = _("The opinion has more than %(most)d letters.") % {"most": OPINION_LENGTH}
                return reply(request, company, {"reason": "opinion", "detail": detail}, 400, fields)
            except ValueError:
                return reply(request, company, {"reason": "serial", "detail": _("This is no card number.")}, 400, fields)
            return reply(request, company, said, 200, fields)


def fields_of(request: HttpRequest) -> QueryDict:
    """The form or JSON body; an empty one when it is too long or cannot be read."""
    fields = QueryDict(mutable=True)
    if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST:
        return fields
    if request.content_type != "application/json":
        return request.POST
    try:
        sent = json.loads(request.body)
    except ValueError:
        sent = {}
    for key, value in sent.items() if isinstance(sent, dict) else ():
        fields.setlist(key, [str(one) for one in (value if isinstance(value, list) else [value])])
    return fields


def language_of(request: HttpRequest, fields: QueryDict, company: Company) -> str:
    """The language that the form names, else the browser's, else the company's; never a cookie's."""
    wanted = [fields.get("language", "")]
    wanted += [tag for tag, _weight in parse_accept_lang_header(request.META.get("HTTP_ACCEPT_LANGUAGE", ""))]
    for tag in wanted:
        try:
            return translation.get_supported_language_variant(tag)
        except LookupError:
            continue
    return company.language


def drop(fields: QueryDict, company: Company) -> dict[str, Any]:
    """Cast the card, or declare the household's absence. Raises what the services raise."""
    at = timezone.now()
    if fields.get("absent"):
        if not 0 < len(fields.getlist("serial")) <= 6:
            raise ValueError
        return {"void": services.declare_absence(company_id=company.pk, serials=fields.getlist("serial"), at=at)}
    receipt = services.cast_card(
        company_id=company.pk, serial=fields.get("serial", ""), opinion=fields.get("opinion", ""), at=at
    )
    return {
        "receipt": {
            "code": receipt.code,
            "round": receipt.round,
            "hash": receipt.hash,
            "signature": receipt.signature,
        }
    }


def why(refused: services.CardRefused) -> str:
    """The refusal in words."""
    return {
        "unknown": _("No card of a running month has this number."),
        "early": _("The cards of this month can be cast from the 1st on."),
        "void": _("This card was declared void because the household is away."),
        "late": _("The count has begun: cards can no longer be cast."),
    }[refused.reason]


def reply(request: HttpRequest, company: Company, said: dict[str, Any], status: int, fields: QueryDict) -> HttpResponse:
    """JSON, or the page that a browser without script shows."""
    if "text/html" not in request.META.get("HTTP_ACCEPT", ""):
        return JsonResponse(said, status=status)
    root = get_script_prefix()
    context = {
        "company": company,
        "said": said,
        "fields": fields,
        "box_url": root.rstrip("/") + PATH,
        "cards_url": f"{root}cards/",
    }
    return HttpResponse(render_to_string("cards/box.html", context), status=status)
