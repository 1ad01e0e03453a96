"""What a benchmark returns, and the clock it is measured with."""

import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Figure:
    """One figure: what was measured, the floor measured beside it, and what was asked.

    `value` and `floor` are in `unit`; `ratio` is value / floor. `limit` says in words what was asked, `holds` whether it does.
    """

    name: str
    value: float
    unit: str
    floor: float | None
    limit: str
    holds: bool
    note: str = ""

    @property
    def ratio(self) -> float | None:
        return round(self.value / self.floor, 3) if self.floor else None

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "ratio": self.ratio}


def seconds(work: Callable[[], Any]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def median_ms(work: Callable[[], Any], *, times: int) -> float:
    """The median of many runs in milliseconds, after one run to warm up."""
    work()
    return statistics.median(seconds(work) for _time in range(times)) * 1000
