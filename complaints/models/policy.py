from datetime import timedelta

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from complaints.clocks import Clock
from propman.tenancy.base import CompanyModel, Link, company_constraints
from propman.tenancy.constraints import ForbidRewriting

MIN_SILENCE, MAX_SILENCE = 2, 60  # days


class Severity(models.TextChoices):
    NORMAL = "normal", _("Normal")
    URGENT = "urgent", _("Urgent")
    EMERGENCY = "emergency", _("Danger to life or home")


class Category(CompanyModel):
    """What a complaint is about; named in both languages by the company's administrator."""

    code = models.SlugField(_("code"), max_length=30)
    name = models.CharField(pgettext_lazy("of a thing", "name"), max_length=60)
    name_zh = models.CharField(_("Chinese name"), max_length=60)
    icon = models.CharField(max_length=30, default="message-circle")
    position = models.IntegerField(default=0)
    retired_at = models.DateTimeField(null=True)

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "code"], name="complaints_category_code"),
            *company_constraints("complaints_category", update=["name", "name_zh", "icon", "position", "retired_at"]),
        ]

    def __str__(self) -> str:
        return self.name_zh if (get_language() or "").startswith("zh") else self.name


class ClockPolicy(CompanyModel):
    """One version of the limits of the four clocks; it binds the complaints received while it was the newest."""

    version = models.IntegerField()
    valid_from = models.DateTimeField(default=timezone.now)
    silence_days = models.PositiveSmallIntegerField(default=7, db_default=7)

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "version"], name="complaints_clockpolicy_version"),
            models.CheckConstraint(
                condition=Q(silence_days__gte=MIN_SILENCE, silence_days__lte=MAX_SILENCE), name="complaints_clockpolicy_silence"
            ),
            *company_constraints("complaints_clockpolicy", update=False),
            ForbidRewriting(name="complaints_clockpolicy_forever"),
        ]

    @property
    def silence(self) -> timedelta:
        """How long the asker of a resolved complaint may be silent before it closes itself."""
        return timedelta(days=self.silence_days)


class ClockRule(CompanyModel):
    """The limit of one clock in minutes, for a category and severity; without a category it is the rule for the rest."""

    policy = Link(ClockPolicy, related_name="rules")
    category = Link(Category, null=True, related_name="+")
    severity = models.CharField(max_length=12, choices=Severity.choices)
    clock = models.CharField(max_length=20, choices=Clock.choices)
    minutes = models.IntegerField()

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["company", "policy", "category", "severity", "clock"],
                name="complaints_clockrule_key",
                nulls_distinct=False,
            ),
            models.CheckConstraint(condition=Q(minutes__gt=0), name="complaints_clockrule_positive"),
            models.CheckConstraint(condition=Q(clock__in=Clock.values), name="complaints_clockrule_clock"),
            models.CheckConstraint(condition=Q(severity__in=Severity.values), name="complaints_clockrule_severity"),
            *company_constraints(
                "complaints_clockrule",
                references={"policy_id": "complaints_clockpolicy", "category_id": "complaints_category"},
                update=False,
            ),
            ForbidRewriting(name="complaints_clockrule_forever"),
        ]
