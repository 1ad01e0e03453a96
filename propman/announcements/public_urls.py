from django.urls import path

from . import views

app_name = "announcements_public"
urlpatterns = [path("announcements/", views.current, name="current")]
