"""Rows by which anybody can check that nothing was left out: settings, heads, call-backs, silence, the lists of others."""

from datetime import timedelta

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from propman.community.models import Community, Department
from propman.tenancy.base import CompanyModel, Link, company_constraints
from propman.tenancy.constraints import ForbidRewriting

from .complaint import Complaint
from .contact import Contact

LOG_FACTS = [
    "company_id", "log_import_id", "line", "key", "occurred_at", "seconds", "office_id", "community_id", "words_commitment",
    "facts_hash",
]  # fmt: skip
LOG_STATES = ["state", "contact_id", "matched_by", "reason", "decided_by_id", "decided_at", "seen_at"]
CALL_STATES = ["attempts", "outcome", "called_at"]


class CountingPolicy(CompanyModel):
    """One version of how the counting is checked; it holds from its publication on."""

    version = models.IntegerField()
    valid_from = models.DateTimeField(default=timezone.now)
    call_back_percent = models.PositiveSmallIntegerField(_("Share of closed complaints that are called back, in per cent"))
    match_minutes = models.PositiveSmallIntegerField(_("Minutes between an entry of a list and its contact, at most"))
    alarm_per_mille = models.PositiveSmallIntegerField(_("Silence alarm below this probability, in thousandths"))

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "version"], name="complaints_countingpolicy_version"),
            models.CheckConstraint(
                condition=Q(call_back_percent__range=(1, 100), match_minutes__range=(1, 1440), alarm_per_mille__range=(1, 200)),
                name="complaints_countingpolicy_ranges",
            ),
            *company_constraints("complaints_countingpolicy", update=False),
            ForbidRewriting(name="complaints_countingpolicy_forever"),
        ]

    @property
    def window(self) -> timedelta:
        """How far the times of an entry and of its contact may lie apart."""
        return timedelta(minutes=self.match_minutes)


class DailyHead(CompanyModel):
    """The seal of a day: the hash of the last positions and hashes that are new since the head before, and of that head."""

    day = models.DateField()
    made_at = models.DateTimeField()
    complaints = models.IntegerField()  # all that have a chain by then
    changed = models.IntegerField()  # of them, how many went on since the head before
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "day"], name="complaints_dailyhead_day"),
            models.UniqueConstraint(fields=["company", "previous_hash"], name="complaints_dailyhead_one_chain"),
            *company_constraints("complaints_dailyhead", update=False),
            ForbidRewriting(name="complaints_dailyhead_forever"),
        ]

    def __str__(self) -> str:
        return self.day.isoformat()


class HeadLine(CompanyModel):
    """One line of a day's head: how far the chain of a complaint had come, and its hash there."""

    head = Link(DailyHead, related_name="lines")
    complaint = Link(Complaint, related_name="+")
    position = models.IntegerField()
    hash = models.CharField(max_length=64)

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "complaint", "position"], name="complaints_headline_once"),
            models.UniqueConstraint(fields=["company", "head", "complaint"], name="complaints_headline_of_head"),
            *company_constraints(
                "complaints_headline",
                references={"head_id": "complaints_dailyhead", "complaint_id": "complaints_complaint"},
                update=False,
            ),
            ForbidRewriting(name="complaints_headline_forever"),
        ]


class CallBackDraw(CompanyModel):
    """A day's closings and the secret by which some of them were drawn; the secret is shown two weeks later."""

    head = Link(DailyHead, related_name="draws")
    drawn_at = models.DateTimeField()
    percent = models.PositiveSmallIntegerField()
    closings = ArrayField(models.BigIntegerField(), default=list)  # complaints closed or withdrawn that day
    seed = models.CharField(max_length=64)
    commitment = models.CharField(max_length=64)  # the hash of the seed, published at once

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "head"], name="complaints_callbackdraw_once"),
            *company_constraints("complaints_callbackdraw", references={"head_id": "complaints_dailyhead"}, update=False),
            ForbidRewriting(name="complaints_callbackdraw_forever"),
        ]


