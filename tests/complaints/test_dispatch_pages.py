"""Work orders on the pages: the form, the board, the order on a phone, costs and budgets, and what others may see."""

import re
from datetime import timedelta
from io import BytesIO

import pytest
from django.core.management import call_command
from django.utils import timezone
from openpyxl import load_workbook

from complaints import jobs, services
from complaints.models import Attachment, Budget, Export, WorkOrder
from complaints.order_workflow import OrderState
from propman.accounts.roles import Role
from propman.accounts.services import end_role
from propman.community.models import Department
from tests.factories import make_community, make_department, make_employee, make_household
from tests.factories.complaints import make_complaint, make_order, make_policy
from tests.factories.files import AUTHOR, camera_exif, jpeg_bytes, new_photo, upload

pytestmark = pytest.mark.django_db
SUMS = ("Still open, estimated", "Done, estimated", "Done, spent")
BOARD = "/lanting/complaints/work-orders/"


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def complaint(scope, now, household, owner, office, head, agent):
    make_policy(now - timedelta(days=30))
    return make_complaint(household=household, at=now - timedelta(hours=2))


@pytest.fixture
def finance(company_office):
    return make_employee(company_office, Role.FINANCE_OFFICER, name="Finance")


@pytest.fixture
def order(complaint, engineering, engineer, agent) -> WorkOrder:
    return make_order(complaint, department=engineering, by=agent)


@pytest.fixture
def line(scope, engineering, engineer, finance, staff, now):
    year = timezone.localdate(now).year
    return services.set_budget(department=engineering, year=year, line="Repairs", amount=100_000, by=staff(finance), at=now)


def typed(unit: Department, now, row: int = 0, **given) -> dict[str, str]:
    due_at = timezone.localtime(now + timedelta(hours=3)).strftime("%Y-%m-%dT%H:%M")
    given = {"department": unit.pk, "what": "Close the valve", "due_at": due_at, "estimate": "300"} | given
    return {f"{name}_{row}": value for name, value in given.items()}


def post_order(client, complaint, **data):
    return client.post(f"/lanting/complaints/{complaint.number}/order-work/", data)


def test_form_orders_from_two_departments_at_once(complaint, engineering, engineer, office, agent, client_of, now):
    client = client_of(agent)
    page = client.get(f"/lanting/complaints/{complaint.number}/order-work/", headers={"HX-Target": "act"}).content.decode()
    assert "Another department" in page
    answer = post_order(client, complaint, **typed(engineering, now), **typed(office, now, 1, what="Put up a notice"))
    assert answer.status_code == 302
    assert [one.estimate for one in WorkOrder.objects.order_by("pk")] == [30_000, 30_000]
    page = client.get(f"/lanting/complaints/{complaint.number}/").content.decode()
    assert "Work ordered" in page
    assert "ordered work from Engineering" in page


def test_form_that_is_sent_twice_orders_once(complaint, engineering, agent, client_of, now):
    data = typed(engineering, now) | {"idempotency_key": "one-key"}
    client = client_of(agent)
    assert {post_order(client, complaint, **data).status_code for _n in range(2)} == {302}
    assert WorkOrder.objects.count() == 1


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"what": " "}, "This field is required"),
        ({"what": "x" * 501}, "at most 500"),
        ({"department": "999999"}, "Select a valid choice"),
        ({"department": ""}, "This field is required"),
        ({"due_at": "2020-01-01T10:00"}, "in the future"),
        ({"due_at": "tomorrow"}, "valid date"),
        ({"estimate": "much"}, "Write an amount"),
        ({"estimate": "-5"}, "Write an amount"),
        ({"people": "999999"}, "valid choice"),
        ({"budget": "999999"}, "valid choice"),
    ],
)
def test_bad_input_is_named_and_what_was_typed_is_kept(given, says, complaint, engineering, agent, client_of, now):
    answer = post_order(client_of(agent), complaint, **typed(engineering, now, **({"what": "Close the valve"} | given)))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert says in page
    if "what" not in given:
        assert "Close the valve" in page
    assert not WorkOrder.objects.exists()


def test_order_over_the_line_is_warned_of_first(complaint, engineering, line, agent, manager, client_of, now):
    client = client_of(agent)
    data = typed(engineering, now, estimate="1800", budget=line.pk)
    answer = post_order(client, complaint, **data)
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "Engineering, Repairs: ¥800.00 over the line." in page
    assert "Order it all the same" in page
    assert post_order(client, complaint, **data, over_budget="on").status_code == 302
    assert WorkOrder.objects.get().state == OrderState.HELD
    home = client_of(manager).get("/lanting/").content.decode()
    assert "Order over budget: Close the valve" in home
    assert "¥800.00 over the line of Engineering" in home
    order = WorkOrder.objects.get()
    assert client_of(manager).post(f"{BOARD}{order.number}/allow/").status_code == 302
    assert "Order over budget" not in client_of(manager).get("/lanting/").content.decode()


