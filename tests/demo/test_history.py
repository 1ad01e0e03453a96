"""The sample town's company brought the complaints of its old system along."""

from datetime import UTC, datetime

from complaints.models import Complaint, ImportedComplaint
from propman.demo.history import ROWS, bring_history
from propman.demo.town import build_town
from propman.tenancy.scope import company_scope


def test_old_ledger_comes_in_whole_and_only_once(db):
    begins_at, until = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    town = build_town(address="old", name="Old", communities=2, households=4, seed=5, begins_at=begins_at, until=until)
    bring_history(town)
    bring_history(town)
    with company_scope(town.company.pk):
        assert ImportedComplaint.objects.count() == town.made["complaints of before"] == ROWS
        assert not Complaint.objects.open().exists()
        assert set(Complaint.objects.values_list("community", flat=True)) == {place.community.pk for place in town.places}
