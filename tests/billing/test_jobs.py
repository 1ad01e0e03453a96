"""The quarter by jobs: out, in, counted, billed, told; also after downtime."""

import pytest

from billing.models import Bill, BillRun, Survey, SurveyResult
from propman.notify.models import Notice
from propman.tenancy.jobrun import insert_due_periods, run_due_jobs
from propman.tenancy.models import Company, JobRun
from propman.tenancy.scope import company_scope
from tests.factories.billing import fill_sheet, local, make_agreement

pytestmark = pytest.mark.django_db


def beat(at) -> None:
    """What beat starts at that moment, twice: the second changes nothing."""
    for _time in range(2):
        insert_due_periods(at)
        run_due_jobs(at)


@pytest.fixture
def scope(company):
    """Jobs open their own scope."""
    return company


@pytest.fixture
def town(community, household, owner, neighbours):
    with company_scope(community.company_id):
        make_agreement(community)
    return community


def rows(company, model, **wanted) -> list:
    with company_scope(company.pk):
        return list(model.objects.filter(**wanted).order_by("pk"))


def test_quarter_runs_by_itself(company, town, household, owner):
    beat(local(2026, 3, 26, 12))
    assert rows(company, Survey) == []
    beat(local(2026, 3, 27, 0, 5))
    (survey,) = rows(company, Survey)
    assert (survey.opens_at, survey.closes_at, survey.households) == (local(2026, 3, 27), local(2026, 4, 6), 7)
    assert len(rows(company, Notice, event="survey.opened")) == 7
    fill_sheet(survey, household, owner, 9, 9, 9)
    beat(local(2026, 4, 4, 12))
    assert len(rows(company, Notice, event="survey.ends_soon")) == 7
    beat(local(2026, 4, 6))
    (result,) = rows(company, SurveyResult)
    assert result.basis == "agreed_default"
    assert len(rows(company, Bill)) == 7
    assert len(rows(company, Notice, event="bills.issued")) == 7
    assert len(rows(company, Notice, event="survey.counted")) == 7
    assert not rows(company, JobRun, done_at=None)


def test_missed_quarters_are_caught_up(company, town):
    """Nothing ran for half a year: each missed quarter is still scored, counted and billed, one after the other."""
    beat(local(2026, 10, 1, 9))
    assert [survey.quarter for survey in rows(company, Survey)] == ["2026Q1", "2026Q2", "2026Q3"]
    late = {survey.quarter: survey.closes_at for survey in rows(company, Survey)}
    assert late["2026Q1"] == late["2026Q2"] == local(2026, 10, 11)
    assert late["2026Q3"] == local(2026, 10, 6)
    for day in (6, 11):
        beat(local(2026, 10, day, 0, 1))
    assert sorted(run.quarter for run in rows(company, BillRun)) == ["2026Q1", "2026Q2", "2026Q3"]


@pytest.mark.parametrize(
    ("reading", "day", "opens"), [("beginning", (2026, 3, 27), "2026Q2"), ("end", (2026, 6, 26), "2026Q2")]
)
def test_both_readings_of_the_window(company, community, household, owner, reading, day, opens):
    with company_scope(company.pk):
        make_agreement(community, reading=reading, starts_quarter="2026Q2")
    before, after = local(*day[:2], day[2] - 1, 23, 59), local(*day, 0, 1)
    beat(before)
    assert rows(company, Survey) == []
    beat(after)
    (survey,) = rows(company, Survey)
    assert (survey.quarter, survey.closes_at) == (opens, local(2026, 7, 6))


@pytest.mark.parametrize(("zone", "opens"), [("Asia/Shanghai", "16:00"), ("Asia/Urumqi", "18:00"), ("Europe/Berlin", "23:00")])
def test_window_follows_the_companys_zone(company, town, zone, opens):
    from datetime import UTC

    Company.objects.filter(pk=company.pk).update(zone=zone)
    beat(local(2026, 3, 31, 12))
    (survey,) = rows(company, Survey)
    assert survey.opens_at.astimezone(UTC).strftime("%H:%M") == opens
    assert survey.opens_at.astimezone(UTC).day == 26


def test_community_without_signed_agreement_gets_no_sheets(company, community, household, owner, manager):
    from billing.services.agreements import NewAgreement, propose_agreement
    from tests.factories.billing import ITEMS

    with company_scope(company.pk):
        propose_agreement(
            community=community, terms=NewAgreement("2026Q1", 240), items=ITEMS, by=manager, at=local(2026, 1, 2)
        )  # fmt: skip
    beat(local(2026, 4, 7))
    assert rows(company, Survey) == []
    assert rows(company, BillRun) == []


def test_days_of_the_quarter_are_on_the_bill(company, town):
    found = {}
    for month, quarter in ((4, "2026Q1"), (7, "2026Q2"), (10, "2026Q3")):
        beat(local(2026, month, 1))
        beat(local(2026, month, 6))
        found |= {bill.quarter: bill.quarter_days for bill in rows(company, Bill, quarter=quarter)}
    assert found == {"2026Q1": 90, "2026Q2": 91, "2026Q3": 92}
