from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "billing"

    def ready(self) -> None:
        from propman.notify.kinds import NoticeKind, register_notices

        register_notices(
            "billing",
            NoticeKind("survey.opened"),
            NoticeKind("survey.ends_soon"),
            NoticeKind("survey.extended"),
            NoticeKind("survey.counted"),
            NoticeKind("bills.issued"),
            NoticeKind("payment.taken"),
        )
