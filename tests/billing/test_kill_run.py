"""A run that is killed, doubled or raced leaves the same bills, no gap, no double, and a ledger equal to the bills."""

import os
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from django.db import connection
from django.db.models import Sum

from billing.integrity import ledger_faults
from billing.jobs import count_and_bill, hand_out_sheets
from billing.models import Account, Bill, BillRun, Payment, Survey, SurveyResult, Transfer
from billing.quarters import Quarter
from billing.services.payments import Customer, NotReversible, reverse_payment, take_payment
from billing.services.runs import run_bills, run_due_bills
from propman.community.models import Occupancy, Person
from propman.notify.models import Notice
from propman.tenancy.jobrun import run_due_jobs
from propman.tenancy.models import Company, Event, JobRun
from propman.tenancy.scope import company_scope, serving
from tests.factories import make_resident

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


def killed_after(work: Callable[[], object], statements: int) -> bool:
    """Work in a process that kills itself after that many statements; False when it came to its end before."""
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
                work()
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
    while killed_after(lambda: run_once(ready), killed + 1):
        killed += 1
        assert state(ready) == before, f"killed after statement {killed}"
        assert killed < 100
    assert killed > 8
    after = state(ready)
    assert [bill[0] for bill in after["bills"]] == list(range(1, 8))
    assert after["faults"] == []
    run_once(ready)
    assert state(ready) == after


@pytest.fixture
def sold_and_in_credit(ready, household, owner, neighbours, finance) -> Survey:
    """One flat was sold in the quarter, one owner has paid ahead: the run must split the one and use the other's credit."""
    with company_scope(ready.company_id):
        Occupancy.objects.filter(household=household).update(ends_on=date(2026, 2, 1))
    make_resident(household, name="Buyer", starts_on=date(2026, 2, 1))
    place, user = neighbours[0]
    with company_scope(ready.company_id):
        customer = Customer(place, Person.objects.get(user=user))
        take_payment(customer=customer, amount=100000, method="cash", by=finance, at=COUNTED, key="ahead")
    return ready


def test_killed_run_splits_and_uses_credit_like_one_that_lived(sold_and_in_credit):
    ready = sold_and_in_credit
    before = state(ready)
    killed = 0
    while killed_after(lambda: run_once(ready), killed + 1):
        killed += 1
        assert state(ready) == before, f"killed after statement {killed}"
        assert killed < 100
    after = state(ready)
    assert [bill[0] for bill in after["bills"]] == list(range(1, 9))
    kinds = [kind for kind, _amount in after["transfers"]]
    assert {kind: kinds.count(kind) for kind in kinds} == {"bill": 8, "credit_used": 1, "overpayment": 1}
    assert after["faults"] == []


def due_to_count(survey: Survey) -> None:
    with company_scope(survey.company_id):
        JobRun.objects.create(job="billing.count", period=f"{survey.pk}:{survey.closes_at:%Y-%m-%d}", due_at=survey.closes_at)


def test_count_and_bills_killed_after_any_statement_leave_nothing(survey, fill_all, company):
    """The job counts, freezes, destroys the sheets and bills: all of it or nothing, so no killed worker loses a score."""
    fill_all(9, 10, 9)
    due_to_count(survey)
    before, killed = state(survey), 0
    while killed_after(lambda: run_due_jobs(COUNTED), killed + 1):
        killed += 1
        found = state(survey)
        assert found["runs"] in (0, 1)
        if found["runs"]:
            break
        assert found == before, f"killed after statement {killed}"
        with company_scope(company.pk):
            assert not SurveyResult.objects.exists()
        assert killed < 400
    assert killed > 20
    run_due_jobs(COUNTED)
    with company_scope(company.pk):
        result = SurveyResult.objects.get()
        assert (result.rate_points, result.rate_maximum, result.sheets) == (259, 280, 7)
    found = state(survey)
    assert (found["runs"], len(found["bills"]), found["events"], found["faults"]) == (1, 7, 1, [])


def test_jobs_delivered_twice_count_and_bill_once(survey, fill_all, company):
    """Past the done-mark too: each job's own work, done again, changes nothing."""
    fill_all(9, 10, 9)
    period = f"{survey.pk}:{survey.closes_at:%Y-%m-%d}"
    found = []
    for _time in range(2):
        with company_scope(company.pk):
            hand_out_sheets(company, "2026-04-06", COUNTED)
            count_and_bill(company, period, COUNTED)
            told = Notice.objects.count()
        found.append((state(survey), told))
    assert found[0] == found[1]
    assert found[0][0]["runs"] == 1


def test_eight_runs_at_once_issue_once(sold_and_in_credit):
    ready = sold_and_in_credit

    def run(_number: int) -> int:
        try:
            return run_once(ready)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as workers:
        runs = set(workers.map(run, range(8)))
    assert len(runs) == 1
    found = state(ready)
    assert [bill[0] for bill in found["bills"]] == list(range(1, 9))
    assert (found["runs"], found["events"], found["faults"]) == (1, 1, [])
    with company_scope(ready.company_id):
        sums = Bill.objects.aggregate(billed=Sum("amount"), settled=Sum("settled"))
        assert sums["billed"] == Account.objects.get(kind="revenue").balance
        assert sums["billed"] - sums["settled"] == Account.objects.get(kind="receivables").balance


def test_eight_workers_at_once_count_and_bill_once(survey, fill_all, company):
    fill_all(9, 10, 9)
    due_to_count(survey)

    def work(_number: int) -> int:
        try:
            return run_due_jobs(COUNTED)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as workers:
        list(workers.map(work, range(8)))
    found = state(survey)
    assert (found["runs"], len(found["bills"]), found["events"], found["faults"]) == (1, 7, 1, [])
    with company_scope(company.pk):
        assert SurveyResult.objects.get().sheets == 7
        assert not JobRun.objects.exclude(error="").exists()


def test_two_counters_at_once_over_http_book_once(ready, household, owner, finance, client_of):
    """The same Idempotency-Key from two counters: one payment, and both get the same receipt."""
    run_once(ready)
    with company_scope(ready.company_id):
        payer = Person.objects.get(user=owner).pk
    sent = {"household": household.pk, "payer": payer, "amount": 20000, "method": "cash"}
    counters = [client_of(finance) for _number in range(4)]

    def take(counter) -> tuple[int, str]:
        try:
            answer = counter.post(
                "/lanting/api/v1/payments/", sent, content_type="application/json", headers={"Idempotency-Key": "till-1"}
            )
            return answer.status_code, answer.json()["number"]
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as till:
        assert set(till.map(take, counters)) == {(201, "2026-000001")}
    with company_scope(ready.company_id):
        assert Payment.objects.count() == 1
        assert Account.objects.get(kind="cash").balance == 20000


def test_two_reversals_at_once_take_back_once(ready, household, owner, finance):
    run_once(ready)
    with company_scope(ready.company_id):
        customer = Customer(household, Person.objects.get(user=owner))
        payment = take_payment(customer=customer, amount=60000, method="cash", by=finance, at=COUNTED, key="wrong")

    def take_back(_number: int) -> bool:
        try:
            with company_scope(ready.company_id):
                reverse_payment(payment=payment, reason="wrong flat", by=finance, at=COUNTED)
        except NotReversible:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(4) as counters:
        assert sorted(counters.map(take_back, range(4))) == [False, False, False, True]
    with company_scope(ready.company_id):
        assert Account.objects.get(kind="cash").balance == 0
        assert list(ledger_faults()) == []


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
