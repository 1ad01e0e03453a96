from collections.abc import Callable

from django.conf import settings
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import SimpleTemplateResponse
from django.urls import get_script_prefix, set_script_prefix
from django.utils import timezone

from .models import Company
from .scope import serving

GetResponse = Callable[[HttpRequest], HttpResponse]


class CompanyPrefixMiddleware:
    """Serves `/<company>/...` in that company's scope; the prefix becomes SCRIPT_NAME, so every link carries it."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        address, _slash, rest = request.path_info.removeprefix("/").partition("/")
        request.company = None  # type: ignore[attr-defined]
        if not address or address in settings.RESERVED_ADDRESSES:
            return self.get_response(request)
        company = Company.objects.filter(address=address).first()
        if company is None:
            return self.get_response(request)  # the project's URLs do not know it either: 404
        outer = get_script_prefix()
        prefix = f"{outer.rstrip('/')}/{address}"
        request.company = company  # type: ignore[attr-defined]
        request.urlconf = settings.COMPANY_URLCONF
        request.path_info = f"/{rest}"
        request.META["SCRIPT_NAME"] = prefix
        set_script_prefix(f"{prefix}/")
        try:
            with serving(company.pk), timezone.override(company.timezone):
                return self.get_response(request)
        finally:
            set_script_prefix(outer)


class RenderInTransactionMiddleware:
    """Renders template responses inside a transaction, as ATOMIC_REQUESTS has ended its own before they are rendered."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_template_response(self, request: HttpRequest, response: SimpleTemplateResponse) -> HttpResponseBase:
        with transaction.atomic():
            return response.render()


def company_of(request: HttpRequest) -> Company:
    """The company that the request's address names. Raises Http404 outside a company's address."""
    company: Company | None = getattr(request, "company", None)
    if company is None:
        raise Http404
    return company
