from django.apps import AppConfig


class TenancyConfig(AppConfig):
    name = "propman.tenancy"

    def ready(self) -> None:
        from .checkups import register_integrity_check
        from .events import broken_links

        register_integrity_check("event chains", lambda company: broken_links())
