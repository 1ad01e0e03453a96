"""Money at the counter: payments allocated oldest first, the rest is owner credit; refunds; payments taken back."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from billing.models import Account, Bill, Payment, PaymentReversal, Refund, Transfer
from propman.accounts.models import User
from propman.common.money import in_figures
from propman.community.models import Household, Person
from propman.notify.services import NewNotice, queue_notices
from propman.tenancy.events import record_event
from propman.tenancy.models import Company
from propman.tenancy.numbers import take_number

from .books import KeyReused, account, book, lock_household, transfer


class CreditTooSmall(RuntimeError):
    """The owner credit is smaller than what should be paid out of it."""


class NotReversible(RuntimeError):
    """The payment was reversed before, or its money was paid out again as a refund."""


@dataclass(frozen=True)
class Customer:
    """Who pays: a person for a household; nobody by name where the owner is not known."""

    household: Household
    payer: Person | None


@transaction.atomic
def take_payment(
    *, customer: Customer, amount: int, method: str, by: User, at: datetime, key: str, reference: str = ""
) -> Payment:
    """Book money that was brought, minor units, oldest bill first; what is over becomes owner credit.

    The same key books once, however many counters send it: the payment that is there is returned. Raises KeyReused
    when the key stands for another payment, ValueError for an amount that is not positive.
    """
    if amount <= 0:
        raise ValueError("A payment is more than nothing.")
    household = customer.household
    lock_household(community_id=household.community_id, household_id=household.pk)
    if known := Payment.objects.filter(key=key).first():
        told = (known.household_id, known.payer_id, known.amount, known.method)
        if told != (household.pk, customer.payer.pk if customer.payer else None, amount, method):
            raise KeyReused(key)
        return known
    company = Company.objects.get(pk=household.company_id)
    year = company.today(at).year
    bills = Bill.objects.filter(household=household, payer=customer.payer, currency=company.currency)
    open_bills = list(bills.open().oldest_first())
    accounts = {
        kind: account(kind, community_id=household.community_id, currency=company.currency)
        for kind in (Account.Kind.CASH, Account.Kind.RECEIVABLES)
    }
    payment = Payment.objects.create(
        company=company,
        community_id=household.community_id,
        household=household,
        payer=customer.payer,
        year=year,
        number=take_number("receipt", year),
        amount=amount,
        currency=company.currency,
        method=method,
        reference=reference,
        key=key,
        taken_by=by,
        taken_at=at,
    )
    book(_allocation(payment, open_bills, accounts, at=at))
    facts = {"receipt": payment.receipt, "amount": amount, "currency": company.currency, "method": method}
    record_event("payment.taken", payment, by=by, at=at, facts=facts)
    if customer.payer and customer.payer.user_id:
        words = {"receipt": payment.receipt}
        path = f"/billing/receipts/{payment.receipt}/"
        queue_notices([NewNotice("payment.taken", customer.payer.user_id, words=words, path=path)], at=at)
    return payment


def _allocation(payment: Payment, bills: list[Bill], accounts: dict[Account.Kind, Account], *, at: datetime) -> list[Transfer]:
    left, transfers = payment.amount, []
    cash, receivables = accounts[Account.Kind.CASH], accounts[Account.Kind.RECEIVABLES]
    for bill in bills:
        part = min(left, bill.owed)
        if part:
            key = f"payment:{payment.pk}:{bill.pk}"
            transfers.append(
                transfer(
                    Transfer.Kind.PAYMENT,
                    debit=cash,
                    credit=receivables,
                    amount=part,
                    key=key,
                    at=at,
                    bill=bill,
                    payment=payment,
                )
            )
            left -= part
    if left:
        credit = _credit_account(payment.household, payment.payer, payment.currency)
        transfers.append(
            transfer(
                Transfer.Kind.OVERPAYMENT,
                debit=cash,
                credit=credit,
                amount=left,
                key=f"overpayment:{payment.pk}",
                at=at,
                payment=payment,
            )
        )
    return transfers


def _credit_account(household: Household, payer: Person | None, currency: str) -> Account:
    return account(
        Account.Kind.OWNER_CREDIT,
        community_id=household.community_id,
        currency=currency,
        household_id=household.pk,
        payer_id=payer.pk if payer else None,
    )


@transaction.atomic
def refund_credit(*, customer: Customer, amount: int, reason: str, by: User, at: datetime, key: str) -> Refund:
    """Pay owner credit out, minor units. The same key pays once.

    Raises CreditTooSmall, KeyReused when the key stands for another refund, ValueError for an amount that is not positive.
    """
    if amount <= 0:
        raise ValueError("A refund is more than nothing.")
    household = customer.household
    lock_household(community_id=household.community_id, household_id=household.pk)
    if known := Refund.objects.filter(key=key).first():
        if (known.household_id, known.payer_id, known.amount) != (
            household.pk,
            customer.payer.pk if customer.payer else None,
            amount,
        ):
            raise KeyReused(key)
        return known
    company = Company.objects.get(pk=household.company_id)
    credit = _credit_account(household, customer.payer, company.currency)
    if credit.balance < amount:
        raise CreditTooSmall
    cash = account(Account.Kind.CASH, community_id=household.community_id, currency=company.currency)
    year = company.today(at).year
    refund = Refund.objects.create(
        company=company,
        community_id=household.community_id,
        household=household,
        payer=customer.payer,
        year=year,
        number=take_number("refund", year),
        amount=amount,
        currency=company.currency,
        reason=reason,
        key=key,
        paid_by=by,
        paid_at=at,
    )
    key = f"refund:{refund.pk}"
    book([transfer(Transfer.Kind.REFUND, debit=credit, credit=cash, amount=amount, key=key, at=at, refund=refund)])
    record_event("credit.refunded", refund, by=by, at=at, facts={"amount": amount, "currency": company.currency})
    return refund


@transaction.atomic
def reverse_payment(*, payment: Payment, reason: str, by: User, at: datetime) -> PaymentReversal:
    """Take back a payment that was booked wrongly, such as to the wrong flat. Nothing is deleted: receipt and reversal stay.

    The money leaves through the payer's owner credit. As far as that does not hold it, bills are opened again: those that
    the payment had paid, then those that its credit had paid since, the newest first. Raises NotReversible when it was
    reversed before, or when too much of the credit was refunded.
    """
    household, payer = payment.household, payment.payer
    lock_household(community_id=household.community_id, household_id=household.pk)
    if PaymentReversal.objects.filter(payment=payment).exists():
        raise NotReversible(_("This payment was reversed before."))
    credit = _credit_account(household, payer, payment.currency)
    parts = _to_unallocate(payment, payment.amount - credit.balance)
    reversal = PaymentReversal.objects.create(payment=payment, reason=reason, reversed_by=by, reversed_at=at)
    cash, receivables = (
        account(kind, community_id=payment.community_id, currency=payment.currency)
        for kind in (Account.Kind.CASH, Account.Kind.RECEIVABLES)
    )
    book(
        transfer(
            Transfer.Kind.UNALLOCATED,
            debit=receivables,
            credit=credit,
            amount=amount,
            key=f"unallocated:{reversal.pk}:{bill.pk}",
            at=at,
            bill=bill,
            reversal=reversal,
        )
        for bill, amount in parts.items()
    )
    whole = transfer(
        Transfer.Kind.REVERSAL,
        debit=credit,
        credit=cash,
        amount=payment.amount,
        key=f"reversal:{reversal.pk}",
        at=at,
        reversal=reversal,
    )
    book([whole])
    facts = {"receipt": payment.receipt, "amount": payment.amount, "currency": payment.currency}
    record_event("payment.reversed", payment, by=by, at=at, facts=facts, texts={"reason": reason})
    if payer and payer.user_id:
        words = {"receipt": payment.receipt, "amount": in_figures(payment.amount, payment.currency)}
        path = f"/billing/receipts/{payment.receipt}/"
        queue_notices([NewNotice("payment.reversed", payer.user_id, words=words, path=path)], at=at)
    return reversal


def _to_unallocate(payment: Payment, needed: int) -> dict[Bill, int]:
    """How much to take off which bill so that `needed` minor units come free."""
    paid = Bill.objects.filter(household=payment.household, payer=payment.payer, currency=payment.currency)
    bills = list(paid.filter(settled__gt=F("credited")).order_by("-due_on", "-quarter", "-number", "-pk"))
    own = dict(Transfer.objects.filter(payment=payment, kind=Transfer.Kind.PAYMENT).values_list("bill_id", "amount"))
    parts: dict[Bill, int] = {}
    for most in (own, {bill.pk: bill.paid for bill in bills}):
        for bill in bills:
            taken = parts.get(bill, 0)
            part = min(needed, min(most.get(bill.pk, 0), bill.paid) - taken)
            if part > 0:
                parts[bill] = taken + part
                needed -= part
    if needed > 0:
        missing = in_figures(needed, payment.currency)
        raise NotReversible(_("%(amount)s of it were paid out since, as a refund.") % {"amount": missing})
    return parts
