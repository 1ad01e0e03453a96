from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BillingConfig(AppConfig):
    name = "billing"

    def ready(self) -> None:
        from propman.accounts.context import NavigationEntry, register_navigation
        from propman.accounts.roles import OFFICIALS, RESIDENTS, Role
        from propman.community.home import register_section, register_waiting
        from propman.community.public import register_public_section
        from propman.notify.kinds import NoticeKind, register_notices
        from propman.tenancy.checkups import register_integrity_check
        from propman.tenancy.jobrun import register_job

        from . import home, public
        from .integrity import ledger_faults, result_faults
        from .jobs import JOBS
        from .permissions import BOOKS

        register_waiting(home.waiting)
        register_section(home.income_section)
        register_public_section(public.last_result)
        for job in JOBS:
            register_job(job)
        register_integrity_check("ledger and bills", lambda company: ledger_faults())
        register_integrity_check("satisfaction results", lambda company: result_faults())
        register_notices(
            "billing",
            NoticeKind("survey.opened"),
            NoticeKind("survey.ends_soon"),
            NoticeKind("survey.extended"),
            NoticeKind("survey.counted"),
            NoticeKind("bills.issued"),
            NoticeKind("payment.taken"),
            NoticeKind("payment.reversed"),
        )
        register_navigation(
            NavigationEntry(_("Bills"), "billing:home", "receipt", RESIDENTS, order=40),
            NavigationEntry(_("Fees"), "billing:runs", "coin", frozenset(BOOKS), order=60),
            NavigationEntry(_("Satisfaction"), "billing:results", "clipboard-check", OFFICIALS, order=60),
            NavigationEntry(
                _("Fee agreements"), "billing:agreements", "signature", frozenset({Role.COMMITTEE_MEMBER}), order=70
            ),
        )
