"""A call, from who phones to the number that is read out."""

import re
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from complaints.models import Category, Complaint, Contact
from complaints.workflow import BadInput
from propman.community.models import Community, Employee, Occupancy

from .centre import merge_complaint
from .filing import Asker, Filed, file_complaint
from .handling import accept_complaint, resolve_complaint
from .handover import hand_over_complaint
from .moving import cleaned

LONGEST_TITLE = 60
END_OF_SENTENCE = re.compile(r"[.!?]\s+|[。！？\n]")


def title_of(said: str) -> str:
    """The first sentence of what the caller said, at most sixty characters of it."""
    first = END_OF_SENTENCE.split(said.strip(), maxsplit=1)[0].strip().rstrip(".")
    return first if len(first) <= LONGEST_TITLE else f"{first[: LONGEST_TITLE - 1]}…"


@transaction.atomic
def take_call(
    *,
    by: Employee,
    at: datetime,
    said: str,
    category: Category,
    severity: str,
    kind: str = Contact.Kind.COMPLAINT,
    caller: Occupancy | None = None,
    name: str = "",
    phone: str = "",
    community: Community | None = None,
    is_confidential: bool = False,
    to_office: bool = False,
    solution: str = "",
    means: Complaint | None = None,
    tracking_code: str = "",
) -> Filed:
    """Log a call and accept it: it stays with the agent, is offered to the office, was solved on the phone, or `means` another.

    Every call becomes a contact of its own and is counted, also one that goes on inside another complaint. Raises BadInput,
    and what the verbs raise.
    """
    said = cleaned(said, field="said")
    if caller is None and not cleaned(name, field="name", longest=80, required=False):
        raise BadInput("name", _("Say who calls, or choose somebody from the list."))
    if to_office and caller is None and community is None:
        raise BadInput("community", _("Choose the community whose office is to act."))
    person = caller.person if caller else None
    filed = file_complaint(
        channel=Contact.Channel.PHONE,
        kind=kind,
        category=category,
        severity=severity,
        title=title_of(said),
        text=said,
        asker=Asker(
            user=person.user if person else None,
            person=person,
            name=person.name if person else name,
            phone=phone or (person.phone if person else ""),
            email=person.email if person else "",
        ),
        household=caller.household if caller else None,
        community=caller.household.community if caller else community,
        room=caller.household.room if caller else None,
        first_asked=by,
        is_confidential=is_confidential,
        at=at,
        tracking_code=tracking_code,
    )
    complaint = accept_complaint(complaint=filed.complaint, by=by, at=at)
    if means is not None:
        merge_complaint(complaint=complaint, into=means, by=by, at=at)
    elif solution.strip():
        resolve_complaint(complaint=complaint, by=by, at=at, text=solution)
    elif to_office:
        if complaint.office is None:
            raise BadInput("community", _("This community has no office."))
        hand_over_complaint(
            complaint=complaint, by=by, at=at, reason=_("Called the service centre."), to_department=complaint.office
        )
    return filed
