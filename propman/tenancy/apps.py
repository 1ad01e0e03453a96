from django.apps import AppConfig


class TenancyConfig(AppConfig):
    name = "propman.tenancy"

    def ready(self) -> None:
        from .checkups import register_integrity_check
        from .events import broken_links
        from .idempotency import forget_answers
        from .jobrun import Job, each_day, register_job

        register_integrity_check("event chains", lambda company: broken_links())
        register_job(Job("tenancy.answers", each_day, lambda company, period, at: forget_answers(at=at)))
