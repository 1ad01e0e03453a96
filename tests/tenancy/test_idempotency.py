import threading
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.utils import timezone

from propman.community.models import Community
from propman.tenancy.idempotency import forget_answers
from propman.tenancy.models import Answer
from propman.tenancy.scope import company_scope
from tests.conftest import signed_in

API = "/lanting/api/v1/add/"
PAGE = "/lanting/add/"
KEY = {"HTTP_IDEMPOTENCY_KEY": "9a7c-1"}

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def urls(settings):
    settings.COMPANY_URLCONF = "tests.tenancy.once_urls"
    folder = Path(__file__).parent / "templates"
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [*settings.TEMPLATES[0]["DIRS"], folder]}]


def communities(company) -> list[str]:
    with company_scope(company.pk):
        return sorted(Community.objects.values_list("name", flat=True))


def post(client, name, url=API, **headers):
    return client.post(url, {"name": name}, content_type="application/json", **headers)


def test_same_key_and_body_gets_first_answer(company, manager, client_of):
    client = client_of(manager)
    first, second = post(client, "a", **KEY), post(client, "a", **KEY)
    assert communities(company) == ["a"]
    assert (first.status_code, first.json(), first["Location"]) == (second.status_code, second.json(), second["Location"])
    assert second.status_code == 201
    assert second["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first


def test_same_key_with_another_body_is_refused(company, manager, client_of):
    client = client_of(manager)
    post(client, "a", **KEY)
    second = post(client, "b", **KEY)
    assert (second.status_code, second["Content-Type"]) == (422, "application/problem+json")
    assert communities(company) == ["a"]


def test_same_key_at_another_address_is_refused(company, manager, client_of):
    client = client_of(manager)
    post(client, "a", **KEY)
    assert post(client, "a", "/lanting/api/v1/add-with-key/", **KEY).status_code == 422


def test_same_key_of_another_user_is_another_request(company, manager, administrator, client_of):
    post(client_of(manager), "a", **KEY)
    assert post(client_of(administrator), "b", **KEY).status_code == 201
    assert communities(company) == ["a", "b"]


def test_rival_company_gets_no_answer_of_ours(company, manager, rival_company, rival_manager, client_of):
    post(client_of(manager), "a", **KEY)
    assert post(client_of(rival_manager), "a", "/rival/api/v1/add/", **KEY).status_code == 201
    assert post(client_of(rival_manager), "a", **KEY).status_code == 404


def test_refused_request_is_judged_anew(company, manager, client_of):
    client = client_of(manager)
    assert post(client, "refused", **KEY).status_code == 409
    assert communities(company) == []
    assert post(client, "b", **KEY).status_code == 201


def test_failed_request_is_judged_anew(company, manager, client_of):
    client = client_of(manager)
    client.raise_request_exception = False
    assert client.post(API, {"nothing": 1}, content_type="application/json", **KEY).status_code == 500
    assert post(client, "b", **KEY).status_code == 201


@pytest.mark.parametrize("key", ["two words", "x" * 101, "schlüssel", "\t"])
def test_unfit_key_is_refused(company, manager, client_of, key):
    answer = post(client_of(manager), "a", HTTP_IDEMPOTENCY_KEY=key)
    assert answer.status_code == 400
    assert communities(company) == []


def test_missing_key_is_refused_where_it_is_required(company, manager, client_of):
    client = client_of(manager)
    assert post(client, "a", "/lanting/api/v1/add-with-key/").status_code == 400
    assert post(client, "a", "/lanting/api/v1/add-with-key/", **KEY).status_code == 201


def test_anonymous_call_is_unauthorized(company, client):
    answer = post(client, "a", **KEY)
    assert (answer.status_code, answer["Content-Type"]) == (401, "application/problem+json")
    with company_scope(company.pk):
        assert not Answer.objects.exists()


def test_page_sent_twice_leads_to_the_same_place(company, manager, client_of):
    client = client_of(manager)
    form = {"name": "a", "idempotency_key": "page-1"}
    first, second = client.post(PAGE, form), client.post(PAGE, form)
    assert (first.status_code, second.status_code) == (302, 302)
    assert first["Location"] == second["Location"]
    assert communities(company) == ["a"]


def test_page_with_errors_keeps_its_key(company, manager, client_of):
    client = client_of(manager)
    answer = client.post(PAGE, {"name": "not a slug", "idempotency_key": "page-1"})
    assert (answer.status_code, 'value="page-1"' in answer.content.decode()) == (200, True)
    assert client.post(PAGE, {"name": "a", "idempotency_key": "page-1"}).status_code == 302
    assert communities(company) == ["a"]


def test_page_sent_again_with_other_words_says_so(company, manager, client_of):
    client = client_of(manager)
    client.post(PAGE, {"name": "a", "idempotency_key": "page-1"})
    answer = client.post(PAGE, {"name": "b", "idempotency_key": "page-1"})
    assert (answer.status_code, communities(company)) == (422, ["a"])


def test_page_sent_again_with_another_photo_says_so(company, manager, client_of):
    client = client_of(manager)
    statuses = [
        client.post(PAGE, {"name": "a", "idempotency_key": "k", "photo": SimpleUploadedFile("p.png", body)}).status_code
        for body in (b"one", b"one", b"two")
    ]
    assert statuses == [302, 302, 422]


def test_new_forms_have_keys_of_their_own(company, manager, client_of):
    client = client_of(manager)
    one, other = (client.get(PAGE).content for _ in range(2))
    assert one != other


def test_old_answers_are_forgotten(company, manager, client_of):
    post(client_of(manager), "a", **KEY)
    with company_scope(company.pk):
        forget_answers(at=timezone.now() + timedelta(days=6))
        assert Answer.objects.count() == 1
        forget_answers(at=timezone.now() + timedelta(days=8))
        assert Answer.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_sent_eight_times_at_once_does_its_work_once(company, manager):
    answers, barrier = [], threading.Barrier(8)
    clients = [signed_in(manager) for _ in range(8)]

    def send(client):
        barrier.wait()
        try:
            answers.append(post(client, "a", **KEY))
        finally:
            connection.close()

    threads = [threading.Thread(target=send, args=[client]) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert communities(company) == ["a"]
    assert {(answer.status_code, answer.content) for answer in answers} == {(201, answers[0].content)}
    assert sum("Idempotency-Replayed" in answer for answer in answers) == 7
