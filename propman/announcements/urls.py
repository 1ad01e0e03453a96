from django.urls import path

from . import views

app_name = "announcements"
urlpatterns = [
    path("", views.announcements, name="list"),
    path("<int:pk>/", views.announcement, name="detail"),
    path("<int:pk>/read/", views.read, name="read"),
    path("desk/", views.desk, name="desk"),
    path("desk/write/", views.write, name="write"),
    path("desk/parts/<slug:community>/", views.parts, name="parts"),
    path("desk/<int:pk>/", views.kept, name="kept"),
    path("desk/<int:pk>/correct/", views.correct, name="correct"),
    path("desk/<int:pk>/withdraw/", views.withdraw, name="withdraw"),
    path("desk/<int:pk>/clear/", views.clear, name="clear"),
    path("desk/<int:pk>/paper.pdf", views.paper, name="paper"),
]
