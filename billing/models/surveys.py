from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from billing.formula import Share
from billing.quarters import Quarter
from propman.community.models import Community, Household
from propman.tenancy.base import CompanyModel, Link, company_constraints
from propman.tenancy.constraints import ForbidRewriting

from .agreements import QUARTER, AgreementItem, FeeAgreement


class Survey(CompanyModel):
    """A community's score sheets of one quarter. How many came back is nobody's business before it is counted."""

    community = Link(Community, related_name="+")
    quarter = models.CharField(_("quarter"), max_length=6)
    agreement = Link(FeeAgreement, related_name="+")
    opens_at = models.DateTimeField()
    closes_at = models.DateTimeField()
    households = models.IntegerField()  # on the roll when the sheets went out
    reminded_at = models.DateTimeField(null=True)
    extended_at = models.DateTimeField(null=True)
    counted_at = models.DateTimeField(null=True)

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "community", "quarter"], name="billing_survey_once"),
            models.CheckConstraint(condition=Q(quarter__regex=QUARTER), name="billing_survey_quarter"),
            models.CheckConstraint(condition=Q(closes_at__gt=F("opens_at")), name="billing_survey_window"),
            *company_constraints(
                "billing_survey",
                references={"community_id": "community_community", "agreement_id": "billing_feeagreement"},
                update=["closes_at", "reminded_at", "extended_at", "counted_at"],
            ),
        ]

    @property
    def period(self) -> Quarter:
        return Quarter.parse(self.quarter)


class Sheet(CompanyModel):
    """A household's score sheet while it can be filled in; destroyed when the quarter is counted.

    The application may not even read these rows, so that no page, API, export or job of the company can learn who
    answered: three definer functions show a resident the household's own sheet, save a score, and count.
    """

    survey = Link(Survey, related_name="+")
    household = Link(Household, related_name="+")

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "survey", "household"], name="billing_sheet_one_per_household"),
            *company_constraints(
                "billing_sheet",
                references={"survey_id": "billing_survey", "household_id": "community_household"},
                select=False,
                insert=False,
                update=False,
            ),
        ]


class SheetAnswer(CompanyModel):
    """One score, or "can't say", of a sheet. Closed to the application like the sheet."""

    sheet = Link(Sheet, related_name="+")
    item = Link(AgreementItem, related_name="+")
    score = models.SmallIntegerField(null=True)
    comment = models.CharField(max_length=500, blank=True)

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "sheet", "item"], name="billing_sheetanswer_once"),
            models.CheckConstraint(condition=Q(score__gte=0, score__lte=10), name="billing_sheetanswer_score"),
            *company_constraints(
                "billing_sheetanswer",
                references={"sheet_id": "billing_sheet", "item_id": "billing_agreementitem"},
                select=False,
                insert=False,
                update=False,
                index=False,
            ),
        ]


class SurveyResult(CompanyModel):
    """The frozen result of a quarter: every rate as two integers, all three ways of counting non-answers, and its hash."""

    class Basis(models.TextChoices):
        MEASURED = "measured", _("counted from the sheets")
        LAST_QUARTER = "last_quarter", _("last quarter's rate: too few sheets came back")
        AGREED_DEFAULT = "agreed_default", _("the agreed rate: too few sheets came back")

    survey = Link(Survey, related_name="+")
    sheets = models.IntegerField()
    excluded_points = models.BigIntegerField(null=True)  # null: fewer than five sheets, so it stays hidden
    excluded_maximum = models.BigIntegerField(null=True)
    neutral_points = models.BigIntegerField(null=True)
    neutral_maximum = models.BigIntegerField(null=True)
    satisfied_points = models.BigIntegerField(null=True)
    satisfied_maximum = models.BigIntegerField(null=True)
    rate_points = models.BigIntegerField()
    rate_maximum = models.BigIntegerField()
    basis = models.CharField(max_length=20, choices=Basis.choices)
    canonical = models.TextField()
    hash = models.CharField(max_length=64)
    counted_at = models.DateTimeField()

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "survey"], name="billing_surveyresult_once"),
            models.CheckConstraint(
                condition=Q(rate_maximum__gt=0, rate_points__gte=0, rate_points__lte=F("rate_maximum")),
                name="billing_surveyresult_rate",
            ),
            *company_constraints("billing_surveyresult", references={"survey_id": "billing_survey"}, update=False),
            ForbidRewriting(name="billing_surveyresult_forever"),
        ]

    @property
    def rate(self) -> Share:
        """What the quarter is billed with."""
        return Share(self.rate_points, self.rate_maximum)

    @property
    def three_ways(self) -> dict[str, Share] | None:
        """The rate under each way of counting non-answers, or None where it stays hidden."""
        if self.excluded_maximum is None:
            return None
        return {
            way: Share(getattr(self, f"{way}_points"), getattr(self, f"{way}_maximum"))
            for way in ("excluded", "neutral", "satisfied")
        }


class ItemResult(CompanyModel):
    """What came in for one item; null where fewer than five households scored it (or it would give such a cell away)."""

    survey = Link(Survey, related_name="+")
    item = Link(AgreementItem, related_name="+")
    points = models.BigIntegerField(null=True)
    answers = models.IntegerField(null=True)

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "survey", "item"], name="billing_itemresult_once"),
            models.CheckConstraint(
                condition=Q(points=None, answers=None) | Q(answers__gte=5, points__gte=0, points__lte=F("answers") * 10),
                name="billing_itemresult_cell",
            ),
            *company_constraints(
                "billing_itemresult",
                references={"survey_id": "billing_survey", "item_id": "billing_agreementitem"},
                update=False,
            ),
            ForbidRewriting(name="billing_itemresult_forever"),
        ]

    @property
    def mean_tenths(self) -> int | None:
        """The mean score in tenths of a point."""
        return None if self.answers is None or self.points is None else round(self.points * 10 / self.answers)


class Comment(CompanyModel):
    """Words from a sheet, kept without the household and in the order of their hashes."""

    survey = Link(Survey, related_name="+")
    item = Link(AgreementItem, related_name="+")
    text = models.CharField(max_length=500)

    class Meta(CompanyModel.Meta):
        constraints = [
            *company_constraints(
                "billing_comment",
                references={"survey_id": "billing_survey", "item_id": "billing_agreementitem"},
                insert=False,
                update=False,
                delete=True,
            ),
        ]
        indexes = [models.Index(fields=["company", "survey"], name="billing_comment_survey")]
