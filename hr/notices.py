"""Who is told what about a quarter's appraisal; no notice ever carries a score, a rank or another person's name beside one."""

from collections.abc import Iterable

from propman.community.models import Employee
from propman.notify.kinds import NoticeKind
from propman.notify.services import NewNotice, Word

KINDS = [
    NoticeKind(f"appraisal.{event}")
    for event in (
        "opened",
        "reminded",
        "passed_on",
        "taken_away",
        "missed",
        "submitted",
        "objected",
        "objection_unassigned",
        "objection_waits",
        "lock_waits",
        "answered",
        "locked",
        "reported",
    )
]


def tell(event: str, people: Iterable[Employee | None], *, path: str, **words: Word) -> list[NewNotice]:
    """One notice for each person; somebody without an account gets it by e-mail if there is an address."""
    return [
        NewNotice(
            event=f"appraisal.{event}",
            user_id=person.user_id,
            email="" if person.user_id else person.email,
            words={"name": person.name, **words},
            path=path,
        )
        for person in people
        if person is not None and person.left_on is None and (person.user_id or person.email)
    ]


def sheet_path(unit_id: int) -> str:
    return f"/hr/sheets/{unit_id}/"


def row_path(appraisal_id: int) -> str:
    return f"/hr/appraisals/{appraisal_id}/"


def objection_path(objection_id: int) -> str:
    return f"/hr/objections/{objection_id}/"
