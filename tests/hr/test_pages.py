"""The pages as people use them: without scripts, with bad input, in Chinese."""

import re
from io import BytesIO
from urllib.parse import urljoin

import pytest
from openpyxl import load_workbook

from hr.models import Appraisal, AppraisalObjection, AppraisalQuarter, AppraisalUnit
from hr.selectors import rows_of
from hr.services import lock_quarter, object_to_appraisal, open_quarter
from propman.tenancy.scope import company_scope
from tests.conftest import signed_in

from .conftest import CRITERIA, KEY, OPENING, TOTALS, add_people, make_staff, row_of, shanghai, submit, submit_all

BASE = "/lanting/hr"


@pytest.fixture
def october(monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: shanghai(10, 9))


@pytest.fixture
def opened(db, october):
    staff = make_staff()
    with company_scope(staff.company.pk):
        open_quarter(key=KEY, at=OPENING)
    return staff


def unit_of(staff) -> AppraisalUnit:
    return AppraisalUnit.objects.select_related("quarter", "scorer", "department").get(department=staff.engineering)


def filled(rows, totals=TOTALS, facts=True) -> dict[str, str]:
    data = {}
    for row, total in zip(rows, totals, strict=True):
        low, more = divmod(total, 5)
        data |= {f"s{row.pk}-{place}": str(low + (place <= more)) for place in range(1, 6)}
        data[f"f{row.pk}"] = f"Fact about {row.employee.name}" if facts else ""
    return data


@pytest.fixture
def rows(opened):
    with company_scope(opened.company.pk):
        return rows_of(unit_of(opened))


@pytest.fixture
def sheet(opened):
    with company_scope(opened.company.pk):
        return f"{BASE}/sheets/{unit_of(opened).pk}/"


def test_head_scores_and_submits_without_scripts(opened, rows, sheet):
    client = signed_in(opened.head)
    page = client.get(sheet).content.decode()
    assert all(name in page for name in CRITERIA)
    assert client.post(sheet, {**filled(rows), "act": "submit"}).status_code == 302
    page = client.get(sheet).content.decode()
    assert "Form as PDF" not in page
    with company_scope(opened.company.pk):
        assert unit_of(opened).state == "submitted"
        assert [row.total for row in rows_of(unit_of(opened))] == TOTALS


def test_incomplete_sheet_says_what_is_missing_and_keeps_the_rest(opened, rows, sheet):
    client = signed_in(opened.head)
    data = filled(rows)
    del data[f"s{rows[1].pk}-3"]
    data[f"f{rows[5].pk}"] = ""
    response = client.post(sheet, {**data, "act": "submit"})
    page = response.content.decode()
    assert response.status_code == 422
    assert "Hua Jing, Attitude" in page
    assert "Xu Ling, one fact" in page
    assert "Fact about Tao Min" in page
    with company_scope(opened.company.pk):
        assert unit_of(opened).state == "open"


@pytest.mark.parametrize("score", ["6", "0", "-1", "4.5", "x", "٣", "1 OR 1=1"])
def test_bad_score_is_refused_in_words(opened, rows, sheet, score):
    data = filled(rows)
    data[f"s{rows[0].pk}-1"] = score
    response = signed_in(opened.head).post(sheet, {**data, "act": "submit"})
    assert response.status_code == 422
    assert "A score is a whole number from 1 to 5." in response.content.decode()


def test_scores_for_a_foreign_row_are_ignored(opened, rows, sheet):
    with company_scope(opened.company.pk):
        foreign = Appraisal.objects.filter(unit__department=opened.small).first()
    signed_in(opened.head).post(sheet, {**filled(rows), f"s{foreign.pk}-1": "5", "act": "save"})
    with company_scope(opened.company.pk):
        foreign.refresh_from_db()
        assert foreign.score1 is None


def test_draft_is_saved_while_scoring(opened, rows, sheet):
    response = signed_in(opened.head).post(f"{sheet}save/", {f"s{rows[0].pk}-1": "4"})
    page = response.content.decode()
    assert "Draft saved" in page
    assert "Tao Min, Quality" in page
    assert f'id="third-{rows[0].pk}"' in page


def test_facts_are_escaped_everywhere(opened, rows, sheet):
    data = filled(rows)
    data[f"f{rows[0].pk}"] = "<script>alert(1)</script>"
    client = signed_in(opened.head)
    client.post(sheet, {**data, "act": "submit"})
    for path in (sheet, f"{BASE}/appraisals/{rows[0].pk}/"):
        assert "<script>alert" not in client.get(path).content.decode()


