"""The sample town lives four quarters through the services."""

from datetime import UTC, datetime

import pytest

from hr.integrity import broken_results
from hr.models import AppraisalObjection, AppraisalQuarter, AppraisalResult, AppraisalUnit
from propman.demo import hr
from propman.demo.town import build_town
from propman.tenancy.events import broken_links
from propman.tenancy.scope import company_scope

BEGIN, END = datetime(2025, 3, 31, 17, tzinfo=UTC), datetime(2026, 5, 3, tzinfo=UTC)


@pytest.fixture
def town(db):
    town = build_town(address="lived", name="Lived", communities=2, households=2, seed=7, begins_at=BEGIN, until=END)
    for month in town.months():
        with company_scope(town.company.pk):
            hr.live_month(town, month)
    return town


def test_town_lives_four_quarters(town):
    with company_scope(town.company.pk):
        quarters = list(AppraisalQuarter.objects.order_by("period"))
        assert [str(quarter) for quarter in quarters] == ["2025Q1", "2025Q2", "2025Q3", "2025Q4", "2026Q1"][-len(quarters) :]
        assert len(quarters) >= 4
        assert all(quarter.is_locked for quarter in quarters)
        assert not AppraisalUnit.objects.filter(state="open").exists()
        assert AppraisalResult.objects.filter(company_rank=1, is_heads=False).exists()
        assert AppraisalObjection.objects.exists()
        assert not AppraisalObjection.objects.filter(replied_at=None).exists()
        assert list(broken_results()) == []
        assert list(broken_links("appraisal")) == []
