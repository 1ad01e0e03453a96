"""Dispatch in the browser: W in the queue, two departments, a technician's thumb from accept to done, the board."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from complaints import services
from complaints.models import Budget, Complaint, WorkOrder
from complaints.services.policies import set_up_complaints
from propman.accounts.models import User
from propman.accounts.roles import Role
from propman.community.models import Department, Employee, Household
from propman.tenancy.models import Company
from propman.tenancy.scope import company_scope
from tests.browser.checks import assert_accessible
from tests.browser.conftest import PageAs
from tests.factories import make_department, make_employee
from tests.factories.complaints import make_category, make_complaint, make_order

BOARD = "/lanting/complaints/work-orders/"


@pytest.fixture
def complaint(company: Company, household: Household, owner: User, office: Department, head: User) -> Complaint:
    with company_scope(company.pk):
        set_up_complaints(by=None, at=timezone.now() - timedelta(days=9))
        return make_complaint(household=household, category=make_category("lift"), at=timezone.now() - timedelta(minutes=9))


@pytest.fixture
def engineering(company: Company) -> Department:
    return make_department(company, Department.Kind.OTHER, name="Engineering")


@pytest.fixture
def engineer(engineering: Department) -> User:
    return make_employee(engineering, Role.DEPARTMENT_HEAD, name="Engineer")


def test_w_orders_work_without_leaving_the_queue(
    page_as: PageAs, complaint: Complaint, engineering: Department, engineer: User, agent: User, finance: User
) -> None:
    desk = page_as(agent, "/lanting/complaints/queue/")
    desk.keyboard.press("j")
    expect(desk.locator("#case h2")).to_have_text("Water through the ceiling")
    desk.keyboard.press("w")
    expect(desk.locator("#act [name=department_0]")).to_be_focused()
    desk.locator("#act [name=department_0]").select_option(label="Engineering")
    # beside a department only its own lines and people, and its only line is chosen
    expect(desk.locator("#act [name=budget_0] option:checked")).to_contain_text("Repairs")
    assert desk.locator("#act [name=people_0] optgroup:not([disabled])").evaluate_all("all => all.map((g) => g.label)") == [
        "Engineering"
    ]
    desk.locator("#act [name=estimate_0]").fill("300")
    desk.keyboard.press("Control+Enter")
    expect(desk.locator("#case .pm-errors")).to_contain_text("What is to be done")
    desk.locator("#case [name=what_0]").fill("Close the riser valve")
    desk.get_by_text("Another department").first.click()
    desk.locator("#case [name=department_1]").select_option(label="Willow office")
    desk.locator("#case [name=what_1]").fill("Put up a notice")
    desk.locator("#case [name=estimate_1]").fill("0")
    desk.keyboard.press("Control+Enter")
    expect(desk.locator(".pm-case__says")).to_contain_text("Done: Order work")
    expect(desk.locator(".pm-case__staff")).to_contain_text("Close the riser valve")
    expect(desk.locator(".pm-case__staff")).to_contain_text("Put up a notice")
    expect(desk.locator(".pm-queue__list")).to_be_visible()
    assert_accessible(desk)


@pytest.fixture
def finance(company: Company, company_office: Department, engineering: Department, engineer: User) -> User:
    """A finance officer, who has given Engineering its only line."""
    finance = make_employee(company_office, Role.FINANCE_OFFICER, name="Finance")
    with company_scope(company.pk):
        by = Employee.objects.get(user=finance)
        now = timezone.now()
        year = timezone.localdate(now).year
        services.set_budget(department=engineering, year=year, line="Repairs", amount=100_000, by=by, at=now)
    return finance


def thumb_can_press(page: Page, name: str) -> None:
    """The button stands at the bottom of the phone, whole and large enough, and is pressed."""
    button = page.locator(".pm-actionbar").get_by_role("button", name=name)
    box = button.bounding_box()
    assert box is not None
    assert box["height"] >= 44
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 360
    assert box["y"] + box["height"] <= 900
    button.click()


def test_technician_goes_from_order_to_done_with_one_thumb(
    page_as: PageAs, company: Company, complaint: Complaint, engineering: Department, engineer: User, agent: User, owner: User
) -> None:
    with company_scope(company.pk):
        order = make_order(complaint, department=engineering, by=agent)
    phone = page_as(engineer, "/lanting/", width=360)
    phone.get_by_role("link", name="Close the riser valve").first.click()
    expect(phone.locator("h1")).to_have_text("Close the riser valve")
    assert phone.evaluate("document.documentElement.scrollWidth") <= 360
    thumb_can_press(phone, "Accept")
    expect(phone.locator("main")).to_contain_text("Done: Accept")
    asker = page_as(owner, f"/lanting/complaints/{complaint.number}/", width=360)
    expect(asker.locator("main")).to_contain_text("Somebody is coming: Engineering")
    phone.get_by_label("What was done").fill("The valve is closed.")
    phone.get_by_label("What it cost").fill("much")
    thumb_can_press(phone, "Done")
    expect(phone.locator("#f-finish")).to_contain_text("Write an amount")
    expect(phone.get_by_label("What was done")).to_have_value("The valve is closed.")
    assert_accessible(phone)
    phone.get_by_label("What it cost").fill("280.50")
    thumb_can_press(phone, "Done")
    expect(phone.locator("main")).to_contain_text("¥280.50")
    expect(phone.locator(".pm-actionbar")).to_have_count(0)
    with company_scope(company.pk):
        assert WorkOrder.objects.get(pk=order.pk).actual_cost == 28_050


def test_order_is_done_without_scripts(
    page_as: PageAs, company: Company, complaint: Complaint, engineering: Department, engineer: User, agent: User
) -> None:
    desk = page_as(agent, f"/lanting/complaints/{complaint.number}/", javascript=False)
    desk.get_by_role("link", name="Order work").click()
    desk.locator("[name=department_0]").select_option(label="Engineering")
    desk.locator("[name=what_0]").fill("Close the riser valve")
    desk.locator("[name=estimate_0]").fill("0")
    desk.get_by_role("button", name="Order work").click()
    phone = page_as(engineer, BOARD, width=360, javascript=False)
    phone.get_by_role("link", name="Close the riser valve").click()
    phone.locator(".pm-actionbar button").click()
    phone.get_by_label("What was done").fill("Closed.")
    phone.locator(".pm-actionbar button").click()
    expect(phone.locator("main")).to_contain_text("has done order")


def test_board_has_its_columns_beside_each_other(
    page_as: PageAs, company: Company, complaint: Complaint, engineering: Department, engineer: User, agent: User
) -> None:
    with company_scope(company.pk):
        make_order(complaint, department=engineering, by=agent)
    desk = page_as(agent, BOARD)
    tops = desk.locator(".pm-board > section").evaluate_all("all => all.map((s) => s.getBoundingClientRect().top)")
    assert len(tops) == 4
    assert len(set(tops)) == 1
    assert_accessible(desk)
    desk.locator(".pm-filters select[name=department]").select_option(label="Willow office")
    expect(desk.locator(".pm-board .pm-row")).to_have_count(0)
    assert "department=" in desk.url


def test_costs_and_budgets_are_read_on_desk_and_phone(
    page_as: PageAs, company: Company, complaint: Complaint, engineering: Department, engineer: User, agent: User, finance: User
) -> None:
    with company_scope(company.pk):
        make_order(complaint, department=engineering, by=agent, budget=Budget.objects.get())
    for width in (1280, 360):
        page = page_as(finance, "/lanting/complaints/budgets/", width=width)
        expect(page.locator("table")).to_contain_text("¥700.00")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert_accessible(page)
        page.get_by_role("link", name="Costs").locator("visible=true").last.click()
        expect(page.locator("h1")).to_contain_text("Costs of work orders")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert_accessible(page)
