from django.urls import path

from . import views

app_name = "portal"
urlpatterns = [path("", views.choose_company, name="choose_company")]
