"""The main job through pages: filed, accepted, handed over, resolved, reopened, confirmed."""

from datetime import timedelta

import pytest
from django.utils import timezone

from complaints.models import Complaint, Offer
from complaints.services import publish_policy
from complaints.services.policies import default_rules
from propman.community.models import Employee
from propman.tenancy.events import broken_links
from propman.tenancy.models import Event
from tests.architecture.forms import read_page
from tests.factories.complaints import make_category

pytestmark = pytest.mark.django_db


@pytest.fixture
def filed(company, scope, household, owner, office, agent, head, client_of):
    publish_policy(rules=default_rules(), by=None, at=timezone.now() - timedelta(days=1))
    category = make_category()
    client = client_of(owner)
    page = client.get("/lanting/complaints/new/")
    assert page.status_code == 200
    answer = client.post(
        "/lanting/complaints/new/",
        {"category": category.pk, "title": "Lift 2 stops", "text": "Between floors.", "household": household.pk,
         "where": "home", "severity": "normal", "phone": "555 0101"},
    )  # fmt: skip
    assert answer.status_code == 302, answer.context["form"].errors
    receipt = client.get(answer["Location"])
    assert "0001" in receipt.content.decode()
    return Complaint.objects.get()


def post(client, complaint, verb, /, **data):
    return client.post(f"/lanting/complaints/{complaint.number}/{verb}/", data)


def test_complaint_lives_from_first_contact_to_yes(filed, owner, agent, head, client_of):
    at_centre, in_office, at_home = client_of(agent), client_of(head), client_of(owner)
    assert filed.words.title in at_centre.get("/lanting/complaints/queue/").content.decode()
    assert post(at_centre, filed, "accept").status_code == 302
    assert at_centre.get(f"/lanting/complaints/{filed.number}/").status_code == 200

    head_employee = Employee.objects.get(user=head)
    assert post(at_centre, filed, "hand-over", to_employee=head_employee.pk, reason="Needs a fitter").status_code == 302
    assert post(in_office, filed, "refuse", reason="Not on duty").status_code == 302
    assert post(at_centre, filed, "hand-over", to_employee=head_employee.pk, reason="Now you are").status_code == 302
    assert post(in_office, filed, "take").status_code == 302
    assert post(in_office, filed, "answer", kind="solution", text="The sensor is changed.").status_code == 302
    assert post(in_office, filed, "note", text="Order spare sensors").status_code == 302
    assert post(in_office, filed, "resolve", text="It runs.").status_code == 302
    thread = at_home.get(f"/lanting/complaints/{filed.number}/").content.decode()
    assert "It runs." in thread
    assert "Order spare sensors" not in thread
    assert post(at_home, filed, "verdict", verb="reopen").status_code == 422
    assert post(at_home, filed, "verdict", verb="reopen", text="It still jolts.").status_code == 302
    assert post(in_office, filed, "resolve", text="Rail greased.").status_code == 302
    assert post(at_home, filed, "verdict", verb="confirm").status_code == 302
    assert post(at_home, filed, "rate", rating="5").status_code == 302
    filed.refresh_from_db()
    assert (filed.state, filed.closed_as, filed.rating, filed.reopenings, filed.refusals) == ("closed", "confirmed", 5, 1, 1)
    assert Offer.objects.filter(outcome="taken").count() == 1
    assert list(broken_links("complaint:")) == []


def test_answer_of_not_our_job_alone_is_refused(filed, agent, client_of):
    at_centre = client_of(agent)
    post(at_centre, filed, "accept")
    answer = post(at_centre, filed, "answer", kind="responsible", text="Not our job.")
    assert answer.status_code == 422
    assert "Not our job." in answer.content.decode()


def test_second_accept_says_somebody_was_first(filed, agent, client_of):
    at_centre = client_of(agent)
    assert post(at_centre, filed, "accept").status_code == 302
    assert post(at_centre, filed, "accept").status_code == 409


@pytest.mark.parametrize("who", ["rival_owner", "rival_manager"])
def test_strangers_find_nothing(filed, who, request, client_of):
    client = client_of(request.getfixturevalue(who))
    assert client.get(f"/lanting/complaints/{filed.number}/").status_code == 404
    assert post(client, filed, "accept").status_code == 404


def test_form_sent_twice_files_one_complaint(filed, household, owner, client_of):
    client = client_of(owner)
    page = client.get("/lanting/complaints/new/")
    data = {"category": filed.category_id, "title": "Gate", "text": "It stays open.", "household": household.pk,
            "where": "home", "severity": "normal", "phone": "",
            "idempotency_key": page.context["form"]["idempotency_key"].value()}  # fmt: skip
    first, second = (client.post("/lanting/complaints/new/", data) for _click in range(2))
    assert (first.status_code, second.status_code) == (302, 302)
    assert first["Location"] == second["Location"]
    assert Complaint.objects.count() == 2


def click_twice(client, page, action, **typed):
    """Fill in the form of a page that leads there, and send it twice; where both sendings led."""
    form = next(one for one in read_page(client.get(page).content.decode(), page).forms if one.action == action)
    first, second = (client.post(action, form.filled(**typed)) for _click in range(2))
    assert (first.status_code, second.status_code) == (302, 302)
    assert first["Location"] == second["Location"]
    return first["Location"]


def log_twice(client, category):
    log = "/lanting/complaints/log/"
    words = {"asker_name": "Ann", "title": "Gate", "text": "It stays open."}
    return click_twice(client, log, log, category=category, room="", received_at="", **words)


def test_contact_sent_twice_is_logged_once(filed, agent, client_of):
    log_twice(client_of(agent), filed.category_id)
    assert Complaint.objects.count() == 2


@pytest.mark.parametrize(("who", "verb"), [("owner", "reply"), ("owner", "urge"), ("agent", "note"), ("agent", "answer")])
def test_words_sent_twice_stand_once_in_the_thread(filed, who, verb, request, agent, client_of):
    post(client_of(agent), filed, "accept")
    before = Event.objects.count()
    page = f"/lanting/complaints/{filed.number}/"
    click_twice(client_of(request.getfixturevalue(who)), page, f"{page}{verb}/", text="The sensor is changed.")
    assert Event.objects.count() == before + 1


def test_reply_by_code_sent_twice_stands_once_in_the_thread(filed, agent, client, client_of):
    desk = client_of(agent)
    receipt = log_twice(desk, filed.category_id)
    told = desk.get(receipt).context
    client.post("/lanting/follow/", {"number": told["complaint"].number, "code": told["code"]})
    before = Event.objects.count()
    click_twice(client, "/lanting/follow/", "/lanting/follow/act/", text="The left wing.")
    assert Event.objects.count() == before + 1
