from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.utils import timezone

from propman.ops import health, tasks
from propman.tenancy import checkups, jobrun

pytestmark = pytest.mark.django_db


@pytest.fixture
def overdue(monkeypatch):
    monkeypatch.setitem(checkups.READINESS, "timers", lambda at: ["2 timers are overdue."])


def test_living_process_says_ok(client):
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")


@pytest.mark.django_db(transaction=True)
def test_living_process_asks_no_database(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        client.get("/healthz")


def test_portal_without_beat_is_not_ready(client):
    answer = client.get("/readyz")
    assert answer.status_code == 503
    checks = answer.json()["checks"]
    assert checks.pop("beat") == ["Beat and worker have not done anything yet."]
    assert not any(checks.values())


def test_portal_after_a_tick_is_ready(client):
    tasks.tick()
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["ready"]) == (200, True)


def test_portal_with_old_heartbeat_is_not_ready(client):
    health.note_heartbeat(timezone.now() - timedelta(seconds=100))
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "stands still" in answer.json()["checks"]["beat"][0]


def test_registered_reason_makes_it_not_ready(client, overdue):
    tasks.tick()
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["timers"] == ["2 timers are overdue."]


def test_unreachable_broker_is_told_without_its_address(client, settings):
    settings.CELERY_BROKER_URL = "redis://:topsecret@127.0.0.1:1/0"
    answer = client.get("/readyz")
    assert answer.json()["checks"]["broker"] == ["The broker does not answer."]
    assert b"topsecret" not in answer.content


def test_figures_are_told_to_this_machine(client, overdue, monkeypatch):
    monkeypatch.setitem(checkups.GAUGES, "overdue_timers", checkups.Gauge("overdue_timers", "Timers past due", lambda at: 2.0))
    tasks.tick()
    lines = client.get("/metrics").content.decode().splitlines()
    assert 'propman_ready{check="database"} 1.0' in lines
    assert 'propman_ready{check="timers"} 0.0' in lines
    assert "propman_overdue_timers 2.0" in lines
    assert any(line.startswith("propman_queue_length_tasks ") for line in lines)


@pytest.mark.parametrize(
    "request_from",
    [
        {"REMOTE_ADDR": "203.0.113.7"},
        {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "203.0.113.7"},
        {"REMOTE_ADDR": ""},
        {"REMOTE_ADDR": "203.0.113.7", "HTTP_AUTHORIZATION": "Bearer "},
        {"REMOTE_ADDR": "203.0.113.7", "HTTP_AUTHORIZATION": "Bearer wrong"},
    ],
)
def test_figures_are_not_told_to_strangers(client, request_from, settings):
    for token in ("", "the token"):
        settings.METRICS_TOKEN = token
        assert client.get("/metrics", **request_from).status_code == 403


def test_figures_are_told_to_the_token(client, settings):
    settings.METRICS_TOKEN = "the token"
    answer = client.get("/metrics", REMOTE_ADDR="203.0.113.7", HTTP_AUTHORIZATION="Bearer the token")
    assert answer.status_code == 200


@pytest.mark.django_db(transaction=True)
def test_failing_figure_leaves_the_others(client, monkeypatch):
    def fail(at):
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM there_is_none")

    monkeypatch.setitem(checkups.GAUGES, "broken", checkups.Gauge("broken", "Broken", fail))
    assert b"propman_ready" in client.get("/metrics").content


def test_tick_starts_every_sweep(monkeypatch, settings):
    swept = []
    monkeypatch.setitem(jobrun.SWEEPS, "probe", lambda at: swept.append(at) or 1)
    cache.clear()
    tasks.tick()
    with health.broker() as client:
        assert client.llen(health.QUEUE) == len(jobrun.SWEEPS)
    assert tasks.sweep("probe") == 1
    assert len(swept) == 1
