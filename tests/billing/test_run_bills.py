from datetime import date
from decimal import Decimal

import pytest
from django.db.models import Sum

from billing.formula import Share, base_fee, fee, half_up, split_by_days
from billing.models import Account, Bill, BillRun, Survey, SurveyResult, Transfer
from billing.quarters import Quarter
from billing.services.runs import NotCounted, run_bills
from billing.services.surveys import count_due_surveys
from propman.community.models import Household, Occupancy, Person, Room
from tests.factories import make_household, make_resident
from tests.factories.billing import make_agreement, make_survey

from .conftest import COUNTED

FIRST = Quarter(2026, 1)


def test_every_household_gets_one_bill(run, household, owner, scope):
    bills = list(Bill.objects.filter(run=run).order_by("number"))
    assert len(bills) == 7
    assert [bill.number for bill in bills] == list(range(1, 8))
    bill = next(bill for bill in bills if bill.household_id == household.pk)
    assert bill.payer.user_id == owner.pk
    base = base_fee(area=8000, price=240, months=3)
    assert (bill.base, bill.amount) == (base, fee(base, Share(925, 1000)))
    assert (bill.base, bill.amount, bill.days, bill.quarter_days) == (57600, 53280, 90, 90)


def test_bill_of_the_mockup_comes_out(community, company, scope):
    """94.6 m² at ¥2.40 for three months at 92.3 %: ¥628.67."""
    for _number in range(5):
        home = make_household(community, area=Decimal("94.60"))
        make_resident(home)
    make_agreement(community)
    survey = make_survey(community, "2026Q1")
    SurveyResult.objects.create(
        survey=survey, sheets=5, rate_points=923, rate_maximum=1000, basis="measured", canonical="", hash="", counted_at=COUNTED
    )
    run = run_bills(community=community, quarter=FIRST, at=COUNTED)
    assert {(bill.base, bill.amount) for bill in Bill.objects.filter(run=run)} == {(68112, 62867)}


def test_second_run_changes_nothing(run, scope):
    before = list(Bill.objects.order_by("pk").values())
    again = run_bills(community=run.community, quarter=FIRST, at=COUNTED)
    assert again.pk == run.pk
    assert list(Bill.objects.order_by("pk").values()) == before
    assert Transfer.objects.count() == 7


def test_run_before_the_count_is_refused(survey, scope):
    with pytest.raises(NotCounted):
        run_bills(community=survey.community, quarter=FIRST, at=COUNTED)
    assert not BillRun.objects.exists()


def test_ledger_equals_bills(run, scope):
    total = Bill.objects.aggregate(total=Sum("amount"))["total"]
    balances = {account.kind: account.balance for account in Account.objects.all()}
    assert balances == {"receivables": total, "revenue": total}


def test_owner_changed_in_the_quarter_splits_by_day(counted, household, owner, scope):
    Occupancy.objects.filter(person__user=owner).update(ends_on=date(2026, 2, 1))
    buyer = make_resident(household, name="Buyer", starts_on=date(2026, 2, 1))
    run = run_bills(community=counted.community, quarter=FIRST, at=COUNTED)
    bills = {bill.payer.user_id: bill for bill in Bill.objects.filter(run=run, household=household)}
    persons = {bill.payer_id: bill for bill in bills.values()}
    assert {user: bill.days for user, bill in bills.items()} == {owner.pk: 31, buyer.pk: 59}
    days = {person: bill.days for person, bill in persons.items()}
    assert {person: bill.amount for person, bill in persons.items()} == split_by_days(53280, days)


def test_flat_without_owner_is_billed_to_nobody_by_name(counted, community, scope):
    empty = make_household(community, area=50)
    run = run_bills(community=community, quarter=FIRST, at=COUNTED)
    assert Bill.objects.get(run=run, household=empty).payer is None


def test_first_of_two_owners_pays(counted, household, owner, scope):
    make_resident(household, name="Second owner", starts_on=date(2025, 6, 1))
    run = run_bills(community=counted.community, quarter=FIRST, at=COUNTED)
    assert Bill.objects.get(run=run, household=household).payer.user_id == owner.pk


def test_tenant_is_not_billed(counted, household, owner, scope):
    make_resident(household, Occupancy.Kind.TENANT, name="Tenant")
    run = run_bills(community=counted.community, quarter=FIRST, at=COUNTED)
    assert Bill.objects.get(run=run, household=household).payer.user_id == owner.pk


def test_days_without_household_are_not_billed(counted, community, scope):
    late = make_household(community, area=100, started_on=date(2026, 3, 1))
    make_resident(late, starts_on=date(2026, 3, 1))
    run = run_bills(community=community, quarter=FIRST, at=COUNTED)
    bill = Bill.objects.get(run=run, household=late)
    assert (bill.days, bill.whole_base, bill.base) == (31, 72000, 24800)


