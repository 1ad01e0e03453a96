"""Ready-made words: kept by those who lead, filled in for the asker."""

from datetime import timedelta

import pytest
from django.utils import timezone

from complaints.models import Macro
from complaints.services.macros import filled, keep_macro
from tests.factories.complaints import make_complaint, make_policy

pytestmark = pytest.mark.django_db
MACROS = "/lanting/complaints/macros/"


def test_words_are_filled_in_and_braces_stay(policy, household, owner, office, staff, agent):
    complaint = make_complaint(household=household)
    macro = keep_macro(name="On the way", kind="solution", text="{name}: {number}, {agent} {phone} {handler.user.password}")
    said = filled(macro, complaint, asker="Ms Wang", by=staff(agent))
    assert said == f"Ms Wang: {complaint.number}, Agent 021-5555-0100 {{handler.user.password}}"


def test_head_keeps_replaces_and_retires_words(scope, head, client_of):
    client = client_of(head)
    for text in ("First.", "Second."):
        assert client.post(MACROS, {"name": "On the way", "kind": "solution", "text": text}).status_code == 302
    macro = Macro.objects.get()
    assert macro.text == "Second."
    client.post(f"{MACROS}{macro.pk}/retire/")
    assert Macro.objects.get().retired_at
    client.get(MACROS)  # says once what was kept
    assert "On the way" not in client.get(MACROS).content.decode()


@pytest.mark.parametrize("said", [{"name": ""}, {"text": " "}, {"kind": "joke"}, {"name": "x" * 61}, {"text": "x" * 2001}])
def test_bad_words_are_said_and_kept_in_the_form(scope, head, client_of, said):
    answer = client_of(head).post(MACROS, {"name": "On the way", "kind": "solution", "text": "We come.", **said})
    assert answer.status_code == 422
    assert not Macro.objects.exists()


def test_agent_uses_words_but_does_not_keep_them(scope, household, owner, office, agent, client_of):
    make_policy(timezone.now() - timedelta(days=1))
    complaint = make_complaint(household=household, at=timezone.now())
    keep_macro(name="On the way", kind="message", text="Dear {name}, we come.")
    client = client_of(agent)
    assert "Dear Owner, we come." in client.get(f"/lanting/complaints/{complaint.number}/macros/").content.decode()
    assert client.get(MACROS).status_code == 403


def test_name_of_a_confidential_asker_is_filled_in_for_the_centre_only(scope, household, owner, office, head, agent, client_of):
    make_policy(timezone.now() - timedelta(days=1))
    complaint = make_complaint(household=household, at=timezone.now(), is_confidential=True)
    keep_macro(name="On the way", kind="message", text="Dear {name}, we come.")
    address = f"/lanting/complaints/{complaint.number}/macros/"
    assert "Dear Owner" in client_of(agent).get(address).content.decode()
    assert "Dear Owner" not in client_of(head).get(address).content.decode()
