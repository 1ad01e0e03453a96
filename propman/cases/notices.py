"""Who is told what about a case. No notice carries a name, a ground or a measure: those are read on the page, signed in."""

from collections.abc import Iterable

from propman.community.models import Employee
from propman.notify.kinds import NoticeKind
from propman.notify.services import NewNotice, Word

KINDS = [
    NoticeKind(f"case.{event}")
    for event in ("drafted", "opened", "lapsed", "evidence", "ready", "decided", "appealed", "waits", "closed")
]


def tell(event: str, people: Iterable[Employee | None], *, case: int, **words: Word) -> list[NewNotice]:
    """One notice for each person; somebody without an account gets it by e-mail if there is an address."""
    return [
        NewNotice(
            event=f"case.{event}",
            user_id=person.user_id,
            email="" if person.user_id else person.email,
            words={"name": person.name, **words},
            path=f"/cases/{case}/",
        )
        for person in people
        if person is not None and person.left_on is None and (person.user_id or person.email)
    ]