def expected_bills(
    communities_rooms, rate: Share, quarter: Quarter, price: int
) -> dict[tuple[int, int | None], tuple[int, int, int]]:
    """The rulebook's split, day by day and room by room, in plain Python."""
    from datetime import timedelta

    found = {}
    for room, households in communities_rooms.items():
        base = base_fee(area=int(room.area * 100), price=price, months=3)
        total = fee(base, rate)
        days: dict[tuple[int, int], int] = {}
        for offset in range(quarter.days):
            day = quarter.first_day + timedelta(days=offset)
            living = [home for home in households if home.started_on <= day and (home.ended_on is None or day < home.ended_on)]
            if not living:
                days[10**9, 0] = days.get((10**9, 0), 0) + 1
                continue
            owners = [
                stay
                for stay in Occupancy.objects.filter(household=living[0], kind="owner").order_by("starts_on", "pk")
                if stay.starts_on <= day and (stay.ends_on is None or day < stay.ends_on)
            ]
            key = (living[0].pk, owners[0].person_id if owners else 10**8)
            days[key] = days.get(key, 0) + 1
        bases, fees = split_by_days(base, days), split_by_days(total, days)
        for (home, person), count in days.items():
            if home != 10**9:
                found[home, None if person == 10**8 else person] = (count, bases[home, person], fees[home, person])
    return found


@pytest.mark.parametrize("seed", range(8))
def test_random_town_is_billed_like_the_rulebook_says(seed, community, company, scope):
    """Households come and go, owners change, overlap and are missing: SQL and plain Python agree to the cent."""
    import random

    chance = random.Random(seed)
    first, quarter = date(2026, 1, 1), FIRST
    make_agreement(community, floor_bp=0)
    people = [Person.objects.create(name=f"P{number}") for number in range(12)]
    rooms: dict[Room, list[Household]] = {}
    for _number in range(25):
        home = make_household(community, area=Decimal(chance.randint(2000, 20000)) / 100)
        rooms[home.room] = [home]
        if chance.random() < 0.4:
            until = date.fromordinal(first.toordinal() + chance.randint(-3, 95))
            Household.objects.filter(pk=home.pk).update(ended_on=until)
            home.refresh_from_db()
            if chance.random() < 0.8:
                begins = date.fromordinal(until.toordinal() + chance.choice([0, 0, 3, 20]))
                rooms[home.room].append(Household.objects.create(community=community, room=home.room, started_on=begins))
        for place in rooms[home.room]:
            for person in chance.sample(people, chance.choice([0, 1, 1, 1, 2, 3])):
                begins = date.fromordinal(first.toordinal() + chance.choice([-400, -400, -5, 0, 10, 44, 89]))
                ends = None if chance.random() < 0.5 else date.fromordinal(begins.toordinal() + chance.choice([0, 7, 60, 450]))
                Occupancy.objects.create(household=place, person=person, kind="owner", starts_on=begins, ends_on=ends)
    survey = Survey.objects.create(
        community=community, quarter="2026Q1", agreement_id=make_survey_agreement(community), opens_at=COUNTED.replace(day=1),
        closes_at=COUNTED, households=25, counted_at=COUNTED,
    )  # fmt: skip
    maximum = chance.randint(100, 9999)
    rate = Share(chance.randint(0, maximum), maximum)
    SurveyResult.objects.create(
        survey=survey, sheets=9, rate_points=rate.points, rate_maximum=rate.maximum, basis="measured",
        canonical="", hash="", counted_at=COUNTED,
    )  # fmt: skip
    run = run_bills(community=community, quarter=quarter, at=COUNTED)
    issued = {(bill.household_id, bill.payer_id): (bill.days, bill.base, bill.amount) for bill in Bill.objects.filter(run=run)}
    assert issued == expected_bills(rooms, rate, quarter, 240)


def make_survey_agreement(community) -> int:
    from billing.models import FeeAgreement

    return FeeAgreement.objects.get(community=community).pk


def test_owner_credit_pays_the_next_bill(run, household, owner, finance, scope):
    from billing.services.payments import Customer, take_payment
    from tests.factories.billing import local

    person = Person.objects.get(user=owner)
    take_payment(
        customer=Customer(household, person), amount=60000, method="cash", by=finance, at=COUNTED, key="a key for the test"
    )
    make_survey(run.community, "2026Q2")
    at = local(2026, 7, 6, 1)
    count_due_surveys(company=run.company, at=at)
    second = run_bills(community=run.community, quarter=Quarter(2026, 2), at=at)
    bill = Bill.objects.get(run=second, household=household)
    assert bill.settled == 60000 - 53280
    assert half_up(bill.settled, 1) == 6720
