import datetime
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from propman.tenancy.base import CompanyManager, CompanyModel, Link, company_constraints

from .querysets import MessageQuerySet, NoticeQuerySet


class NoticeManager(CompanyManager.from_queryset(NoticeQuerySet)):  # type: ignore[misc]
    """Notices of the current company."""


class MessageManager(CompanyManager.from_queryset(MessageQuerySet)):  # type: ignore[misc]
    """Messages of the current company."""


class Notice(CompanyModel):
    """Something that one person is told: written in the transaction in which it happened, shown by the bell.

    Somebody without an account has an e-mail address or a phone number instead of a user.
    """

    event = models.CharField(max_length=60)  # "complaint.accepted"
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False)
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=32, blank=True)
    words = models.JSONField(default=dict)  # what the templates say; erased with the person's data
    path = models.CharField(max_length=200, blank=True)  # below the company's prefix
    at = models.DateTimeField()
    planned_at = models.DateTimeField(null=True)  # when it was given to messages, or nobody wanted one
    read_at = models.DateTimeField(null=True)

    objects: ClassVar[NoticeManager] = NoticeManager()

    class Meta(CompanyModel.Meta):
        constraints = company_constraints("notify_notice", update=["email", "phone", "words", "path", "planned_at", "read_at"])
        indexes = [
            models.Index(fields=["company", "user", "id"], name="notify_notice_of"),
            models.Index(fields=["company", "user"], name="notify_notice_unread", condition=Q(read_at=None)),
            models.Index(fields=["at"], name="notify_notice_unplanned", condition=Q(planned_at=None)),
        ]


class Message(CompanyModel):
    """One e-mail or SMS to one person, holding one notice or several; the log of deliveries.

    `due_at` is the next moment at which a worker should look at it: when to send it, when to try again, or, while it is
    claimed, when the claim of a killed worker lapses. Sent and dead messages are due no more.
    """

    class Channel(models.TextChoices):
        EMAIL = "email", _("E-mail")
        SMS = "sms", _("SMS")

    channel = models.CharField(max_length=10, choices=Channel.choices)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False)
    address = models.CharField(max_length=254)
    is_urgent = models.BooleanField(default=False)
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    claimed_at = models.DateTimeField(null=True)  # the last attempt began
    attempts = models.IntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    dead_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)

    objects: ClassVar[MessageManager] = MessageManager()

    class Meta(CompanyModel.Meta):
        constraints = [
            models.CheckConstraint(condition=Q(channel__in=["email", "sms"]), name="notify_message_channel"),
            models.CheckConstraint(
                condition=Q(due_at__isnull=False, sent_at=None, dead_at=None)
                | Q(due_at=None, sent_at__isnull=False, dead_at=None)
                | Q(due_at=None, sent_at=None, dead_at__isnull=False),
                name="notify_message_one_state",
            ),
            *company_constraints(
                "notify_message",
                update=["address", "is_urgent", "due_at", "claimed_at", "attempts", "sent_at", "dead_at", "error"],
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="notify_message_due", condition=Q(due_at__isnull=False)),
            models.Index(fields=["company", "dead_at"], name="notify_message_dead", condition=Q(dead_at__isnull=False)),
            models.Index(fields=["company", "user"], name="notify_message_open", condition=Q(due_at__isnull=False)),
        ]


class MessageLine(CompanyModel):
    """A notice in a message."""

    message = Link(Message, related_name="lines")
    notice = Link(Notice, related_name="lines")

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "message", "notice"], name="notify_messageline_once"),
            *company_constraints(
                "notify_messageline",
                references={"message_id": "notify_message", "notice_id": "notify_notice"},
                update=False,
            ),
        ]
        indexes = [models.Index(fields=["company", "notice"], name="notify_messageline_notice")]


class Pace(models.TextChoices):
    """How soon somebody wants to be told on a channel."""

    AT_ONCE = "at_once", _("At once")
    DAILY = "daily", _("Once a day, in one message")
    URGENT = "urgent", _("Only what is urgent")
    NEVER = "never", _("Never")


class Preference(CompanyModel):
    """How one person wants to be told; quiet hours of one's own replace the company's."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    email = models.CharField(_("e-mail"), max_length=10, choices=Pace.choices, default=Pace.AT_ONCE)
    sms = models.CharField(_("SMS"), max_length=10, choices=Pace.choices, default=Pace.URGENT)
    quiet_from = models.TimeField(_("quiet from"), null=True, blank=True)
    quiet_until = models.TimeField(_("quiet until"), null=True, blank=True)

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "user"], name="notify_preference_user"),
            models.CheckConstraint(condition=Q(email__in=Pace.values) & Q(sms__in=Pace.values), name="notify_preference_pace"),
            models.CheckConstraint(
                condition=Q(quiet_from=None, quiet_until=None) | Q(quiet_from__isnull=False, quiet_until__isnull=False),
                name="notify_preference_quiet",
            ),
            *company_constraints("notify_preference", update=["email", "sms", "quiet_from", "quiet_until"]),
        ]


class Hours(CompanyModel):
    """The company's quiet hours and the time of its digests, in its own zone."""

    quiet_from = models.TimeField(_("quiet from"), default=datetime.time(22))
    quiet_until = models.TimeField(_("quiet until"), default=datetime.time(7))
    digest_at = models.TimeField(_("daily message at"), default=datetime.time(8))

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company"], name="notify_hours_company"),
            *company_constraints("notify_hours", update=["quiet_from", "quiet_until", "digest_at"]),
        ]


class Webhook(CompanyModel):
    """Another program of the company that is told what happens; `secret` is encrypted, it signs the calls."""

    url = models.CharField(max_length=500)
    events = ArrayField(models.CharField(max_length=40), default=list)  # first words of events; empty means all
    secret = models.TextField()
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta(CompanyModel.Meta):
        constraints = company_constraints("notify_webhook", update=["ended_at"])


class WebhookCall(CompanyModel):
    """One event to be told to one webhook; `due_at` as in Message."""

    webhook = Link(Webhook, related_name="calls")
    event = Link("tenancy.Event", related_name="+")
    due_at = models.DateTimeField(null=True)
    attempts = models.IntegerField(default=0)
    done_at = models.DateTimeField(null=True)
    dead_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "webhook", "event"], name="notify_webhookcall_once"),
            models.CheckConstraint(
                condition=Q(due_at__isnull=False, done_at=None, dead_at=None)
                | Q(due_at=None, done_at__isnull=False, dead_at=None)
                | Q(due_at=None, done_at=None, dead_at__isnull=False),
                name="notify_webhookcall_one_state",
            ),
            *company_constraints(
                "notify_webhookcall",
                references={"webhook_id": "notify_webhook", "event_id": "tenancy_event"},
                update=["due_at", "attempts", "done_at", "dead_at", "error"],
            ),
        ]
        indexes = [models.Index(fields=["due_at"], name="notify_webhookcall_due", condition=Q(due_at__isnull=False))]
