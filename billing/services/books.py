"""Locks, accounts and transfers: what every service that moves money does in the same way."""

from collections.abc import Iterable
from datetime import datetime

from django.db import connection

from billing.models import Account, Bill, CreditNote, Payment, PaymentReversal, Refund, Transfer
from propman.tenancy.scope import current_company_id

OPEN_ACCOUNT = """
    INSERT INTO billing_account (company_id, community_id, kind, household_id, payer_id, currency, debits, credits)
    VALUES (%s, %s, %s, %s, %s, %s, 0, 0) ON CONFLICT DO NOTHING
"""


class KeyReused(RuntimeError):
    """The idempotency key was used before, for something else."""


def lock_household(*, community_id: int, household_id: int) -> None:
    """One at a time for a household's money; a bill run of the community waits, or is waited for."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(hashtextextended(%s, 0))", [_name("community", community_id)])
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [_name("household", household_id)])


def lock_community(*, community_id: int) -> None:
    """Alone with the community's books, for a bill run."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [_name("community", community_id)])


def _name(what: str, pk: int) -> str:
    return f"billing:{what}:{pk}"


def account(
    kind: Account.Kind,
    *,
    community_id: int,
    currency: str,
    household_id: int | None = None,
    payer_id: int | None = None,
) -> Account:
    """The community's account of that kind (owner credit: of that payer), opened when it is first needed."""
    company = current_company_id()
    with connection.cursor() as cursor:
        cursor.execute(OPEN_ACCOUNT, [company, community_id, kind, household_id, payer_id, currency])
    return Account.objects.get(
        community_id=community_id, kind=kind, currency=currency, household_id=household_id, payer_id=payer_id
    )


def transfer(
    kind: Transfer.Kind,
    *,
    debit: Account,
    credit: Account,
    amount: int,
    key: str,
    at: datetime,
    bill: Bill | None = None,
    payment: Payment | None = None,
    credit_note: CreditNote | None = None,
    refund: Refund | None = None,
    reversal: PaymentReversal | None = None,
) -> Transfer:
    """A transfer to be booked by `book`; amounts in minor units."""
    return Transfer(
        company_id=current_company_id(), kind=kind, debit=debit, credit=credit, amount=amount, key=key, at=at,
        bill=bill, payment=payment, credit_note=credit_note, refund=refund, reversal=reversal,
    )  # fmt: skip


def book(transfers: Iterable[Transfer]) -> None:
    """Add the transfers with one statement; the database moves balances and bills in the same breath."""
    Transfer.objects.bulk_create(transfers)