def test_employee_sees_facts_but_no_draft(opened, rows, sheet):
    signed_in(opened.head).post(sheet, {**filled(rows), "act": "save"})
    page = signed_in(opened.people[0]).get(f"{BASE}/appraisals/{rows[0].pk}/").content.decode()
    assert "Being scored" in page
    assert "Fact about" not in page


def test_employee_objects_and_the_reviewer_changes_the_scores(opened, rows, sheet):
    signed_in(opened.head).post(sheet, {**filled(rows), "act": "submit"})
    row = f"{BASE}/appraisals/{rows[5].pk}/"
    employee = signed_in(opened.people[5])
    assert employee.post(f"{row}object/", {"words": " "}).status_code == 422
    assert employee.post(f"{row}object/", {"words": "I was at the other site."}).status_code == 302
    with company_scope(opened.company.pk):
        objection = AppraisalObjection.objects.get()
    reviewer, page = signed_in(opened.deputy), f"{BASE}/objections/{objection.pk}/"
    assert "I was at the other site." in reviewer.get(page).content.decode()
    scores = {f"score{place}": "4" for place in range(1, 6)}
    assert reviewer.post(page, {"verdict": "changed", "reply": "", **scores}).status_code == 422
    assert reviewer.post(page, {"verdict": "changed", "reply": "The rota shows it.", **scores}).status_code == 302
    shown = employee.get(row).content.decode()
    assert "The rota shows it." in shown
    with company_scope(opened.company.pk):
        assert Appraisal.objects.get(pk=rows[5].pk).total == 20


@pytest.fixture
def locked(opened):
    with company_scope(opened.company.pk):
        quarter = AppraisalQuarter.objects.get()
        submit_all(quarter, shanghai(10, 8))
        lock_quarter(quarter=quarter, at=shanghai(10, 24, 0))
    return opened


def test_how_was_i_ranked_shows_the_way(locked, rows):
    page = signed_in(locked.people[1]).get(f"{BASE}/appraisals/{rows[1].pk}/").content.decode()
    assert "How was I ranked?" in page
    assert re.search(r"Place in the unit of 6.*?<b>2</b>", page, re.DOTALL)
    assert not any(user.name in page for user in locked.people if user != locked.people[1])


def test_small_unit_sees_total_but_no_order(locked):
    with company_scope(locked.company.pk):
        row = row_of(AppraisalQuarter.objects.get(), locked.few[0])
    page = signed_in(locked.few[0]).get(f"{BASE}/appraisals/{row.pk}/").content.decode()
    assert "Only 3 people are ranked" in page
    assert "Place in the company" not in page


def test_form_is_a_pdf_with_everybody(locked, sheet):
    response = signed_in(locked.officer).get(f"{sheet}form/")
    assert response["Content-Type"] == "application/pdf"
    assert response.content.startswith(b"%PDF")
    assert len(response.content) > 5000


def test_rankings_show_raw_beside_adjusted_and_open_the_facts(locked, rows):
    client = signed_in(locked.manager)
    page = client.get(f"{BASE}/rankings/").content.decode()
    assert "Tao Min" in page
    assert "Fan Yu" not in page  # a unit of three
    links = {urljoin(f"{BASE}/rankings/", link) for link in re.findall(r'href="([^"#]+)', page)}
    followed = [path for path in links if path.startswith(BASE) and "export" not in path]
    assert any("/facts/verified/" in path for path in followed)
    for path in followed:
        assert client.get(path).status_code == 200, path


def test_filters_live_in_the_address(locked):
    client = signed_in(locked.manager)
    for query, there in (
        ("q=tao", True),
        ("q=nobody", False),
        (f"department={locked.engineering.pk}", True),
        ("post=x", False),
    ):
        page = client.get(f"{BASE}/rankings/?of=employees&{query}").content.decode()
        assert ("Tao Min" in page) is there, query


@pytest.mark.parametrize(
    "query", ["quarter=2026Q9", "quarter=1999Q1", "of=pay", "after=x", "department=x", "after=1-99999999999999999999"]
)
def test_nonsense_in_the_address_is_not_found(locked, query):
    assert signed_in(locked.manager).get(f"{BASE}/rankings/?{query}").status_code == 404


