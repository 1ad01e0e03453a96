from django.urls import path

from .views import register

app_name = "complaints_public"
urlpatterns = [path("register/", register.register, name="register")]
