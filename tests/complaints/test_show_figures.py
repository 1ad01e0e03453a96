"""The figures of centre and managers: what is counted, who may see it, and that each figure opens as many complaints."""

import re
from datetime import date, timedelta
from io import BytesIO

import pytest
from django.utils import timezone
from openpyxl import load_workbook

from complaints import jobs, services
from complaints.clocks import Clock
from complaints.export_files import write_export
from complaints.figures_shown import COLUMNS, summary_of
from complaints.models import Complaint, Export
from complaints.selectors.figures import DIMENSIONS, FIGURES, Line, Slice, lines, rows_behind, standout, total
from complaints.services import exporting
from complaints.services.escalation import fire_timers_of
from propman.accounts.roles import Role
from propman.accounts.services import end_role
from propman.cases.models import Case
from propman.cases.services import Breach, confirm_case, draft_cases
from propman.cases.workflow import Ground, Source
from propman.community.models import Department
from propman.tenancy.scope import company_scope
from tests.factories import make_community, make_department, make_employee, make_household
from tests.factories.complaints import START, make_category, make_complaint, make_order, make_policy

pytestmark = pytest.mark.django_db
PAGE = "/lanting/complaints/figures/"
DAYS = "since=2026-03-01&until=2026-03-31"


@pytest.fixture
def counted(scope, policy, household, owner, office, head, staff, company) -> Slice:
    """A month of one office: one put right and reopened, one that nobody took, one rated, one withdrawn, one imported."""
    handler = staff(head)
    back = make_complaint(household=household, first_asked=handler, at=START)
    services.accept_complaint(complaint=back, by=handler, at=START + timedelta(minutes=1))
    services.resolve_complaint(complaint=back, by=handler, at=START + timedelta(minutes=9), text="Dry.")
    services.reopen_complaint(complaint=back, by=owner, at=START + timedelta(minutes=20), text="Still wet.")
    services.resolve_complaint(complaint=back, by=handler, at=START + timedelta(minutes=30), text="Dry now.")
    services.confirm_complaint(complaint=back, by=owner, at=START + timedelta(minutes=40))
    services.rate_complaint(complaint=back, by=owner, at=START + timedelta(minutes=41), rating=4)
    make_complaint(household=household, at=START + timedelta(hours=5), category=make_category("lift", "Lift", "电梯"))
    gone = make_complaint(household=household, at=START + timedelta(days=3))
    services.withdraw_complaint(complaint=gone, by=owner, at=START + timedelta(days=3, minutes=1), text="It was the neighbour.")
    fire_timers_of(company.pk, START + timedelta(days=2))
    return Slice(date(2026, 3, 1), date(2026, 3, 31), company.timezone)


def test_every_figure_opens_as_many_complaints_as_it_says(counted, company):
    for dimension in DIMENSIONS:
        whole = total(lines(dimension, counted))
        told = {
            "received": whole.received, "late": whole.late, "on_time": whole.received - whole.late, "reopened": whole.reopened,
            "fine": whole.fine, "rated": whole.rated, "breaches": whole.breaches, "ordered": whole.ordered,
            **{f"late_{clock}": count for clock, count in (whole.late_by or {}).items()},
        }  # fmt: skip
        assert {name: rows_behind(name, counted).count() for name in FIGURES} == told
    assert (whole.received, whole.late, whole.reopened, whole.rated, whole.rating_sum) == (3, 1, 1, 1, 4)


def test_withdrawn_complaint_still_counts_as_received(counted, office):
    (line,) = lines("office", counted)
    assert (line.key, line.name, line.received) == (office.pk, "Willow office", 3)


def test_hour_and_month_follow_the_companys_clock(counted):
    assert {line.key: line.received for line in lines("hour", counted) if line.received} == {
        16: 2,
        21: 1,
    }  # 08:00 UTC in Shanghai
    assert [line.name for line in lines("month", counted)] == ["2026-03"]


def test_confirmed_case_is_a_breach_and_a_draft_is_not(counted, staff, head, manager, office):
    number = rows_behind("late", counted).get().number
    clerk = staff(make_employee(office, name="Clerk"))
    word = Breach(
        origin="complaint:word", source=Source.ASKER, ground=Ground.DECEIVED, accused=clerk.pk, occurred_at=START,
        subject_kind="complaint", subject=number, evidence=[],
    )  # fmt: skip
    (drafted,) = draft_cases(breaches=[word], at=START + timedelta(hours=9))
    assert total(lines("office", counted)).breaches == 0
    case = Case.objects.get(pk=drafted)
    confirm_case(case=case, by=case.head, at=START + timedelta(days=1), text="The log shows it.")
    assert rows_behind("breaches", counted).get().number == number


