"""The sample town lives four quarters through the services."""

from datetime import UTC, datetime

from hr.integrity import broken_results
from hr.models import Appraisal, AppraisalObjection, AppraisalQuarter, AppraisalResult, AppraisalUnit
from propman.demo import hr
from propman.demo.town import build_town
from propman.tenancy.events import broken_links
from propman.tenancy.scope import company_scope

SEQUENCES = ("hr_appraisalunit", "hr_appraisal", "community_employee", "community_department", "tenancy_company")
BEGIN, END = datetime(2025, 3, 31, 17, tzinfo=UTC), datetime(2026, 5, 3, tzinfo=UTC)


def lived(address, until=END):
    town = build_town(address=address, name="Lived", communities=2, households=2, seed=7, begins_at=BEGIN, until=until)
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


def test_town_lives_four_quarters(owner_sql):
    town = lived("lived")
    with company_scope(town.company.pk):
        quarters = list(AppraisalQuarter.objects.order_by("period"))
        assert [str(quarter) for quarter in quarters] == ["2025Q1", "2025Q2", "2025Q3", "2025Q4", "2026Q1"][-len(quarters) :]
        assert len(quarters) >= 4
        assert all(quarter.is_locked for quarter in quarters)
        assert not AppraisalUnit.objects.filter(state="open").exists()
        assert set(AppraisalUnit.objects.values_list("stage", flat=True)) >= {"head", "deputy"}
        assert AppraisalResult.objects.filter(company_rank=1, is_heads=False).exists()
        assert AppraisalObjection.objects.exists()
        assert not AppraisalObjection.objects.filter(replied_at=None).exists()
        assert list(broken_results()) == []
        assert list(broken_links("appraisal")) == []


def test_town_follows_from_its_seed_alone(owner_sql):
    until = datetime(2025, 8, 3, tzinfo=UTC)
    first = story_of(lived("first", until))
    for table in SEQUENCES:
        owner_sql(
            "SELECT setval(pg_get_serial_sequence(%s, 'id'), nextval(pg_get_serial_sequence(%s, 'id')) + 1237)", table, table
        )
    assert len(first) > 20
    assert story_of(lived("again", until)) == first
