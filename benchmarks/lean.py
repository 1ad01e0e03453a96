"""The floor of filing: Django with a session, CSRF, a form, a template and two INSERTs, and nothing of ours."""

from typing import Any

import django
from django import forms
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import path

PAGE = "<!doctype html><title>Filing</title><form method=post>{% csrf_token %}{{ form.as_div }}<button>File</button></form>"


class FilingForm(forms.Form):
    title = forms.CharField(max_length=120)
    text = forms.CharField(max_length=4000, widget=forms.Textarea)
    severity = forms.ChoiceField(choices=[("normal", "normal"), ("urgent", "urgent")], widget=forms.RadioSelect)


def page(request: HttpRequest, form: Any, status: int = 200) -> HttpResponse:
    return HttpResponse(engines["django"].from_string(PAGE).render({"form": form}, request), status=status)


def file(request: HttpRequest) -> HttpResponse:
    form = FilingForm(request.POST)
    if not form.is_valid():
        return page(request, form, 422)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO bench_contact (title, text) VALUES (%s, %s) RETURNING id",
            [form.cleaned_data["title"], form.cleaned_data["text"]],
        )
        number = cursor.fetchone()[0]
        cursor.execute(
            "INSERT INTO bench_complaint (contact_id, severity) VALUES (%s, %s)", [number, form.cleaned_data["severity"]]
        )
    request.session["receipt"] = number
    return page(request, FilingForm())


urlpatterns = [path("", file)]
django.setup()
settings.ROOT_URLCONF = "benchmarks.lean"
settings.MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
]
application = get_wsgi_application()
