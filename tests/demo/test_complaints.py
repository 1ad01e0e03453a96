from datetime import UTC, datetime

import pytest

from complaints.models import Complaint
from complaints.workflow import State
from propman.demo.lives import live
from propman.demo.town import build_town
from propman.notify.models import Notice
from propman.tenancy.events import broken_links
from propman.tenancy.models import Event
from propman.tenancy.scope import company_scope

BEGIN, UNTIL = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 3, 15, tzinfo=UTC)


@pytest.fixture
def town(db):
    town = build_town(
        address="sim", name="Sim", communities=1, households=100, seed=5, begins_at=BEGIN, until=UNTIL, without_committee=0
    )
    live(town)
    return town


def test_complaints_go_every_way_and_stay_in_their_time(town):
    with company_scope(town.company.pk):
        complaints = list(Complaint.objects.order_by("pk"))
        assert len(complaints) == town.made["complaints"] > 10
        assert State.CLOSED in {complaint.state for complaint in complaints}
        names = set(Event.objects.filter(stream__startswith="complaint:").values_list("name", flat=True))
        wanted = {"received", "accepted", "handed_over", "taken", "answered", "resolved", "confirmed", "escalated", "reopened"}
        assert names >= {f"complaint.{name}" for name in wanted}
        assert not Event.objects.filter(at__gt=UNTIL).exists()
        assert not Notice.objects.filter(planned_at=None).exists()  # nobody gets an e-mail about a simulated past
        assert list(broken_links("complaint:")) == []
        numbers = sorted(complaint.number for complaint in complaints)
        assert numbers == [f"2026-{n + 1:06}" for n in range(len(numbers))]
