"""Reconciliation by keyboard, and the pages by which the counting is checked, read in both languages and themes."""

from datetime import datetime, time, timedelta
from io import BytesIO

import pytest
from django.utils import timezone

from complaints import services
from complaints.models import Complaint, LogEntry
from complaints.services.drawing import draw_call_backs, record_not_reached
from complaints.services.listening import check_silence
from complaints.services.reconciling import explain_entry, reconcile_file
from complaints.services.sealing import make_head
from propman.accounts.models import User
from propman.accounts.roles import Role
from propman.community.models import Department, Employee
from propman.tenancy.models import Company
from propman.tenancy.scope import company_scope
from tests.browser.checks import english_left_overs, findings
from tests.browser.conftest import PageAs
from tests.browser.test_pages import names_of_the_world
from tests.complaints.test_silence import receive
from tests.factories import make_community, make_department, make_employee, make_household
from tests.factories.complaints import make_complaint

RECONCILE = "/lanting/complaints/reconcile/"
PAGES = {
    "agent": [
        RECONCILE,
        f"{RECONCILE}?show=matched",
        f"{RECONCILE}?show=explained",
        f"{RECONCILE}?source=mailbox",
        f"{RECONCILE}import/",
        "/lanting/complaints/call-backs/",
        "/lanting/complaints/silence/",
    ],
    "manager": [RECONCILE, "/lanting/complaints/call-backs/"],
    "administrator": ["/lanting/settings/counting/"],
    "nobody": [
        "/lanting/public/heads/",
        "/lanting/public/willow-garden/register/",
        "/lanting/public/willow-garden/register/?number=2026-999999",
    ],
}


@pytest.fixture
def checked(world: dict[str, Complaint], company: Company, owner: User, agent: User, centre: Department) -> Company:
    """Yesterday's phone log with gaps, nights that were sealed, call-backs that wait, a quiet office."""
    now = timezone.now()
    with company_scope(company.pk):
        by = Employee.objects.get(user=agent)
        yesterday = company.today(now) - timedelta(days=1)
        rows = ["time,phone,office,length,note"]
        place = make_community(company, "harbour-gardens")
        quiet = make_department(company, Department.Kind.MANAGEMENT_OFFICE, community=place, name="Harbour office")
        for _n in range(30):
            make_household(place)
        for n, title in enumerate(["车库积水", "门禁失灵", "快递柜坏了", "楼道灯不亮"]):
            at = datetime.combine(yesterday, time(9 + n, 12), company.timezone)
            phone = f"13800138{n:03}"
            make_complaint(
                household=world["late"].contact.household,
                at=at,
                first_asked=by,
                channel="visit" if n == 3 else "phone",
                title=title,
                asker=services.Asker(user=owner, name="李娜", phone=phone),
            )
            rows.append(f"{at - timedelta(minutes=3):%Y-%m-%d %H:%M:%S},{phone},willow-garden,4:02,东门前台")
        rows += [
            f"{yesterday} 10:47:12,13900139001,willow-garden,1:35,东门前台",
            f"{yesterday} 11:03:40,13900139001,willow-garden,2:20,东门前台",
            f"{yesterday} 16:31:05,,harbour-gardens,6:48,工程部",
            f"{yesterday} 18:02:00,13900139002,harbour-gardens,0:12,工程部",
        ]
        file = BytesIO("\n".join(rows).encode())
        reconcile_file(
            company=company, source="phone", file=file, file_name=f"phone-log-{yesterday}.csv", mapping="", by=agent, at=now
        )
        last = LogEntry.objects.order_by("-occurred_at")[0]
        explain_entry(entry=last, by=by, at=now, reason="wrong_number")
        closed_on = company.today(Complaint.objects.get(pk=world["confirmed"].pk).closed_at)
        for day in (closed_on, yesterday):
            head = make_head(company=company, day=day, at=now)
            assert head is not None
            for one in draw_call_backs(company=company, head=head, at=now).call_backs.all():
                record_not_reached(call_back=one, by=by, at=now)
        monday = company.today(now) - timedelta(days=company.today(now).weekday() + 7)
        for n in range(1, 6):
            receive(place, quiet, monday - timedelta(weeks=n), 9)
        check_silence(company=company, week=monday, at=now)
        make_employee(centre, Role.DUTY_MANAGER, name="Duty manager")
    return company


@pytest.mark.parametrize(
    ("width", "theme", "language"), [(1280, "light", "en"), (360, "dark", "zh-hans"), (768, "light", "zh-hans")]
)
@pytest.mark.parametrize("role", PAGES)
def test_pages_of_the_counting_are_readable(
    page_as: PageAs, request: pytest.FixtureRequest, checked: Company, role: str, width: int, theme: str, language: str
) -> None:
    user = None if role == "nobody" else request.getfixturevalue(role)
    names = names_of_the_world(checked) | {"Harbour-Gardens", "Harbour office"}
    found = {}
    for path in PAGES[role]:
        page = page_as(user, path, width=width, theme=theme, language=language)
        lines = findings(page)
        if language != "en":
            lines += english_left_overs(page, names=names)
        if lines:
            found[path] = lines
        page.context.close()
    assert not found


def test_keys_go_from_gap_to_gap_and_match(page_as: PageAs, agent: User, checked: Company) -> None:
    page = page_as(agent, RECONCILE)
    current = page.locator("tr[data-entry][aria-current]")
    first = current.get_attribute("data-entry")
    page.keyboard.press("j")
    second = current.get_attribute("data-entry")
    assert second != first
    page.keyboard.press("k")
    assert current.get_attribute("data-entry") == first
    while not current.locator("[data-match]").count():
        page.keyboard.press("j")
    chosen = current.get_attribute("data-entry")
    assert page.locator(f"#compare-{chosen}").is_visible()
    with page.expect_navigation():
        page.keyboard.press("y")
    assert "Matched to" in page.locator("main").inner_text()
    with company_scope(checked.pk):
        assert LogEntry.objects.get(pk=chosen).matched_by == "hand"