@pytest.mark.parametrize("somebody", ["head", "owner", "administrator", "engineer"])
def test_others_cannot_order(somebody, complaint, engineering, request, client_of, now):
    user = request.getfixturevalue(somebody)
    assert post_order(client_of(user), complaint, **typed(engineering, now)).status_code in {403, 404}
    assert not WorkOrder.objects.exists()


def test_technician_accepts_and_finishes(order, engineer, client_of):
    client = client_of(engineer)
    page = client.get(f"{BOARD}{order.number}/").content.decode()
    assert "Close the riser valve" in page
    assert "tel:555 0100" in page
    assert client.post(f"{BOARD}{order.number}/accept/").status_code == 302
    answer = client.post(f"{BOARD}{order.number}/done/", {"text": "", "actual_cost": "12"})
    assert answer.status_code == 422
    assert 'value="12"' in answer.content.decode()
    assert client.post(f"{BOARD}{order.number}/done/", {"text": "Closed.", "actual_cost": "12.50"}).status_code == 302
    order.refresh_from_db()
    assert (order.state, order.actual_cost) == (OrderState.DONE, 1250)
    page = client.get(f"{BOARD}{order.number}/").content.decode()
    assert "has done order" in page
    assert client.post(f"{BOARD}{order.number}/done/", {"text": "Again.", "actual_cost": "1"}).status_code == 409


