"""Issued bills never change: what was wrong is credited, and a cancelled bill may be issued again from today's facts."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from billing.models import Account, Bill, CreditNote, Transfer
from propman.accounts.models import User
from propman.notify.services import queue_notices
from propman.tenancy.events import record_event
from propman.tenancy.models import Company
from propman.tenancy.numbers import take_number

from .books import KeyReused, account, book, lock_community, lock_household, transfer
from .runs import bill_notice, issue


class NotCreditable(RuntimeError):
    """More than the bill still stands for, or the bill is cancelled already."""


@transaction.atomic
def credit_bill(*, bill: Bill, amount: int, reason: str, by: User, at: datetime, key: str) -> CreditNote:
    """Credit a part of a bill or all of it, minor units. What was paid beyond the rest becomes owner credit.

    The same key credits once. Raises NotCreditable, KeyReused, and ValueError for an amount that is not positive.
    """
    if amount <= 0:
        raise ValueError("A credit note is more than nothing.")
    lock_household(community_id=bill.community_id, household_id=bill.household_id)
    if known := CreditNote.objects.filter(key=key).first():
        if (known.bill_id, known.amount) != (bill.pk, amount):
            raise KeyReused(key)
        return known
    return _credit(Bill.objects.get(pk=bill.pk), amount, reason, by=by, at=at, key=key)


def _credit(bill: Bill, amount: int, reason: str, *, by: User, at: datetime, key: str) -> CreditNote:
    if bill.cancelled_at is not None or amount > bill.amount - bill.credited:
        raise NotCreditable(_("The bill stands for less than that."))
    company = Company.objects.get(pk=bill.company_id)
    receivables, revenue = (
        account(kind, community_id=bill.community_id, currency=bill.currency)
        for kind in (Account.Kind.RECEIVABLES, Account.Kind.REVENUE)
    )
    released = max(0, amount - bill.owed)
    year = company.today(at).year
    note = CreditNote.objects.create(
        company=company, bill=bill, year=year, number=take_number("credit note", year),
        amount=amount, reason=reason, key=key, issued_by=by, issued_at=at,
    )  # fmt: skip
    if released:
        owner_credit = account(
            Account.Kind.OWNER_CREDIT,
            community_id=bill.community_id,
            currency=bill.currency,
            household_id=bill.household_id,
            payer_id=bill.payer_id,
        )
        book(
            [
                transfer(
                    Transfer.Kind.RELEASED,
                    debit=receivables,
                    credit=owner_credit,
                    amount=released,
                    key=f"released:{note.pk}",
                    at=at,
                    bill=bill,
                    credit_note=note,
                )
            ]
        )
    book(
        [
            transfer(
                Transfer.Kind.CREDIT_NOTE,
                debit=revenue,
                credit=receivables,
                amount=amount,
                key=f"credit_note:{note.pk}",
                at=at,
                bill=bill,
                credit_note=note,
            )
        ]
    )
    record_event(
        "bill.credited", bill, by=by, at=at, facts={"note": note.reference, "amount": amount}, texts={"reason": reason}
    )
    return note


@transaction.atomic
def cancel_bill(*, bill: Bill, reason: str, by: User, at: datetime) -> Bill:
    """Credit all that the bill still stands for and strike it out; what was paid on it becomes owner credit.

    Raises NotCreditable when it is cancelled already.
    """
    lock_household(community_id=bill.community_id, household_id=bill.household_id)
    return _cancel(bill, reason, by=by, at=at)


def _cancel(bill: Bill, reason: str, *, by: User, at: datetime) -> Bill:
    bill = Bill.objects.select_for_update().get(pk=bill.pk)
    if bill.cancelled_at is not None:
        raise NotCreditable(_("The bill is cancelled already."))
    if rest := bill.amount - bill.credited:
        _credit(bill, rest, reason, by=by, at=at, key=f"cancel:{bill.pk}")
    bill.cancelled_at = at
    bill.save(update_fields=["cancelled_at"])
    record_event("bill.cancelled", bill, by=by, at=at, texts={"reason": reason})
    return bill


@transaction.atomic
def reissue_bills(*, bill: Bill, reason: str, by: User, at: datetime) -> list[Bill]:
    """Cancel every bill of the room and quarter and issue them anew from what is known today: owners, days, area.

    Price, rate and share stay those of the run. What had been paid is owner credit by then and pays the new bills.
    Raises NotCreditable when the bill was cancelled already.
    """
    lock_community(community_id=bill.community_id)
    bill = Bill.objects.select_related("run__agreement", "household").get(pk=bill.pk)
    if bill.cancelled_at is not None:
        raise NotCreditable(_("The bill is cancelled already."))
    room = bill.household.room_id
    standing = Bill.objects.filter(run=bill.run_id, household__room=room, cancelled_at=None).order_by("pk")
    for wrong in list(standing):
        _cancel(wrong, reason, by=by, at=at)
    company = Company.objects.get(pk=bill.company_id)
    issued = issue(bill.run, company, at=at, rooms=[room])
    new = list(
        Bill.objects.select_related("payer")
        .filter(year=company.today(at).year, number__gte=issued.first or 0, number__lte=issued.last or -1)
        .order_by("number")
    )
    record_event("bill.reissued", bill, by=by, at=at, facts={"bills": [one.reference for one in new]})
    queue_notices([bill_notice(one) for one in new if one.payer and one.payer.user_id], at=at)
    return new
