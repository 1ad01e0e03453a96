"""Nothing stays with somebody who leaves: drafts, decisions and appeals go to somebody else."""

from datetime import datetime

from propman.accounts.models import User
from propman.community.models import Employee
from propman.notify.services import NewNotice, queue_notices
from propman.tenancy.events import record_event

from .. import notices
from ..models import Case
from ..people import bench
from ..workflow import State
from .moving import locked
from .policies import judge_within


def take_cases_from_leaver(employee: Employee, by: User | None, at: datetime) -> None:
    """Whoever is asked next judges, decides or reviews in his place, with the whole time. For register_on_leaving."""
    told: list[NewNotice] = []
    people = bench(without=employee)
    mine = {State.DRAFTED: "head", State.OPENED: "decider", State.READY: "decider", State.APPEALED: "reviewer"}
    for state, part in mine.items():
        for case in Case.objects.filter(state=state, **{part: employee}).order_by("pk"):
            case = locked(case)
            if case.state != state:
                continue
            match part:
                case "head":
                    case.head = people.head_of(case.department, case.accused_id)
                    case.due_at = at + judge_within(drafted_at=case.drafted_at) if case.head else at
                    told += notices.tell("drafted", [case.head], case=case.pk, due_at=case.due_at)
                case "decider":
                    case.decider = people.decider(accused=case.accused_id, head=case.judged_by_id)
                    told += notices.tell("waits", [case.decider] if state == State.READY else [], case=case.pk)
                case "reviewer":
                    case.reviewer = people.reviewer(case)
                    told += notices.tell("appealed", [case.reviewer], case=case.pk)
            successor = getattr(case, part)
            facts = {"part": part, "before": employee.pk, "now": successor.pk if successor else None}
            case.event_position = record_event("case.passed_on", case, by=by, at=at, facts=facts).position
            case.save(update_fields=[part, "due_at", "event_position"])
    queue_notices(told, at=at)
