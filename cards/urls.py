from django.urls import path

from .views import mine, settings

app_name = "cards"
urlpatterns = [
    path("cards/", mine.mine, name="mine"),
    path("settings/cards/", settings.settings, name="settings"),
]