def test_centre_changes_and_cancels_on_the_page(order, agent, client_of, now):
    client = client_of(agent)
    due_at = timezone.localtime(now + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M")
    given = {"due_at": due_at, "estimate": "310", "reason": "Parts"}
    assert client.post(f"{BOARD}{order.number}/change/", given).status_code == 302
    order.refresh_from_db()
    assert order.estimate == 31_000
    assert client.post(f"{BOARD}{order.number}/cancel/", {"reason": ""}).status_code == 422
    assert client.post(f"{BOARD}{order.number}/cancel/", {"reason": "Fixed"}).status_code == 302
    order.refresh_from_db()
    assert order.state == OrderState.CANCELLED


@pytest.mark.parametrize("somebody", ["rival_owner", "owner", "rival_manager", "official", "administrator", "sweeper"])
def test_order_is_not_there_for_others(somebody, order, request, client_of, company):
    if somebody == "sweeper":
        user = make_employee(make_department(company, Department.Kind.OTHER, name="Yard"), name="Sweeper")
    else:
        user = request.getfixturevalue(somebody)
    client = client_of(user)
    assert client.get(f"{BOARD}{order.number}/").status_code in {403, 404}
    for verb in ("accept", "refuse", "change", "done", "cancel", "allow"):
        assert client.post(f"{BOARD}{order.number}/{verb}/", {"reason": "x"}).status_code in {403, 404}
    order.refresh_from_db()
    assert order.state == OrderState.ORDERED


def test_office_sees_the_orders_of_its_complaints_and_does_nothing(order, head, client_of):
    client = client_of(head)
    assert "Close the riser valve" in client.get(BOARD).content.decode()
    page = client.get(f"{BOARD}{order.number}/").content.decode()
    assert 'action="/lanting/complaints/work-orders' not in page
    assert client.post(f"{BOARD}{order.number}/accept/").status_code == 403


def test_asker_sees_only_who_comes_and_when(order, owner, engineer, staff, client_of, now):
    page = client_of(owner).get(f"/lanting/complaints/{order.complaint.number}/").content.decode()
    assert "Close the riser valve" not in page
    assert "Somebody is coming" not in page
    services.accept_order(order=order, by=staff(engineer), at=now)
    page = client_of(owner).get(f"/lanting/complaints/{order.complaint.number}/").content.decode()
    assert "Somebody is coming: Engineering, by" in page
    assert not re.search(r"Close the riser valve|300\.00|Engineer\b", page)


def test_confidential_asker_stays_hidden_from_the_department(
    household, owner, engineering, engineer, agent, client_of, scope, now, office
):
    make_policy(now - timedelta(days=30))
    asker = services.Asker(user=owner, name="Wen Hao", phone="138 0013 8000")
    secret = make_complaint(household=household, at=now - timedelta(hours=2), is_confidential=True, asker=asker, text="Mine.")
    room = secret.room.label
    order = make_order(secret, department=engineering, by=agent)
    given = make_order(secret, department=engineering, by=agent, gives_room=True)
    client = client_of(engineer)
    pages = [client.get(at).content.decode() for at in (BOARD, f"{BOARD}{order.number}/", "/lanting/")]
    assert not [page for page in pages if re.search(f"Wen Hao|138 ?0013|{re.escape(room)}", page)]
    assert "has not given the room" in pages[1]
    page = client.get(f"{BOARD}{given.number}/").content.decode()
    assert room in page
    assert not re.search("Wen Hao|138 ?0013", page)
    assert "Wen Hao" in client_of(agent).get(f"{BOARD}{order.number}/").content.decode()


def test_form_offers_the_room_only_of_a_confidential_asker(complaint, household, owner, agent, client_of, now):
    secret = make_complaint(household=household, at=now, is_confidential=True)
    client = client_of(agent)
    for one, is_offered in ((complaint, False), (secret, True)):
        page = client.get(f"/lanting/complaints/{one.number}/order-work/").content.decode()
        assert ("gives_room" in page) is is_offered


# The board


@pytest.fixture
def some(complaint, engineering, engineer, office, agent, staff, now):
    """One order in each column."""
    late = make_order(complaint, department=engineering, by=agent, at=now - timedelta(hours=9), what="Late work")
    make_order(complaint, department=office, by=agent, at=now - timedelta(hours=1), what="Waiting work")
    at_work, done = (
        make_order(complaint, department=engineering, by=agent, at=now - timedelta(hours=1), what=what)
        for what in ("Work under way", "Work done")
    )
    for one in (at_work, done):
        services.accept_order(order=one, by=staff(engineer), at=now)
    services.finish_order(order=done, by=staff(engineer), at=now, text="Done.", actual_cost=5_000)
    return late


def test_board_shows_each_order_in_one_column(some, agent, client_of):
    page = client_of(agent).get(BOARD).content.decode()
    for column, what in (
        ("late", "Late work"),
        ("waiting", "Waiting work"),
        ("accepted", "Work under way"),
        ("done", "Work done"),
    ):
        section = page.partition(f'aria-labelledby="c-{column}"')[2].partition("</section>")[0]
        assert what in section
        assert page.count(what) == 1


def test_board_is_filtered_by_what_stands_in_the_address(some, agent, office, client_of):
    client = client_of(agent)
    page = client.get(f"{BOARD}?department={office.pk}").content.decode()
    assert "Waiting work" in page
    assert "Late work" not in page
    page = client.get(f"{BOARD}?view=done&month={timezone.localdate():%Y-%m}").content.decode()
    assert "Work done" in page
    assert "Waiting work" not in page


@pytest.mark.parametrize(
    "query",
    ["month=2026-13", "month=x", "department=x", "community=%00", "year=99999", "line=-1", "view=x", "after=x", "sent=x"],
)
def test_nonsense_in_the_address_is_left_out(query, some, agent, client_of):
    assert client_of(agent).get(f"{BOARD}?{query}").status_code == 200
    assert client_of(agent).get(f"{BOARD}?view=all&{query}").status_code == 200


def test_board_and_list_cost_the_same_for_many_orders(
    some, complaint, engineering, engineer, agent, client_of, django_assert_max_num_queries, now
):
    client = client_of(agent)
    client.get(BOARD)
    for _n in range(34):
        make_order(complaint, department=engineering, by=agent, at=now - timedelta(hours=1))
    with django_assert_max_num_queries(25):
        client.get(BOARD)
    with django_assert_max_num_queries(20):
        page = client.get(f"{BOARD}?view=waiting").content.decode()
    assert page.count('class="pm-row"') == 30
    following = re.search(r'href="(\?[^"]+)" rel="next"', page)
    assert client.get(BOARD + following[1].replace("&amp;", "&")).content.decode().count('class="pm-row"') == 5


# Costs and budgets


def test_every_figure_of_the_costs_opens_its_orders(some, manager, client_of, scope, now, complaint, agent, engineering):
    client = client_of(manager)
    for by in ("department", "community", "month", "complaint"):
        page = client.get(f"/lanting/complaints/costs/?by={by}").content.decode()
        assert "¥50.00" in page
        links = {one.replace("&amp;", "&") for one in re.findall(r'href="([^"]+sent=done)"', page)}
        assert links
        for link in links:
            rows = client.get(link).content.decode()
            assert "Work done" in rows
            assert "Late work" not in rows


def asked_costs(client, query="by=department", kind="csv") -> Export:
    answer = client.post("/lanting/complaints/costs/exports/", {"what": "costs", "kind": kind, "query": query})
    assert answer.status_code == 302
    return Export.objects.latest("pk")


def told_costs(export: Export, company) -> list[list[str]]:
    """The lines of the file, once the job has written it."""
    assert jobs.write_export(company.pk, export.pk)
    export.refresh_from_db()
    return [line.split(",") for line in bytes(export.content).decode("utf-8-sig").splitlines()]


def test_costs_add_up_by_department_in_the_file_of_the_job(some, manager, client_of, company):
    client = client_of(manager)
    export = asked_costs(client)
    page = f"/lanting/complaints/figures/exports/{export.pk}/"
    assert "0 of 0" in client.get(page).content.decode()
    assert told_costs(export, company)[1:] == [
        ["Engineering", "3", "600.00", "300.00", "50.00"],
        ["Willow office", "1", "300.00", "0.00", "0.00"],
        ["All", "4", "900.00", "300.00", "50.00"],
    ]
    assert "/lanting/complaints/costs/?by=department" in client.get(page).content.decode()
    assert 'filename="costs-' in client.get(f"{page}file/")["Content-Disposition"]


def test_costs_are_written_as_a_workbook_too(some, manager, client_of, company):
    export = asked_costs(client_of(manager), query="by=month", kind="xlsx")
    assert jobs.write_export(company.pk, export.pk)
    export.refresh_from_db()
    rows = list(load_workbook(BytesIO(export.content)).active.values)
    assert rows[0] == ("Month", "Orders", *(f"{name}, CNY" for name in SUMS))
    assert rows[-1] == ("All", 4, 900, 300, 50)


def test_file_of_a_head_holds_the_costs_that_he_may_see(some, engineer, head, finance, client_of, company):
    assert told_costs(asked_costs(client_of(finance)), company)[-1][1] == "4"
    assert [row[0] for row in told_costs(asked_costs(client_of(engineer)), company)[1:]] == ["Engineering", "All"]


def test_who_lost_the_role_meanwhile_gets_no_costs(some, finance, client_of, company):
    export = asked_costs(client_of(finance))
    end_role(user=finance, role=Role.FINANCE_OFFICER, by=None, at=timezone.now())
    assert jobs.write_export(company.pk, export.pk)
    export.refresh_from_db()
    assert (export.content, "any more" in export.refusal) == (None, True)


def test_costs_are_exported_by_nobody_who_may_not_see_them(some, agent, engineering, finance, client_of, owner):
    fitter = make_employee(engineering, name="Fitter")
    body = {"what": "costs", "kind": "csv", "query": ""}
    for user in (agent, fitter, owner):
        assert client_of(user).post("/lanting/complaints/costs/exports/", body).status_code in {403, 404}
    client_of(agent).post("/lanting/complaints/figures/exports/", body)  # the door of the figures
    client_of(finance).post("/lanting/complaints/costs/exports/", body | {"what": "rows"})
    assert client_of(finance).post("/lanting/complaints/figures/exports/", body | {"what": "rows"}).status_code in {403, 404}
    assert not Export.objects.exists()


def test_file_of_costs_is_its_askers_alone(some, finance, manager, client_of, company):
    export = asked_costs(client_of(finance))
    told_costs(export, company)
    for part in ("", "file/"):
        address = f"/lanting/complaints/figures/exports/{export.pk}/{part}"
        assert client_of(finance).get(address).status_code == 200
        assert client_of(manager).get(address).status_code == 404


def test_head_sees_the_costs_of_his_own_only(some, head, engineer, company, client_of, agent, engineering):
    elsewhere = make_household(make_community(company, "far-away"))
    make_order(make_complaint(household=elsewhere), department=engineering, by=agent, what="Far away")
    yard = make_department(company, Department.Kind.OTHER, name="Yard")
    boss = make_employee(yard, Role.DEPARTMENT_HEAD, name="Boss")
    assert "No work was ordered" in client_of(boss).get("/lanting/complaints/costs/").content.decode()
    assert "Engineering" in client_of(engineer).get("/lanting/complaints/costs/").content.decode()


def test_finance_sets_a_line_and_sees_what_is_left(engineering, engineer, order, finance, client_of, complaint, agent):
    client = client_of(finance)
    year = timezone.localdate().year
    data = {"department": engineering.pk, "year": year, "line": "Repairs", "amount": "1000"}
    assert client.post("/lanting/complaints/budgets/", data).status_code == 302
    line = Budget.objects.get()
    make_order(complaint, department=engineering, by=agent, budget=line)
    page = client.get("/lanting/complaints/budgets/").content.decode()
    assert "¥1,000.00" in page
    assert "¥700.00" in page


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"amount": "x"}, "Write an amount"),
        ({"line": " "}, "required"),
        ({"year": "2010"}, "Choose last year"),
        ({"department": ""}, "required"),
    ],
)
def test_bad_budget_is_named(given, says, engineering, finance, client_of):
    data = {"department": engineering.pk, "year": timezone.localdate().year, "line": "Repairs", "amount": "1000"} | given
    answer = client_of(finance).post("/lanting/complaints/budgets/", data)
    assert answer.status_code == 422
    assert says in answer.content.decode()


