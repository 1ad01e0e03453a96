from django.apps import AppConfig


class OpsConfig(AppConfig):
    name = "propman.ops"

    def ready(self) -> None:
        from propman import celery  # noqa: F401  tasks find their application, whoever sends them

        from .login import watch_logins

        watch_logins()
