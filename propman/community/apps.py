from django.apps import AppConfig


class CommunityConfig(AppConfig):
    name = "propman.community"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from propman.accounts.context import NavigationEntry, register_navigation
        from propman.accounts.roles import RESIDENTS, STAFF, Role
        from propman.accounts.services import register_on_accepting

        from . import jobs
        from .services import access

        ADMINISTRATORS = frozenset({Role.COMPANY_ADMINISTRATOR})
        SETTLERS = ADMINISTRATORS | {Role.HR_OFFICER}
        ROTA = ADMINISTRATORS | {Role.DUTY_MANAGER}
        OFFICE = ADMINISTRATORS | {Role.DEPARTMENT_HEAD}

        jobs.register()
        register_on_accepting(access.connect_invitee)
        register_navigation(
            NavigationEntry(_("Home"), "community:home", "home", frozenset(Role), order=0),
            NavigationEntry(_("Communities"), "directory:communities", "building-community", STAFF, order=70, on_phone=False),
            NavigationEntry(_("Settings"), "community:people", "settings", SETTLERS, order=90, on_phone=False),
            NavigationEntry(_("My details"), "accounts:profile", "user", frozenset(Role), order=10, place="account"),
            NavigationEntry(_("My household"), "community:my_household", "home", RESIDENTS, order=20, place="account"),
            # whoever has only one of the settings finds it in the own menu
            NavigationEntry(_("Duty rota"), "community:duty", "calendar-time", frozenset({Role.DUTY_MANAGER}), place="account"),
            NavigationEntry(
                _("Residents' accounts"), "community:claims", "home-check", frozenset({Role.DEPARTMENT_HEAD}), place="account"
            ),
            NavigationEntry(_("People"), "community:people", "users", SETTLERS, order=10, place="settings"),
            NavigationEntry(_("Departments"), "community:departments", "sitemap", SETTLERS, order=20, place="settings"),
            NavigationEntry(_("Duty rota"), "community:duty", "calendar-time", ROTA, order=30, place="settings"),
            NavigationEntry(_("Residents' accounts"), "community:claims", "home-check", OFFICE, order=40, place="settings"),
            NavigationEntry(_("Company"), "community:company", "building", ADMINISTRATORS, order=90, place="settings"),
        )
