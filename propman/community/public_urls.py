from django.urls import path

from .views import public

app_name = "community_public"
urlpatterns = [
    path("", public.communities, name="communities"),
    path("<slug:community>/", public.community, name="community"),
]
