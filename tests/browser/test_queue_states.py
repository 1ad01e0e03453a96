"""Axe finds nothing serious in any state of the queue and the centre's pages, wide and on a phone, light and dark."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from complaints import services
from complaints.models import Complaint
from complaints.services.macros import keep_macro
from complaints.services.shifts import hand_over_shift
from propman.accounts.models import User
from propman.accounts.roles import Role
from propman.community.models import Department, DutyShift, Employee
from propman.tenancy.models import Company
from propman.tenancy.scope import company_scope
from tests.browser.checks import THEMES, WIDTHS, axe_findings, wear
from tests.browser.conftest import PageAs
from tests.browser.desk import QUEUE, TITLES, opened
from tests.factories import make_employee

SHIFT, WALL, INTAKE = "/lanting/complaints/shift/", "/lanting/complaints/wallboard/", "/lanting/complaints/intake/"


def ensure_accessible(page: Page, widths: tuple[int, ...] = WIDTHS) -> None:
    """Nothing serious, and nothing wider than the screen, as it stands: at every width, light and dark."""
    before = page.viewport_size
    found = []
    for width in widths:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for theme in THEMES:
            wear(page, theme)
            found += [f"{width} {theme}: {line}" for line in axe_findings(page)]
    page.set_viewport_size(before)
    wear(page, "light")
    assert not found, "\n".join(found)


def open_case(page: Page) -> None:
    page.keyboard.press("n")
    opened(page, TITLES[0])


def case(page: Page) -> None:
    open_case(page)
    expect(page.locator("#id_text")).to_be_visible()


def macros(page: Page) -> None:
    open_case(page)
    page.keyboard.press("m")
    expect(page.get_by_role("button", name="On the way")).to_be_focused()


def more(page: Page) -> None:
    open_case(page)
    page.locator("#case summary[aria-label=More]").click()
    expect(page.locator("#case .pm-menu[open] a").first).to_be_visible()


def handing_over(page: Page) -> None:
    open_case(page)
    page.keyboard.press("h")
    expect(page.locator("#act select").first).to_be_focused()


def ordering_work(page: Page) -> None:
    open_case(page)
    page.keyboard.press("w")
    expect(page.locator("#act form")).to_be_visible()


def refused_words(page: Page) -> None:
    open_case(page)
    page.locator("#id_text").evaluate("field => { field.removeAttribute('required') }")
    page.get_by_role("button", name="Send the answer").click()
    expect(page.locator("#case .is-invalid").first).to_be_visible()


def filters(page: Page) -> None:
    page.locator("summary[aria-label=Filter]").click()
    expect(page.locator("#filters select").first).to_be_visible()


def views(page: Page) -> None:
    page.set_viewport_size({"width": 900, "height": 900})
    page.locator(".pm-queue__head summary", has_text="Views").click()
    expect(page.locator("#views-menu a").first).to_be_visible()


def skipping(page: Page) -> None:
    page.get_by_text("Skip the next one").click()
    expect(page.locator("#skip-reason")).to_be_visible()


def keys(page: Page) -> None:
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()


def choosing(page: Page) -> None:
    page.keyboard.press("x")
    expect(page.locator("#bulk-verb")).to_be_visible()
    page.get_by_role("button", name="All on this page").click()


def preview(page: Page) -> None:
    choosing(page)
    page.locator("#bulk-verb").select_option("note")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("main")).to_contain_text("Nothing has happened yet")


def run(page: Page) -> None:
    preview(page)
    page.locator("[name=text]").fill("Seen together.")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#run")).to_contain_text("0 of 3")


def nothing_found(page: Page) -> None:
    page.goto(f"{QUEUE}?q=dragon")
    expect(page.locator("#rows")).to_contain_text("Nothing found")


@pytest.mark.parametrize(
    "state",
    [
        case, macros, more, handing_over, ordering_work, refused_words, filters, views, skipping, keys, choosing, preview, run,
        nothing_found,
    ],
)  # fmt: skip
def test_state_of_the_queue_is_accessible(desk: Page, company: Company, state: Callable[[Page], None]) -> None:
    with company_scope(company.pk):
        keep_macro(name="On the way", kind="solution", text="Dear {name}, we are on the way.")
    desk.reload()
    expect(desk.locator("#view-count")).to_have_text("3")
    state(desk)
    ensure_accessible(desk)


def test_shift_wallboard_intake_and_skipped_are_accessible(
    desk: Page, page_as: PageAs, company: Company, centre: Department, agent: User, manager: User
) -> None:
    now = timezone.now()
    colleague = make_employee(centre, Role.CENTRE_AGENT, name="Dong Yue")
    with company_scope(company.pk):
        one, other = (Employee.objects.get(user=user) for user in (agent, colleague))
        for employee, is_lead in [(one, False), (other, True)]:
            DutyShift.objects.create(
                department=centre,
                employee=employee,
                is_lead=is_lead,
                starts_at=now - timedelta(hours=1),
                ends_at=now + timedelta(hours=7),
            )
        first, second, third = Complaint.objects.order_by("pk")
        services.skip_complaint(complaint=third, by=one, at=now, reason="The caller is my cousin.")
        for complaint, by in [(first, one), (second, other)]:
            services.accept_complaint(complaint=complaint, by=by, at=now)
        hand_over_shift(by=other, to=one, note="The fitter calls at nine.", at=now)
    desk.goto(SHIFT)
    expect(desk.locator("main")).to_contain_text("Dong Yue leaves you 1 complaint")
    expect(desk.locator("main")).to_contain_text(TITLES[0])
    ensure_accessible(desk)
    desk.goto(WALL)
    expect(desk.locator(".pm-wall")).to_contain_text("then Dong Yue")
    ensure_accessible(desk, widths=(1280, 1920))
    desk.goto(INTAKE)
    desk.locator("#who").fill("1-1")
    expect(desk.locator("[data-caller]").first).to_be_visible()
    ensure_accessible(desk)
    supervisor = page_as(manager, f"{QUEUE}skipped/")
    expect(supervisor.locator("main")).to_contain_text("The caller is my cousin.")
    ensure_accessible(supervisor)
