import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from billing.integrity import ledger_faults, result_faults
from billing.models import Account, Bill, BillRun, Comment, Payment, SurveyResult
from billing.quarters import Quarter
from billing.services.runs import run_bills
from propman.tenancy.models import Company
from propman.tenancy.scope import company_scope
from tests.conftest import owner_connection

from .conftest import COUNTED

pytestmark = pytest.mark.django_db


def told(*command: str) -> dict:
    out = StringIO()
    call_command(*command, "--json", stdout=out, verbosity=0)
    return json.loads(out.getvalue().splitlines()[-1])


def test_four_quarters_are_lived_and_whole():
    made = told(
        "simulate", "--communities", "1", "--households", "16", "--months", "14", "--seed", "4", "--start", "2025-01"
    )  # fmt: skip
    company = Company.objects.get(address=made["company"])
    with company_scope(company.pk):
        runs = BillRun.objects.order_by("quarter")
        assert [run.quarter for run in runs] == ["2025Q1", "2025Q2", "2025Q3", "2025Q4"]
        assert Bill.objects.count() == 64
        assert Payment.objects.exists()
        assert SurveyResult.objects.filter(basis="measured").count() == 4
        assert {account.currency for account in Account.objects.all()} == {"CNY"}
        assert Comment.objects.filter(item__isnull=True).count() == 0
    assert told("check_integrity", company.address)["broken"] == {}
    again = told("run_bills", company.address, "--quarter", "2025Q2")
    assert [line["bills"] for line in again["communities"]] == [16]
    with company_scope(company.pk):
        assert Bill.objects.count() == 64


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("alter", "named"),
    [
        ("UPDATE billing_bill SET amount = amount + 1", "bill 2026-1: amount"),
        ("UPDATE billing_transfer SET amount = amount + 1", "but its transfers say"),
        ("UPDATE billing_account SET debits = debits + 1", "do not balance"),
        ("DELETE FROM billing_bill WHERE number = 3", "have a gap"),
        ("UPDATE billing_bill SET base = base + 5, whole_base = whole_base + 5", "not the sum of its figures"),
        ("UPDATE billing_surveyresult SET rate_points = rate_points + 1", "not those that were frozen"),
        ("UPDATE billing_surveyresult SET canonical = canonical || ' '", "does not match its hash"),
    ],
)
def test_alteration_behind_the_triggers_is_named(run_in_pieces, alter, named):
    """Whoever owns the tables can switch triggers off; check_integrity then says what is broken."""
    company, _run = run_in_pieces
    owner = owner_connection()
    with owner, owner.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(alter)
    owner.close()
    with company_scope(company.pk):
        assert named in " / ".join([*ledger_faults(), *result_faults()])


@pytest.fixture
def scope(company):
    return company


@pytest.fixture
def run_in_pieces(company, counted):
    with company_scope(company.pk):
        return company, run_bills(community=counted.community, quarter=Quarter(2026, 1), at=COUNTED)


def test_quarter_that_is_none_is_refused(company):
    with pytest.raises(CommandError, match="written like"):
        call_command("run_bills", company.address, "--quarter", "2026-Q1")


def test_company_without_agreement_is_told_so(company, community):
    with pytest.raises(CommandError, match="fee agreement"):
        call_command("run_bills", company.address, "--quarter", "2026Q1")


def test_unknown_company_is_refused():
    with pytest.raises(CommandError, match="no company"):
        call_command("run_bills", "nowhere", "--quarter", "2026Q1")
