"""A case in the browser: head, employee on a phone without scripts, manager, appeal, reviewer."""

from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import expect

from propman.cases import services
from propman.cases.models import Case
from propman.tenancy.scope import company_scope
from tests.browser.conftest import PageAs
from tests.cases.conftest import START, breach, make_court


def test_case_from_the_draft_to_the_appeal(page_as: PageAs, monkeypatch, db) -> None:
    court = make_court()
    now = [START + timedelta(hours=2)]
    monkeypatch.setattr(timezone, "now", lambda: now[0])
    with company_scope(court.company.pk):
        services.draft_cases(breaches=[breach(court.employee(court.clerk))], at=START)

    # the head finds the draft at home and confirms it; without words nothing happens
    desk = page_as(court.head, "/lanting/")
    desk.get_by_role("link", name="Confirm or drop a draft").first.click()
    expect(desk.locator("main")).to_contain_text("Indifferent")
    desk.get_by_role("button", name="Confirm the draft").click()
    expect(desk.locator("main")).to_contain_text("This field is required.")
    desk.get_by_label("What you found").fill("The log shows it.")
    desk.get_by_role("button", name="Confirm the draft").click()
    expect(desk.locator("main")).to_contain_text("With the employee")
    expect(desk.get_by_role("button", name="Confirm the draft")).to_have_count(0)

    # the employee reads the evidence on a phone, without scripts, and replies once
    phone = page_as(court.clerk, "/lanting/cases/", width=360, javascript=False)
    phone.get_by_role("link", name="A case against you").first.click()
    expect(phone.locator("main")).to_contain_text("The log shows it.")
    phone.get_by_label("Your reply").fill("I was alone at the desk.")
    phone.get_by_role("button", name="Reply").click()
    expect(phone.locator("main")).to_contain_text("To be decided")

    # the manager decides; a sum needs its clause, and what was typed stays
    office = page_as(court.manager, "/lanting/cases/")
    office.get_by_role("link", name="Decide: Clerk Tao").click()
    office.get_by_label("Less performance pay").check()
    office.get_by_label("Amount").fill("200")
    office.get_by_label("Reason").fill("Two were on the rota.")
    office.get_by_role("button", name="Decide").click()
    expect(office.locator("main")).to_contain_text("Please write something.")
    office.get_by_label("Clause of the rules").fill("4.2")
    office.get_by_role("button", name="Decide").click()
    expect(office.locator("main")).to_contain_text("¥200.00")

    # the employee appeals, and somebody who took no part lifts the decision
    now[0] += timedelta(days=1)
    phone = page_as(court.clerk, "/lanting/cases/", width=360, javascript=False)
    phone.get_by_role("link", name="A decision on you").first.click()
    phone.get_by_label("What you appeal against").fill("One of the two was ill.")
    phone.get_by_role("button", name="Appeal").click()
    expect(phone.locator("main")).to_contain_text("Officer Bai decides the appeal.")
    reviewer = page_as(court.officer, "/lanting/")
    reviewer.get_by_role("link", name="Decide an appeal").first.click()
    reviewer.get_by_label("The decision is lifted").check()
    reviewer.get_by_label("Reason").fill("The rota was changed.")
    reviewer.get_by_role("button", name="Decide the appeal").click()
    expect(reviewer.locator("main")).to_contain_text("Final: No measure")
    with company_scope(court.company.pk):
        assert (Case.objects.get().measure, Case.objects.get().final_measure) == ("pay", "none")
