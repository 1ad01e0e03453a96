"""What a visitor without an account sees of a community, on a phone and on a wide screen, empty and full."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from billing.quarters import Quarter
from cards.workflow import Card
from complaints import services
from complaints.models import Category
from propman.accounts.models import User
from propman.accounts.roles import Role
from propman.community.models import Community, Department, Household
from propman.tenancy.jobrun import insert_due_periods, run_due_jobs
from propman.tenancy.models import Company
from propman.tenancy.scope import company_scope
from tests.browser.checks import MEASURE, english_left_overs, findings
from tests.browser.conftest import PageAs
from tests.browser.crawl import named_pages
from tests.browser.test_pages import names_of_the_world, told
from tests.factories import make_household, make_member, make_resident
from tests.factories.billing import ITEMS, fill_sheet, make_agreement, make_survey
from tests.factories.cards import cast, count_round, make_round
from tests.factories.complaints import make_complaint

FINGERPRINT = re.compile("[0-9a-f]{8}")
PLACE = "/lanting/public/willow-garden/"


@pytest.fixture
def _lived_in(world: dict[str, object], company: Company, household: Household, owner: User, official: User) -> None:
    """A counted round, a counted quarter, complaints of two months, announcements, phones."""
    now, community = timezone.now(), household.community
    quarter = Quarter.of(company.today(now)).previous()
    opened = now - timedelta(days=100)
    make_agreement(community, reading="beginning", starts_quarter=str(quarter), at=opened - timedelta(days=60))
    homes = [(household, owner)]
    for number in range(5):
        home = make_household(community)
        homes.append((home, make_resident(home, name=f"Neighbour {number}")))
    survey = make_survey(community, str(quarter), at=opened)
    for home, user in homes:
        fill_sheet(survey, home, user, 9, 8, 10, at=opened)
    this = company.today(now).replace(day=1)
    round = make_round(community, (this - timedelta(days=1)).replace(day=1))
    for number, (home, _user) in enumerate(homes):
        cast(round, home, (Card.COMPANY_BLUE, Card.COMPANY_YELLOW, Card.COMPANY_RED)[number % 3], Card.COMMITTEE_BLUE)
    count_round(round, official, make_member(company, Role.GOVERNMENT_OFFICIAL, name="Government official"))
    make_round(community, this)
    insert_due_periods(survey.closes_at)
    run_due_jobs(survey.closes_at)
    with company_scope(company.pk):
        Department.objects.filter(community=community).update(phone="0571 8765 0001")
        Department.objects.filter(kind=Department.Kind.SERVICE_CENTRE).update(phone="0571 8765 0000")
        Community.objects.filter(pk=community.pk).update(street="杭州市西湖区湖滨路 7 号")
        last = timezone.localtime(now, company.timezone).replace(day=1) - timedelta(days=12)
        filed = [make_complaint(household=household, category=Category.objects.first(), at=last) for _ in range(6)]
        services.withdraw_complaint(complaint=filed[0], by=None, at=last + timedelta(hours=1))


@pytest.mark.usefixtures("_lived_in")
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_public_pages_are_readable(page_as: PageAs, company: Company, language: str) -> None:
    page = page_as(None, "/lanting/public/", language=language)
    found, names = {}, names_of_the_world(company) | {item.name for item in ITEMS} | {"Cookie"}
    seen = []
    for name in named_pages(page, "/lanting/public/", sign_in=False):
        seen.append(name)
        lines = findings(page) if language == "en" else english_left_overs(page, names=names)
        if lines := [line for line in lines if not FINGERPRINT.search(line)]:
            found[name] = lines
    assert not found, told(found)
    assert {"community_public:community", "complaints_public:register", "cards_public:bulletin"} <= set(seen)
    assert {"billing_public:satisfaction", "announcements_public:current", "complaints:heads", "complaints:follow"} <= set(seen)


@pytest.mark.usefixtures("transactional_db")
def test_page_of_an_empty_community_is_readable(page_as: PageAs, community: Community) -> None:
    assert findings(page_as(None, PLACE)) == []


@pytest.mark.usefixtures("world")
def test_number_is_found_without_javascript(page_as: PageAs, world: dict[str, object]) -> None:
    page = page_as(None, PLACE, width=360, javascript=False)
    number = world["late"].number  # type: ignore[attr-defined]
    page.get_by_label("Number on your receipt").fill(number)
    page.get_by_role("button", name="Look").click()
    assert page.get_by_text(f"{number} is in the register.").is_visible()
    page.get_by_role("link", name="Willow-Garden").click()
    assert page.url.endswith(PLACE)


@pytest.mark.usefixtures("transactional_db")
def test_long_names_stay_on_the_page(page_as: PageAs, company: Company, community: Community) -> None:
    with company_scope(company.pk):
        Community.objects.filter(pk=community.pk).update(name="Longnamewithoutanyspace" * 5, street="Street" * 30)
    page = page_as(None, PLACE, width=360)
    assert [line for line in page.evaluate(MEASURE) if "wide" in line or "off the page" in line] == []
