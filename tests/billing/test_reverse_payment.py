"""A payment booked to the wrong flat is taken back in the ledger; nothing is deleted."""

import pytest
from django.db import DatabaseError, transaction

from billing.integrity import ledger_faults
from billing.models import Account, Bill, Payment, PaymentReversal, Transfer
from billing.quarters import Quarter
from billing.selectors.statement import statement_of
from billing.services.corrections import cancel_bill, credit_bill
from billing.services.payments import Customer, NotReversible, refund_credit, reverse_payment, take_payment
from billing.services.runs import run_bills
from billing.services.surveys import count_due_surveys
from propman.community.models import Household, Person
from propman.notify.models import Notice
from propman.tenancy.models import Event
from tests.factories.billing import local, make_survey

from .conftest import COUNTED

AMOUNT = 53280


@pytest.fixture
def customer(run, household: Household, owner, scope) -> Customer:
    return Customer(household, Person.objects.get(user=owner))


@pytest.fixture
def bill(run, household: Household, scope) -> Bill:
    return Bill.objects.get(run=run, household=household)


@pytest.fixture
def pay(customer: Customer, finance):
    def paid(amount: int, key: str = "wrong") -> Payment:
        return take_payment(customer=customer, amount=amount, method="cash", by=finance, at=COUNTED, key=key)

    return paid


@pytest.fixture
def reverse(finance):
    def reversed_(payment: Payment) -> PaymentReversal:
        return reverse_payment(payment=payment, reason="wrong flat", by=finance, at=COUNTED)

    return reversed_


def balances() -> dict[str, int]:
    found: dict[str, int] = {}
    for account in Account.objects.all():
        found[account.kind] = found.get(account.kind, 0) + account.balance
    return {kind: balance for kind, balance in found.items() if balance}


def settled(*bills: Bill) -> list[int]:
    return [Bill.objects.get(pk=bill.pk).settled for bill in bills]


def second_quarter(run, household: Household) -> Bill:
    make_survey(run.community, "2026Q2")
    at = local(2026, 7, 6, 1)
    count_due_surveys(company=run.company, at=at)
    run_bills(community=run.community, quarter=Quarter(2026, 2), at=at)
    return Bill.objects.get(household=household, quarter="2026Q2")


@pytest.mark.parametrize("amount", [1, 20000, AMOUNT, AMOUNT + 500])
def test_reversal_leaves_the_books_as_if_it_had_not_come(bill, pay, reverse, scope, amount):
    before = balances()
    reverse(pay(amount))
    assert balances() == before
    assert settled(bill) == [0]
    assert list(ledger_faults()) == []


def test_reversal_keeps_payment_reason_and_who(bill, pay, reverse, finance, owner, scope):
    payment = pay(AMOUNT)
    reversal = reverse(payment)
    assert Payment.objects.get() == payment
    assert (reversal.reason, reversal.reversed_by, reversal.reversed_at) == ("wrong flat", finance, COUNTED)
    assert [move.kind for move in Transfer.objects.filter(reversal=reversal).order_by("pk")] == ["unallocated", "reversal"]
    event = Event.objects.get(name="payment.reversed")
    assert event.actor == finance
    assert Notice.objects.get(event="payment.reversed").user_id == owner.pk


def test_second_reversal_is_refused(bill, pay, reverse, scope):
    payment = pay(AMOUNT)
    reverse(payment)
    with pytest.raises(NotReversible, match="before"):
        reverse(payment)
    assert PaymentReversal.objects.count() == 1


def test_money_of_the_right_payment_stays(bill, pay, reverse, scope):
    pay(20000, key="right")
    reverse(pay(AMOUNT - 20000))
    assert settled(bill) == [20000]
    assert balances()["cash"] == 20000


def test_bill_that_the_credit_paid_since_is_open_again(bill, pay, reverse, run, household, scope):
    """Twice the bill was booked wrongly; the rest paid the next quarter's bill by itself. All of it comes back."""
    payment = pay(AMOUNT + 30000)
    later = second_quarter(run, household)
    assert settled(bill, later) == [AMOUNT, 30000]
    reverse(payment)
    assert settled(bill, later) == [0, 0]
    assert "cash" not in balances()
    assert "owner_credit" not in balances()
    assert list(ledger_faults()) == []