def test_costs_of_ordered_work_stand_beside_and_open_their_complaints(counted, agent, company_office, client_of, manager):
    late = rows_behind("late", counted).get()
    for estimate in (30_000, 4_500):
        make_order(late, department=company_office, by=agent, estimate=estimate)
    whole = total(lines("category", counted))
    assert (whole.cost, whole.ordered) == (34_500, 1)
    assert rows_behind("ordered", counted).get() == late
    assert "¥345.00" in client_of(manager).get(f"{PAGE}?{DAYS}").content.decode()


def test_query_count_does_not_grow_with_offices(counted, company, client_of, manager, django_assert_num_queries):
    client = client_of(manager)
    client.get(f"{PAGE}?{DAYS}")
    with django_assert_num_queries(3):
        lines("office", counted)
    for n in range(3):
        community = make_community(company, f"place-{n}")
        make_department(company, Department.Kind.MANAGEMENT_OFFICE, community=community, name=f"Office {n}")
        with company_scope(company.pk):
            make_complaint(household=make_household(community), at=START)
    with django_assert_num_queries(3):
        assert len(lines("office", counted)) == 4


def test_page_shows_shares_and_narrows_by_address(counted, client_of, manager, office):
    client = client_of(manager)
    page = client.get(f"{PAGE}?{DAYS}").content.decode()
    assert "66.7 %" in page
    assert "Willow office" in page
    rows = client.get(f"{PAGE}rows/?{DAYS}&office={office.pk}&figure=late").content.decode()
    assert "1 of 3 received" in rows
    narrowed = client.get(f"{PAGE}?{DAYS}&category=lift&by=hour").content.decode()
    assert "21:00–22:00" in narrowed
    assert "hour=16" in narrowed
    assert "1</td>" in narrowed[narrowed.index("<tfoot>") :]


def test_every_link_of_the_table_opens(counted, client_of, manager):
    client = client_of(manager)
    for dimension in DIMENSIONS:
        page = client.get(f"{PAGE}?{DAYS}&by={dimension}&sort=-late").content.decode()
        table = page[page.index("<tbody>") : page.index("</tbody>")].replace("&amp;", "&")
        links = re.findall(r'href="([^"]+)"', table)
        assert len(links) >= len(COLUMNS) + 1
        for link in links:
            assert client.get(link).status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        "since=yesterday",
        "since=2026-03-09&until=2026-03-01",
        "office=x",
        "hour=25",
        "channel=pigeon",
        "since=1999-01-01",
        "until=0001-01-05",
    ],
)
def test_address_that_is_not_understood_is_answered_in_words(counted, client_of, manager, query):
    answer = client_of(manager).get(f"{PAGE}?{query}")
    assert answer.status_code == 200
    assert 'role="alert"' in answer.content.decode()


def test_head_counts_his_own_office_only(counted, client_of, head, company, scope):
    other = make_community(company, "harbour")
    make_department(company, Department.Kind.MANAGEMENT_OFFICE, community=other, name="Harbour office")
    make_complaint(household=make_household(other), at=START, title="Seagulls")
    client = client_of(head)
    assert "Harbour office" not in client.get(f"{PAGE}?{DAYS}&by=office").content.decode()
    elsewhere = Department.objects.get(name="Harbour office").pk
    assert "Seagulls" not in client.get(f"{PAGE}rows/?{DAYS}&office={elsewhere}").content.decode()


@pytest.mark.parametrize("who", ["owner", "official", "rival_manager"])
def test_figures_are_closed_to_others(counted, client_of, request, who):
    answer = client_of(request.getfixturevalue(who)).get(PAGE)
    assert answer.status_code in {403, 404}


def test_administrator_counts_but_does_not_read(counted, client_of, administrator):
    client = client_of(administrator)
    rows = client.get(f"{PAGE}rows/?{DAYS}").content.decode()
    assert Complaint.objects.first().number in rows
    assert "Water through the ceiling" not in rows


def test_general_managers_home_names_the_office_to_look_at(scope, household, office, manager, client_of, head):
    make_policy(timezone.now() - timedelta(days=40))
    make_complaint(household=household, at=timezone.now() - timedelta(days=2))
    page = client_of(manager).get("/lanting/").content.decode()
    assert "Waits for your decision" in page
    assert "Willow office" in page
    assert "Waits for your decision" not in client_of(head).get("/lanting/").content.decode()


# What stands out.


