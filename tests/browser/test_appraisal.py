"""A quarter in the browser: head, deputy, employee, objector's reviewer, manager."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from hr.models import AppraisalQuarter, AppraisalUnit
from hr.services import answer_objection, appoint_deputy, object_to_appraisal, record_span
from propman.accounts.models import User
from propman.tenancy.jobrun import run_everything_due
from propman.tenancy.scope import company_scope
from tests.browser.checks import english_left_overs, findings
from tests.browser.conftest import PageAs
from tests.browser.test_pages import told
from tests.hr.conftest import CRITERIA, OPENING, Staff, make_staff, row_of, shanghai, submit, submit_all

SetClock = Callable[[datetime], None]
TOTALS = [23, 21, 21, 19, 18, 14]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch, db) -> SetClock:
    """Sets the clock of the whole process and lets everything that is due happen."""
    now = [OPENING]
    monkeypatch.setattr(timezone, "now", lambda: now[0])

    def set_clock(at: datetime) -> None:
        now[0] = at
        run_everything_due(at)

    return set_clock


def sheet_of(staff, department) -> tuple[str, list[int]]:
    with company_scope(staff.company.pk):
        unit = AppraisalUnit.objects.get(department=department)
        rows = unit.appraisals.order_by("employee__number").values_list("pk", flat=True)
        return f"/lanting/hr/sheets/{unit.pk}/", list(rows)


def score(page: Page, row: int, total: int) -> None:
    low, more = divmod(total, 5)
    for place in range(1, 6):
        page.locator(f"label[for=s{row}-{place}-{low + (place <= more)}]").click()


def add_fact(page: Page, row: int, words: str) -> None:
    if not page.locator(f"#f{row}").is_visible():
        page.locator(f"details:has(#f{row}) > summary").click()
    page.locator(f"#f{row}").fill(words)


def test_quarter_from_the_sheet_to_the_ranking(page_as: PageAs, clock: SetClock) -> None:
    staff = make_staff()
    with company_scope(staff.company.pk):
        deputy = staff.employee(staff.deputy)
        appoint_deputy(department=staff.small, employee=deputy, by=staff.officer, at=OPENING - timedelta(days=9))
    clock(OPENING)

    # the head scores; the order follows while he does, and the sheet says what is missing
    clock(shanghai(10, 5))
    sheet, rows = sheet_of(staff, staff.engineering)
    desk = page_as(staff.head, "/lanting/")
    desk.get_by_role("link", name="Appraisal sheet of Engineering").first.click()
    for row, total in zip(rows, TOTALS, strict=True):
        score(desk, row, total)
    expect(desk.locator("[data-order] li")).to_have_count(6)
    expect(desk.locator("[data-order] li.is-tie")).to_have_count(2)
    expect(desk.locator("[data-order] li").last).to_contain_text("6Xu Ling")
    desk.get_by_role("button", name="Submit sheet").click()
    expect(desk.locator("#gaps")).to_contain_text("Tao Min, one fact")
    for row in (rows[0], rows[1], rows[2], rows[4], rows[5]):
        add_fact(desk, row, "Seen in the log of the quarter")
    desk.get_by_role("button", name="Submit sheet").click()
    expect(desk.locator("main")).to_contain_text("Submitted by Shen Ke")

    # the small office's head forgets: reminded, then the deputy has the sheet; he works without script
    clock(shanghai(10, 7, 18))
    clock(shanghai(10, 10, 18))
    clock(shanghai(10, 12))
    forgotten = page_as(staff.small_head, "/lanting/hr/", javascript=False)
    expect(forgotten.locator("main")).not_to_contain_text("Score Gardens")
    small_sheet, small_rows = sheet_of(staff, staff.small)
    substitute = page_as(staff.deputy, "/lanting/", javascript=False)
    substitute.get_by_role("link", name="Appraisal sheet of Gardens").first.click()
    for row in small_rows:
        score(substitute, row, 15)
    substitute.get_by_role("button", name="Submit sheet").click()
    expect(substitute.locator("main")).to_contain_text("Submitted by Deputy Mo")
    assert forgotten.goto(small_sheet).status == 200  # to read, not to score
    expect(forgotten.get_by_role("button", name="Submit sheet")).to_have_count(0)

    # one employee agrees, one objects on a phone; a colleague's row is not there
    agreeing = page_as(staff.people[0], "/lanting/", width=390)
    agreeing.get_by_role("link", name="Your appraisal of 2026Q3").first.click()
    agreeing.get_by_role("button", name="I agree").click()
    expect(agreeing.locator("main")).to_contain_text("Agreed")
    objector = page_as(staff.people[5], f"/lanting/hr/appraisals/{rows[5]}/", width=390)
    objector.get_by_text("I object").click()
    objector.get_by_label("What do you object to").fill("I was at the other site in August.")
    objector.get_by_role("button", name="File the objection").click()
    expect(objector.locator("main")).to_contain_text("Deputy Mo answers it")
    assert objector.goto(f"/lanting/hr/appraisals/{rows[0]}/").status == 404

    # the reviewer is somebody else than the head, and changes the scores with a reason
    reviewer = page_as(staff.deputy, "/lanting/")
    reviewer.get_by_role("link", name="Objection to an appraisal").first.click()
    reviewer.get_by_text("Scores changed").click()
    for place in range(1, 6):
        reviewer.locator(f"[name=score{place}][value='4'] + label").click()
    reviewer.get_by_label("Reason").fill("The rota shows it.")
    reviewer.get_by_role("button", name="Send the answer").click()
    expect(reviewer.locator("main")).to_contain_text("Scores changed")

    # what nobody scores in time is missed; the quarter locks by itself
    moment = shanghai(10, 13)
    while moment < shanghai(10, 31):
        moment += timedelta(hours=12)
        clock(moment)
    with company_scope(staff.company.pk):
        assert AppraisalQuarter.objects.get().is_locked
    objector = page_as(staff.people[5], f"/lanting/hr/appraisals/{rows[5]}/")  # the session of the 12th is over
    expect(objector.locator("#ranked")).to_contain_text("Place in the unit of 6")
    expect(objector.locator("main")).to_contain_text("The rota shows it.")

    # the manager reads the ranking, opens the facts, the board and the form
    office = page_as(staff.manager, "/lanting/hr/rankings/")
    expect(office.get_by_role("table", name="Employees by adjusted total")).to_contain_text("Tao Min")
    office.get_by_role("link", name="Tao Min").click()
    expect(office.locator("main")).to_contain_text("How the order came about")
    office.goto("/lanting/hr/board/")
    expect(office.locator("main")).to_contain_text("Engineering")
    with office.expect_download() as download:
        office.locator(f"a[href='{sheet}form/']").click()
    assert download.value.suggested_filename.startswith("appraisal-2026Q3")


@pytest.fixture
def lived(clock: SetClock) -> tuple[Staff, dict[str, tuple[User, str]]]:
    """Every page of the appraisal with somebody to look at it: a locked quarter with an objection, and a second one open."""
    staff = make_staff()
    clock(OPENING)
    with company_scope(staff.company.pk):
        first = AppraisalQuarter.objects.get()
        submit_all(first, shanghai(10, 8))
        row = row_of(first, staff.people[5])
        objection = object_to_appraisal(appraisal=row, words="我八月在另一个小区。", by=row.employee, at=shanghai(10, 9))
        answer_objection(
            objection=objection, verdict="kept", reply="排班表可以证明。", by=objection.reviewer, at=shanghai(10, 12)
        )
    clock(shanghai(10, 24, 0))
    january = datetime(2027, 1, 1, tzinfo=OPENING.tzinfo)
    with company_scope(staff.company.pk):
        leave = {"kind": "leave", "starts_on": date(2026, 10, 1), "ends_on": date(2027, 2, 1), "by": None, "at": january}
        record_span(employee=staff.employee(staff.people[4]), **leave)
    clock(january + timedelta(hours=9))
    with company_scope(staff.company.pk):
        second = AppraisalQuarter.objects.get(locked_at=None)
        sheet = AppraisalUnit.objects.get(quarter=second, department=staff.engineering)
        settled = AppraisalUnit.objects.get(quarter=second, department=staff.small)
        submit(settled, january + timedelta(hours=8))
        new = row_of(second, staff.few[1])
        waiting = object_to_appraisal(appraisal=new, words="我请过假。", by=new.employee, at=january + timedelta(hours=9))
        own, locked_sheet = row_of(second, staff.few[0]), AppraisalUnit.objects.get(quarter=first, department=staff.engineering)
        reviewer = waiting.reviewer.user
        away = row_of(second, staff.people[4])
    base = "/lanting/hr"
    pages = {
        "home": (staff.few[0], f"{base}/"),
        "sheet": (staff.head, f"{base}/sheets/{sheet.pk}/"),
        "settled sheet": (staff.head, f"{base}/sheets/{locked_sheet.pk}/"),
        "own row to answer": (staff.few[0], f"{base}/appraisals/{own.pk}/"),
        "own row, not ranked": (staff.people[4], f"{base}/appraisals/{away.pk}/"),
        "own locked row": (staff.people[5], f"{base}/appraisals/{row.pk}/"),
        "facts": (staff.people[5], f"{base}/appraisals/{row.pk}/facts/verified/"),
        "objection": (reviewer, f"{base}/objections/{waiting.pk}/"),
        "objection of the officer": (staff.officer, f"{base}/objections/{waiting.pk}/"),
        "board": (staff.officer, f"{base}/board/"),
        "board of the locked": (staff.officer, f"{base}/board/?quarter=2026Q3"),
        "rankings": (staff.manager, f"{base}/rankings/"),
        "employees": (staff.manager, f"{base}/rankings/?of=employees"),
        "heads": (staff.manager, f"{base}/rankings/?of=heads"),
        "fairness": (staff.people[0], f"{base}/fairness/"),
        "standards": (staff.officer, f"{base}/standards/"),
        "leave, moves, deputies": (staff.officer, f"{base}/staff/"),
    }
    return staff, pages


def test_appraisal_pages_are_readable(page_as: PageAs, lived) -> None:
    _staff, pages = lived
    found = {name: lines for name, (user, path) in pages.items() if (lines := findings(page_as(user, path)))}
    assert not found, told(found)


def test_appraisal_pages_leave_no_english(page_as: PageAs, lived) -> None:
    staff, pages = lived
    names = {staff.company.name, *CRITERIA, "Engineering", "Gardens", "Company office", "What means", "Fact about"}
    names |= set(User.objects.values_list("name", flat=True))
    found = {
        name: lines
        for name, (user, path) in pages.items()
        if (lines := english_left_overs(page_as(user, path, language="zh-hans"), names=names))
    }
    assert not found, told(found)
