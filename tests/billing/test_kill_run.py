"""A run that is killed, doubled or raced leaves the same bills, no gap, no double, and a ledger equal to the bills."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.db.models import Sum

from billing.integrity import ledger_faults
from billing.models import Account, Bill, BillRun, Payment, Survey, Transfer
from billing.quarters import Quarter
from billing.services.payments import Customer, take_payment
from billing.services.runs import run_bills, run_due_bills
from propman.community.models import Person
from propman.tenancy.models import Company, Event
from propman.tenancy.scope import company_scope, serving

from .conftest import COUNTED

FIRST = Quarter(2026, 1)


@pytest.fixture
def ready(transactional_db, counted: Survey, scope) -> Survey:
    return counted


@pytest.fixture
def scope(company):
    """Services open their own transactions here, so that killing one is felt."""
    return company


@pytest.fixture(autouse=True)
def _in_company(transactional_db, company):
    with serving(company.pk):
        yield


def run_once(survey: Survey) -> int:
    with company_scope(survey.company_id):
        return run_bills(community=survey.community, quarter=FIRST, at=COUNTED).pk


def killed_after(survey: Survey, statements: int) -> bool:
    """Run in a process that kills itself after that many statements; False when it came to its end before."""
    connection.close()
    child = os.fork()
    if child == 0:
        done = 0

        def count(execute, sql, parameters, many, context):
            nonlocal done
            result = execute(sql, parameters, many, context)
            done += 1
            if done == statements:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        try:
            with connection.execute_wrapper(count):
                run_once(survey)
        finally:
            os._exit(0)
    _pid, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def state(survey: Survey) -> dict[str, object]:
    with company_scope(survey.company_id):
        return {
            "runs": BillRun.objects.count(),
            "bills": list(
                Bill.objects.order_by("number").values_list("number", "household_id", "payer_id", "base", "amount", "settled")
            ),
            "transfers": sorted(Transfer.objects.values_list("kind", "amount")),
            "balances": sorted(Account.objects.values_list("kind", "debits", "credits")),
            "events": Event.objects.filter(name="bills.issued").count(),
            "faults": list(ledger_faults()),
        }


def test_run_killed_after_any_statement_leaves_nothing(ready):
    before = state(ready)
    killed = 0
    while killed_after(ready, killed + 1):
        killed += 1
        assert state(ready) == before, f"killed after statement {killed}"
        assert killed < 100
    assert killed > 8
    after = state(ready)
    assert [bill[0] for bill in after["bills"]] == list(range(1, 8))
    assert after["faults"] == []
    run_once(ready)
    assert state(ready) == after


def test_eight_runs_at_once_issue_once(ready):
    def run(_number: int) -> int:
        try:
            return run_once(ready)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as workers:
        runs = set(workers.map(run, range(8)))
    assert len(runs) == 1
    found = state(ready)
    assert [bill[0] for bill in found["bills"]] == list(range(1, 8))
    assert (found["runs"], found["events"], found["faults"]) == (1, 1, [])
    with company_scope(ready.company_id):
        assert Bill.objects.aggregate(total=Sum("amount"))["total"] == Account.objects.get(kind="receivables").balance


def test_two_counters_at_once_book_once(ready, household, owner, finance):
    run_once(ready)
    with company_scope(ready.company_id):
        customer = Customer(household, Person.objects.get(user=owner))

    def take(_number: int) -> int:
        try:
            with company_scope(ready.company_id):
                return take_payment(customer=customer, amount=20000, method="cash", by=finance, at=COUNTED, key="same").pk
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as counters:
        assert len(set(counters.map(take, range(6)))) == 1
    with company_scope(ready.company_id):
        assert Payment.objects.count() == 1
        assert Transfer.objects.filter(kind="payment").count() == 1
        assert Account.objects.get(kind="cash").balance == 20000


def test_many_counters_at_once_wait_for_each_other(ready, finance):
    """Every household of the community pays at the same moment, three times: nobody is turned away by a deadlock."""
    run_once(ready)
    with company_scope(ready.company_id):
        bills = list(Bill.objects.select_related("household", "payer"))

    def take(number: int) -> None:
        bill = bills[number % len(bills)]
        try:
            with company_scope(ready.company_id):
                take_payment(
                    customer=Customer(bill.household, bill.payer), amount=100, method="cash", by=finance, at=COUNTED,
                    key=f"key {number}",
                )  # fmt: skip
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as counters:
        list(counters.map(take, range(3 * len(bills))))
    with company_scope(ready.company_id):
        assert Account.objects.get(kind="cash").balance == 300 * len(bills)
        assert sorted(Payment.objects.values_list("number", flat=True)) == list(range(1, 3 * len(bills) + 1))
        assert list(ledger_faults()) == []


def test_task_delivered_twice_issues_once(ready):
    for _time in range(2):
        with company_scope(ready.company_id):
            run_due_bills(company=Company.objects.get(pk=ready.company_id), at=COUNTED)
    found = state(ready)
    assert (found["runs"], len(found["bills"]), found["events"]) == (1, 7, 1)
