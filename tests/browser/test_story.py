"""The whole story in two windows: the owner's phone without script, and the desks of the company."""

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from complaints.models import Complaint
from complaints.services.escalation import fire_due_timers
from complaints.services.policies import set_up_complaints
from propman.accounts.models import User
from propman.community.models import Department, Employee, Household
from propman.tenancy.models import Company
from propman.tenancy.scope import company_scope
from tests.browser.conftest import PageAs

Forward = Callable[..., None]


@pytest.fixture
def forward(monkeypatch: pytest.MonkeyPatch) -> Forward:
    """Moves the clock of the whole process: pages, services and sweeps read the same one."""
    real, passed = timezone.now, [timedelta()]
    monkeypatch.setattr(timezone, "now", lambda: real() + passed[0])

    def step(**length: float) -> None:
        passed[0] += timedelta(**length)

    return step


@pytest.fixture
def company_at_work(company: Company, centre: Department, agent: User, office: Department, head: User) -> Company:
    """The agent answers for the centre, the categories and limits are the usual ones."""
    with company_scope(company.pk):
        centre.head = Employee.objects.get(user=agent)
        centre.save(update_fields=["head"])
        set_up_complaints(by=None, at=timezone.now() - timedelta(days=1))
    return company


def act(page: Page, verb: str, **fields: str) -> None:
    """Open the verb's form beside the queue, fill it in and send it."""
    page.locator("#case").get_by_role("link", name=verb, exact=False).first.click()
    form = page.locator("#act form")
    for name, value in fields.items():
        field = form.locator(f"[name={name}]")
        if field.evaluate("e => e.tagName") == "SELECT":
            field.select_option(label=value)
        else:
            field.fill(value)
    form.locator("button.btn-primary").click()
    expect(page.locator(".pm-case__says, #rows")).not_to_have_count(0)
    expect(form).to_have_count(0)


def test_complaint_is_filed_refused_taken_reopened_escalated_and_confirmed(
    page_as: PageAs, company_at_work: Company, household: Household, owner: User, agent: User, head: User, forward: Forward
) -> None:
    home = page_as(owner, "/lanting/", width=360, javascript=False)
    home.get_by_role("link", name="File a complaint").first.click()
    home.get_by_label("Lift", exact=True).check()
    home.get_by_label("In a few words").fill("Lift 2 stops between floors")
    home.get_by_label("Tell it in your own words").fill("It moved again after a minute, with a jolt.")
    home.get_by_role("button", name="File the complaint").click()
    expect(home.locator(".pm-receipt")).to_contain_text("000001")
    expect(home.locator("#code")).not_to_be_empty()

    forward(minutes=6)
    desk = page_as(agent, "/lanting/complaints/queue/")
    desk.get_by_role("link", name="Lift 2 stops between floors").click()
    desk.get_by_role("button", name="Accept").click()
    expect(desk.locator(".pm-case__head")).to_contain_text("Accepted")

    forward(minutes=10)
    act(desk, "Hand over", to_employee="Head, Willow office", reason="Needs a fitter")
    office = page_as(head, "/lanting/")
    office.get_by_role("link", name="Lift 2 stops between floors").first.click()
    act(office, "Refuse", reason="Nobody here today")

    desk.reload()
    expect(desk.locator(".pm-case")).to_contain_text("Nobody here today")
    act(desk, "Hand over", to_employee="Head, Willow office", reason="The fitter is back")
    office.goto("/lanting/")
    office.get_by_role("link", name="Lift 2 stops between floors").first.click()
    office.get_by_role("button", name="Take").click()
    expect(office.locator(".pm-relay")).to_contain_text("Head, Willow office")

    forward(hours=1)
    act(office, "Resolve", text="The door sensor is changed.")
    home.goto("/lanting/complaints/")
    home.get_by_role("link", name="Lift 2 stops between floors").click()
    expect(home.locator("main")).to_contain_text("The door sensor is changed.")
    home.get_by_label("What is still wrong").fill("It still jolts at the 9th floor.")
    home.get_by_role("button", name="Not fixed").click()
    expect(home.locator("main")).to_contain_text("Accepted")

    for _day in range(5):
        forward(days=1)
        fire_due_timers(timezone.now())
    home.reload()
    expect(home.locator(".pm-relay")).to_contain_text("Agent")
    desk.goto("/lanting/complaints/queue/?view=mine")
    desk.get_by_role("link", name="Lift 2 stops between floors").click()
    expect(desk.locator(".pm-case__thread")).to_contain_text("It still jolts")
    act(desk, "Resolve", text="The rail is greased.")

    forward(hours=2)
    home.reload()
    home.get_by_role("button", name="Fixed", exact=True).click()
    expect(home.locator("main")).to_contain_text("Closed")
    with company_scope(company_at_work.pk):
        complaint = Complaint.objects.get()
    assert (complaint.state, complaint.closed_as, complaint.reopenings, complaint.refusals) == ("closed", "confirmed", 1, 1)


def test_rival_manager_never_finds_the_complaint(
    page_as: PageAs, company_at_work: Company, household: Household, owner: User, rival_manager: User
) -> None:
    home = page_as(owner, "/lanting/complaints/new/", width=360, javascript=False)
    home.get_by_label("Lift", exact=True).check()
    home.get_by_label("In a few words").fill("Lift 2")
    home.get_by_label("Tell it in your own words").fill("It stopped.")
    home.get_by_role("button", name="File the complaint").click()
    path = urlsplit(home.url).path
    assert path.endswith("/receipt/")
    stranger = page_as(rival_manager, path.removesuffix("receipt/"))
    expect(stranger.locator("h1")).to_contain_text("nothing here")
