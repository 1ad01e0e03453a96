"""Bills, transfers and results are kept for ever, whoever asks."""

import psycopg2
import pytest
from django.db import DatabaseError, connection, transaction

from billing.models import Account, Bill, Transfer
from tests.conftest import owner_connection

FOREVER = [
    "billing_bill",
    "billing_transfer",
    "billing_account",
    "billing_payment",
    "billing_paymentreversal",
    "billing_refund",
    "billing_creditnote",
    "billing_billrun",
    "billing_surveyresult",
    "billing_itemresult",
    "billing_feeagreement",
    "billing_agreementitem",
    "billing_agreementsignature",
]


def refused(sql: str, *parameters: object) -> None:
    with connection.cursor() as cursor, pytest.raises(DatabaseError, match=r"permission denied|refused"), transaction.atomic():
        cursor.execute(sql, parameters)


@pytest.mark.parametrize("table", FOREVER)
@pytest.mark.parametrize("verb", ["UPDATE", "DELETE", "TRUNCATE"])
def test_application_cannot_rewrite(run, scope, table, verb):
    sql = {
        "UPDATE": f"UPDATE {table} SET company_id = company_id",
        "DELETE": f"DELETE FROM {table}",
        "TRUNCATE": f"TRUNCATE {table} CASCADE",
    }[verb]
    refused(sql)


@pytest.mark.parametrize("column", ["amount", "number", "payer_id", "settled", "credited", "due_on"])
def test_application_cannot_change_a_bill(run, scope, column):
    refused(f"UPDATE billing_bill SET {column} = {column}")


def test_application_may_write_these_columns_and_no_others(run, scope):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.column_privileges WHERE grantee = 'propman_app' "
            "AND privilege_type = 'UPDATE' AND table_name = ANY (%s) ORDER BY 1, 2",
            [FOREVER],
        )
        written = cursor.fetchall()
        cursor.execute(
            "SELECT table_name FROM information_schema.table_privileges WHERE grantee IN ('propman_app', 'PUBLIC') "
            "AND privilege_type IN ('DELETE', 'TRUNCATE', 'TRIGGER') AND table_name = ANY (%s)",
            [FOREVER],
        )
        removed = cursor.fetchall()
    assert written == [("billing_bill", "cancelled_at"), ("billing_feeagreement", "signed_at")]
    assert removed == []


def test_account_below_nothing_is_refused(run, scope):
    """The ledger itself refuses to pay out credit that is not there."""
    from billing.models import Refund
    from billing.services.books import account

    bill = Bill.objects.first()
    assert bill is not None
    place = {"community_id": run.community_id, "currency": "CNY"}
    cash = account(Account.Kind.CASH, **place)
    credit = account(Account.Kind.OWNER_CREDIT, **place, household_id=bill.household_id, payer_id=bill.payer_id)
    refund = Refund.objects.create(
        community=run.community, household_id=bill.household_id, payer_id=bill.payer_id, year=2026, number=1, amount=1,
        currency="CNY", reason="x", key="k", paid_by_id=run.agreement.proposed_by_id, paid_at=run.issued_at,
    )  # fmt: skip
    with pytest.raises(DatabaseError, match="billing_account_never_overdrawn"), transaction.atomic():
        Transfer.objects.create(kind="refund", debit=credit, credit=cash, amount=1, key="x", refund=refund, at=run.issued_at)


def test_not_even_the_owner_of_the_tables_rewrites(transactional_db, run):
    connection.close()
    owner = owner_connection()
    for table in FOREVER:
        with owner.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {table}")
            verbs = ["TRUNCATE {} CASCADE", *(["DELETE FROM {}"] if cursor.fetchone()[0] else [])]
        for verb in verbs:
            with owner.cursor() as cursor, pytest.raises(psycopg2.DatabaseError, match="refused"):
                cursor.execute(verb.format(table))
            owner.rollback()
    owner.close()


def test_second_live_bill_is_refused(run, scope):
    values = Bill.objects.values().first()
    assert values is not None
    with pytest.raises(DatabaseError, match="billing_bill_one_per_payer"), transaction.atomic():
        Bill.objects.create(**{**values, "id": None, "number": 1001})


def test_bill_without_payer_is_unique_too(run, scope):
    values = Bill.objects.values().first()
    assert values is not None
    base = {key: value for key, value in values.items() if key not in {"id", "payer_id", "number"}}
    Bill.objects.create(**base, payer=None, number=1001)
    with pytest.raises(DatabaseError, match="billing_bill_one_per_payer"), transaction.atomic():
        Bill.objects.create(**base, payer=None, number=1002)


def test_account_with_a_balance_from_nowhere_is_refused(run, scope):
    with pytest.raises(DatabaseError, match="begins at nothing"), transaction.atomic():
        Account.objects.create(community=run.community, kind="cash", currency="CNY", debits=100)


def test_bill_born_paid_is_refused(run, scope):
    values = Bill.objects.values().first()
    assert values is not None
    with pytest.raises(DatabaseError, match="begins open"), transaction.atomic():
        Bill.objects.create(**{**values, "id": None, "payer_id": None, "number": 1001, "settled": 5})


@pytest.mark.parametrize(
    ("kind", "debit", "credit"), [("bill", "revenue", "receivables"), ("payment", "receivables", "revenue")]
)
def test_transfer_between_wrong_accounts_is_refused(run, scope, kind, debit, credit):
    bill = Bill.objects.first()
    accounts = {account.kind: account for account in Account.objects.all()}
    with pytest.raises(DatabaseError), transaction.atomic():
        Transfer.objects.create(
            kind=kind, debit=accounts[debit], credit=accounts[credit], amount=1, key="forged", bill=bill, at=run.issued_at
        )


def test_same_transfer_twice_is_refused(run, scope):
    values = Transfer.objects.values().first()
    assert values is not None
    with pytest.raises(DatabaseError, match="billing_transfer_key"), transaction.atomic():
        Transfer.objects.create(**{**values, "id": None})


def test_overpaid_bill_is_refused(run, scope):
    """The ledger itself refuses to settle more than a bill's amount."""
    from billing.models import Payment
    from billing.services.books import account

    bill = Bill.objects.first()
    assert bill is not None
    cash = account(Account.Kind.CASH, community_id=run.community_id, currency="CNY")
    receivables = Account.objects.get(kind="receivables")
    payment = Payment.objects.create(
        community=run.community, household_id=bill.household_id, payer_id=bill.payer_id, year=2026, number=1,
        amount=bill.amount + 1, currency="CNY", method="cash", key="k", taken_by_id=run.agreement.proposed_by_id,
        taken_at=run.issued_at,
    )  # fmt: skip
    with pytest.raises(DatabaseError, match="billing_bill_settled"), transaction.atomic():
        Transfer.objects.create(
            kind="payment", debit=cash, credit=receivables, amount=bill.amount + 1, key="x", bill=bill,
            payment=payment, at=run.issued_at,
        )  # fmt: skip


def test_rival_company_sees_no_bill(run, rival_company):
    from propman.tenancy.scope import company_scope

    with company_scope(rival_company.pk):
        assert not Bill.objects.exists()
        assert not Transfer.objects.exists()
