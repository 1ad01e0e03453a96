"""From the score sheet to the paid receipt: the owner on a phone, the finance officer at the counter."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import FloatRect, Locator

from billing.models import Payment, Survey
from billing.quarters import Quarter
from billing.selectors.surveys import own_sheet
from billing.services.agreements import NewItem
from propman.accounts.models import User
from propman.accounts.roles import Role
from propman.community.models import Community, Department, Household
from propman.tenancy.jobrun import insert_due_periods, run_due_jobs
from propman.tenancy.models import Company
from propman.tenancy.scope import company_scope
from tests.browser.checks import findings
from tests.browser.conftest import PageAs
from tests.factories import make_employee, make_household, make_resident
from tests.factories.billing import fill_sheet, make_agreement, make_survey


@pytest.fixture
def finance(company_office: Department) -> User:
    return make_employee(company_office, Role.FINANCE_OFFICER, name="Finance")


@pytest.fixture
def survey(transactional_db: None, company: Company, community: Community, household: Household, owner: User) -> Survey:
    """Sheets that are out today, already filled in by five neighbours."""
    now = timezone.now()
    quarter = str(Quarter.of(company.today(now)))
    make_agreement(community, reading="beginning", starts_quarter=quarter, at=now - timedelta(hours=1))
    found = make_survey(community, quarter, at=now)
    for _number in range(5):
        neighbour = make_household(community)
        fill_sheet(found, neighbour, make_resident(neighbour), 9, 9, 9, at=now)
    return found


def test_owner_scores_is_billed_and_pays(
    page_as: PageAs, survey: Survey, owner: User, finance: User, household: Household, company: Company
) -> None:
    phone = page_as(owner, "/lanting/billing/", width=390)
    phone.get_by_role("link", name="Score the").click()
    for score in ("9", "10", "8"):
        with phone.expect_response(lambda answer: answer.request.method == "POST"):
            phone.locator("details[open] .pm-pick").filter(has_text=score).first.click()
        phone.wait_for_timeout(300)
    phone.get_by_text("Saved").wait_for()
    assert findings(phone) == []
    with company_scope(company.pk):
        saved = own_sheet(survey, household, owner, at=timezone.now())
        assert sorted(answer.score or 0 for answer in saved.values()) == [8, 9, 10]

    insert_due_periods(survey.closes_at)
    assert run_due_jobs(survey.closes_at) >= 1

    phone.goto("/lanting/billing/")
    phone.get_by_role("link", name="as owners were").click()
    assert findings(phone) == []
    text = phone.inner_text("main")
    assert "How the sum is made" in text
    assert "576.00" in text
    reference = phone.url.rstrip("/").rsplit("/", 1)[1]

    desk = page_as(finance, f"/lanting/billing/counter/?q={reference}")
    desk.get_by_role("link", name="Owner").click()
    assert [line for line in findings(desk) if ".pm-top" not in line] == []  # the bar above is tested with its own pages
    desk.get_by_role("button", name="Book the payment").click()
    desk.get_by_text("What it paid").wait_for()

    phone.reload()
    assert "¥0.00" in phone.inner_text("h1")
    phone.get_by_role("link", name="receipt").click()
    with phone.expect_download() as downloaded:
        phone.get_by_role("link", name="Receipt as PDF").click()
    assert downloaded.value.path().read_bytes().startswith(b"%PDF-")
    with company_scope(company.pk):
        assert Payment.objects.get().household_id == household.pk

    desk.get_by_role("link", name="Booked wrongly? Reverse it").click()
    desk.get_by_label("Reason").fill("It was for the flat next door")
    assert [line for line in findings(desk) if ".pm-top" not in line] == []
    desk.get_by_role("button", name="Reverse the payment").click()
    desk.get_by_text("It was for the flat next door").wait_for()
    phone.goto(f"/lanting/billing/bills/{reference}/")
    assert "¥0.00" not in phone.inner_text("h1")
    assert "It was for the flat next door" in phone.inner_text("main")
    phone.goto("/lanting/billing/history/")
    assert "Payment reversed" in phone.inner_text("main")
    assert findings(phone) == []


def test_sheet_is_filled_without_script(
    page_as: PageAs, survey: Survey, owner: User, household: Household, company: Company
) -> None:
    page = page_as(owner, f"/lanting/billing/sheets/{survey.pk}/{household.pk}/", width=360, javascript=False)
    page.locator("details[open] .pm-pick").filter(has_text="7").first.click()
    page.get_by_role("button", name="Save").click()
    assert "Saved" in page.inner_text("main")
    with company_scope(company.pk):
        assert [answer.score for answer in own_sheet(survey, household, owner, at=timezone.now()).values()] == [7]


def test_ten_items_take_ten_taps(
    page_as: PageAs, transactional_db: None, community: Community, owner: User, household: Household, company: Company
) -> None:
    """One thumb: each tap saves and opens the next item inside the screen of a phone; nothing else is touched."""
    now = timezone.now()
    quarter = str(Quarter.of(company.today(now)))
    items = [NewItem(f"Service {number}", 1, "What good service is here.") for number in range(10)]
    make_agreement(community, items=items, reading="beginning", starts_quarter=quarter, at=now - timedelta(hours=1))
    survey = make_survey(community, quarter, at=now)
    phone = page_as(owner, f"/lanting/billing/sheets/{survey.pk}/{household.pk}/", width=360)
    phone.set_viewport_size({"width": 360, "height": 640})
    for number in range(10):
        tile = phone.locator("details[open]", has_text=f"Service {number}").locator(".pm-pick").filter(has_text="8").first
        box = at_rest(tile)
        assert min(box["width"], box["height"]) >= 44
        assert 0 <= box["y"] <= 640 - box["height"], f"item {number} is out of sight"
        with phone.expect_response(lambda answer: answer.request.method == "POST"):
            phone.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    with company_scope(company.pk):
        saved = own_sheet(survey, household, owner, at=timezone.now())
    assert [answer.score for answer in saved.values()] == [8] * 10


def at_rest(place: Locator) -> FloatRect:
    """Where it stands when the page has stopped moving."""
    place.wait_for()
    box = None
    while (now := place.bounding_box()) is None or now != box:
        box = now
        place.page.wait_for_timeout(150)
    return now
