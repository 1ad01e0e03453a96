from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from billing.formula import BASIS_POINTS, SMALLEST_CELL, Band, Formula, Terms
from billing.quarters import Quarter
from propman.community.models import CommitteeMember, Community
from propman.tenancy.base import CompanyModel, Link, company_constraints
from propman.tenancy.constraints import ForbidRewriting

QUARTER = r"^[0-9]{4}Q[1-4]$"


class FeeAgreement(CompanyModel):
    """One version of what owners and company agreed for a community. Its terms never change; a change is a new version."""

    class Formula(models.TextChoices):
        PROPORTIONAL = "proportional", _("Proportional: the fee follows the rate")
        TIERED = "tiered", _("Tiered: bands of the rate, each with its share")

    class NonAnswers(models.TextChoices):
        EXCLUDED = "excluded", _("They do not count")
        NEUTRAL = "neutral", _("They count as 5 of 10")
        SATISFIED = "satisfied", _("They count as 10 of 10")

    class BelowMinimum(models.TextChoices):
        LAST_QUARTER = "last_quarter", _("Last quarter's rate")
        AGREED_DEFAULT = "agreed_default", _("The agreed rate")
        EXTEND_ONCE = "extend_once", _("Collect longer once, then the agreed rate")

    class Reading(models.TextChoices):
        END = "end", _("Before the end of the quarter: scoring follows service")
        BEGINNING = "beginning", _("Before its beginning: owners know beforehand what they will score")

    community = Link(Community, related_name="+")
    version = models.IntegerField()
    starts_quarter = models.CharField(_("first quarter"), max_length=6)
    currency = models.CharField(max_length=3)
    price = models.BigIntegerField(_("price per m² and month"))  # minor units of the currency
    formula = models.CharField(_("formula"), max_length=20, choices=Formula.choices)
    floor_bp = models.IntegerField(_("floor"))  # basis points of the base
    cap_bp = models.IntegerField(_("cap"), default=BASIS_POINTS)
    dead_band_from_bp = models.IntegerField(_("full fee from"), null=True)
    bands = models.JSONField(_("bands"), default=list)  # [[from_bp, pays_bp], ...], rising
    non_answers = models.CharField(_("households that do not answer"), max_length=20, choices=NonAnswers.choices)
    minimum_sheets = models.IntegerField(_("least number of sheets"))
    below_minimum = models.CharField(_("with fewer sheets"), max_length=20, choices=BelowMinimum.choices)
    default_bp = models.IntegerField(_("agreed rate"))
    reading = models.CharField(_("sheets go out"), max_length=20, choices=Reading.choices, default=Reading.END)
    days_before = models.IntegerField(_("days before"), default=5)
    days_after = models.IntegerField(_("days after"), default=5)
    extension_days = models.IntegerField(_("days of the extension"), default=10)
    due_days = models.IntegerField(_("days to pay"), default=30)
    terms_hash = models.CharField(max_length=64)  # what the committee signs
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    proposed_at = models.DateTimeField()
    signed_at = models.DateTimeField(null=True)

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "community", "version"], name="billing_feeagreement_version"),
            models.CheckConstraint(condition=Q(starts_quarter__regex=QUARTER), name="billing_feeagreement_quarter"),
            models.CheckConstraint(condition=Q(price__gt=0), name="billing_feeagreement_price"),
            models.CheckConstraint(
                condition=Q(floor_bp__gte=0, floor_bp__lte=F("cap_bp"), cap_bp__lte=BASIS_POINTS),
                name="billing_feeagreement_floor_cap",
            ),
            models.CheckConstraint(
                condition=Q(default_bp__gte=0, default_bp__lte=BASIS_POINTS), name="billing_feeagreement_default"
            ),
            models.CheckConstraint(  # a rate of fewer sheets would tell what single households said
                condition=Q(minimum_sheets__gte=SMALLEST_CELL), name="billing_feeagreement_minimum"
            ),
            models.CheckConstraint(
                condition=Q(days_before__gte=0, days_after__gte=0, days_before__lte=60, days_after__lte=60)
                & Q(extension_days__gte=1, extension_days__lte=60, due_days__gte=1, due_days__lte=365)
                & (Q(days_before__gte=1) | Q(days_after__gte=1) | Q(reading="beginning")),
                name="billing_feeagreement_days",
            ),
            *company_constraints(
                "billing_feeagreement", references={"community_id": "community_community"}, update=["signed_at"]
            ),
            ForbidRewriting(
                name="billing_feeagreement_forever",
                columns=[
                    "company_id", "community_id", "version", "starts_quarter", "currency", "price", "formula", "floor_bp",
                    "cap_bp", "dead_band_from_bp", "bands", "non_answers", "minimum_sheets", "below_minimum", "default_bp",
                    "reading", "days_before", "days_after", "extension_days", "due_days", "terms_hash", "proposed_at",
                ],
            ),
        ]  # fmt: skip

    @property
    def terms(self) -> Terms:
        return Terms(
            formula=Formula(self.formula),
            floor_bp=self.floor_bp,
            cap_bp=self.cap_bp,
            dead_band_from_bp=self.dead_band_from_bp,
            bands=tuple(Band(start, pays) for start, pays in self.bands),
        )

    @property
    def first_quarter(self) -> Quarter:
        return Quarter.parse(self.starts_quarter)


class AgreementItem(CompanyModel):
    """A service of an agreement that owners score, with its weight and the standard it is held to."""

    agreement = Link(FeeAgreement, related_name="items")
    position = models.IntegerField()
    name = models.CharField(_("service"), max_length=60)
    standard = models.CharField(_("standard"), max_length=300, blank=True)
    weight = models.IntegerField(_("weight"))

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "agreement", "position"], name="billing_agreementitem_position"),
            models.CheckConstraint(condition=Q(weight__gte=1, weight__lte=100), name="billing_agreementitem_weight"),
            *company_constraints("billing_agreementitem", references={"agreement_id": "billing_feeagreement"}, update=False),
            ForbidRewriting(name="billing_agreementitem_forever"),
        ]

    def __str__(self) -> str:
        return self.name


class AgreementSignature(CompanyModel):
    """A member of the owners' committee signed an agreement: the terms that had this hash."""

    agreement = Link(FeeAgreement, related_name="signatures")
    member = Link(CommitteeMember, related_name="+")
    terms_hash = models.CharField(max_length=64)
    signed_at = models.DateTimeField()

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "agreement", "member"], name="billing_agreementsignature_once"),
            *company_constraints(
                "billing_agreementsignature",
                references={"agreement_id": "billing_feeagreement", "member_id": "community_committeemember"},
                update=False,
            ),
            ForbidRewriting(name="billing_agreementsignature_forever"),
        ]
