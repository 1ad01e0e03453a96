from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NotifyConfig(AppConfig):
    name = "propman.notify"

    def ready(self) -> None:
        from propman.accounts.context import PORTAL_EXTRAS, NavigationEntry, register_navigation
        from propman.accounts.outgoing import register_outbox
        from propman.accounts.roles import Role
        from propman.tenancy.events import register_listener
        from propman.tenancy.jobrun import register_sweep

        from . import services
        from .bell import bell_of
        from .delivery import UNDELIVERABLE, sweep_outbox
        from .kinds import NoticeKind, register_notices
        from .webhooks import queue_calls, sweep_webhooks

        PORTAL_EXTRAS["bell"] = bell_of
        register_navigation(
            NavigationEntry(_("How I am told"), "notify:preferences", "bell-cog", frozenset(Role), place="account"),
            NavigationEntry(
                _("Deliveries"), "notify:deliveries", "mail-check", frozenset({Role.COMPANY_ADMINISTRATOR}), place="account"
            ),
        )
        register_notices("notify", NoticeKind(UNDELIVERABLE))
        # accounts stands below and cannot declare what it tells
        register_outbox(services.queue_one)
        register_notices(
            "accounts",
            NoticeKind("account.invited", at_once=True, secrets=("path",)),
            NoticeKind("account.reset_asked", urgent=True),
            NoticeKind("account.reset_done", at_once=True),
            NoticeKind("account.reset_refused"),
            NoticeKind("account.claim_refused", at_once=True),
        )
        register_sweep("outbox", sweep_outbox)
        register_listener(queue_calls)
        register_sweep("webhooks", sweep_webhooks)
