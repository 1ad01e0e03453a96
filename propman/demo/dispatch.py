"""Work orders of a town: budget lines of the offices, and what the centre orders for a complaint.

Who does what follows from the town's seed and the complaint, never from ids of the database or the town's dice.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

from complaints import services
from complaints.models import Budget, Complaint, WorkOrder
from complaints.services.dispatch import NewOrder
from complaints.workflow import OPEN
from propman.accounts.roles import Role
from propman.community.models import Employee

from .texts import Trouble
from .town import Place, Town

SHARE = 0.45  # of the complaints that need hands
LINES = (("Repairs 维修", 2_400_000), ("Cleaning 保洁", 600_000))
# category: English, Chinese, line, usual cost in fen
WORK = {
    "water": ("Find the leak and close the riser valve", "查找漏点，关闭立管阀门", 0, 48_000),
    "lift": ("Check doors and brake of the lift", "检查电梯门机和制动器", 0, 120_000),
    "power": ("Replace the lamps", "更换灯具", 0, 16_000),
    "cleaning": ("Clear it away and wash the place down", "清运并冲洗现场", 1, 9_000),
    "safety": ("Check the gate and look round every hour tonight", "检查门禁，今晚每小时巡查一次", 0, 0),
    "noise": ("Measure the noise and fit a damper", "测量噪声并加装减震垫", 0, 35_000),
    "parking": ("Repair the charger, paint the bay anew", "修理充电桩，重新划线", 0, 26_000),
}
HELP = ("Lend a ladder and a pair of hands", "借一架梯子并派一人协助")
DONE = ("Done, tried it twice.", "已完成，试用两次正常。")
REFUSED = ("Both fitters are on the burst pipe.", "两名工程人员都在抢修爆管。")
MOTOR = ("Lift 2: new motor, the old one has burnt out", "二号电梯更换电机，旧电机已烧毁", 3_180_000)


def set_up(town: Town) -> None:
    """Each office has its lines of every year in which the town lives."""
    years = sorted({town.company.today(at).year for at in (town.begins_at, town.until)})
    for year in years:
        at = max(town.begins_at, town.at(town.company.today(town.until).replace(year=year, month=1, day=1)))
        for place in town.places:
            for line, amount in LINES:
                finance = town.posts[Role.FINANCE_OFFICER]
                services.set_budget(department=place.office, year=year, line=line, amount=amount, by=finance, at=at)


def story(town: Town, place: Place, complaint: Complaint, trouble: Trouble, by: Employee, at: datetime) -> Iterator[datetime]:
    """What is ordered for the complaint soon after it was answered; nothing for most."""
    dice = Random(f"{town.seed}:{complaint.received_at.isoformat()}:{trouble.title}")  # noqa: S311 - a town is no secret
    if trouble.category not in WORK or dice.random() > SHARE:
        return
    yield (at := at + timedelta(minutes=dice.randrange(3, 20)))
    if not Complaint.objects.filter(pk=complaint.pk, state__in=sorted(OPEN)).exists():
        return
    orders = order(town, place, complaint, trouble, by, dice, at)
    yield (at := at + timedelta(hours=dice.uniform(0.1, 3)))
    if dice.random() < 0.08:
        services.refuse_order(order=orders[0], by=place.head, at=at, reason=trouble.say(REFUSED))
        return
    for one in orders:
        services.accept_order(order=one, by=head_of(town, one), at=at)
    yield (at := at + timedelta(hours=dice.choice([2, 5, 9, 20, 50])))
    for one in orders:
        cost = round(one.estimate * dice.uniform(0.7, 1.25), -2)
        services.finish_order(order=one, by=head_of(town, one), at=at, text=trouble.say(DONE), actual_cost=int(cost))


def head_of(town: Town, order: WorkOrder) -> Employee:
    return next(place.head for place in town.places if place.office.pk == order.department_id)


def order(
    town: Town, place: Place, complaint: Complaint, trouble: Trouble, by: Employee, dice: Random, at: datetime
) -> list[WorkOrder]:
    english, chinese, line, cost = WORK[trouble.category]
    due_at = at + timedelta(hours=dice.choice([4, 8, 24, 48]))
    budget = Budget.objects.get(department=place.office, year=town.company.today(at).year, line=LINES[line][0])
    named = [place.staff[2]] if len(place.staff) > 2 and dice.random() < 0.6 else []
    wanted = [NewOrder(place.office, trouble.say((english, chinese)), due_at, cost, budget, named)]
    others = [one for one in town.places if one is not place]
    if others and dice.random() < 0.15:  # two departments at once
        other = dice.choice(others)
        help_line = Budget.objects.get(department=other.office, year=budget.year, line=LINES[0][0])
        wanted.append(NewOrder(other.office, trouble.say(HELP), due_at, 0, help_line, place=1))
    made = services.order_work(complaint=complaint, orders=wanted, by=by, at=at, is_over_allowed=True)
    town.made["work orders"] += len(made)
    return made


def order_over_budget(town: Town, by: Employee, at: datetime) -> None:
    """At the end one large order waits for the general manager."""
    place = town.places[0]
    complaint = (
        Complaint.objects.filter(community=place.community, state__in=sorted(OPEN), received_at__lte=at)
        .order_by("received_at")
        .last()
    )
    budget = Budget.objects.filter(department=place.office, year=town.company.today(at).year, line=LINES[0][0]).first()
    if complaint is None or budget is None:
        return
    what = f"{MOTOR[1]} {MOTOR[0]}"
    new = NewOrder(place.office, what, at + timedelta(days=3), MOTOR[2], budget)
    services.order_work(complaint=complaint, orders=[new], by=by, at=at, is_over_allowed=True)
    town.made["work orders"] += 1
