from django.urls import path

from . import views

app_name = "notify"
urlpatterns = [
    path("", views.notices, name="list"),
    path("<int:pk>/", views.open_notice, name="open"),
    path("read-all/", views.read_all, name="read_all"),
    path("preferences/", views.preferences, name="preferences"),
    path("hours/", views.hours, name="hours"),
    path("webhooks/", views.webhooks, name="webhooks"),
    path("webhooks/<int:pk>/drop/", views.drop_webhook, name="drop_webhook"),
    path("deliveries/", views.deliveries, name="deliveries"),
    path("deliveries/<int:pk>/send-again/", views.send_again, name="send_again"),
]
