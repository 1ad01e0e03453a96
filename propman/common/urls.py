"""Below /accounts/: what anybody may choose, signed in or not."""

from django.urls import path

from . import views

urlpatterns = [
    path("language/", views.choose_language, name="choose_language"),
    path("theme/", views.choose_theme, name="choose_theme"),
]
