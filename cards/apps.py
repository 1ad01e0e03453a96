from django.apps import AppConfig


class CardsConfig(AppConfig):
    name = "cards"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from propman.accounts.context import NavigationEntry, register_navigation
        from propman.accounts.roles import Role
        from propman.community.home import register_section, register_waiting
        from propman.community.public import register_public_section
        from propman.notify.kinds import NoticeKind, register_notices
        from propman.tenancy.checkups import register_integrity_check
        from propman.tenancy.jobrun import register_job, register_sweep

        from . import home, integrity, jobs, public

        register_notices("cards", NoticeKind("cards.delivered"), NoticeKind("cards.reminder"))
        register_navigation(
            NavigationEntry(_("Cards"), "cards:mine", "cards", frozenset({Role.OWNER, Role.TENANT}), order=40),
            NavigationEntry(
                _("Cards"), "cards:settings", "cards", frozenset({Role.COMPANY_ADMINISTRATOR}), order=82, place="account"
            ),
        )
        register_waiting(home.waiting)
        register_section(home.counted_section)
        register_public_section(public.last_count)
        register_integrity_check("cards", integrity.broken_rounds)
        for job in jobs.JOBS:
            register_job(job)
        register_sweep("rounds", jobs.close_due_rounds)
        register_sweep("bulletins", jobs.archive_bulletins)
