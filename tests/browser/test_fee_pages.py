"""Every page of fees, full of rows, for those it is for: readable at every width in both themes, and all in Chinese."""

from datetime import timedelta

import pytest
from django.utils import timezone

from billing.models import Bill, BillRun, FeeAgreement
from billing.quarters import Quarter
from billing.services.corrections import credit_bill
from billing.services.payments import Customer, reverse_payment, take_payment
from propman.accounts.models import User
from propman.accounts.roles import Role
from propman.community.models import Community, Department, Household
from propman.tenancy.jobrun import insert_due_periods, run_due_jobs
from propman.tenancy.models import Company
from propman.tenancy.scope import company_scope
from tests.browser.checks import english_left_overs, findings
from tests.browser.conftest import PageAs
from tests.browser.test_pages import names_of_the_world
from tests.factories import make_employee, make_household, make_resident
from tests.factories.billing import ITEMS, fill_sheet, make_agreement, make_survey

FEES = {
    "finance": [
        "runs/", "runs/{run}/", "arrears/", "arrears/?age=not_due", "counter/", "counter/?q=1-1", "counter/{customer}/",
        "payments/", "receipts/{receipt}/", "credit-notes/", "bills/{bill}/correct/", "trial-balance/", "income/",
    ],
    "owner": ["", "history/", "bills/{bill}/", "results/", "results/willow-garden/{quarter}/"],
    "manager": ["agreements/", "agreements/{agreement}/", "agreements/willow-garden/propose/"],
    "member": ["agreements/{agreement}/"],
}  # fmt: skip


@pytest.fixture
def people(company_office: Department, owner: User, manager: User) -> dict[str, User]:
    return {"finance": make_employee(company_office, Role.FINANCE_OFFICER, name="Finance"), "owner": owner, "manager": manager}


@pytest.fixture
def town(
    transactional_db: None, company: Company, community: Community, household: Household, people: dict[str, User]
) -> dict[str, object]:
    """A counted and billed quarter with a payment, a credit note and a reversal; the next sheets are out."""
    now = timezone.now()
    quarter = Quarter.of(company.today(now)).previous()
    opened = now - timedelta(days=100)
    make_agreement(community, reading="beginning", starts_quarter=str(quarter), at=opened - timedelta(days=60))
    survey = make_survey(community, str(quarter), at=opened)
    people["member"] = User.objects.get(name="Committee 0")
    residents = [(household, people["owner"])]
    for number in range(5):
        place = make_household(community)
        residents.append((place, make_resident(place, name=f"Neighbour {number}")))
    for place, user in residents:
        fill_sheet(survey, place, user, 9, 8, 10, comment="干净", at=opened)
    insert_due_periods(survey.closes_at)
    run_due_jobs(survey.closes_at)
    make_survey(community, str(quarter.next()), at=now)
    with company_scope(company.pk):
        mine, other = (Bill.objects.select_related("payer").get(household=place) for place, _user in residents[:2])
        payment = None
        for bill in (mine, other):
            payment = take_payment(
                customer=Customer(bill.household, bill.payer), amount=bill.amount + 500, method="card", reference="88",
                by=people["finance"], at=now, key=f"k{bill.pk}",
            )  # fmt: skip
        reverse_payment(payment=payment, reason="记错户", by=people["finance"], at=now)
        credit_bill(bill=mine, amount=100, reason="停水", by=people["finance"], at=now, key="note")
        return {
            "run": BillRun.objects.get().pk,
            "bill": mine.reference,
            "quarter": quarter,
            "customer": f"{mine.household_id}/{mine.payer_id}",
            "receipt": payment.receipt,
            "agreement": FeeAgreement.objects.get().pk,
        }


@pytest.mark.parametrize("role", FEES)
def test_pages_of_fees_are_readable_and_chinese(
    page_as: PageAs, town: dict[str, object], people: dict[str, User], company: Company, role: str
) -> None:
    page = page_as(people[role], "/lanting/billing/agreements/" if role == "member" else "/lanting/", language="zh-hans")
    names = names_of_the_world(company) | {item.name for item in ITEMS}
    found = {}
    for path in FEES[role]:
        answer = page.goto(f"/lanting/billing/{path.format(**town)}")
        assert answer is not None
        assert answer.status == 200, path
        if lines := findings(page) + english_left_overs(page, names=names):
            found[path] = lines
    assert found == {}