def test_export_has_every_ranked_person_and_no_formula(locked):
    response = signed_in(locked.manager).get(f"{BASE}/rankings/export/?of=employees")
    book = load_workbook(BytesIO(b"".join(response.streaming_content)))
    lines = list(book.active.iter_rows(values_only=True))
    assert [line[1] for line in lines[1:3]] == ["Tao Min", "Hua Jing"]
    assert len(lines) == 7


def test_employees_page_by_key_to_the_end(db, october):
    staff = make_staff()
    with company_scope(staff.company.pk):
        add_people(staff.engineering, 120)
        quarter = open_quarter(key=KEY, at=OPENING)
        submit_all(quarter, shanghai(10, 8))
        lock_quarter(quarter=quarter, at=shanghai(10, 24, 0))
    client, path, seen = signed_in(staff.manager), f"{BASE}/rankings/?of=employees", []
    while path:
        page = client.get(path).content.decode()
        seen += re.findall(r'class="pm-who" href="../appraisals/(\d+)/"', page)
        found = re.search(r'<a class="btn" href="([^"]+)" rel="next"', page)
        path = f"{BASE}/rankings/{found[1].replace('&amp;', '&')}" if found else ""
    assert len(seen) == len(set(seen)) == 126


def test_list_pages_ask_the_same_number_of_queries(db, october, django_assert_max_num_queries):
    staff = make_staff()
    with company_scope(staff.company.pk):
        add_people(staff.engineering, 30)
        quarter = open_quarter(key=KEY, at=OPENING)
        submit_all(quarter, shanghai(10, 8))
        lock_quarter(quarter=quarter, at=shanghai(10, 24, 0))
    client = signed_in(staff.manager)
    client.get(f"{BASE}/rankings/")
    for of in ("", "offices", "employees", "heads"):
        with django_assert_max_num_queries(20):
            client.get(f"{BASE}/rankings/?of={of}")


def test_pages_speak_chinese(locked, rows, sheet):
    client = signed_in(locked.manager)
    headers = {"Accept-Language": "zh-hans"}
    assert "如何公平地看待" in client.get(f"{BASE}/rankings/", headers=headers).content.decode()
    assert "考核进度" in client.get(f"{BASE}/board/", headers=headers).content.decode()


def test_officer_publishes_standards_for_later_quarters(opened):
    client = signed_in(opened.officer)
    names = {f"name{place}": f"New {place}" for place in range(1, 6)}
    meanings = {f"meaning{place}": "Words" for place in range(1, 6)}
    assert client.post(f"{BASE}/standards/", {**names, **meanings, "name2": "New 1"}).status_code == 422
    assert client.post(f"{BASE}/standards/", {**names, **meanings}).status_code == 302
    page = signed_in(opened.people[0]).get(f"{BASE}/standards/").content.decode()
    assert "New 5" in page


def test_officer_records_leave_moves_and_deputies(opened):
    client = signed_in(opened.officer)
    with company_scope(opened.company.pk):
        who, head = opened.employee(opened.people[0]).pk, opened.employee(opened.head).pk
    leave = {"act": "span", "employee": who, "kind": "leave", "starts_on": "2026-10-12", "ends_on": "2026-10-20"}
    assert client.post(f"{BASE}/staff/", leave).status_code == 302
    assert client.post(f"{BASE}/staff/", leave).status_code == 422  # overlaps
    assert client.post(f"{BASE}/staff/", {**leave, "ends_on": "2026-10-12"}).status_code == 422
    move = {"act": "transfer", "employee": who, "to": opened.small.pk, "moved_on": "2026-10-15"}
    assert client.post(f"{BASE}/staff/", move).status_code == 302
    inside = {"act": "deputy", "department": opened.engineering.pk, "employee": head}
    assert client.post(f"{BASE}/staff/", inside).status_code == 422
    assert client.post(f"{BASE}/staff/", {**inside, "department": opened.small.pk}).status_code == 302


def test_home_says_what_waits(opened):
    assert "Appraisal sheet of Engineering" in signed_in(opened.head).get("/lanting/").content.decode()


def test_every_page_of_a_locked_quarter_opens(locked, sheet):
    for user in (locked.manager, locked.officer):
        client = signed_in(user)
        for path in ("", "board/", "fairness/", "standards/", "rankings/?of=heads", "rankings/?of=offices"):
            assert client.get(f"{BASE}/{path}").status_code == 200, path
        assert client.get(sheet).status_code == 200


