from django.apps import AppConfig


class CasesConfig(AppConfig):
    name = "propman.cases"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from propman.accounts.context import NavigationEntry, register_navigation
        from propman.accounts.roles import STAFF, Role
        from propman.community.home import register_waiting
        from propman.community.services.staff import register_on_leaving
        from propman.notify.kinds import register_notices
        from propman.tenancy.checkups import register_integrity_check
        from propman.tenancy.jobrun import register_sweep

        from . import home, integrity, jobs, selectors, services
        from .notices import KINDS

        register_sweep("cases", jobs.advance_cases)
        register_notices("cases", *KINDS)
        register_integrity_check("cases", integrity.broken_cases)
        register_integrity_check("second cases", integrity.missing_second_cases)
        register_on_leaving(services.take_cases_from_leaver)
        register_waiting(home.waiting)
        selectors.EVENT_WORDS |= {
            "case.drafted": _("The draft was written and sent to the head"),
            "case.lapsed": _("The time to confirm or drop it was over"),
        }
        administrators = frozenset({Role.COMPANY_ADMINISTRATOR})
        register_navigation(
            NavigationEntry(_("Cases"), "cases:list", "gavel", STAFF, order=64, place="account"),
            NavigationEntry(_("Cases"), "cases:settings", "gavel", administrators, order=80, place="settings"),
        )
