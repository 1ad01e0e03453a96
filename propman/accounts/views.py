from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from propman.tenancy.models import Company

from .models import User
from .permissions import companies_of
from .roles import OFFICIALS


def choose_company(request: HttpRequest) -> HttpResponse:
    """The person's companies; whoever has just one goes straight there, officials of several to the oversight pages."""
    if not isinstance(request.user, User):
        raise TypeError("LoginRequiredMiddleware lets only users pass.")
    held = companies_of(request.user)
    if held and all(roles <= OFFICIALS for roles in held.values()):
        return redirect("/oversight/")
    companies = Company.objects.filter(pk__in=held).order_by("name")
    if len(companies) == 1:
        return redirect(f"/{companies[0].address}/")
    return render(request, "accounts/choose_company.html", {"companies": companies})
