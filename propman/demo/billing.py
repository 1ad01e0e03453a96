"""Fees of a town: agreed and signed, scored quarter by quarter, billed, paid at the counter, corrected once."""

from datetime import date, datetime, timedelta

from billing.models import Bill, BillRun, FeeAgreement, Survey
from billing.quarters import Quarter
from billing.selectors.agreements import committee_members
from billing.selectors.surveys import Answer, items_of
from billing.services.agreements import NewAgreement, NewItem, propose_agreement, sign_agreement
from billing.services.corrections import credit_bill
from billing.services.payments import Customer, take_payment
from billing.services.runs import run_due_bills
from billing.services.surveys import count_due_surveys, open_due_surveys, remind_due_surveys, save_sheet
from propman.accounts.models import User
from propman.accounts.roles import Role

from .town import Place, Town, next_month

ITEMS = [
    NewItem("Cleaning 清洁", 2, "Stairs, halls, paths and the garage. 楼道、大堂、道路、车库。"),
    NewItem("Lifts 电梯", 2, "Do they run, are they clean, how soon are they repaired? 运行、清洁、维修速度。"),
    NewItem("Security and gates 安保门岗", 2, "People at the gate, lamps, cameras, night rounds. 门岗、照明、监控、夜巡。"),
    NewItem("Repairs 维修", 2, "From the complaint to the moment you say it is fixed. 从报修到您说修好了。"),
    NewItem("Green areas 绿化", 1, "Lawns, trees, playground. 草坪、树木、儿童乐园。"),
    NewItem("Water and power 水电", 1, "Announced cuts, pressure, emergency light. 停水停电通知、水压、应急照明。"),
    NewItem("Parking order 停车秩序", 1, "Free escape ways, visitor places, bicycles. 消防通道、访客车位、自行车。"),
    NewItem("Waste and sorting 垃圾分类", 1, "Bins, smell, times of collection. 垃圾桶、气味、清运时间。"),
    NewItem("Manners of the staff 服务态度", 1, "How people speak to you. 员工待人。"),
    NewItem("Open accounts 账目公开", 1, "Can you see what your money is spent on? 钱花在哪里是否看得见。"),
]
COMMENTS = (
    "电梯快多了",
    "Hall is clean every day",
    "垃圾桶周末太满",
    "Lamps at the bicycle shed are dark",
    "保安认得每一位老人",
)
PRICES = (240, 260, 220)
ANSWERING, PAYING = 0.72, 0.8


def live_month(town: Town, month: date) -> None:
    """Agree on fees in the first month; then each day hand out sheets, count, bill, and let people answer and pay."""
    if not FeeAgreement.objects.exists():
        agree(town)
    day = month
    while day < next_month(month) and town.at(day, 10) < town.until:
        live_day(town, town.at(day, 1))
        day += timedelta(days=1)


def agree(town: Town) -> None:
    """Propose an agreement for every community with a committee, and let the committee sign it."""
    manager = user_of(town, Role.GENERAL_MANAGER)
    for number, place in enumerate(place for place in town.places if place.committee):
        terms = NewAgreement(
            starts_quarter=str(Quarter.of(town.company.today(town.begins_at))),
            price=PRICES[number % len(PRICES)],
            # The first community scores all quarter long, so that its sheets are out whenever one looks.
            reading=FeeAgreement.Reading.BEGINNING if number == 0 else FeeAgreement.Reading.END,
            non_answers=list(FeeAgreement.NonAnswers.values)[number % 3],
        )
        at = town.begins_at + timedelta(hours=1)
        agreement = propose_agreement(community=place.community, terms=terms, items=ITEMS, by=manager, at=at)
        for member in committee_members(place.community.pk, on=town.company.today(at)):
            sign_agreement(agreement=agreement, by=member.person.user, at=at + timedelta(minutes=1))
        town.made["agreements"] += 1


def live_day(town: Town, at: datetime) -> None:
    known = set(Survey.objects.values_list("pk", flat=True))
    for survey in open_due_surveys(company=town.company, at=at):
        if survey.pk not in known:
            answer(town, survey, at)
            town.made["surveys"] += 1
    remind_due_surveys(at=at)
    count_due_surveys(company=town.company, at=at)
    for run in run_due_bills(company=town.company, at=at):
        town.made["bills"] += Bill.objects.filter(run=run).count()
        pay(town, run, at)


def answer(town: Town, survey: Survey, at: datetime) -> None:
    """Most households score within the first days; each community has its own good and weak sides."""
    place = place_of(town, survey.community_id)
    items, random = items_of(survey), town.random
    usual = {item.pk: random.triangular(6, 10, 9.4) for item in items}
    last = min(survey.closes_at, at + timedelta(days=5), town.until) - timedelta(minutes=1)
    for household in place.households:
        owner = place.owners[household.pk].user
        if random.random() > ANSWERING or owner is None or last <= at:
            continue
        answers = {
            item.pk: Answer(
                None if random.random() < 0.05 else max(0, min(10, round(random.gauss(usual[item.pk], 1)))),
                random.choice(COMMENTS) if random.random() < 0.02 else "",
            )
            for item in items
        }
        moment = at + (last - at) * random.random()
        save_sheet(survey=survey, household=household, by=owner, answers=answers, at=moment)


def pay(town: Town, run: BillRun, at: datetime) -> None:
    """Most owners come to the counter in time; a few bring a part, or too much; one bill is corrected."""
    cashier, random = user_of(town, Role.FINANCE_OFFICER), town.random
    for number, bill in enumerate(Bill.objects.filter(run=run).select_related("household", "payer").order_by("number")):
        moment = at + timedelta(days=random.uniform(1, 25))
        if moment >= town.until or bill.owed == 0:
            continue
        if number == 7:
            credit_bill(
                bill=bill, amount=min(3000, bill.amount), reason="Two days without hot water 停热水两天",
                by=cashier, at=moment, key=f"demo:{bill.pk}",
            )  # fmt: skip
            town.made["credit_notes"] += 1
        if random.random() < PAYING:
            amount = max(1, round(bill.owed * random.choice([1, 1, 1, 1, 1, 1, 1, 1, 0.5, 1.1])))
            take_payment(
                customer=Customer(bill.household, bill.payer), amount=amount, by=cashier, at=moment,
                method=random.choice(["cash", "card", "transfer"]), key=f"demo:{bill.pk}",
            )  # fmt: skip
            town.made["payments"] += 1


def place_of(town: Town, community: int) -> Place:
    return next(place for place in town.places if place.community.pk == community)


def user_of(town: Town, role: Role) -> User:
    """Who holds the role and signs in."""
    user = town.posts[role].user
    if user is None:
        raise LookupError(role)
    return user
