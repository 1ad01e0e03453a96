import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from billing.models import Bill, Payment
from billing.selectors.surveys import items_of, own_sheet
from propman.accounts.models import User
from propman.tenancy.models import Answer as KeptAnswer
from propman.tenancy.scope import company_scope
from tests.factories.billing import local

OPEN = local(2026, 3, 31, 12)


@pytest.fixture
def api(client_of):
    """A program that is signed in as somebody."""

    def program(user: User) -> APIClient:
        client = APIClient()
        client.cookies = client_of(user).cookies
        return client

    return program


@pytest.fixture
def bill(run, household) -> Bill:
    with company_scope(run.company_id):
        return Bill.objects.select_related("payer").get(run=run, household=household)


def test_owner_lists_own_bills_only(api, owner, bill):
    answer = api(owner).get("/lanting/api/v1/bills/")
    (one,) = answer.json()["results"]
    assert (one["number"], one["amount"], one["owed"], one["rate"]) == (bill.reference, 53280, 53280, [259, 280])


def test_finance_lists_all_bills(api, finance, run):
    assert len(api(finance).get("/lanting/api/v1/bills/").json()["results"]) == 7


def test_neighbours_bill_is_not_there(api, rival_owner, bill):
    assert api(rival_owner).get(f"/lanting/api/v1/bills/{bill.reference}/").status_code == 404


def test_payment_is_booked_once_under_its_key(api, finance, bill):
    sent = {"household": bill.household_id, "payer": bill.payer_id, "amount": 53280, "method": "transfer"}
    client = api(finance)
    answers = [
        client.post("/lanting/api/v1/payments/", sent, format="json", HTTP_IDEMPOTENCY_KEY="bank-77") for _time in range(2)
    ]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    with company_scope(bill.company_id):
        assert Payment.objects.count() == 1
        bill.refresh_from_db()
    assert bill.owed == 0


@pytest.mark.parametrize(
    "wrong", [{"amount": 0}, {"amount": -1}, {"amount": "x"}, {"amount": 10**15}, {"method": "gold"}, {"household": "a"}]
)
def test_wrong_payment_gets_a_problem(api, finance, bill, wrong):
    sent = {"household": bill.household_id, "payer": bill.payer_id, "amount": 5, "method": "cash", **wrong}
    answer = api(finance).post("/lanting/api/v1/payments/", sent, format="json", HTTP_IDEMPOTENCY_KEY="k")
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert set(answer.json()["errors"]) == set(wrong)


def test_payment_without_key_is_refused(api, finance, bill):
    sent = {"household": bill.household_id, "payer": bill.payer_id, "amount": 5, "method": "cash"}
    assert api(finance).post("/lanting/api/v1/payments/", sent, format="json").status_code == 400


def test_owner_takes_no_payment(api, owner, bill):
    sent = {"household": bill.household_id, "payer": bill.payer_id, "amount": 5, "method": "cash"}
    answer = api(owner).post("/lanting/api/v1/payments/", sent, format="json", HTTP_IDEMPOTENCY_KEY="k")
    assert answer.status_code == 403


def test_payment_is_reversed(api, finance, owner, bill):
    client = api(finance)
    sent = {"household": bill.household_id, "payer": bill.payer_id, "amount": 53280, "method": "cash"}
    taken = client.post("/lanting/api/v1/payments/", sent, format="json", HTTP_IDEMPOTENCY_KEY="1").json()
    assert taken["reversed_at"] is None
    address, reason = f"/lanting/api/v1/payments/{taken['number']}/reverse/", {"reason": "wrong flat"}
    refused = api(owner).post(address, reason, format="json", HTTP_IDEMPOTENCY_KEY="mine")
    assert refused.status_code == 403
    answers = [client.post(address, reason, format="json", HTTP_IDEMPOTENCY_KEY="2") for _time in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json()["reversed_at"] is not None
    assert client.post(address, reason, format="json", HTTP_IDEMPOTENCY_KEY="3").status_code == 409
    with company_scope(bill.company_id):
        bill.refresh_from_db()
    assert bill.owed == 53280


def test_bill_is_credited_and_cancelled(api, finance, bill):
    client, address = api(finance), f"/lanting/api/v1/bills/{bill.reference}/"
    note = client.post(f"{address}credit/", {"amount": 280, "reason": "x"}, format="json", HTTP_IDEMPOTENCY_KEY="1")
    assert (note.status_code, note.json()["number"]) == (201, "2026-000001")
    too_much = client.post(f"{address}credit/", {"amount": 53280, "reason": "x"}, format="json", HTTP_IDEMPOTENCY_KEY="2")
    assert too_much.status_code == 409
    gone = client.post(f"{address}cancel/", {"reason": "wrong flat"}, format="json", HTTP_IDEMPOTENCY_KEY="3")
    assert gone.json()["cancelled_at"] is not None


def test_survey_shows_totals(api, owner, counted):
    (one,) = api(owner).get("/lanting/api/v1/surveys/").json()["results"]
    assert one["result"]["rates"] == {"excluded": [259, 280], "neutral": [259, 280], "satisfied": [259, 280]}
    assert [item["answers"] for item in one["items"]] == [7, 7, 7]


def test_sheet_is_saved_without_a_trace(api, owner, household, survey, monkeypatch, scope):
    client, items = api(owner), items_of(survey)
    monkeypatch.setattr(timezone, "now", lambda: OPEN)
    (sheet,) = client.get("/lanting/api/v1/sheets/").json()
    assert [item["answered"] for item in sheet["items"]] == [False] * 3
    sent = {"survey": survey.pk, "household": household.pk, "answers": [{"item": items[0].pk, "score": 10}]}
    answer = client.post("/lanting/api/v1/sheets/", sent, format="json", HTTP_IDEMPOTENCY_KEY="tells")
    assert answer.status_code == 200
    assert own_sheet(survey, household, owner, at=OPEN)[items[0].pk].score == 10
    assert not KeptAnswer.objects.exists()


def test_neighbours_sheet_is_not_there(api, rival_owner, household, survey, monkeypatch, scope):
    client = api(rival_owner)
    monkeypatch.setattr(timezone, "now", lambda: OPEN)
    sent = {"survey": survey.pk, "household": household.pk, "answers": []}
    assert client.post("/lanting/api/v1/sheets/", sent, format="json").status_code == 404
