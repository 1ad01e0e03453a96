"""The main job in two windows: the owner on a phone without scripts, the staff at a desk."""

from datetime import timedelta

import pytest
from django.utils import timezone

from complaints import services
from complaints.models import Complaint
from propman.community.models import Employee
from propman.tenancy.events import broken_links
from propman.tenancy.scope import company_scope
from tests.browser.conftest import PageAs


@pytest.mark.django_db(transaction=True)
def test_complaint_lives_through_everything(page_as: PageAs, company, household, owner, office, agent, head, manager):
    with company_scope(company.pk):
        services.set_up_complaints(by=None, at=timezone.now() - timedelta(days=1))
        colleague = Employee.objects.get(user=head)
    # files, with one thumb and no scripts
    phone = page_as(owner, "/lanting/complaints/new/", width=360, javascript=False)
    phone.get_by_role("radio", name="Lift").check()
    phone.get_by_label("In a few words").fill("Lift 2 stops between floors")
    phone.get_by_label("Tell it in your own words").fill("It moved again after a minute, with a jolt.")
    phone.get_by_role("radio", name="In my home").check()
    phone.get_by_role("button", name="File the complaint").click()
    number = phone.locator(".pm-figure").inner_text()
    code = phone.locator("#code").inner_text()
    # accepts, hands over, is refused, hands over again, is taken
    desk = page_as(agent, "/lanting/complaints/queue/")
    desk.get_by_role("button", name="Take next").click()
    assert number in desk.locator(".pm-case").inner_text()
    offer(desk, number, colleague.name, "Needs a fitter with a key")
    at_office = page_as(head, f"/lanting/complaints/{number}/")
    at_office.get_by_role("link", name="Refuse").click()
    at_office.get_by_label("Reason").fill("Not on duty before two")
    at_office.get_by_role("button", name="Refuse").click()
    offer(desk, number, colleague.name, "It is two now")
    at_office.goto(f"/lanting/complaints/{number}/")
    at_office.get_by_role("button", name="Take", exact=True).click()
    # resolved, reopened, resolved again but the clock runs out
    resolve(at_office, number, "The door sensor is changed.")
    phone.goto(f"/lanting/complaints/{number}/")
    assert "The door sensor is changed." in phone.content()
    phone.get_by_label("What is still wrong").fill("It still jolts at the ninth floor.")
    phone.get_by_role("button", name="Not fixed").click()
    assert "Accepted" in phone.locator(".pm-facts").inner_text()
    services.fire_due_timers(timezone.now() + timedelta(days=20))
    # the centre took over and solves it, the owner confirms without signing in
    with company_scope(company.pk):
        complaint = Complaint.objects.select_related("handler").get(number=number)
        assert complaint.is_with_centre
        assert complaint.handler.user_id != head.pk
        taken_by = complaint.handler.user
    centre = page_as(taken_by, f"/lanting/complaints/{number}/")
    assert "the service centre took it over" in centre.locator(".pm-case").inner_text()
    resolve(centre, number, "The rail is greased, we rode it ten times.")
    anybody = page_as(None, "/lanting/follow/", width=360)
    anybody.get_by_label("Number").fill(number)
    anybody.get_by_label("Tracking code").fill(code)
    anybody.get_by_role("button", name="Show the complaint").click()
    anybody.get_by_role("button", name="Fixed", exact=True).click()
    with company_scope(company.pk):
        complaint.refresh_from_db()
        assert (complaint.state, complaint.closed_as, complaint.reopenings) == ("closed", "confirmed", 1)
        assert list(broken_links("complaint:")) == []


def offer(page, number: str, name: str, reason: str) -> None:
    page.goto(f"/lanting/complaints/{number}/hand-over/")
    option = page.get_by_label("To an employee").locator("option").filter(has_text=name)
    page.get_by_label("To an employee").select_option(value=option.get_attribute("value"))
    page.get_by_label("Reason").fill(reason)
    page.get_by_role("button", name="Hand over").click()


def resolve(page, number: str, text: str) -> None:
    page.goto(f"/lanting/complaints/{number}/resolve/")
    page.get_by_label("Text").fill(text)
    page.get_by_role("button", name="Resolve").click()
