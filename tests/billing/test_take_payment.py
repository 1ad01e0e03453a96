from datetime import date

import pytest

from billing.integrity import ledger_faults
from billing.models import Account, Bill, Payment
from billing.quarters import Quarter
from billing.services.books import KeyReused
from billing.services.corrections import NotCreditable, cancel_bill, credit_bill, reissue_bills
from billing.services.payments import CreditTooSmall, Customer, refund_credit, take_payment
from billing.services.runs import run_bills
from billing.services.surveys import count_due_surveys
from propman.community.models import Household, Occupancy, Person
from tests.factories import make_resident
from tests.factories.billing import local, make_survey

from .conftest import COUNTED

AMOUNT = 53280


@pytest.fixture
def customer(run, household: Household, owner, scope) -> Customer:
    return Customer(household, Person.objects.get(user=owner))


@pytest.fixture
def bill(run, household: Household, scope) -> Bill:
    return Bill.objects.get(run=run, household=household)


def balances() -> dict[str, int]:
    found: dict[str, int] = {}
    for account in Account.objects.all():
        found[account.kind] = found.get(account.kind, 0) + account.balance
    return found


def pay(customer: Customer, amount: int, by, key: str = "one", at=COUNTED) -> Payment:
    return take_payment(customer=customer, amount=amount, method="cash", by=by, at=at, key=key)


def test_exact_payment_settles_the_bill(customer, bill, finance, scope):
    before = balances()["receivables"]
    payment = pay(customer, AMOUNT, finance)
    bill.refresh_from_db()
    assert (bill.owed, bill.paid) == (0, AMOUNT)
    assert balances()["receivables"] == before - AMOUNT
    assert balances()["cash"] == AMOUNT
    assert payment.receipt == "2026-000001"


def test_partial_payment_leaves_the_rest(customer, bill, finance, scope):
    pay(customer, 10000, finance)
    bill.refresh_from_db()
    assert bill.owed == AMOUNT - 10000
    pay(customer, AMOUNT - 10000, finance, key="two")
    bill.refresh_from_db()
    assert bill.owed == 0
    assert list(ledger_faults()) == []


def test_overpayment_becomes_owner_credit(customer, bill, finance, scope):
    pay(customer, AMOUNT + 500, finance)
    assert balances()["owner_credit"] == 500


def test_payment_pays_the_oldest_bill_first(customer, bill, finance, run, scope):
    make_survey(run.community, "2026Q2")
    at = local(2026, 7, 6, 1)
    count_due_surveys(company=run.company, at=at)
    run_bills(community=run.community, quarter=Quarter(2026, 2), at=at)
    pay(customer, AMOUNT + 100, finance, at=at)
    settled = dict(Bill.objects.filter(household=customer.household).values_list("quarter", "settled"))
    assert settled == {"2026Q1": AMOUNT, "2026Q2": 100}


def test_same_key_books_once(customer, bill, finance, scope):
    assert pay(customer, 100, finance).pk == pay(customer, 100, finance).pk
    assert balances()["cash"] == 100


def test_key_of_another_payment_is_refused(customer, bill, finance, scope):
    pay(customer, 100, finance)
    with pytest.raises(KeyReused):
        pay(customer, 200, finance)


@pytest.mark.parametrize("amount", [0, -1])
def test_nothing_is_no_payment(customer, finance, scope, amount):
    with pytest.raises(ValueError, match="more than nothing"):
        pay(customer, amount, finance)


def test_refund_pays_credit_out_once(customer, bill, finance, scope):
    pay(customer, AMOUNT + 500, finance)
    for _time in range(2):
        refund_credit(customer=customer, amount=300, reason="asked", by=finance, at=COUNTED, key="back")
    assert balances()["owner_credit"] == 200
    assert balances()["cash"] == AMOUNT + 200
    with pytest.raises(CreditTooSmall):
        refund_credit(customer=customer, amount=201, reason="asked", by=finance, at=COUNTED, key="more")
    assert list(ledger_faults()) == []


def test_credit_note_lowers_what_is_owed(customer, bill, finance, scope):
    note = credit_bill(bill=bill, amount=5280, reason="lift stood still", by=finance, at=COUNTED, key="note")
    bill.refresh_from_db()
    assert (bill.owed, bill.credited, note.reference) == (48000, 5280, "2026-000001")
    with pytest.raises(NotCreditable):
        credit_bill(bill=bill, amount=48001, reason="too much", by=finance, at=COUNTED, key="other")
    assert list(ledger_faults()) == []


def test_credit_note_on_a_paid_bill_becomes_owner_credit(customer, bill, finance, scope):
    pay(customer, AMOUNT, finance)
    credit_bill(bill=bill, amount=280, reason="area was wrong", by=finance, at=COUNTED, key="note")
    bill.refresh_from_db()
    assert (bill.owed, bill.paid, bill.credited) == (0, AMOUNT - 280, 280)
    assert balances()["owner_credit"] == 280
    assert list(ledger_faults()) == []


def test_cancelled_bill_stays_cancelled(customer, bill, finance, scope):
    pay(customer, 1000, finance)
    cancel_bill(bill=bill, reason="wrong flat", by=finance, at=COUNTED)
    bill.refresh_from_db()
    assert (bill.owed, bill.credited) == (0, AMOUNT)
    assert balances()["owner_credit"] == 1000
    with pytest.raises(NotCreditable):
        cancel_bill(bill=bill, reason="again", by=finance, at=COUNTED)
    assert list(ledger_faults()) == []


def test_reissue_bills_from_todays_facts(customer, bill, finance, household, owner, scope):
    """The sale of 1 February was told only after the run."""
    pay(customer, AMOUNT, finance)
    Occupancy.objects.filter(person__user=owner).update(ends_on=date(2026, 2, 1))
    buyer = make_resident(household, name="Buyer", starts_on=date(2026, 2, 1))
    new = reissue_bills(bill=bill, reason="sold on 1 February", by=finance, at=COUNTED)
    assert {one.payer.user_id: one.days for one in new} == {owner.pk: 31, buyer.pk: 59}
    assert sum(one.amount for one in new) == AMOUNT
    assert [one.number for one in new] == [8, 9]
    seller = Bill.objects.get(pk=next(one.pk for one in new if one.payer.user_id == owner.pk))
    assert seller.owed == 0
    assert balances()["owner_credit"] == AMOUNT - seller.amount
    assert list(ledger_faults()) == []
