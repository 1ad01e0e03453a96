"""Addresses below /<company>/api/v1/: each app's api_urls, and what describes them all."""

from django.apps import apps
from django.urls import URLPattern, URLResolver, include, path
from django.utils.module_loading import module_has_submodule

from propman.common.schema import SchemaView, UnknownAddress, docs

urlpatterns: list[URLPattern | URLResolver] = [
    path("", docs, name="api_docs"),
    path("schema/", SchemaView.as_view(), name="api_schema"),
    *(
        path("", include(f"{app.name}.api_urls"))
        for app in apps.get_app_configs()
        if module_has_submodule(app.module, "api_urls")
    ),
    path("<path:address>", UnknownAddress.as_view(), name="api_unknown"),
]
