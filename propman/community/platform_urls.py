from django.urls import path

from .views import platform

app_name = "platform"
urlpatterns = [
    path("", platform.companies, name="companies"),
    path("<slug:address>/", platform.supervision, name="supervision"),
    path("<slug:address>/officials/<int:pk>/end/", platform.end, name="end"),
    path("<slug:address>/officials/<int:pk>/reset/", platform.ask_reset, name="ask_reset"),
    path("<slug:address>/resets/<int:pk>/", platform.decide_reset, name="decide_reset"),
]