class CallBack(CompanyModel):
    """A drawn complaint whose asker the centre calls; offices do not see it before that."""

    class Outcome(models.TextChoices):
        VERIFIED = "verified", _("Put right, says the asker")
        REFUTED = "refuted", _("Not put right, or not helped")
        UNREACHED = "unreached", _("Not reached")

    draw = Link(CallBackDraw, related_name="call_backs")
    complaint = Link(Complaint, related_name="call_backs")
    attempts = models.PositiveSmallIntegerField(default=0)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, blank=True)
    called_at = models.DateTimeField(null=True)
    event_position = models.IntegerField(default=0)

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "draw", "complaint"], name="complaints_callback_once"),
            models.CheckConstraint(condition=Q(outcome="") | Q(called_at__isnull=False), name="complaints_callback_called"),
            *company_constraints(
                "complaints_callback",
                references={"draw_id": "complaints_callbackdraw", "complaint_id": "complaints_complaint"},
                update=[*CALL_STATES, "event_position"],
            ),
            ForbidRewriting(name="complaints_callback_forever", columns=["company_id", "draw_id", "complaint_id"]),
        ]
        indexes = [
            models.Index(fields=["company", "complaint"], name="complaints_callback_of"),
            models.Index(fields=["company", "id"], name="complaints_callback_open", condition=Q(outcome="")),
        ]


class SilenceCheck(CompanyModel):
    """How many contacts an office received in a week, how many were to be expected, and how likely so few are."""

    office = Link(Department, related_name="+")
    week = models.DateField()  # its Monday
    checked_at = models.DateTimeField()
    received = models.IntegerField()
    households = models.IntegerField()
    own_contacts = models.IntegerField()
    own_weeks = models.IntegerField()
    company_contacts = models.IntegerField()
    company_household_weeks = models.BigIntegerField()
    expected = models.FloatField()
    probability = models.FloatField()
    alarm_per_mille = models.PositiveSmallIntegerField()
    is_alarm = models.BooleanField()
    weeks_in_a_row = models.PositiveSmallIntegerField(default=0)

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "week", "office"], name="complaints_silencecheck_once"),
            models.CheckConstraint(condition=Q(probability__gte=0, probability__lte=1), name="complaints_silencecheck_range"),
            *company_constraints("complaints_silencecheck", references={"office_id": "community_department"}, update=False),
            ForbidRewriting(name="complaints_silencecheck_forever"),
        ]


class LogSource(models.TextChoices):
    PHONE = "phone", _("Phone log")
    MAILBOX = "mailbox", _("Mailbox")
    VISITORS = "visitors", _("Visitors’ book")


# The channel of the contacts that answer for the entries of each list.
CHANNELS = {
    LogSource.PHONE: Contact.Channel.PHONE,
    LogSource.MAILBOX: Contact.Channel.EMAIL,
    LogSource.VISITORS: Contact.Channel.VISIT,
}


class LogMapping(CompanyModel):
    """Which heading of the company's file says what, as the TOML text that people edit."""

    source = models.CharField(max_length=10, choices=LogSource.choices)
    text = models.TextField()

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "source"], name="complaints_logmapping_source"),
            *company_constraints("complaints_logmapping", update=["text"]),
        ]


class LogImport(CompanyModel):
    """A file of calls, messages or visitors: looked at first, then brought in, perhaps taken back while its days are open."""

    source = models.CharField(max_length=10, choices=LogSource.choices)
    file_name = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)
    content = models.BinaryField(null=True)  # until it is confirmed or discarded
    mapping = models.TextField()
    plan = models.JSONField(default=dict)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False)
    uploaded_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    discarded_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta(CompanyModel.Meta):
        constraints = [
            models.CheckConstraint(condition=Q(source__in=LogSource.values), name="complaints_logimport_source"),
            *company_constraints(
                "complaints_logimport", update=["content", "plan", "confirmed_at", "discarded_at", "withdrawn_at"]
            ),
            ForbidRewriting(
                name="complaints_logimport_forever",
                columns=["company_id", "source", "file_name", "digest", "mapping", "uploaded_by_id", "uploaded_at"],
            ),
        ]
        indexes = [models.Index(fields=["company", "source", "id"], name="complaints_logimport_of")]


