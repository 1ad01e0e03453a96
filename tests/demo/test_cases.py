"""The cases of a simulated town: drafted, judged, decided, appealed, and whole."""

from collections import Counter
from datetime import UTC, datetime

from propman.cases.integrity import broken_cases, missing_second_cases
from propman.cases.models import Case
from propman.demo import cases, complaints
from propman.demo.town import build_town
from propman.tenancy.scope import company_scope


def test_town_has_cases_that_end(db):
    town = build_town(
        address="town",
        name="Town",
        communities=1,
        households=80,
        seed=3,
        begins_at=datetime(2026, 3, 31, 16, tzinfo=UTC),
        until=datetime(2026, 7, 31, 16, tzinfo=UTC),
    )
    with company_scope(town.company.pk):
        for month in town.months():
            complaints.live_month(town, month)
            cases.live_month(town, month)
        states = Counter(Case.objects.values_list("state", flat=True))
        assert states["closed"] > 0
        assert sum(states.values()) == town.made["cases"] + Case.objects.filter(source="case").count()
        assert Case.objects.filter(drafted_at__gt=town.until).count() == 0
        assert [*broken_cases(town.company), *missing_second_cases(town.company)] == []
