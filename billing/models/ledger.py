from collections.abc import Sequence

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from propman.community.models import Community, Household, Person
from propman.tenancy.base import CompanyModel, Link, company_constraints
from propman.tenancy.constraints import ForbidRewriting
from propman.tenancy.numbers import formatted

from .bills import Bill, CreditNote


class Account(CompanyModel):
    """An account of a community's books; owner credit has one per household and payer.

    `debits` and `credits` are sums in minor units that a trigger keeps: the application cannot write them.
    """

    class Kind(models.TextChoices):
        RECEIVABLES = "receivables", _("Receivables")
        REVENUE = "revenue", _("Revenue")
        CASH = "cash", _("Cash")
        OWNER_CREDIT = "owner_credit", _("Owner credit")
        COMPENSATION_FUND = "compensation_fund", _("Compensation fund")
        PENALTIES = "penalties", _("Penalties")

    DEBIT_KINDS = frozenset({Kind.RECEIVABLES, Kind.CASH})  # what the company has; all others are what it owes or earned

    community = Link(Community, related_name="+")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    household = Link(Household, null=True, related_name="+")
    payer = Link(Person, null=True, related_name="+")
    currency = models.CharField(max_length=3)
    debits = models.BigIntegerField(default=0)
    credits = models.BigIntegerField(default=0)

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["company", "community", "kind", "currency", "household", "payer"],
                name="billing_account_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(kind="owner_credit", household__isnull=False)
                | (~Q(kind="owner_credit") & Q(household=None, payer=None)),
                name="billing_account_holder",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["receivables", "cash"], debits__gte=F("credits"))
                | (~Q(kind__in=["receivables", "cash"]) & Q(credits__gte=F("debits"))),
                name="billing_account_never_overdrawn",
            ),
            *company_constraints(
                "billing_account",
                references={
                    "community_id": "community_community",
                    "household_id": "community_household",
                    "payer_id": "community_person",
                },
                update=False,
            ),
            ForbidRewriting(
                name="billing_account_forever",
                columns=["company_id", "community_id", "kind", "household_id", "payer_id", "currency"],
            ),
        ]

    @property
    def balance(self) -> int:
        """On the account's own side, so never negative."""
        return self.debits - self.credits if self.kind in self.DEBIT_KINDS else self.credits - self.debits


class Payment(CompanyModel):
    """Money that a payer brought; its number is the receipt's."""

    class Method(models.TextChoices):
        CASH = "cash", _("Cash")
        CARD = "card", _("Card")
        TRANSFER = "transfer", _("Bank transfer")

    community = Link(Community, related_name="+")
    household = Link(Household, related_name="+")
    payer = Link(Person, null=True, related_name="+")
    year = models.IntegerField()
    number = models.BigIntegerField()
    amount = models.BigIntegerField(_("amount"))
    currency = models.CharField(max_length=3)
    method = models.CharField(_("method"), max_length=20, choices=Method.choices)
    reference = models.CharField(_("reference"), max_length=80, blank=True)
    key = models.CharField(max_length=80)
    taken_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    taken_at = models.DateTimeField()

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "key"], name="billing_payment_key"),
            models.UniqueConstraint(fields=["company", "year", "number"], name="billing_payment_number"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="billing_payment_amount"),
            *company_constraints(
                "billing_payment",
                references={
                    "community_id": "community_community",
                    "household_id": "community_household",
                    "payer_id": "community_person",
                },
                update=False,
            ),
            ForbidRewriting(name="billing_payment_forever"),
        ]
        indexes = [models.Index(fields=["company", "household", "payer"], name="billing_payment_customer")]

    @property
    def receipt(self) -> str:
        return formatted(self.year, self.number)

    @property
    def reversal(self) -> "PaymentReversal | None":
        """Prefetch `reversals` before asking many."""
        return next(iter(self.reversals.all()), None)


class PaymentReversal(CompanyModel):
    """A payment was booked wrongly, to the wrong flat mostly: the ledger takes it back, payment and receipt stay to be read."""

    payment = Link(Payment, related_name="reversals")
    reason = models.CharField(_("reason"), max_length=300)
    reversed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    reversed_at = models.DateTimeField()

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "payment"], name="billing_paymentreversal_once"),
            *company_constraints("billing_paymentreversal", references={"payment_id": "billing_payment"}, update=False),
            ForbidRewriting(name="billing_paymentreversal_forever"),
        ]


