from django.apps import AppConfig


class NotifyConfig(AppConfig):
    name = "propman.notify"

    def ready(self) -> None:
        from propman.accounts.outgoing import register_outbox

        from . import accounts

        register_outbox(accounts.queue)
        accounts.connect()
