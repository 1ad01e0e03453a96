from django.urls import path

from .views import public

app_name = "cards_public"
urlpatterns = [
    path("cards/", public.bulletins, name="bulletins"),
    path("cards/promises/", public.promises, name="promises"),
    path("cards/<str:month>/", public.bulletin, name="bulletin"),
    path("cards/<str:month>/<str:name>", public.download, name="download"),
]
