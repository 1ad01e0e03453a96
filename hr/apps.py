from django.apps import AppConfig


class HrConfig(AppConfig):
    name = "hr"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from propman.accounts.context import NavigationEntry, register_navigation
        from propman.accounts.roles import STAFF, Role
        from propman.community.home import register_waiting
        from propman.notify.kinds import register_notices
        from propman.tenancy.checkups import register_integrity_check
        from propman.tenancy.jobrun import register_job, register_sweep

        from . import home
        from .integrity import broken_results
        from .jobs import OPENING, advance_due_quarters
        from .notices import KINDS

        register_job(OPENING)
        register_sweep("appraisals", advance_due_quarters)
        register_notices("hr", *KINDS)
        register_integrity_check("appraisal orders", lambda company: broken_results())
        register_waiting(home.waiting)
        readers = frozenset({Role.GENERAL_MANAGER, Role.HR_OFFICER})
        register_navigation(
            NavigationEntry(_("Appraisal"), "hr:home", "clipboard-check", STAFF, order=60),
            NavigationEntry(_("Rankings"), "hr:rankings", "trophy", readers, order=61, on_phone=False),
            NavigationEntry(_("Appraisal board"), "hr:board", "layout-kanban", readers, order=62, on_phone=False),
            NavigationEntry(
                _("Leave, moves, deputies"),
                "hr:staff",
                "calendar-user",
                frozenset({Role.HR_OFFICER}),
                order=63,
                place="account",
            ),
        )
