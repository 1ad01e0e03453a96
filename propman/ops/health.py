"""Whether the portal can serve, and its figures."""

import logging
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

import redis
from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from propman.tenancy import checkups

log = logging.getLogger(__name__)

HEARTBEAT = "ops:heartbeat"
HEARTBEAT_LIMIT = timedelta(seconds=90)  # six ticks
QUEUE = "celery"


def note_heartbeat(at: datetime) -> None:
    cache.set(HEARTBEAT, at, timeout=None)


def heartbeat_age(at: datetime) -> timedelta | None:
    """How long ago beat and a worker last did a tick together; None if never."""
    last: datetime | None = cache.get(HEARTBEAT)
    return None if last is None else at - last


def check_database(at: datetime) -> Iterator[str]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        log.exception("the database does not answer")
        yield "The database does not answer."


def check_broker(at: datetime) -> Iterator[str]:
    try:
        with broker() as client:
            client.ping()
    except redis.RedisError:
        log.exception("the broker does not answer")
        yield "The broker does not answer."


def check_heartbeat(at: datetime) -> Iterator[str]:
    try:
        age = heartbeat_age(at)
    except redis.RedisError:
        yield "The cache does not answer."
        return
    if age is None:
        yield "Beat and worker have not done anything yet."
    elif age > HEARTBEAT_LIMIT:
        yield f"Beat or worker stands still since {int(age.total_seconds())} s."


def broker() -> "redis.Redis":
    return redis.Redis.from_url(settings.CELERY_BROKER_URL, socket_timeout=3, socket_connect_timeout=3)


def readiness(at: datetime) -> dict[str, list[str]]:
    """By check, the reasons why the portal is not ready; an empty list where all is well."""
    checks = {"database": check_database, "broker": check_broker, "beat": check_heartbeat, **checkups.READINESS}
    found: dict[str, list[str]] = {}
    for name, check in checks.items():
        try:
            found[name] = list(check(at))
        except DatabaseError:
            log.exception("the readiness check %s failed", name)
            found[name] = ["The check could not be made."]
    return found


class PortalCollector(Collector):
    """The figures of the portal, read when asked for."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def collect(self) -> Iterable[GaugeMetricFamily]:
        ready = GaugeMetricFamily("propman_ready", "1 where the readiness check found nothing", labels=["check"])
        for name, reasons in readiness(self.at).items():
            ready.add_metric([name], float(not reasons))
        yield ready
        try:
            if (age := heartbeat_age(self.at)) is not None:
                yield figure("propman_heartbeat_age_seconds", "Since beat and worker last did a tick", age.total_seconds())
            with broker() as client:
                yield figure("propman_queue_length_tasks", "Tasks that wait in the broker", float(client.llen(QUEUE)))
        except redis.RedisError:
            log.exception("the broker's figures could not be read")
        for gauge in checkups.GAUGES.values():
            try:
                yield figure(f"propman_{gauge.name}", gauge.description, gauge.read(self.at))
            except DatabaseError:
                log.exception("the figure %s could not be read", gauge.name)


def figure(name: str, description: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, description, value=value)


def metrics(at: datetime) -> bytes:
    """Everything in the text format of Prometheus."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(PortalCollector(at))
    return generate_latest(registry)
