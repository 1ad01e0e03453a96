"""Work orders by programs: list, order, verbs, keys; what a department's program must not learn."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from complaints import services
from complaints.models import WorkOrder
from propman.accounts.roles import Role
from propman.community.models import Department
from tests.counting import queries_hold
from tests.factories import make_department, make_employee
from tests.factories.complaints import make_complaint, make_order, make_policy
from tests.factories.files import jpeg_bytes, upload

pytestmark = pytest.mark.django_db
LIST = "/lanting/api/v1/work-orders/"


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def complaint(scope, now, household, owner, office, head, agent):
    make_policy(now - timedelta(days=30))
    return make_complaint(household=household, at=now - timedelta(hours=2))


@pytest.fixture
def order(complaint, engineering, engineer, agent) -> WorkOrder:
    return make_order(complaint, department=engineering, by=agent)


@pytest.fixture
def body(complaint, engineering, engineer, office, now):
    due_at = (now + timedelta(hours=3)).isoformat()
    one = {"department": engineering.pk, "what": "Close the valve", "due_at": due_at, "estimate": 30_000}
    return {"complaint": complaint.number, "orders": [one, one | {"department": office.pk, "what": "Put up a notice"}]}


def post(client, path="", data=None, **headers):
    return client.post(f"{LIST}{path}", data or {}, content_type="application/json", headers=headers)


def test_several_departments_are_ordered_once_for_one_key(body, agent, client_of):
    client = client_of(agent)
    first = post(client, "", body, **{"Idempotency-Key": "one"})
    assert first.status_code == 201, first.json()
    assert [one["what"] for one in first.json()] == ["Close the valve", "Put up a notice"]
    assert post(client, "", body, **{"Idempotency-Key": "one"}).json() == first.json()
    assert WorkOrder.objects.count() == 2


def test_bad_order_names_its_field_and_nothing_is_ordered(body, agent, client_of, now):
    client = client_of(agent)
    body["orders"][1]["due_at"] = (now - timedelta(hours=1)).isoformat()
    answer = post(client, "", body)
    assert answer.status_code == 422
    assert set(answer.json()["errors"]) == {"due_at_1"}
    assert not WorkOrder.objects.exists()


def test_order_over_the_line_is_a_conflict_until_it_is_meant(
    body, agent, engineering, engineer, company_office, staff, client_of, now
):
    finance = make_employee(company_office, Role.FINANCE_OFFICER, name="Finance")
    year = timezone.localdate(now).year
    line = services.set_budget(department=engineering, year=year, line="Repairs", amount=1, by=staff(finance), at=now)
    body["orders"] = [body["orders"][0] | {"budget": line.pk}]
    client = client_of(agent)
    assert post(client, "", body).status_code == 409
    made = post(client, "", body | {"over_budget": True}).json()[0]
    assert (made["state"], made["over_by"], made["waits_for_manager"]) == ("held", 29_999, True)


def test_department_accepts_and_finishes(order, engineer, agent, client_of):
    client = client_of(engineer)
    assert post(client, f"{order.number}/accept/").json()["state"] == "accepted"
    assert post(client, f"{order.number}/accept/").status_code == 409
    assert post(client, f"{order.number}/done/", {"text": "Closed."}).status_code == 400
    done = post(client, f"{order.number}/done/", {"text": "Closed.", "actual_cost": 28_000}).json()
    assert (done["state"], done["actual_cost"], done["currency"]) == ("done", 28_000, "CNY")


def test_refuse_change_and_cancel_need_a_reason(order, engineer, agent, client_of):
    assert post(client_of(engineer), f"{order.number}/refuse/").status_code == 400
    assert post(client_of(agent), f"{order.number}/change/", {"reason": "Parts", "estimate": 5}).json()["estimate"] == 5
    assert post(client_of(agent), f"{order.number}/cancel/", {"reason": "Fixed"}).json()["state"] == "cancelled"
    assert post(client_of(engineer), f"{order.number}/refuse/", {"reason": "No"}).status_code == 409


@pytest.mark.parametrize("somebody", ["owner", "rival_owner", "administrator", "official", "rival_manager"])
def test_others_find_no_order(somebody, order, body, request, client_of):
    client = client_of(request.getfixturevalue(somebody))
    listed = client.get(LIST)
    assert listed.status_code in {403, 404} or listed.json()["results"] == []
    assert client.get(f"{LIST}{order.number}/").status_code in {403, 404}
    assert post(client, "", body).status_code in {403, 404}
    assert post(client, f"{order.number}/accept/").status_code in {403, 404}
    assert WorkOrder.objects.count() == 1


def test_office_neither_orders_nor_accepts(order, body, head, client_of):
    client = client_of(head)
    assert [one["number"] for one in client.get(LIST).json()["results"]] == [order.number]
    assert post(client, "", body).status_code == 403
    assert post(client, f"{order.number}/accept/").status_code == 403


def test_department_sees_its_own_orders_only(order, company, client_of):
    yard = make_department(company, Department.Kind.OTHER, name="Yard")
    client = client_of(make_employee(yard, Role.DEPARTMENT_HEAD, name="Boss"))
    assert client.get(LIST).json()["results"] == []
    assert client.get(f"{LIST}{order.number}/").status_code == 404


def test_confidential_asker_is_hidden_from_the_department(
    complaint, household, owner, engineering, engineer, agent, client_of, now
):
    asker = services.Asker(user=owner, name="Wen Hao", phone="138 0013 8000")
    secret = make_complaint(household=household, at=now - timedelta(hours=1), is_confidential=True, asker=asker)
    order = make_order(secret, department=engineering, by=agent)
    text = client_of(engineer).get(f"{LIST}{order.number}/").content.decode()
    assert client_of(engineer).get(LIST).json()["results"][0]["room"] is None
    assert not [one for one in ("Wen Hao", "138 0013", secret.room.label) if one in text]
    assert client_of(agent).get(f"{LIST}{order.number}/").json()["asker_name"] == "Wen Hao"


def test_list_is_filtered_and_costs_the_same_for_many(order, complaint, engineering, agent, client_of):
    client = client_of(agent)
    address = f"{LIST}?state=ordered&department={engineering.pk}"
    client.get(address)
    with CaptureQueriesContext(connection) as one:
        client.get(address)
    for _n in range(20):
        make_order(complaint, department=engineering, by=agent)
    with CaptureQueriesContext(connection) as many:
        rows = client.get(address).json()["results"]
    assert len(rows) > 10
    assert len(many) == len(one)
    assert client.get(f"{LIST}?state=done").json()["results"] == []
    assert client.get(f"{LIST}?asker=x").status_code == 400


def test_program_sends_a_photo_of_what_was_done(order, engineer, client_of, settings, tmp_path):
    folder = {**settings.STORAGES["default"], "OPTIONS": {"location": tmp_path / "files"}}
    settings.STORAGES = {**settings.STORAGES, "default": folder}
    client = client_of(engineer)
    post(client, f"{order.number}/accept/")
    body = {"text": "Closed.", "actual_cost": 5, "files": [upload(jpeg_bytes(), "valve.jpg")]}
    assert client.post(f"{LIST}{order.number}/done/", body).status_code == 200
    file = client.get(f"{LIST}{order.number}/files/").json()[0]
    assert (file["name"], file["type"]) == ("valve.jpg", "image/jpeg")
    assert client.get(f"{LIST}{order.number}/files/{file['id']}/content/").status_code == 200


def test_list_of_somebody_who_may_be_named_costs_the_same_for_many(
    order, complaint, engineering, agent, company_office, client_of
):
    for client in (client_of(make_employee(company_office, Role.FINANCE_OFFICER)), client_of(make_employee(engineering))):
        queries_hold(client, LIST, lambda: make_order(complaint, department=engineering, by=agent), rows=12)
