"""The main job by programs: the same verbs, problem details, idempotency keys."""

import uuid

import pytest

from complaints.models import Complaint
from tests.factories.complaints import make_complaint

pytestmark = pytest.mark.django_db

LIST = "/lanting/api/v1/complaints/"


@pytest.fixture
def filed(policy, household, owner, office, agent):
    return make_complaint(household=household)


def post(client, path, data=None, **headers):
    return client.post(f"{LIST}{path}", data or {}, content_type="application/json", headers=headers)


def test_resident_files_once_for_one_key(filed, household, owner, client_of):
    client = client_of(owner)
    body = {"title": "Lift", "text": "It stops.", "category": "leak", "household": household.pk}
    key = str(uuid.uuid4())
    first = post(client, "", body, **{"Idempotency-Key": key})
    assert first.status_code == 201, first.json()
    assert post(client, "", body, **{"Idempotency-Key": key}).json() == first.json()
    assert Complaint.objects.count() == 2
    assert post(client, "", body | {"text": "Other."}, **{"Idempotency-Key": key}).status_code == 422


def test_agent_accepts_and_answers(filed, agent, client_of):
    client = client_of(agent)
    assert post(client, f"{filed.number}/accept/").json()["state"] == "accepted"
    missing = post(client, f"{filed.number}/answer/", {"kind": "responsible", "text": "Not our job."})
    assert missing.status_code == 400
    assert missing["Content-Type"] == "application/problem+json"
    assert set(missing.json()["errors"]) == {"responsible_name", "responsible_phone", "responsible_by"}
    assert post(client, f"{filed.number}/answer/", {"text": "Closed the valve."}).status_code == 200
    assert [entry["event"] for entry in client.get(f"{LIST}{filed.number}/thread/").json()][-1] == "complaint.answered"


def test_move_that_is_not_allowed_is_a_conflict(filed, agent, client_of):
    client = client_of(agent)
    refused = post(client, f"{filed.number}/resolve/", {"text": "Done."})
    assert refused.status_code in {403, 409}
    assert refused.json()["detail"]


def test_take_next_gives_each_complaint_once(filed, agent, client_of):
    client = client_of(agent)
    assert post(client, "take-next/").json()["number"] == filed.number
    assert post(client, "take-next/").status_code == 204


def test_confidential_asker_is_hidden_from_the_office(policy, household, owner, office, head, agent, client_of):
    made = make_complaint(household=household, is_confidential=True)
    shown = client_of(head).get(f"{LIST}{made.number}/").json()
    assert (shown["asker_name"], shown["asker_phone"], shown["room"]) == (None, None, None)
    assert client_of(agent).get(f"{LIST}{made.number}/").json()["asker_name"] == "Owner"


@pytest.mark.parametrize("query", ["words__asker_phone=555", "contact__is_confidential=true", "order_by=handler"])
def test_hidden_fields_cannot_be_filtered_by(filed, agent, client_of, query):
    assert client_of(agent).get(f"{LIST}?{query}").status_code == 400


@pytest.mark.parametrize("who", ["rival_owner", "rival_manager", "official"])
def test_strangers_get_nothing(filed, who, request, client_of):
    client = client_of(request.getfixturevalue(who))
    assert client.get(f"{LIST}{filed.number}/").status_code == 404
    assert post(client, f"{filed.number}/accept/").status_code == 404


def test_reply_against_an_older_version_is_refused_with_what_arrived(filed, owner, agent, client_of):
    client = client_of(agent)
    version = post(client, f"{filed.number}/accept/").json()["version"]
    assert post(client_of(owner), f"{filed.number}/reply/", {"text": "It is the kitchen."}).status_code == 200
    answer = post(client, f"{filed.number}/answer/", {"text": "The bath is dry.", "version": version})
    assert answer.status_code == 409
    assert [one["text"] for one in answer.json()["newer"]] == ["It is the kitchen."]
    assert (
        post(
            client, f"{filed.number}/answer/", {"text": "So it is.", "version": answer.json()["newer"][-1]["version"]}
        ).status_code
        == 200
    )


def test_skip_by_program_needs_a_reason(filed, agent, client_of):
    client = client_of(agent)
    assert post(client, f"{filed.number}/skip/").status_code in {400, 422}
    assert post(client, f"{filed.number}/skip/", {"reason": "My cousin."}).status_code == 200
    assert post(client, "take-next/").status_code == 204
