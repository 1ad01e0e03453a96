"""The rows of the queue: what one line of it says, read with one light statement and no model instances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import get_language

from complaints.clocks import Clock
from complaints.models import Complaint, Contact
from complaints.permissions import Viewer, may_know
from complaints.querysets import ComplaintQuerySet
from complaints.workflow import OPEN, State

CHANNEL_ICONS = {"phone": "phone", "visit": "walk", "letter": "mailbox", "email": "mail"}
COLUMNS = (
    "pk", "number", "state", "received_at", "next_due_at", "next_due_clock", "urges", "reopenings", "half_fixes", "asker_id",
    "contact__channel", "contact__is_confidential", "words__title", "community__name", "room__label", "category__name",
    "category__name_zh", "first_inquirer__name", "handler__name", "first_inquirer_id", "handler_id",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One complaint in a list of staff; `room` is empty when the viewer may not know whose it is."""

    pk: int
    number: str
    state: str
    received_at: datetime
    next_due_at: datetime | None
    clock: str
    channel: str
    title: str
    community: str
    room: str
    category: str
    first_asked: str
    handler: str  # empty when it is the one who was asked first
    urges: int
    came_back: bool

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def is_paused(self) -> bool:
        return self.state in {State.WAITING, State.DEFERRED}

    @property
    def channel_label(self) -> str:
        return str(Contact.Channel(self.channel).label)

    @property
    def channel_icon(self) -> str:
        return CHANNEL_ICONS.get(self.channel, "world")

    @property
    def says(self) -> str:
        """What its clock is for; once it is over, how it stands."""
        if not self.is_open:
            return str(State(self.state).label)
        return str(Clock(self.clock).label).lower() if self.clock else ""


def queue_rows(complaints: ComplaintQuerySet, viewer: Viewer) -> list[QueueRow]:
    """The complaints as rows, in the order of the query; the caller has narrowed it to what the viewer may see."""
    is_chinese = (get_language() or "").startswith("zh")
    return [_row(dict(zip(COLUMNS, found, strict=True)), viewer, is_chinese) for found in complaints.values_list(*COLUMNS)]


def rows_in_order(ids: Sequence[int], viewer: Viewer) -> list[QueueRow]:
    """The rows of one page in this order: joined only once the page is known."""
    rows = {row.pk: row for row in queue_rows(Complaint.objects.filter(pk__in=ids), viewer)}
    return [rows[pk] for pk in ids]


def _row(found: dict[str, Any], viewer: Viewer, is_chinese: bool) -> QueueRow:
    knows_room = may_know(viewer, is_confidential=found["contact__is_confidential"], asker_id=found["asker_id"])
    moved = found["handler_id"] != found["first_inquirer_id"]
    return QueueRow(
        pk=found["pk"],
        number=found["number"] or "",
        state=found["state"],
        received_at=found["received_at"],
        next_due_at=found["next_due_at"],
        clock=found["next_due_clock"],
        channel=found["contact__channel"],
        title=found["words__title"] or "",
        community=found["community__name"] or "",
        room=(found["room__label"] or "") if knows_room else "",
        category=found["category__name_zh" if is_chinese else "category__name"],
        first_asked=found["first_inquirer__name"] or "",
        handler=(found["handler__name"] or "") if moved else "",
        urges=found["urges"],
        came_back=bool(found["reopenings"] or found["half_fixes"]),
    )
