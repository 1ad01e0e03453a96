"""What a town's centre orders: done, reminded of, and waiting for the general manager."""

from datetime import UTC, datetime

from complaints.integrity import budgets, work_orders
from complaints.models import WorkOrder
from propman.demo import complaints
from propman.demo.town import build_town
from propman.tenancy.models import Event
from propman.tenancy.scope import company_scope


def test_work_is_ordered_done_and_waits_for_the_manager(db):
    begin, until = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 20, tzinfo=UTC)
    town = build_town(address="sim", name="Sim", communities=1, households=80, seed=5, begins_at=begin, until=until)
    with company_scope(town.company.pk):
        for month in town.months():
            complaints.live_month(town, month)
        assert WorkOrder.objects.count() == town.made["work orders"] > 2
        names = set(Event.objects.filter(name__startswith="work_order.").values_list("name", flat=True))
        assert names >= {f"work_order.{name}" for name in ("ordered", "accepted", "done")}
        assert WorkOrder.objects.over_budget().exists()
        assert [*work_orders(town.company), *budgets(town.company)] == []
