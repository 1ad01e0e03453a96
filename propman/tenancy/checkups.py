"""What the apps let an operator ask about their data: is it whole, is the portal ready, how much waits.

The apps register here in AppConfig.ready(); `check_integrity`, /readyz and /metrics (propman.ops) ask.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from .models import Company


@dataclass(frozen=True)
class Gauge:
    """A figure over all companies at a moment, named as Prometheus does: lower case, with its unit."""

    name: str
    description: str
    read: Callable[[datetime], float]


INTEGRITY: dict[str, Callable[[Company], Iterable[str]]] = {}
READINESS: dict[str, Callable[[datetime], Iterable[str]]] = {}
GAUGES: dict[str, Gauge] = {}


def register_integrity_check(name: str, check: Callable[[Company], Iterable[str]]) -> None:
    """`check` runs in the company's scope and yields a sentence for every broken thing, naming it."""
    INTEGRITY[name] = check


def register_readiness_check(name: str, check: Callable[[datetime], Iterable[str]]) -> None:
    """`check` runs outside any company, within milliseconds, and yields a sentence for every reason not to be ready.

    The sentences are public: no names, no data of a company.
    """
    READINESS[name] = check


def register_gauge(gauge: Gauge) -> None:
    GAUGES[gauge.name] = gauge
