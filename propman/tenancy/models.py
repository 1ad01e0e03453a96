import zoneinfo
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from .base import CompanyModel, Link, company_constraints
from .constraints import AppGrants, ForbidRewriting


def validate_zone(name: str) -> None:
    if name not in zoneinfo.available_timezones():
        raise ValidationError(_("“%(name)s” is not a time zone, for example Asia/Shanghai."), params={"name": name})


class Company(models.Model):
    """A property-management company: the tenant. Everything that belongs to it carries its id."""

    address = models.SlugField(
        _("address"),
        max_length=40,
        unique=True,
        validators=[RegexValidator(r"^[a-z][a-z0-9-]*$", _("Small letters, digits and hyphens, beginning with a letter."))],
        help_text=_("The first part of every address of the company, such as /lanting/."),
    )
    name = models.CharField(pgettext_lazy("of a thing", "name"), max_length=120)
    zone = models.CharField(_("time zone"), max_length=40, default="Asia/Shanghai", validators=[validate_zone])
    currency = models.CharField(_("currency"), max_length=3, default="CNY")
    language = models.CharField(_("language"), max_length=10, default="zh-hans")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(address__regex=r"^[a-z][a-z0-9-]*$"), name="tenancy_company_address"),
            AppGrants(name="tenancy_company_grants", update=["name", "zone", "currency", "language"]),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def timezone(self) -> zoneinfo.ZoneInfo:
        return zoneinfo.ZoneInfo(self.zone)

    def today(self, at: datetime) -> date:
        """The company's calendar day at that moment."""
        return at.astimezone(self.timezone).date()


class NumberSeries(CompanyModel):
    """A gapless series of numbers, one per company, name and year."""

    series = models.CharField(max_length=30)
    year = models.IntegerField()
    last = models.BigIntegerField(default=0)

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "series", "year"], name="tenancy_numberseries_key"),
            *company_constraints("tenancy_numberseries", update=["last"]),
        ]


class Event(CompanyModel):
    """One link of a chain: what happened to one subject. Never rewritten, never deleted."""

    stream = models.CharField(max_length=60)  # "complaint:17"
    position = models.IntegerField()
    name = models.CharField(max_length=60)  # "complaint.accepted"
    at = models.DateTimeField()
    actor = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+", db_index=False)
    canonical = models.TextField()  # what the hash covers, byte for byte
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "stream", "position"], name="tenancy_event_position"),
            models.CheckConstraint(condition=Q(position__gt=0), name="tenancy_event_position_positive"),
            *company_constraints("tenancy_event", update=False),
            ForbidRewriting(name="tenancy_event_forever"),
        ]
        indexes = [models.Index(fields=["company", "at"], name="tenancy_event_at")]


class EventText(CompanyModel):
    """Words or personal data of an event, committed to by it; erasing the row leaves the chain valid."""

    event = Link(Event, related_name="texts")
    field = models.CharField(max_length=40)
    salt = models.CharField(max_length=32)
    text = models.TextField()

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "event", "field"], name="tenancy_eventtext_key"),
            *company_constraints("tenancy_eventtext", references={"event_id": "tenancy_event"}, update=False, delete=True),
        ]


class JobRun(CompanyModel):
    """One period of one job of one company: to be done exactly once, whatever is killed."""

    job = models.CharField(max_length=60)
    period = models.CharField(max_length=40)
    due_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    attempts = models.IntegerField(default=0)
    error = models.TextField(blank=True)

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "job", "period"], name="tenancy_jobrun_key"),
            *company_constraints("tenancy_jobrun", update=["done_at", "attempts", "error"]),
        ]
        indexes = [models.Index(fields=["due_at"], name="tenancy_jobrun_due", condition=Q(done_at=None))]


class Answer(CompanyModel):
    """The answer that a request with an idempotency key was given; the same request again gets it once more."""

    user = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+", db_index=False)
    key = models.CharField(max_length=100)
    digest = models.CharField(max_length=64)  # of the request: method, path and body
    status = models.IntegerField()
    location = models.CharField(max_length=500, blank=True)
    body = models.TextField(blank=True)
    created_at = models.DateTimeField(db_default=models.functions.Now())

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "user", "key"], name="tenancy_answer_key", nulls_distinct=False),
            *company_constraints("tenancy_answer", update=False, delete=True),
        ]
        indexes = [models.Index(fields=["company", "created_at"], name="tenancy_answer_age")]
