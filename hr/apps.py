from django.apps import AppConfig


class HrConfig(AppConfig):
    name = "hr"

    def ready(self) -> None:
        from propman.notify.kinds import register_notices
        from propman.tenancy.jobrun import register_job, register_sweep

        from .jobs import OPENING, advance_due_quarters
        from .notices import KINDS

        register_job(OPENING)
        register_sweep("appraisals", advance_due_quarters)
        register_notices("hr", *KINDS)
