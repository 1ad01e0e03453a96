"""Where the points of a chart stand; the template writes them as SVG."""

from collections.abc import Sequence
from typing import Any

from .selectors.money import Income


def chart(rows: Sequence[Income]) -> dict[str, Any]:
    """Where the points stand on a field of 404 by 270: satisfaction across, the share of the fee that was earned up."""
    figures = [(row.short, float(row.percent), float(row.fee_percent)) for row in rows]
    shares = [value for _short, rate, fee in figures for value in (rate, fee)]
    low = min([80, *(int(value // 10) * 10 for value in shares)])
    high = max([100, *(-int(-value // 10) * 10 for value in shares)])

    def place(value: float) -> tuple[str, str]:
        part = (value - low) / (high - low)
        return f"{40 + 350 * part:.1f}", f"{226 - 210 * part:.1f}"

    step = 5 if high - low <= 30 else 10
    return {
        "points": [{"short": short, "x": place(rate)[0], "y": place(fee)[1]} for short, rate, fee in figures],
        "ticks": [{"value": value, "x": place(value)[0], "y": place(value)[1]} for value in range(low, high + 1, step)],
        "line": {"x": place(100)[0], "y": place(100)[1]},
    }
