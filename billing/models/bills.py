from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from billing.formula import Share
from billing.quarters import Quarter
from propman.community.models import Community, Household, Person
from propman.tenancy.base import CompanyManager, CompanyModel, Link, company_constraints
from propman.tenancy.constraints import ForbidRewriting
from propman.tenancy.numbers import formatted

from .agreements import QUARTER, FeeAgreement


class BillRun(CompanyModel):
    """The bills of a community and quarter went out: once."""

    community = Link(Community, related_name="+")
    quarter = models.CharField(_("quarter"), max_length=6)
    agreement = Link(FeeAgreement, related_name="+")
    rate_points = models.BigIntegerField()
    rate_maximum = models.BigIntegerField()
    share_points = models.BigIntegerField()  # of the base, after floor, cap, dead band or bands
    share_maximum = models.BigIntegerField()
    due_on = models.DateField(_("due on"))
    issued_at = models.DateTimeField()

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "community", "quarter"], name="billing_billrun_once"),
            models.CheckConstraint(condition=Q(quarter__regex=QUARTER), name="billing_billrun_quarter"),
            *company_constraints(
                "billing_billrun",
                references={"community_id": "community_community", "agreement_id": "billing_feeagreement"},
                update=False,
            ),
            ForbidRewriting(name="billing_billrun_forever"),
        ]

    @property
    def period(self) -> Quarter:
        return Quarter.parse(self.quarter)

    @property
    def rate(self) -> Share:
        return Share(self.rate_points, self.rate_maximum)

    @property
    def share(self) -> Share:
        return Share(self.share_points, self.share_maximum)


class BillQuerySet(models.QuerySet["Bill"]):
    def open(self) -> "BillQuerySet":
        """Not yet paid in full."""
        return self.filter(settled__lt=F("amount"), cancelled_at=None)

    def oldest_first(self) -> "BillQuerySet":
        return self.order_by("due_on", "quarter", "number", "pk")


class Bill(CompanyModel):
    """What one payer owes for one household and quarter, with every figure that the sum was made from.

    Money in minor units of `currency`, `area` in 1/100 m². A flat without a known owner is billed to nobody by name
    (`payer` is null). `settled` and `credited` are kept by the ledger's trigger; nothing else but `cancelled_at` moves.
    """

    run = Link(BillRun, related_name="+")
    community = Link(Community, related_name="+")
    household = Link(Household, related_name="+")
    payer = Link(Person, null=True, related_name="+")
    quarter = models.CharField(_("quarter"), max_length=6)
    year = models.IntegerField()
    number = models.BigIntegerField()
    issued_at = models.DateTimeField()
    due_on = models.DateField(_("due on"))
    currency = models.CharField(max_length=3)
    room_label = models.CharField(max_length=120)
    area = models.BigIntegerField()
    price = models.BigIntegerField()
    months = models.SmallIntegerField()
    days = models.SmallIntegerField()  # of the quarter, on which this payer owned
    quarter_days = models.SmallIntegerField()
    whole_base = models.BigIntegerField()  # the whole quarter's fee before satisfaction
    base = models.BigIntegerField()  # this payer's part of it
    amount = models.BigIntegerField()
    settled = models.BigIntegerField(default=0)  # paid and credited so far
    credited = models.BigIntegerField(default=0)
    cancelled_at = models.DateTimeField(null=True)

    objects: ClassVar[Any] = CompanyManager.from_queryset(BillQuerySet)()

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["company", "household", "payer", "quarter"],
                name="billing_bill_one_per_payer",
                condition=Q(cancelled_at=None),
                nulls_distinct=False,
            ),
            models.UniqueConstraint(fields=["company", "year", "number"], name="billing_bill_number"),
            models.CheckConstraint(condition=Q(number__gt=0, area__gt=0, price__gt=0), name="billing_bill_positive"),
            models.CheckConstraint(
                condition=Q(days__gt=0, days__lte=F("quarter_days"), quarter_days__gte=90, quarter_days__lte=92),
                name="billing_bill_days",
            ),
            models.CheckConstraint(
                condition=Q(amount__gte=0, base__gte=0, base__lte=F("whole_base")), name="billing_bill_sums"
            ),
            models.CheckConstraint(
                condition=Q(settled__gte=0, settled__lte=F("amount"), credited__gte=0, credited__lte=F("settled")),
                name="billing_bill_settled",
            ),
            models.CheckConstraint(
                condition=Q(cancelled_at=None) | Q(credited=F("amount")), name="billing_bill_cancelled_is_credited"
            ),
            *company_constraints(
                "billing_bill",
                references={
                    "run_id": "billing_billrun",
                    "community_id": "community_community",
                    "household_id": "community_household",
                    "payer_id": "community_person",
                },
                update=["cancelled_at"],
            ),
            ForbidRewriting(
                name="billing_bill_forever",
                columns=[
                    "company_id", "run_id", "community_id", "household_id", "payer_id", "quarter", "year", "number",
                    "issued_at", "due_on", "currency", "room_label", "area", "price", "months", "days", "quarter_days",
                    "whole_base", "base", "amount",
                ],
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["company", "run"], name="billing_bill_run"),
            models.Index(fields=["company", "payer"], name="billing_bill_payer"),
            models.Index(
                fields=["company", "community", "due_on"],
                name="billing_bill_open",
                condition=Q(cancelled_at=None, settled__lt=F("amount")),
            ),
        ]

    @property
    def reference(self) -> str:
        return formatted(self.year, self.number)

    @property
    def owed(self) -> int:
        return self.amount - self.settled

    @property
    def paid(self) -> int:
        return self.settled - self.credited

    @property
    def period(self) -> Quarter:
        return Quarter.parse(self.quarter)


class CreditNote(CompanyModel):
    """A bill was wrong by so much; cancelling a bill credits all of it."""

    bill = Link(Bill, related_name="credit_notes")
    year = models.IntegerField()
    number = models.BigIntegerField()
    amount = models.BigIntegerField(_("amount"))
    reason = models.CharField(_("reason"), max_length=300)
    key = models.CharField(max_length=80)
    issued_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    issued_at = models.DateTimeField()

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "year", "number"], name="billing_creditnote_number"),
            models.UniqueConstraint(fields=["company", "key"], name="billing_creditnote_key"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="billing_creditnote_amount"),
            *company_constraints("billing_creditnote", references={"bill_id": "billing_bill"}, update=False),
            ForbidRewriting(name="billing_creditnote_forever"),
        ]
        indexes = [models.Index(fields=["company", "bill"], name="billing_creditnote_bill")]

    @property
    def reference(self) -> str:
        return formatted(self.year, self.number)
