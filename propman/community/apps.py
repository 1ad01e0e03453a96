from django.apps import AppConfig


class CommunityConfig(AppConfig):
    name = "propman.community"

    def ready(self) -> None:
        from . import jobs

        jobs.register()
