"""The wallboard on a big screen: it renews itself, and nothing is cut off."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from complaints.models import Complaint
from propman.accounts.models import User
from propman.community.models import Department, DutyShift, Employee, Household
from propman.tenancy.models import Company
from propman.tenancy.scope import company_scope
from tests.browser.checks import assert_accessible
from tests.browser.conftest import PageAs
from tests.factories.complaints import make_category, make_complaint


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_wallboard_renews_itself(
    page_as: PageAs, company: Company, centre: Department, household: Household, agent: User, theme: str
) -> None:
    now = timezone.now()
    with company_scope(company.pk):
        employee = Employee.objects.get(user=agent)
        DutyShift.objects.create(
            department=centre, employee=employee, starts_at=now - timedelta(hours=1), ends_at=now + timedelta(hours=7)
        )
    page = page_as(agent, "/lanting/complaints/wallboard/", theme=theme)
    page.set_viewport_size({"width": 1920, "height": 1080})
    before = page.locator(".pm-wall__row").count()
    assert_accessible(page)
    overflow = (
        "() => [document.documentElement.scrollWidth > innerWidth, document.querySelector('.pm-wall').scrollHeight > 1081]"
    )
    assert page.evaluate(overflow) == [False, False]
    with company_scope(company.pk):
        make_complaint(household=household, title="Lift 2 stopped", category=make_category("lift"), at=now - timedelta(hours=3))
        assert Complaint.objects.filter(words__title="Lift 2 stopped").exists()
    expect(page.locator(".pm-wall__row")).to_have_count(before + 1, timeout=8000)
    expect(page.locator(".pm-wall")).to_contain_text("Lift 2 stopped")
