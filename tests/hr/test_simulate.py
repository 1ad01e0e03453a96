"""The sample town lives four quarters through the services."""

import json
from datetime import UTC, datetime

from django.core.management import call_command

from hr.integrity import broken_results
from hr.models import Appraisal, AppraisalObjection, AppraisalQuarter, AppraisalResult, AppraisalUnit
from propman.demo import hr
from propman.demo.town import build_town
from propman.tenancy.events import broken_links
from propman.tenancy.models import Company
from propman.tenancy.scope import company_scope

SEQUENCES = ("hr_appraisalunit", "hr_appraisal", "community_employee", "community_department", "tenancy_company")
BEGIN, END = datetime(2025, 3, 31, 17, tzinfo=UTC), datetime(2025, 8, 3, tzinfo=UTC)


def lived(address):
    town = build_town(address=address, name="Lived", communities=2, households=2, seed=7, begins_at=BEGIN, until=END)
    for month in town.months():
        with company_scope(town.company.pk):
            hr.live_month(town, month)
    return town


def story_of(town):
    """What happened, without ids: who got which scores from whom, answered what and stood where."""
    with company_scope(town.company.pk):
        rows = Appraisal.objects.order_by("quarter__period", "employee__number")
        fields = ["employee__number", "unit__scorer__number", "unit__submitted_at", "total", "answer", "answered_at"]
        return list(rows.values_list("quarter__period", *fields, "objections__reply", "results__company_rank"))


def test_simulated_town_lives_four_quarters(db, capsys):
    """The command itself, with every app."""
    given = {"communities": 1, "households": 2, "months": 14, "seed": 5, "start": "2025-03"}
    call_command("simulate", "--json", *(f"--{name}={value}" for name, value in given.items()))
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    with company_scope(Company.objects.get(address=told["company"]).pk):
        quarters = list(AppraisalQuarter.objects.order_by("period"))
        assert [str(quarter) for quarter in quarters] == ["2025Q1", "2025Q2", "2025Q3", "2025Q4", "2026Q1"]
        assert all(quarter.is_locked for quarter in quarters)
        assert told["appraisals locked"] == 5
        lived = set(AppraisalUnit.objects.values_list("stage", "state"))
        assert lived >= {("head", "submitted"), ("deputy", "submitted"), ("manager", "submitted")}
        assert "open" not in {state for _stage, state in lived}
        assert set(Appraisal.objects.values_list("reason", flat=True)) >= {"", "leave"}
        assert set(Appraisal.objects.values_list("answer", flat=True)) == {"", "agreed", "objected"}
        assert set(AppraisalObjection.objects.values_list("verdict", flat=True)) == {"kept", "changed"}
        assert AppraisalResult.objects.filter(company_rank=1, is_heads=False).exists()
        assert list(broken_results()) == []
        assert list(broken_links("appraisal")) == []


def test_town_follows_from_its_seed_alone(owner_sql):
    first = story_of(lived("first"))
    for table in SEQUENCES:
        owner_sql(
            "SELECT setval(pg_get_serial_sequence(%s, 'id'), nextval(pg_get_serial_sequence(%s, 'id')) + 1237)", table, table
        )
    assert len(first) > 20
    assert story_of(lived("again")) == first
