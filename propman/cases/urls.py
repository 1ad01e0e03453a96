from django.urls import path

from . import views
from .actions import VERBS

app_name = "cases"
urlpatterns = [
    path("", views.home, name="list"),
    path("settings/", views.policy, name="settings"),
    path("<int:key>/", views.case, name="case"),
    *(path(f"<int:key>/{verb.value}/", views.act, {"verb": verb}, name=verb.value) for verb in VERBS),
]