def line(name, received, troubled):
    return Line(
        name, name, received=received, late=troubled, late_by={clock.value: 0 for clock in Clock}, fine=received - troubled
    )


def test_office_far_worse_than_the_others_stands_out():
    offices = [line("A", 142, 8), line("B", 131, 27), line("C", 96, 5)]
    assert standout(offices).line.name == "B"
    assert summary_of(offices).lead == "B is the one to look at:"


def test_differences_by_chance_stand_out_to_nobody():
    offices = [line("A", 40, 3), line("B", 42, 4), line("C", 39, 3)]
    assert standout(offices).line is None
    assert summary_of(offices).lead == "Nothing stands out:"


def test_few_complaints_are_not_compared():
    assert standout([line("A", 9, 9), line("B", 100, 1)]) is None


# Files.


def asked(client, what="rows", kind="csv", query=f"{DAYS}&figure=received"):
    client.post(f"{PAGE}exports/", {"what": what, "kind": kind, "query": query})
    return Export.objects.latest("pk")


def test_file_is_written_by_the_job_and_served_to_who_asked(counted, client_of, manager, agent, company):
    client = client_of(manager)
    export = asked(client)
    assert "0 of 0" in client.get(f"{PAGE}exports/{export.pk}/").content.decode()
    assert client.get(f"{PAGE}exports/{export.pk}/file/").status_code == 404
    assert jobs.write_export(company.pk, export.pk)
    assert "3 of 3" in client.get(f"{PAGE}exports/{export.pk}/").content.decode()
    file = client.get(f"{PAGE}exports/{export.pk}/file/")
    told = b"".join(file.streaming_content).decode("utf-8-sig").splitlines()
    assert len(told) == 4
    assert "attachment" in file["Content-Disposition"]
    for address in (f"{PAGE}exports/{export.pk}/", f"{PAGE}exports/{export.pk}/file/"):
        assert client_of(agent).get(address).status_code == 404


def test_file_calculates_nothing_and_names_no_asker(counted, client_of, manager, company, household):
    make_complaint(
        household=household, at=START, title="=cmd|' /C calc'!A0", is_confidential=True,
        asker=services.Asker(name="王小芳", phone="13800138000"),
    )  # fmt: skip
    export = asked(client_of(manager))
    jobs.write_export(company.pk, export.pk)
    export.refresh_from_db()
    text = bytes(export.content).decode("utf-8-sig")
    assert "'=cmd" in text
    assert "王小芳" not in text
    assert "13800138000" not in text


def test_workbook_holds_the_figures_and_their_sum(counted, client_of, manager, company):
    export = asked(client_of(manager), what="figures", kind="xlsx", query=f"{DAYS}&by=hour")
    jobs.write_export(company.pk, export.pk)
    export.refresh_from_db()
    rows = [row[:3] for row in load_workbook(BytesIO(export.content)).active.values]
    assert len(rows) == 26
    assert [row for row in rows if row[1]] == [
        ("Hour", "Received", "A clock ran out"), ("16:00–17:00", 2, 0), ("21:00–22:00", 1, 1), ("All", 3, 1),
    ]  # fmt: skip


def test_second_worker_finds_nothing_to_do(counted, client_of, manager, company):
    export = asked(client_of(manager))
    assert jobs.write_export(company.pk, export.pk)
    assert not jobs.write_export(company.pk, export.pk)


def test_sweep_finishes_what_a_lost_worker_left(counted, client_of, manager, company):
    export = asked(client_of(manager))
    exporting.claim_export(export.pk, at=timezone.now())
    assert jobs.write_exports(timezone.now()) == 0
    later = timezone.now() + timedelta(minutes=1)
    assert write_export(company.pk, export.pk, clock=lambda: later)


def test_who_lost_the_role_meanwhile_gets_no_file(counted, client_of, manager, company):
    export = asked(client_of(manager))
    end_role(user=manager, role=Role.GENERAL_MANAGER, by=None, at=timezone.now())
    jobs.write_export(company.pk, export.pk)
    export.refresh_from_db()
    assert export.content is None
    assert "any more" in export.refusal


def test_file_is_forgotten_after_a_day(counted, client_of, manager, company):
    export = asked(client_of(manager))
    jobs.write_export(company.pk, export.pk)
    assert exporting.forget_exports(at=timezone.now() + timedelta(hours=23)) == 0
    assert exporting.forget_exports(at=timezone.now() + timedelta(hours=25)) == 1
    assert "no longer kept" in client_of(manager).get(f"{PAGE}exports/{export.pk}/").content.decode()