class Refund(CompanyModel):
    """Owner credit that was paid out."""

    community = Link(Community, related_name="+")
    household = Link(Household, related_name="+")
    payer = Link(Person, null=True, related_name="+")
    year = models.IntegerField()
    number = models.BigIntegerField()
    amount = models.BigIntegerField(_("amount"))
    currency = models.CharField(max_length=3)
    reason = models.CharField(_("reason"), max_length=300)
    key = models.CharField(max_length=80)
    paid_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    paid_at = models.DateTimeField()

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "key"], name="billing_refund_key"),
            models.UniqueConstraint(fields=["company", "year", "number"], name="billing_refund_number"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="billing_refund_amount"),
            *company_constraints(
                "billing_refund",
                references={
                    "community_id": "community_community",
                    "household_id": "community_household",
                    "payer_id": "community_person",
                },
                update=False,
            ),
            ForbidRewriting(name="billing_refund_forever"),
        ]

    @property
    def receipt(self) -> str:
        return formatted(self.year, self.number)


REASONS = ("bill", "payment", "credit_note", "refund", "reversal")


def reasons(*kinds: str, given: Sequence[str]) -> Q:
    """Transfers of these kinds name these reasons and no others."""
    return Q(kind__in=kinds, **{f"{reason}__isnull": reason not in given for reason in REASONS})


class Transfer(CompanyModel):
    """Money moved from one account to another: balanced by construction, added once, never changed.

    Which kinds of account each kind of transfer joins is checked by the trigger that keeps the balances.
    """

    class Kind(models.TextChoices):
        BILL = "bill", _("Bill")  # receivables from revenue
        PAYMENT = "payment", _("Payment")  # cash from receivables
        OVERPAYMENT = "overpayment", _("Overpayment")  # cash from owner credit
        CREDIT_USED = "credit_used", _("Owner credit used")  # owner credit from receivables
        CREDIT_NOTE = "credit_note", _("Credit note")  # revenue from receivables
        RELEASED = "released", _("Paid part released")  # receivables from owner credit: the bill was wrong
        REFUND = "refund", _("Refund")  # owner credit from cash
        UNALLOCATED = "unallocated", _("Taken off the bill")  # receivables from owner credit: its payment was reversed
        REVERSAL = "reversal", _("Payment reversed")  # owner credit from cash, all of the payment

    kind = models.CharField(max_length=20, choices=Kind.choices)
    debit = Link(Account, related_name="+")
    credit = Link(Account, related_name="+")
    amount = models.BigIntegerField()
    key = models.CharField(max_length=100)
    bill = Link(Bill, null=True, related_name="transfers")
    payment = Link(Payment, null=True, related_name="transfers")
    credit_note = Link(CreditNote, null=True, related_name="transfers")
    refund = Link(Refund, null=True, related_name="transfers")
    reversal = Link(PaymentReversal, null=True, related_name="transfers")
    at = models.DateTimeField()

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "key"], name="billing_transfer_key"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="billing_transfer_amount"),
            models.CheckConstraint(condition=~Q(debit=F("credit")), name="billing_transfer_two_accounts"),
            models.CheckConstraint(
                condition=reasons("bill", "credit_used", given=["bill"])
                | reasons("payment", given=["bill", "payment"])
                | reasons("overpayment", given=["payment"])
                | reasons("credit_note", "released", given=["bill", "credit_note"])
                | reasons("refund", given=["refund"])
                | reasons("unallocated", given=["bill", "reversal"])
                | reasons("reversal", given=["reversal"]),
                name="billing_transfer_reasons",
            ),
            *company_constraints(
                "billing_transfer",
                references={
                    "debit_id": "billing_account",
                    "credit_id": "billing_account",
                    "bill_id": "billing_bill",
                    "payment_id": "billing_payment",
                    "credit_note_id": "billing_creditnote",
                    "refund_id": "billing_refund",
                    "reversal_id": "billing_paymentreversal",
                },
                update=False,
                index=False,
            ),
            ForbidRewriting(name="billing_transfer_forever"),
        ]
        indexes = [
            models.Index(fields=["company", "bill"], name="billing_transfer_bill", condition=Q(bill__isnull=False)),
            models.Index(fields=["company", "payment"], name="billing_transfer_payment", condition=Q(payment__isnull=False)),
        ]
