"""Officials' pages, /oversight/...: the home page; each app adds its own."""

from django.urls import path

from . import views

app_name = "oversight"
urlpatterns = [path("", views.oversight, name="home")]
