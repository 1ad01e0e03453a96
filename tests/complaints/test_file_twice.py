"""A form that is sent twice by a double click: one complaint, and the same receipt whichever answer the browser shows."""

import re
from datetime import timedelta

import pytest

from complaints.models import Complaint
from complaints.services.filing import new_tracking_code, tracking_code_of
from tests.factories.complaints import make_category

pytestmark = pytest.mark.django_db
CODE = r'id="code">([^<]+)<'


@pytest.fixture
def filing(household, policy):
    return {
        "category": make_category().pk,
        "title": "Water through the roof",
        "text": "It drips on the stairs.",
        "household": household.pk,
        "where": "home",
        "severity": "normal",
    }


@pytest.mark.parametrize("who", ["owner", "head"])
def test_second_answer_to_a_double_click_shows_the_same_code(filing, who, head, owner, office, client_of):
    path = "/lanting/complaints/new/" if who == "owner" else "/lanting/complaints/log/"
    given = filing | {"kind": "complaint", "channel": "visit", "asker_name": "Li", "idempotency_key": "double-click"}
    client = client_of({"owner": owner, "head": head}[who])
    first = client.post(path, given)
    [code] = re.findall(CODE, client.get(first["Location"]).text)
    client.cookies.pop("receipt")
    second = client.post(path, given)
    assert second["Location"] == first["Location"]
    assert re.findall(CODE, client.get(second["Location"]).text) == [code]
    assert Complaint.objects.count() == 1


def test_second_answer_gives_no_code_after_an_hour_nor_to_somebody_else(filing, owner, rival_owner, client_of, monkeypatch):
    given = filing | {"idempotency_key": "double-click"}
    client, rival = client_of(owner), client_of(rival_owner)
    page = client.post("/lanting/complaints/new/", given)["Location"]
    assert rival.post("/lanting/complaints/new/", given).status_code == 422  # not his home
    assert rival.get(page).status_code == 404
    monkeypatch.setattr("complaints.views.filing.RECEIPT_LASTS", timedelta(0))
    client.cookies.pop("receipt")
    second = client.post("/lanting/complaints/new/", given)
    assert second["Location"] == page
    assert "receipt" not in second.cookies
    assert not re.findall(CODE, client.get(page).text)


def test_code_of_a_form_is_as_good_as_a_random_one_and_the_installations_own(settings):
    code = tracking_code_of("1 2 key")
    assert re.fullmatch("[2-9A-HJ-NP-Z]{10}", code)
    assert len(code) == len(new_tracking_code())
    assert tracking_code_of("1 3 key") != code
    settings.SECRET_KEY = "another installation"
    assert tracking_code_of("1 2 key") != code
