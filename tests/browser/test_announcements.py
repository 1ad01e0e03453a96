"""Announcements in the browser: reading one on a phone, with scripts and without; telling a building, with a preview."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from propman.accounts.models import User
from propman.announcements.models import Announcement, Reading
from propman.announcements.selectors import Places
from propman.announcements.services import NewAnnouncement, write_announcement
from propman.community.models import Community, Department
from propman.tenancy.models import Company
from propman.tenancy.scope import company_scope
from tests.announcements.conftest import home_in
from tests.browser.checks import findings
from tests.browser.conftest import PageAs

HOUR = timedelta(hours=1)


@pytest.fixture
def told(office: Department, head: User, community: Community) -> Announcement:
    now = timezone.now()
    with company_scope(community.company_id):
        return write_announcement(
            new=NewAnnouncement("lift", "Lift 2 stands", "It is inspected.\n" * 60, now - HOUR, now + HOUR),
            to=Places(communities=frozenset({community.pk})),
            department=office,
            by=head,
            at=now - 2 * HOUR,
        )


def readings(company: Company) -> int:
    with company_scope(company.pk):
        return Reading.objects.count()


def test_end_of_the_text_on_the_screen_is_the_reading(page_as: PageAs, company, owner, told) -> None:
    page = page_as(owner, "/lanting/", width=360)
    page.get_by_role("link", name="Lift 2 stands").click()
    expect(page.get_by_role("button", name="I have read it")).to_have_count(1)
    assert readings(company) == 0
    page.get_by_role("button", name="I have read it").scroll_into_view_if_needed()
    expect(page.locator("main")).to_contain_text("You read this")
    assert readings(company) == 1


def test_without_scripts_a_button_says_it_was_read(page_as: PageAs, company, owner, told) -> None:
    page = page_as(owner, f"/lanting/announcements/{told.pk}/", width=360, javascript=False)
    page.get_by_role("button", name="I have read it").click()
    expect(page.locator("main")).to_contain_text("You read this")
    assert readings(company) == 1


def test_form_says_who_will_be_told_before_anybody_is(page_as: PageAs, company, community, household, head, owner) -> None:
    home_in(community, "2", "1")
    home_in(community, "2", "2")
    page = page_as(head, "/lanting/announcements/desk/")
    page.get_by_role("link", name="Announce something").click()
    reach = page.locator("#reach")
    expect(reach).to_contain_text("2 buildings, 5 households, one account")
    page.get_by_label("Willow-Garden, all of it").uncheck()
    expect(reach).to_contain_text("Nobody yet")
    page.get_by_label("Power").check()
    page.get_by_label("In a few words").fill("No power in building 2")
    page.get_by_role("button", name="Tell them").click()
    expect(page.locator("main")).to_contain_text("Choose who is told.")
    expect(page.get_by_label("In a few words")).to_have_value("No power in building 2")
    page.locator(".pm-places").get_by_label("2", exact=True).first.check()
    expect(reach).to_contain_text("One building, 2 households, 0 accounts")
    expect(reach).to_contain_text("2 households have no account")
    page.get_by_label("What residents should know").fill("The switchboard is changed.")
    assert findings(page) == []
    page.get_by_role("button", name="Tell them").click()
    expect(page.locator("main")).to_contain_text("Read in 0 of 2 households")
    with company_scope(company.pk):
        assert Announcement.objects.get().accounts == 0


def test_centre_opens_the_buildings_of_a_community(page_as: PageAs, company, community, household, agent) -> None:
    with company_scope(company.pk):
        Community.objects.create(address="other", name="Other place")
    page = page_as(agent, "/lanting/announcements/desk/write/", width=360)
    one = page.locator(".pm-places__one").filter(has_text="Willow-Garden")
    expect(one.get_by_label("1", exact=True)).to_have_count(0)
    one.get_by_text("or only parts of it").click()
    one.get_by_label("1", exact=True).check()
    expect(page.locator("#reach")).to_contain_text("One building, one household")