class LogEntry(CompanyModel):
    """One line of such a list. Its facts never change; what came of it moves only together with an event."""

    class State(models.TextChoices):
        OPEN = "open", _("Unexplained")
        MATCHED = "matched", _("Matched to a contact")
        EXPLAINED = "explained", _("Explained")
        WITHDRAWN = "withdrawn", _("Taken back with its file")

    class MatchedBy(models.TextChoices):
        RULE = "rule", _("By itself")
        HAND = "hand", _("By hand")
        LOGGED = "logged", _("Logged from the entry")

    class Reason(models.TextChoices):
        WRONG_NUMBER = "wrong_number", _("Wrong number")
        INTERNAL = "internal", _("Internal, among colleagues")
        SILENT = "silent", _("Nobody spoke")
        OFFER = "offer", _("Advertising or a supplier")
        OTHER = "other", _("Something else")

    # facts
    log_import = Link(LogImport, related_name="entries")
    line = models.IntegerField()
    key = models.CharField(max_length=64)  # of what the line says: the same line of another file has the same
    occurred_at = models.DateTimeField()
    seconds = models.IntegerField(null=True)
    office = Link(Department, related_name="+")
    community = Link(Community, null=True, related_name="+")
    words_commitment = models.CharField(max_length=64)
    facts_hash = models.CharField(max_length=64)
    source = models.CharField(max_length=10, choices=LogSource.choices)

    # state
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    contact = Link(Contact, null=True, related_name="+")
    matched_by = models.CharField(max_length=10, choices=MatchedBy.choices, blank=True)
    reason = models.CharField(max_length=15, choices=Reason.choices, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False)
    decided_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)  # by the duty manager, when it was explained
    event_position = models.IntegerField(default=0)

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["company", "source", "key"], name="complaints_logentry_key", condition=~Q(state="withdrawn")
            ),
            models.UniqueConstraint(
                fields=["company", "contact"], name="complaints_logentry_contact", condition=Q(state="matched")
            ),
            models.CheckConstraint(
                condition=(Q(state="matched", contact__isnull=False) & ~Q(matched_by=""))
                | (~Q(state="matched") & Q(contact=None, matched_by="")),
                name="complaints_logentry_matched",
            ),
            models.CheckConstraint(
                condition=(Q(state="explained") & ~Q(reason="")) | (~Q(state="explained") & Q(reason="", seen_at=None)),
                name="complaints_logentry_explained",
            ),
            *company_constraints(
                "complaints_logentry",
                references={
                    "log_import_id": "complaints_logimport",
                    "office_id": "community_department",
                    "community_id": "community_community",
                    "contact_id": "complaints_contact",
                },
                update=[*LOG_STATES, "event_position"],
            ),
            ForbidRewriting(name="complaints_logentry_forever", columns=[*LOG_FACTS, "source"]),
        ]
        indexes = [
            models.Index(fields=["company", "source", "occurred_at"], name="complaints_logentry_at"),
            models.Index(fields=["company", "log_import", "line"], name="complaints_logentry_file"),
        ]


class LogEntryWords(CompanyModel):
    """Who called, wrote or came, apart from the facts, so that erasing it leaves every chain valid."""

    entry = Link(LogEntry, related_name="words")
    salt = models.CharField(max_length=32)
    name = models.CharField(max_length=80, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    email = models.CharField(max_length=254, blank=True)
    note = models.CharField(max_length=300, blank=True)  # who answered, what the message is about

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "entry"], name="complaints_logentrywords_of"),
            *company_constraints(
                "complaints_logentrywords", references={"entry_id": "complaints_logentry"}, update=False, delete=True
            ),
        ]

    def committed_text(self) -> str:
        """What the entry's commitment covers."""
        return "\n".join([self.name, self.phone, self.email, self.note])
