"""The floor of casting: Django with no middleware and one view that makes one INSERT."""

import hashlib

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path


def insert(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        digest = hashlib.sha256(request.POST["serial"].encode()).digest()
        cursor.execute("INSERT INTO bench_bare VALUES (%s) ON CONFLICT DO NOTHING", [digest])
    return HttpResponse("ok")


urlpatterns = [path("", insert)]
django.setup()
settings.ROOT_URLCONF = "benchmarks.bare"
settings.MIDDLEWARE = []
application = get_wsgi_application()
