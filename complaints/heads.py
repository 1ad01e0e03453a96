"""The daily head of a company: what its text is, so that anybody can compute it again with the standard library.

A head is the SHA-256 of a text file: five lines that name company, day, time, number of complaints and the head before, then
one line for each complaint whose chain went on since that one: number, position and hash of its last event. The lists of all
days together hold the last position and hash of every complaint, and each head holds the head before, so a head covers
everything up to its day (rulebook 2.7). The file holds no words, names, categories or places.
"""

import hashlib
from collections.abc import Iterable
from datetime import UTC, date, datetime

GENESIS = "0" * 64  # what the first head follows

Line = tuple[str, int, str]


def head_text(*, company: str, day: date, made_at: datetime, complaints: int, previous: str, lines: Iterable[Line]) -> str:
    """The text that the head of a day is the hash of; `lines` in the order of their numbers."""
    top = [
        f"company {company}",
        f"day {day.isoformat()}",
        f"made {made_at.astimezone(UTC).isoformat(timespec='microseconds')}",
        f"complaints {complaints}",
        f"previous {previous}",
    ]
    return "\n".join([*top, *(f"{number} {position} {digest}" for number, position, digest in lines)]) + "\n"


def head_hash(text: str) -> str:
    """The head itself: the SHA-256 of the text, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()