def test_credit_of_another_payment_is_used_before_bills_are_opened(bill, pay, reverse, scope):
    wrong = pay(AMOUNT)
    pay(300, key="right, and over")
    reverse(wrong)
    assert settled(bill) == [300]
    assert balances()["cash"] == 300


@pytest.mark.parametrize("credited", [1000, AMOUNT])
def test_corrected_bill_keeps_its_credit_note(bill, pay, reverse, finance, scope, credited):
    payment = pay(AMOUNT)
    if credited == AMOUNT:
        cancel_bill(bill=bill, reason="not his", by=finance, at=COUNTED)
    else:
        credit_bill(bill=bill, amount=credited, reason="lift", by=finance, at=COUNTED, key="note")
    reverse(payment)
    bill.refresh_from_db()
    assert (bill.settled, bill.credited) == (credited, credited)
    assert "owner_credit" not in balances()
    assert list(ledger_faults()) == []


def test_refunded_payment_is_not_reversed(customer, bill, pay, reverse, finance, scope):
    payment = pay(AMOUNT + 500)
    refund_credit(customer=customer, amount=500, reason="asked", by=finance, at=COUNTED, key="back")
    before = balances()
    with pytest.raises(NotReversible, match=r"5\.00"):
        reverse(payment)
    assert balances() == before
    assert not PaymentReversal.objects.exists()


def test_reversal_of_another_sum_is_refused_by_the_database(bill, pay, finance, scope):
    payment = pay(AMOUNT + 500)
    reversal = PaymentReversal.objects.create(payment=payment, reason="x", reversed_by=finance, reversed_at=COUNTED)
    credit, cash = Account.objects.get(kind="owner_credit"), Account.objects.get(kind="cash")
    with pytest.raises(DatabaseError, match="reversed payment"), transaction.atomic():
        Transfer.objects.create(
            kind="reversal", debit=credit, credit=cash, amount=500, key=f"reversal:{reversal.pk}", reversal=reversal, at=COUNTED
        )


def test_reversal_out_of_another_payers_credit_is_refused_by_the_database(bill, pay, finance, neighbours, scope):
    payment = pay(500)
    place, user = neighbours[0]
    other = Customer(place, Person.objects.get(user=user))
    take_payment(customer=other, amount=10**6, method="cash", by=finance, at=COUNTED, key="rich")
    reversal = PaymentReversal.objects.create(payment=payment, reason="x", reversed_by=finance, reversed_at=COUNTED)
    credit, cash = Account.objects.get(kind="owner_credit", household=place), Account.objects.get(kind="cash")
    with pytest.raises(DatabaseError, match="reversed payment"), transaction.atomic():
        Transfer.objects.create(
            kind="reversal", debit=credit, credit=cash, amount=500, key=f"reversal:{reversal.pk}", reversal=reversal, at=COUNTED
        )


def test_second_reversal_of_a_payment_is_refused_by_the_database(bill, pay, reverse, finance, scope):
    payment = pay(AMOUNT)
    reverse(payment)
    with pytest.raises(DatabaseError, match="billing_paymentreversal_once"), transaction.atomic():
        PaymentReversal.objects.create(payment=payment, reason="again", reversed_by=finance, reversed_at=COUNTED)


def test_statement_tells_every_movement(bill, pay, reverse, customer, owner, finance, scope):
    reverse(pay(AMOUNT))
    pay(AMOUNT + 500, key="over")
    credit_bill(bill=bill, amount=280, reason="lift", by=finance, at=COUNTED, key="note")
    refund_credit(customer=customer, amount=700, reason="asked", by=finance, at=COUNTED, key="back")
    told = [(entry.kind, entry.amount, entry.balance) for entry in reversed(statement_of(owner))]
    assert told == [
        ("bill", AMOUNT, AMOUNT),
        ("payment", -AMOUNT, 0),
        ("reversal", AMOUNT, AMOUNT),
        ("payment", -AMOUNT - 500, -500),
        ("credit_note", -280, -780),
        ("refund", 700, -80),
    ]
    bill.refresh_from_db()
    assert bill.owed - Account.objects.get(kind="owner_credit").balance == told[-1][2]
