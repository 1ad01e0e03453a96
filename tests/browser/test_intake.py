"""A call by keyboard alone, from the phone number to the number that is read out."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from complaints.models import Complaint
from complaints.selectors import categories
from complaints.services.policies import set_up_complaints
from propman.accounts.models import User
from propman.community.models import Department, Household, Person
from propman.tenancy.models import Company
from propman.tenancy.scope import company_scope
from tests.browser.checks import assert_accessible, findings
from tests.browser.conftest import PageAs
from tests.factories.complaints import make_complaint

INTAKE = "/lanting/complaints/intake/"


@pytest.fixture
def ready(company: Company, household: Household, owner: User, office: Department) -> Household:
    with company_scope(company.pk):
        set_up_complaints(by=None, at=timezone.now() - timedelta(days=9))
        Person.objects.filter(user=owner).update(name="王小芳", phone="13800138000")
        make_complaint(household=household, title="Radiators cold", at=timezone.now() - timedelta(hours=1))
    return household


@pytest.mark.parametrize("typed", ["8000", "小芳"])
def test_call_is_logged_with_the_keyboard_only(
    page_as: PageAs, company: Company, ready: Household, agent: User, typed: str
) -> None:
    page = page_as(agent, INTAKE)
    expect(page.locator("#who")).to_be_focused()
    page.keyboard.type(typed)
    expect(page.locator("[data-caller]")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.locator("#home")).to_contain_text("Radiators cold")
    expect(page.locator("#id_said")).to_be_focused()
    page.keyboard.type("Lift 2 grinds between the floors. She is afraid.")
    page.keyboard.press("Alt+2")
    assert_accessible(page)
    page.keyboard.press("Control+Enter")
    expect(page.locator(".pm-readout")).to_contain_text("002")
    expect(page.locator(".pm-code")).not_to_be_empty()
    assert_accessible(page)
    page.keyboard.press("n")
    expect(page.locator("#who")).to_be_focused()
    with company_scope(company.pk):
        complaint = Complaint.objects.select_related("words", "category").get(number__endswith="-000002")
        assert (complaint.words.title, complaint.room_id) == ("Lift 2 grinds between the floors", ready.room_id)
        assert complaint.category == categories()[1]


def test_intake_is_readable_at_every_width(page_as: PageAs, ready: Household, agent: User) -> None:
    page = page_as(agent, f"{INTAKE}?phone=13800138000")
    expect(page.locator("[data-caller]")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.locator("#home")).to_contain_text("Radiators cold")
    found = findings(page)
    assert not found, "\n".join(found)
