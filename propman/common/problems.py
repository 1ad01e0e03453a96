"""API errors as problem details (RFC 9457)."""

import logging
import math
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.signals import got_request_exception
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.views import set_rollback

log = logging.getLogger("django.request")

CONTENT_TYPE = "application/problem+json"


class ProblemResponse(Response):
    """JSON, also where a view speaks something else."""

    @property
    def rendered_content(self) -> bytes:  # type: ignore[override]
        self["Content-Type"] = CONTENT_TYPE
        rendered: bytes = JSONRenderer().render(self.data)
        return rendered


class Problem(exceptions.APIException):
    """A refusal with a status, a title and a detail in words."""

    def __init__(self, status: int, detail: str, *, title: str = "", **members: Any) -> None:
        super().__init__(detail)
        self.status_code, self.title, self.members = status, title or HTTPStatus(status).phrase, members


def problem_response(error: Exception, context: dict[str, Any]) -> Response:
    """DRF's exception handler: problem+json with type, title, status, detail and, for bad input, errors by field."""
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    elif isinstance(error, ValidationError):
        error = exceptions.ValidationError(error.message_dict if hasattr(error, "error_dict") else error.messages)
    if not isinstance(error, exceptions.APIException):
        return _unforeseen(context)
    members: dict[str, Any] = dict(getattr(error, "members", {}))
    detail: Any = error.detail
    if isinstance(error, exceptions.ValidationError):
        members["errors"] = detail if isinstance(detail, dict) else {"non_field_errors": detail}
        detail = _("The request has errors.")
    headers = {}
    if getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = error.auth_header  # type: ignore[attr-defined]
    if getattr(error, "wait", None):
        headers["Retry-After"] = str(math.ceil(error.wait))  # type: ignore[attr-defined]
    set_rollback()
    title = getattr(error, "title", HTTPStatus(error.status_code).phrase)
    return _response(error.status_code, title, str(detail), members, headers)


def _unforeseen(context: dict[str, Any]) -> Response:
    """Our own fault: told to the log and to whoever listens for errors, never to the caller."""
    request = context.get("request")
    log.exception("Internal error in the API: %s", request.path if request is not None else "")
    got_request_exception.send(sender=problem_response, request=request)
    set_rollback()
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    return _response(status, status.phrase, _("Something went wrong on our side; nothing was changed."), {}, {})


def _response(status: int, title: str, detail: str, members: dict[str, Any], headers: dict[str, str]) -> Response:
    body = {"type": "about:blank", "title": title, "status": int(status), "detail": detail, **members}
    return ProblemResponse(body, status=status, headers=headers, content_type=CONTENT_TYPE)
