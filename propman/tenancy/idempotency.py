"""A POST that is sent twice does its work once: the second gets the answer of the first.

Somebody whose connection broke after COMMIT cannot know what happened. Whoever sends the request again with the same key
gets the first answer; with another body under the same key it is refused. Only what succeeded is remembered: a refused
request changed nothing and is judged anew.

API views inherit IdempotentPosts and read the `Idempotency-Key` header. Pages wear @once and put `{% once %}` into their
form (or the field of OnceForm), and answer with a redirect when the work is done.
"""

import hashlib
import json
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, ClassVar

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext as _
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from propman.common.problems import Problem

from .models import Answer
from .scope import current_company_id

FIELD = "idempotency_key"
KEY = re.compile(r"[\x21-\x7e]{1,100}")
KEPT = timedelta(days=7)


class KeyReused(Exception):
    """The key was sent before, with another request."""


@dataclass(frozen=True)
class Attempt:
    """One sending of a request: who sent it, its key, and the digest of what it says."""

    user_id: int | None
    key: str
    digest: str

    def first_answer(self) -> Answer | None:
        """The answer given before, or nothing when this is the first sending; waits while the first is under way.

        Called inside the transaction that does the work. Raises KeyReused.
        """
        with connection.cursor() as cursor:
            name = f"answer:{current_company_id()}:{self.user_id}:{self.key}"
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])
        answer = Answer.objects.filter(user_id=self.user_id, key=self.key).first()
        if answer is not None and answer.digest != self.digest:
            raise KeyReused
        return answer

    def remember(self, *, status: int, location: str = "", body: str = "") -> None:
        """Keep the answer, in the transaction that did the work."""
        Answer.objects.create(
            company_id=current_company_id(),
            user_id=self.user_id,
            key=self.key,
            digest=self.digest,
            status=status,
            location=location,
            body=body,
        )


def digest_of(method: str, path: str, data: Any) -> str:
    """The SHA-256 of what a request says; two sendings of one form agree in it, whatever the multipart boundary."""
    return hashlib.sha256(json.dumps([method, path, _canonical(data)], sort_keys=True).encode()).hexdigest()


def _canonical(value: Any) -> Any:
    if isinstance(value, QueryDict):
        unsaid = {FIELD, "csrfmiddlewaretoken"}
        return {key: [_canonical(each) for each in value.getlist(key)] for key in value if key not in unsaid}
    if isinstance(value, dict):
        return {key: _canonical(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_canonical(each) for each in value]
    if isinstance(value, UploadedFile):
        digest = hashlib.sha256()
        for chunk in value.chunks():
            digest.update(chunk)
        value.seek(0)
        return [value.name, digest.hexdigest()]
    return value


def forget_answers(*, at: datetime) -> None:
    """Delete what was answered more than a week ago; nobody sends a request again so late."""
    Answer.objects.filter(created_at__lt=at - KEPT).delete()


class IdempotentPosts:
    """For API views: `Idempotency-Key` on POST. With `requires_key` a POST without one is refused."""

    requires_key: ClassVar[bool] = False
    _attempt: Attempt | None = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)  # type: ignore[misc]
        if request.method != "POST":
            return
        key = request.headers.get("Idempotency-Key", "")
        if not key and not self.requires_key:
            return
        if not KEY.fullmatch(key):
            raise Problem(400, _("Send an Idempotency-Key of 1 to 100 visible ASCII characters."))
        attempt = Attempt(request.user.pk, key, digest_of("POST", request.get_full_path(), request.data))
        try:
            answer = attempt.first_answer()
        except KeyReused:
            raise Problem(422, _("This Idempotency-Key was used before, with another request.")) from None
        if answer is None:
            self._attempt = attempt
        else:
            self.post = lambda *args, **kwargs: _repeated(answer)

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        if self._attempt is not None and response.status_code < 400:
            body = "" if response.data is None else JSONRenderer().render(response.data).decode()
            location = response.headers.get("Location", "")
            self._attempt.remember(status=response.status_code, location=location, body=body)
        final: Response = super().finalize_response(request, response, *args, **kwargs)  # type: ignore[misc]
        return final


def _repeated(answer: Answer) -> Response:
    headers = {"Idempotency-Replayed": "true"}
    if answer.location:
        headers["Location"] = answer.location
    return Response(json.loads(answer.body) if answer.body else None, status=answer.status, headers=headers)


def once(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """For pages: a form sent twice leads to where the first sending led. The view redirects when the work is done."""

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        key = request.POST.get(FIELD, "")
        if request.method != "POST" or not KEY.fullmatch(key):
            return view(request, *args, **kwargs)
        files = {name: request.FILES.getlist(name) for name in request.FILES}
        digest = digest_of("POST", request.get_full_path(), [request.POST, files])
        attempt = Attempt(request.user.pk, key, digest)
        try:
            answer = attempt.first_answer()
        except KeyReused:
            return render(request, "tenancy/sent_before.html", status=422)
        if answer is not None:
            return HttpResponseRedirect(answer.location)
        response = view(request, *args, **kwargs)
        if isinstance(response, HttpResponseRedirect):
            attempt.remember(status=response.status_code, location=response.url)
        return response

    return checked


def new_key() -> str:
    return str(uuid.uuid4())


class OnceForm(forms.Form):
    """A form whose page wears @once. A crispy layout names "idempotency_key" too."""

    idempotency_key = forms.CharField(max_length=100, required=False, initial=new_key, widget=forms.HiddenInput)