def test_objection_of_a_row_shows_on_the_board(opened, rows):
    with company_scope(opened.company.pk):
        submit(unit_of(opened), shanghai(10, 8))
        row = row_of(AppraisalQuarter.objects.get(), opened.people[5])
        object_to_appraisal(appraisal=row, words="No", by=row.employee, at=shanghai(10, 9))
    assert "Xu Ling" in signed_in(opened.officer).get(f"{BASE}/board/").content.decode()


def test_company_of_equal_totals_shows_no_nonsense(opened):
    with company_scope(opened.company.pk):
        quarter = AppraisalQuarter.objects.get()
        for unit in AppraisalUnit.objects.filter(state="open").select_related("scorer"):
            submit(unit, shanghai(10, 8), [15] * sum(row.is_ranked for row in rows_of(unit)))
        lock_quarter(quarter=quarter, at=shanghai(10, 24, 0))
    for path in ("rankings/", "rankings/?of=employees", "rankings/?of=heads", "fairness/"):
        page = signed_in(opened.manager).get(f"{BASE}/{path}").content.decode()
        assert not re.search(r"\b(nan|inf|infinity)\b", page, re.IGNORECASE), path
    page = signed_in(opened.manager).get(f"{BASE}/rankings/?of=employees").content.decode()
    assert page.count("15.00") == 6


def test_small_unit_sees_no_order_while_it_is_scored(opened):
    with company_scope(opened.company.pk):
        small = AppraisalUnit.objects.get(department=opened.small)
    page = signed_in(opened.small_head).get(f"{BASE}/sheets/{small.pk}/").content.decode()
    assert "Under 5 people no order is shown" in page
    assert "Order so far" not in page


def test_board_lists_departments_of_one_state(opened):
    with company_scope(opened.company.pk):
        submit(unit_of(opened), shanghai(10, 8))
    client = signed_in(opened.officer)
    waiting, settled = (client.get(f"{BASE}/board/?state={state}").content.decode() for state in ("open", "submitted"))
    assert "Gardens" in waiting
    assert "Engineering" not in waiting
    assert "Engineering" in settled
    assert "Gardens" not in settled
    assert client.get(f"{BASE}/board/?state=burnt").status_code == 404


def test_only_the_nearest_place_of_the_navigation_is_lit(locked):
    page = signed_in(locked.manager).get(f"{BASE}/rankings/?of=heads").content.decode()
    bar = page[page.index('<nav class="pm-nav"') : page.index("</nav>", page.index('<nav class="pm-nav"'))]
    assert re.findall(r'aria-current="page">([^<]+)<', bar) == ["Rankings"]


def test_whoever_is_not_ranked_reads_why(opened):
    with company_scope(opened.company.pk):
        quarter = AppraisalQuarter.objects.get()
        submit_all(quarter, shanghai(10, 8))
        lock_quarter(quarter=quarter, at=shanghai(10, 24, 0))
        small, ranked = row_of(quarter, opened.few[0]), row_of(quarter, opened.people[0])
    page = signed_in(opened.few[0]).get(f"{BASE}/appraisals/{small.pk}/").content.decode()
    assert "How was I ranked?" in page
    assert "Only 3 people are ranked in the unit" in page
    page = signed_in(opened.people[0]).get(f"{BASE}/appraisals/{ranked.pk}/").content.decode()
    assert "Adjustment = −6 / (6 + 5)" in page


def test_reader_does_not_choose_who_answers_his_own_objection(opened):
    with company_scope(opened.company.pk):
        quarter = AppraisalQuarter.objects.get()
        unit = AppraisalUnit.objects.select_related("scorer").get(department__name="Company office")
        submit(unit, shanghai(10, 8))
        row = row_of(quarter, opened.officer)
        objection = object_to_appraisal(appraisal=row, words="No", by=row.employee, at=shanghai(10, 9))
    page = signed_in(opened.officer).get(f"{BASE}/objections/{objection.pk}/").content.decode()
    assert "Who answers instead" not in page
    page = signed_in(opened.manager).get(f"{BASE}/objections/{objection.pk}/").content.decode()
    assert "Who answers instead" in page
    assert "Deputy Mo" not in page  # of the same unit
    assert "Hua Jing" in page