@pytest.mark.parametrize("somebody", ["agent", "engineer", "head", "owner", "administrator", "official", "rival_manager"])
def test_others_set_no_budget(somebody, engineering, engineer, request, client_of):
    data = {"department": engineering.pk, "year": timezone.localdate().year, "line": "Repairs", "amount": "1000"}
    user = request.getfixturevalue(somebody)
    assert client_of(user).post("/lanting/complaints/budgets/", data).status_code in {403, 404}


def test_home_says_what_is_ordered_from_me(order, engineer, agent, client_of):
    assert "Ordered from you: accept it" in client_of(engineer).get("/lanting/").content.decode()
    assert "Ordered from you" not in client_of(agent).get("/lanting/").content.decode()


# Photos of what was done


@pytest.fixture
def storage(settings, tmp_path):
    """An empty folder of files."""
    folder = {**settings.STORAGES["default"], "OPTIONS": {"location": tmp_path / "files"}}
    settings.STORAGES = {**settings.STORAGES, "default": folder}


@pytest.fixture
def shown(storage, order, engineer, client_of):
    """The order, done with a photo that carries its author and place, and the photo's row."""
    client = client_of(engineer)
    client.post(f"{BOARD}{order.number}/accept/")
    picture = upload(jpeg_bytes(exif=camera_exif()), "valve.jpg")
    answer = client.post(f"{BOARD}{order.number}/done/", {"text": "Closed.", "actual_cost": "12", "files": [picture]})
    assert answer.status_code == 302
    return order, Attachment.objects.get(work_order=order)


