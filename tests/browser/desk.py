"""The queue before an agent: three complaints of one building, and how a test sees what is open there."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from complaints.models import Complaint
from complaints.services.policies import set_up_complaints
from propman.accounts.models import User
from propman.community.models import Department, Household
from propman.tenancy.models import Company
from propman.tenancy.scope import company_scope
from tests.factories.complaints import make_category, make_complaint

QUEUE = "/lanting/complaints/queue/"
TITLES = ["Lift 2 stopped", "Garage gate stays open", "Water through the ceiling"]
File = Callable[..., Complaint]


@pytest.fixture
def file(company: Company, household: Household, owner: User, office: Department, head: User) -> File:
    with company_scope(company.pk):
        set_up_complaints(by=None, at=timezone.now() - timedelta(days=9))

    def file(title: str, *, minutes: float = 1) -> Complaint:
        with company_scope(company.pk):
            return make_complaint(
                household=household,
                title=title,
                category=make_category("lift"),
                at=timezone.now() - timedelta(minutes=minutes),
            )

    return file


@pytest.fixture
def desk(page_as: Callable[..., Page], file: File, agent: User) -> Page:
    """Three complaints, the first of them the most urgent, before an agent."""
    for place, title in enumerate(TITLES):
        file(title, minutes=30 - place)
    return page_as(agent, QUEUE)


def opened(page: Page, title: str) -> None:
    expect(page.locator("#case h2")).to_have_text(title)
    expect(page.locator("[data-rows] [aria-current]")).to_contain_text(title)


def focus_is_kept(page: Page) -> None:
    page.wait_for_function("document.activeElement !== document.body", timeout=3000)
