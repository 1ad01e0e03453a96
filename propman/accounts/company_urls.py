"""Below a company's address: the way in, and what everybody decides for himself."""

from django.urls import path

from . import views

app_name = "accounts"
urlpatterns = [
    path("join/<str:secret>/", views.accept_invitation, name="accept_invitation"),
    path("me/", views.profile, name="profile"),
    path("me/keys/", views.keys, name="keys"),
    path("me/keys/<int:pk>/revoke/", views.revoke_key, name="revoke_key"),
]
