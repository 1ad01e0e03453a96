from django.apps import AppConfig


class AnnouncementsConfig(AppConfig):
    name = "propman.announcements"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from propman.accounts.context import NavigationEntry, register_navigation
        from propman.accounts.roles import RESIDENTS, STAFF
        from propman.community.home import register_section
        from propman.community.public import register_public_section
        from propman.notify.kinds import NoticeKind, register_notices
        from propman.tenancy.jobrun import register_sweep

        from . import home, jobs, public

        for event in ("published", "reminded", "corrected", "cleared", "withdrawn"):
            register_notices(
                "announcements",
                NoticeKind(f"announcement.{event}"),
                NoticeKind(f"announcement.{event}_urgently", urgent=True, template=event),
            )
        register_sweep("announcements", jobs.announce_due)
        register_section(home.section)
        register_section(home.desk_section)
        register_public_section(public.current)
        register_navigation(
            NavigationEntry(_("Announcements"), "announcements:list", "speakerphone", RESIDENTS, order=50, on_phone=False),
            NavigationEntry(_("Announcements"), "announcements:desk", "speakerphone", STAFF, order=50, on_phone=False),
        )
