"""API errors as problem details (RFC 9457)."""

from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

CONTENT_TYPE = "application/problem+json"


class Problem(exceptions.APIException):
    """A refusal with a status, a title and a detail in words."""

    def __init__(self, status: int, detail: str, *, title: str = "", **members: Any) -> None:
        super().__init__(detail)
        self.status_code, self.title, self.members = status, title or HTTPStatus(status).phrase, members


def problem_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: application/problem+json with type, title, status, detail and, for bad input, errors by field."""
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    elif isinstance(error, ValidationError):
        error = exceptions.ValidationError(error.message_dict if hasattr(error, "error_dict") else error.messages)
    if not isinstance(error, exceptions.APIException):
        return None
    members: dict[str, Any] = dict(getattr(error, "members", {}))
    detail: Any = error.detail
    if isinstance(error, exceptions.ValidationError):
        members["errors"] = detail if isinstance(detail, dict) else {"non_field_errors": detail}
        detail = "The request has errors."
    headers = {}
    if getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = error.auth_header  # type: ignore[attr-defined]
    if getattr(error, "wait", None):
        headers["Retry-After"] = str(int(error.wait))  # type: ignore[attr-defined]
    set_rollback()
    body = {
        "type": "about:blank",
        "title": getattr(error, "title", HTTPStatus(error.status_code).phrase),
        "status": error.status_code,
        "detail": str(detail),
        **members,
    }
    return Response(body, status=error.status_code, headers=headers, content_type=CONTENT_TYPE)
