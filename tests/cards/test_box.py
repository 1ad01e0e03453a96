"""The box over HTTP: before sessions, without cookies, and nothing of it in a log."""

import json
import logging
import runpy
import subprocess
import sys
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client
from gunicorn.config import Config

from cards import box
from cards.access_log import AccessLog
from cards.selectors import cards_in_hand
from cards.workflow import Card
from propman.tenancy.scope import company_scope
from tests.factories.cards import DURING, serial_of

pytestmark = pytest.mark.django_db
URL = "/lanting/box/"


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """The moment at which the box is asked."""
    moment = SimpleNamespace(at=DURING)
    monkeypatch.setattr(box, "timezone", SimpleNamespace(now=lambda: moment.at, override=box.timezone.override))
    return moment


@pytest.fixture
def serial(round, household):
    return serial_of(round, household, Card.COMPANY_BLUE)


def post(serial, accept="application/json", **fields):
    return Client(enforce_csrf_checks=True).post(URL, {"serial": serial, **fields}, headers={"accept": accept})


def test_cast_returns_the_receipt(serial, round):
    response = post(serial, opinion="Thank you.")
    assert response.status_code == 200
    receipt = response.json()["receipt"]
    assert receipt["round"] == round.name
    assert receipt["hash"].startswith(receipt["code"].replace(" ", ""))
    assert post(serial).json() == response.json()


def test_json_is_taken_too(serial):
    response = Client().post(URL, json.dumps({"serial": serial}), content_type="application/json")
    assert "receipt" in response.json()


def test_no_cookie_is_set_or_read_and_no_session_is_touched(serial, owner, client_of, django_assert_num_queries):
    client = client_of(owner)
    sessions = Session.objects.count()
    with django_assert_num_queries(4):  # company and cast; a test's transaction is bound to the company and unbound
        response = client.post(URL, {"serial": serial})
    assert not response.cookies
    assert Session.objects.count() == sessions
    assert "Cookie" not in response.headers.get("Vary", "")
    assert response["Cache-Control"] == "no-store"


def test_browser_gets_a_page(serial):
    response = post(serial, accept="text/html", language="zh-hans")
    page = response.content.decode()
    assert 'lang="zh-Hans"' in page
    assert "default-src 'self'" in response["Content-Security-Policy"]
    assert serial not in page


@pytest.mark.parametrize(
    ("fields", "status", "reason"),
    [
        ({"serial": "ab" * 32}, 404, "unknown"),
        ({"serial": "nonsense"}, 400, "serial"),
        ({}, 400, "serial"),
        ({"serial": ["ab" * 32] * 7, "absent": "1"}, 400, "serial"),
    ],
)
def test_bad_card_gets_a_clear_answer(round, fields, status, reason):
    response = Client().post(URL, fields, headers={"accept": "application/json"})
    assert response.status_code == status
    assert response.json()["reason"] == reason
    assert response.json()["detail"]


def test_late_card_is_gone(serial, clock, round):
    clock.at = round.closes_at
    assert post(serial).status_code == 410
    clock.at = round.closes_at - timedelta(seconds=1)
    assert post(serial).status_code == 200


def test_opinion_too_long_keeps_what_was_typed(serial):
    response = post(serial, accept="text/html", opinion="long " * 300)
    assert response.status_code == 400
    assert ("long " * 300).strip() in response.content.decode()
    assert serial in response.content.decode()  # so that it can be sent again


def test_body_too_large_is_refused(serial):
    assert post(serial, opinion="x" * 70_000).status_code == 400


def test_only_posts_are_answered(round, client):
    assert client.get(URL).status_code == 405


def test_other_addresses_pass(round, client):
    assert client.post("/nobody/box/", {"serial": "ab" * 32}).status_code == 404
    assert client.post("/lanting/cards/box/", {"serial": "ab" * 32}).status_code in (302, 403, 404)


def test_absence_is_declared_through_the_box(round, household):
    serials = [serial_of(round, household, card) for card in Card]
    post(serials[0])
    response = Client().post(URL, {"serial": serials, "absent": "1"}, headers={"accept": "application/json"})
    assert response.json() == {"void": 5}
    with company_scope(round.company_id):
        assert [held.place for held in cards_in_hand(round, household)] == ["cast"] + ["void"] * 5
    assert post(serials[1]).status_code == 409


def logged(path, caplog, log_format):
    config = Config()
    config.set("accesslog", "-")
    config.set("access_log_format", log_format)
    logger = AccessLog(config)
    logger.access_log.propagate = True
    environ = {
        "REQUEST_METHOD": "POST",
        "RAW_URI": path,
        "PATH_INFO": path.partition("?")[0],
        "QUERY_STRING": path.partition("?")[2],
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "203.0.113.9",
        "HTTP_USER_AGENT": "Firefox",
        "HTTP_REFERER": "http://testserver/lanting/cards/?household=17",
    }
    answer = SimpleNamespace(status="200 OK", sent=10, headers=[("X-Test", "secret")])
    request = SimpleNamespace(headers=[("X-FORWARDED-FOR", "203.0.113.9")])
    with caplog.at_level(logging.INFO, logger="gunicorn.access"):
        logger.access(answer, request, environ, timedelta(milliseconds=3))
    return caplog.messages[-1]


EVERYTHING = '%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s" %(U)s %(q)s %({x-forwarded-for}i)s %({remote_addr}e)s'


def test_access_log_of_the_box_knows_nothing(caplog):
    line = logged("/lanting/box/?serial=abcdef", caplog, EVERYTHING)
    for secret in ("203.0.113.9", "abcdef", "household", "Firefox"):
        assert secret not in line
    assert "POST /lanting/box/ HTTP/1.1" in line


def test_access_log_of_other_pages_stays(caplog):
    assert "203.0.113.9" in logged("/lanting/cards/", caplog, EVERYTHING)


def test_web_server_uses_this_log():
    assert runpy.run_path("gunicorn.conf.py")["logger_class"] == f"{AccessLog.__module__}.AccessLog"
    checked = subprocess.run(
        [sys.executable, "-m", "gunicorn", "propman.wsgi", "--check-config"],
        capture_output=True,
        text=True,
        cwd=settings.BASE_DIR,
    )
    assert checked.returncode == 0, checked.stderr  # the class can be loaded before Django is


def test_refusals_are_not_logged_with_the_serial(round, caplog):
    with caplog.at_level(logging.DEBUG):
        post("ab" * 32)
        post("nonsense-number")
    assert "ab" * 32 not in caplog.text
    assert "nonsense-number" not in caplog.text


def test_receipt_tells_no_time(serial):
    assert set(post(serial).json()["receipt"]) == {"code", "round", "hash", "signature"}
