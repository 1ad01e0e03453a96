"""Addresses outside any company."""

from django.urls import include, path

urlpatterns = [
    path("accounts/", include("propman.common.urls")),
    path("accounts/", include("allauth.urls")),
    path("accounts/platform/", include("propman.community.platform_urls")),
    path("oversight/", include("cards.oversight_urls")),
    path("", include("propman.ops.urls")),
    path("", include("propman.accounts.urls")),
]
