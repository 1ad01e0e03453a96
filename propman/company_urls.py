"""Addresses below a company's prefix, /<company>/..."""

from django.urls import include, path

urlpatterns = [
    path("", include("propman.community.urls")),
    path("", include("propman.accounts.company_urls")),
    path("directory/", include("propman.community.directory_urls")),
    path("", include("complaints.urls")),
    path("public/", include("propman.community.public_urls")),  # after public/heads/, which is no community's
    path("public/<slug:community>/", include("complaints.public_urls")),
    path("billing/", include("billing.urls")),
    path("public/<slug:community>/", include("billing.public_urls")),
    path("", include("cards.urls")),
    path("public/<slug:community>/", include("cards.public_urls")),
    path("cases/", include("propman.cases.urls")),
    path("announcements/", include("propman.announcements.urls")),
    path("public/<slug:community>/", include("propman.announcements.public_urls")),
    path("hr/", include("hr.urls")),
    path("api/v1/", include("propman.api_urls")),
    path("notices/", include("propman.notify.urls")),
]
