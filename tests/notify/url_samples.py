from datetime import UTC, datetime

from propman.notify.models import Message, Notice, Webhook

AT = datetime(2026, 3, 2, tzinfo=UTC)
EVERY_MEMBER = {
    "notify:list",
    "notify:read_all",
    "notify:preferences",
    "notice-list",
    "notice-read-all",
}
FORBIDDEN = {name: ["head", "rival_owner"] for name in ("notify:open", "notice-detail", "notice-read")}


def samples(cast):
    notice = Notice.objects.create(event="notice.undeliverable", user=cast.owner, at=AT, planned_at=AT)
    message = Message.objects.create(channel="email", user=cast.owner, address="x@example.com", opened_at=AT, dead_at=AT)
    webhook = Webhook.objects.create(url="https://example.com/", secret="x", created_at=AT)
    return {
        "notify:drop_webhook": {"pk": webhook.pk},
        "notify:open": {"pk": notice.pk},
        "notify:send_again": {"pk": message.pk},
        "notice-detail": {"pk": notice.pk},
        "notice-read": {"pk": notice.pk},
    }
