from django.conf import settings
from django.urls import reverse

from .models import Company


def company_url(company: Company, name: str, *args: object, **kwargs: object) -> str:
    """The full address of a page of a company, for e-mails and jobs that run outside any request."""
    path = reverse(name, urlconf=settings.COMPANY_URLCONF, args=args or None, kwargs=kwargs or None)
    prefix = path if path.startswith(f"/{company.address}/") else f"/{company.address}{path}"
    return f"{settings.SITE_URL.rstrip('/')}{prefix}"


def address_of_path(company: Company, path: str) -> str:
    """The full address of a path below the company's prefix, such as "/complaints/2026-000123/"."""
    return f"{settings.SITE_URL.rstrip('/')}/{company.address}{path}"
