"""Every movement of a payer's account: what was billed, paid, credited and paid out, with the balance after it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from billing.models import Bill, Payment, Transfer
from propman.accounts.models import User
from propman.community.models import Household, Person

# Moves between a bill and the owner credit of the same payer change nothing between payer and company.
BETWEEN_OWN = (Transfer.Kind.CREDIT_USED, Transfer.Kind.RELEASED, Transfer.Kind.UNALLOCATED)
RAISES = (Transfer.Kind.BILL, Transfer.Kind.REFUND, Transfer.Kind.REVERSAL)
KINDS = {Transfer.Kind.OVERPAYMENT: Transfer.Kind.PAYMENT}


@dataclass
class Entry:
    """A line of the statement; `amount` raises what is owed, `balance` is owed after it, below zero a credit. Minor units."""

    at: datetime
    kind: Transfer.Kind
    bill: Bill | None
    payment: Payment | None
    number: str  # of the bill, credit note or refund
    reason: str
    room: str
    amount: int
    currency: str
    balance: int = 0

    @property
    def word(self) -> str:
        return str(self.kind.label)


def statement_of(user: User) -> list[Entry]:
    """All that moved between the user and the company, newest first."""
    return _entries(_transfers({"payer__user": user}))


def statement_for(household: Household, payer: Person | None) -> list[Entry]:
    """All that moved for a payer of one household, newest first."""
    return _entries(_transfers({"household": household, "payer": payer}))


def _transfers(whose: Mapping[str, Any]) -> QuerySet[Transfer]:
    mine = Q()
    for reason in ("bill", "payment", "refund", "reversal__payment"):
        mine |= Q(**{f"{reason}__isnull": False}, **{f"{reason}__{name}": value for name, value in whose.items()})
    rooms = ("payment__household__room", "refund__household__room", "reversal__payment__household__room")
    found = Transfer.objects.filter(mine).exclude(kind__in=BETWEEN_OWN)
    return found.select_related("debit", "bill", "credit_note", *rooms).order_by("at", "pk")


def _entries(transfers: Iterable[Transfer]) -> list[Entry]:
    entries: list[Entry] = []
    balance = 0
    for move in transfers:
        kind = Transfer.Kind(move.kind)
        amount = move.amount if kind in RAISES else -move.amount
        balance += amount
        last = entries[-1] if entries else None
        if last and move.payment_id and last.kind == Transfer.Kind.PAYMENT and last.payment == move.payment:
            last.amount, last.balance = last.amount + amount, balance
            continue
        payment = move.payment or (move.reversal.payment if move.reversal else None)
        source = payment or move.refund
        paper = move.credit_note or move.bill
        entries.append(
            Entry(
                at=move.at,
                kind=KINDS.get(kind, kind),
                bill=None if payment else move.bill,
                payment=payment,
                number=move.refund.receipt if move.refund else paper.reference if paper else "",
                reason=next((given.reason for given in (move.credit_note, move.refund, move.reversal) if given), ""),
                room=source.household.room.label if source else move.bill.room_label,
                amount=amount,
                currency=move.debit.currency,
                balance=balance,
            )
        )
    return entries[::-1]
