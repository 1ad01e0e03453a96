from django.urls import path

from .views import oversight

app_name = "cards_oversight"
ROUND = "cards/<slug:company>/<int:pk>/"
urlpatterns = [
    path("", oversight.rounds, name="rounds"),
    path(ROUND, oversight.count, name="count"),
    path(f"{ROUND}open/", oversight.open_count, name="open"),
    path(f"{ROUND}join/", oversight.join_count, name="join"),
    path(f"{ROUND}deal/", oversight.deal, name="deal"),
    path(f"{ROUND}pause/", oversight.pause, name="pause"),
    path(f"{ROUND}sign/", oversight.sign, name="sign"),
    path(f"{ROUND}stage/", oversight.stage, name="stage"),
    path(f"{ROUND}stage/now/", oversight.stage_now, name="stage_now"),
]
