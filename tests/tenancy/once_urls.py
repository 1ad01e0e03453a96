"""A page and an API view that count how often they did their work."""

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import include, path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from propman.common.problems import Problem
from propman.community.models import Community
from propman.tenancy.idempotency import IdempotentPosts, OnceForm, once


class CommunityForm(OnceForm):
    name = forms.SlugField()
    photo = forms.FileField(required=False)


@once
def add_page(request: HttpRequest) -> HttpResponse:
    form = CommunityForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        name = form.cleaned_data["name"]
        community = Community.objects.create(company=request.company, address=name, name=name)
        return redirect(f"/{request.company.address}/places/{community.pk}/")
    return render(request, "tests/form.html", {"form": form})


class AddCommunity(IdempotentPosts, APIView):
    def post(self, request: Request) -> Response:
        name = request.data["name"]
        if name == "refused":
            Community.objects.create(company=request.company, address=name, name=name)
            raise Problem(409, "Refused after it had written.")
        community = Community.objects.create(company=request.company, address=name, name=name)
        headers = {"Location": f"/places/{community.pk}/"}
        return Response({"id": community.pk, "name": community.name}, status=201, headers=headers)


class AddOnlyWithKey(AddCommunity):
    requires_key = True


urlpatterns = [
    path("add/", add_page),
    path("api/v1/add/", AddCommunity.as_view()),
    path("api/v1/add-with-key/", AddOnlyWithKey.as_view()),
    path("", include("propman.company_urls")),
]
