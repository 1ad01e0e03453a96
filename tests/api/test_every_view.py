"""What holds for every API view, whichever app it is of; who may call it is asked in tests/architecture."""

import json
import re

import pytest
from django.conf import settings
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import EndpointEnumerator
from drf_spectacular.validation import validate_schema

from billing.api import SheetViewSet
from propman.common.filters import AllowedFilters
from propman.common.schema import CompanySchema
from propman.tenancy.idempotency import IdempotentPosts

PROBLEM = "application/problem+json"
API = "/lanting/api/v1/"

ENDPOINTS = EndpointEnumerator(urlconf=settings.COMPANY_URLCONF).get_api_endpoints()
PATHS = sorted({path for path, _regex, _method, _view in ENDPOINTS})
DESCRIBED = set(PATHS) - {"/api/v1/schema/"}


def address(path: str) -> str:
    return "/lanting" + re.sub(r"\{[^}]+\}", "1", path)


def is_problem(response, status: int) -> None:
    assert (response.status_code, response.headers["Content-Type"]) == (status, PROBLEM), response.content
    told = response.json()
    assert {"type", "title", "status", "detail"} <= set(told)
    assert told["status"] == status


@pytest.mark.django_db
@pytest.mark.parametrize("path", PATHS)
def test_anonymous_call_is_a_problem(company, client, path):
    answer = client.get(address(path), headers={"Accept": "application/json"})
    is_problem(answer, 401)
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.django_db
@pytest.mark.parametrize("path", PATHS)
def test_wrong_token_is_a_problem(company, client, path):
    is_problem(client.get(address(path), headers={"Authorization": "Bearer wrong"}), 401)


@pytest.mark.django_db
def test_unknown_method_is_a_problem(company, administrator, client_of):
    client = client_of(administrator)
    for path in PATHS:
        answer = client.generic("TRACE", address(path))
        is_problem(answer, answer.status_code)
        assert answer.status_code in {403, 404, 405}, path


@pytest.mark.django_db
def test_unknown_query_is_refused_by_every_list(company, administrator, client_of):
    client = client_of(administrator)
    lists = {
        path
        for path, _regex, method, view in ENDPOINTS
        if method == "GET" and getattr(view, "actions", {}).get("get") == "list"
    }
    for path in sorted(lists):
        answer = client.get(address(path), {"no_such_field": "1"})
        assert answer.status_code in {400, 403}, path
        is_problem(answer, answer.status_code)


@pytest.mark.parametrize(
    "view",
    sorted({view.cls for _path, _regex, method, view in ENDPOINTS if method == "POST"}, key=lambda cls: cls.__qualname__),
)
def test_every_post_may_carry_an_idempotency_key(view):
    # A remembered answer to a score sheet would name who answered, and what; saving a sheet twice is the same anyway.
    assert issubclass(view, IdempotentPosts) != (view is SheetViewSet)


def test_lists_filter_by_named_fields_only():
    for _path, _regex, _method, view in ENDPOINTS:
        assert getattr(view.cls, "filterset_fields", None) != "__all__"
        for backend in getattr(view.cls, "filter_backends", []):
            assert backend is AllowedFilters


def test_serializers_name_their_fields():
    for _path, _regex, _method, view in ENDPOINTS:
        serializer = getattr(view.cls, "serializer_class", None)
        fields = getattr(getattr(serializer, "Meta", None), "fields", [])
        assert fields != "__all__", serializer


@pytest.mark.django_db
def test_session_call_without_csrf_token_is_refused(company, administrator, client_of):
    client = client_of(administrator)
    client.handler.enforce_csrf_checks = True
    is_problem(client.post(f"{API}notices/read-all/"), 403)


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["nothing/", "notices/1/nothing/", "notices/999999999999999999999/", "notices/x/"])
def test_unknown_address_is_a_problem(company, administrator, client_of, path):
    client = client_of(administrator)
    is_problem(client.get(API + path), 404)
    is_problem(client.delete(f"{API}nothing/"), 404)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "body", ["{", '{"a": NaN}', "\x00", "x" * 100_000, "[" * 100_000, "[" * 21 + "]" * 21, '{"a": "\\ud800"}', '{"\\ud800": 1}']
)
def test_broken_json_is_a_problem(company, administrator, client_of, body):
    answer = client_of(administrator).post(
        f"{API}notices/read-all/", body, content_type="application/json", HTTP_IDEMPOTENCY_KEY="k"
    )
    is_problem(answer, 400)


@pytest.mark.django_db
def test_unknown_body_type_is_a_problem(company, administrator, client_of):
    answer = client_of(administrator).post(
        f"{API}notices/read-all/", "<x/>", content_type="application/xml", HTTP_IDEMPOTENCY_KEY="k"
    )
    is_problem(answer, 415)


@pytest.mark.django_db
def test_format_that_nobody_speaks_is_a_problem(company, administrator, client_of):
    is_problem(client_of(administrator).get(f"{API}notices/", headers={"Accept": "text/csv"}), 406)


@pytest.mark.django_db
def test_too_many_calls_are_told_when_to_come_back(company, administrator, client_of, monkeypatch):
    from rest_framework.throttling import UserRateThrottle

    monkeypatch.setattr(UserRateThrottle, "THROTTLE_RATES", {"user": "2/min"})
    client = client_of(administrator)
    assert [client.get(f"{API}notices/").status_code for _ in range(2)] == [200, 200]
    answer = client.get(f"{API}notices/")
    is_problem(answer, 429)
    assert 0 < int(answer.headers["Retry-After"]) <= 60


@pytest.mark.django_db
def test_fault_of_ours_is_a_problem_without_a_word_of_it(company, administrator, client_of, owner_sql, monkeypatch):
    from propman.notify import api

    monkeypatch.setattr(api, "services", None)
    client = client_of(administrator)
    client.raise_request_exception = False
    answer = client.post(f"{API}notices/read-all/")
    is_problem(answer, 500)
    assert "NoneType" not in answer.content.decode()


def test_schema_is_valid_and_names_every_address():
    GENERATOR_STATS.reset()
    schema = CompanySchema().get_schema(public=True)
    assert not [told for told in GENERATOR_STATS._warn_cache if "identical names" in told]
    validate_schema(json.loads(json.dumps(schema, default=str)))
    nameless = {re.sub(r"\{[^}]+\}", "{}", path) for path in schema["paths"]}
    assert nameless == {re.sub(r"\{[^}]+\}", "{}", path) for path in DESCRIBED}


@pytest.mark.django_db
def test_schema_is_served_below_the_companys_prefix(company, administrator, client_of):
    answer = client_of(administrator).get(f"{API}schema/", headers={"Accept": "application/json"})
    assert answer.json()["servers"] == [{"url": "/lanting"}]
    assert "/api/v1/notices/" in answer.json()["paths"]


@pytest.mark.django_db
def test_docs_page_names_every_address(company, administrator, client_of):
    html = client_of(administrator).get(API).content.decode()
    paths = CompanySchema().get_schema(public=True)["paths"]
    missing = [path for path in paths if f"/lanting{path}" not in html]
    assert missing == []
    assert "<script" not in html.partition("<main")[2]
