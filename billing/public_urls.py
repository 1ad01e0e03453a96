from django.urls import path

from .views import public

app_name = "billing_public"
urlpatterns = [path("satisfaction/", public.satisfaction, name="satisfaction")]
