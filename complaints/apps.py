from django.apps import AppConfig


class ComplaintsConfig(AppConfig):
    name = "complaints"

    def ready(self) -> None:
        from propman.notify.kinds import NoticeKind, register_notices
        from propman.tenancy.jobrun import register_sweep

        from . import jobs

        register_notices("complaints", NoticeKind("complaint.received", at_once=True))
        register_notices(
            "complaints",
            *(
                NoticeKind(f"complaint.{name}")
                for name in (
                    "accepted answered replied waiting deferred resumed resolved resolved_by_other asker_replied confirmed closed "
                    "half_fixed reopened withdrawn handed_over taken taken_from_you refused merged"
                ).split()
            ),
        )
        register_notices(
            "complaints",
            *(
                NoticeKind(f"complaint.{name}", urgent=True)
                for name in ("urged", "escalated_80", "escalated_100", "escalated_150", "escalated_200")
            ),
        )
        register_sweep("timers", jobs.fire_due_timers)
        register_sweep("complaints", jobs.wake_complaints)
