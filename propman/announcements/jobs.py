"""What the clock does: publishes what was planned for now, and reminds."""

from datetime import datetime

from django.db import connection
from django.utils.translation import gettext as _

from propman.tenancy.scope import company_scope

from .models import Announcement
from .services import publish_announcement, remind_of_announcement, withdraw_announcement

BATCH = 50


def announce_due(at: datetime) -> int:
    """Publish and remind whatever is due at that moment, in every company; tells how many it were."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT announcements_companies_due(%s)", [at])
        companies = [row[0] for row in cursor.fetchall()]
    return sum(announce_due_of(company_id, at) for company_id in companies)


def announce_due_of(company_id: int, at: datetime) -> int:
    """The due ones of a company, each in a transaction of its own; those that another worker has are left to it."""
    done = 0
    while done < BATCH:
        with company_scope(company_id):
            due = (
                Announcement.objects.select_for_update(of=("self",), skip_locked=True)
                .filter(due_at__lte=at)
                .order_by("due_at", "pk")
                .first()
            )
            if due is None:
                return done
            if due.published_at is None and due.ends_at and due.ends_at <= at:  # the clock stood still
                withdraw_announcement(announcement=due, reason=_("It was over before it could be sent."), by=None, at=at)
            elif due.published_at is None:
                publish_announcement(announcement=due, at=at)
            elif due.starts_at <= at:  # what has begun needs no reminder
                due.due_at = None
                due.save(update_fields=["due_at"])
            else:
                remind_of_announcement(announcement=due, at=at)
        done += 1
    return done