def test_photo_of_what_was_done_is_seen_by_who_sees_the_order(shown, engineer, agent, head, owner, rival_manager, client_of):
    order, row = shown
    for user in (engineer, agent, head):
        client = client_of(user)
        page = client.get(f"{BOARD}{order.number}/").content.decode()
        assert f"files/{row.pk}/small/" in page
        for part in ("", "content/", "small/"):
            assert client.get(f"{BOARD}{order.number}/files/{row.pk}/{part}").status_code == 200
    sent = client_of(engineer).get(f"{BOARD}{order.number}/files/{row.pk}/content/")
    assert sent["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert AUTHOR.encode() not in sent.content
    for user in (owner, rival_manager):
        assert client_of(user).get(f"{BOARD}{order.number}/files/{row.pk}/content/").status_code in {403, 404}
    asker = client_of(owner).get(f"/lanting/complaints/{order.complaint.number}/").content.decode()
    assert f"files/{row.pk}/" not in asker
    assert client_of(owner).get(f"/lanting/complaints/{order.complaint.number}/files/{row.pk}/content/").status_code == 404


def test_photo_of_another_order_or_of_the_asker_is_not_there(
    shown, complaint, engineering, agent, engineer, household, client_of
):
    order, row = shown
    other = make_order(complaint, department=engineering, by=agent)
    asked = make_complaint(household=household, files=[new_photo()]).attachments.get()
    client = client_of(engineer)
    assert client.get(f"{BOARD}{other.number}/files/{row.pk}/content/").status_code == 404
    assert client.get(f"{BOARD}{order.number}/files/{asked.pk}/content/").status_code == 404


def test_file_that_is_no_photo_is_refused_and_the_words_are_kept(storage, order, engineer, client_of):
    client = client_of(engineer)
    client.post(f"{BOARD}{order.number}/accept/")
    bad = upload(b"<svg onload=alert(1)>", "x.svg")
    answer = client.post(f"{BOARD}{order.number}/done/", {"text": "Closed it.", "actual_cost": "12", "files": [bad]})
    assert answer.status_code == 422
    assert "Closed it." in answer.content.decode()
    assert not Attachment.objects.exists()


def test_done_with_a_photo_passes_the_integrity_check(shown, company):
    call_command("check_integrity", company.address)
