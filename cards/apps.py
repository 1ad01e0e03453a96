from django.apps import AppConfig


class CardsConfig(AppConfig):
    name = "cards"

    def ready(self) -> None:
        from propman.notify.kinds import NoticeKind, register_notices

        register_notices("cards", NoticeKind("cards.delivered"), NoticeKind("cards.reminder"))
