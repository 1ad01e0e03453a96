"""A photo or document is taken away for good; what the chain says of it stays."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from complaints.models import Attachment, Complaint
from complaints.workflow import NotYours, Verb
from propman.accounts.roles import Role
from propman.community.models import Employee

from .attaching import erase_attachment
from .moving import cleaned, is_centre, locked, move


class FileGone(NotYours):
    """Somebody else has erased it already."""


@transaction.atomic
def erase_file(*, complaint: Complaint, attachment: Attachment, by: Employee, at: datetime, reason: str) -> Complaint:
    """Erase a file of the complaint with its given name; the event says who, when and why, and nothing of what it was.

    The role is checked at the door (`may_erase`). Raises BadInput without a reason, NotYours outside the service centre,
    FileGone when it is erased already.
    """
    reason = cleaned(reason, field="reason", longest=500)
    complaint = locked(complaint, at=at)
    if not is_centre(by):
        raise NotYours(_("Only the service centre can do this."))
    found = Attachment.objects.select_related("event").filter(complaint=complaint, pk=attachment.pk).first()
    if found is None:
        raise FileGone(_("It is erased already."))
    facts = {"of": found.event.position, "file": found.position, "side": found.side, "role": Role.DUTY_MANAGER.value}
    erase_attachment(found)
    return move(
        complaint, Verb.NOTE, "complaint.file_erased", by=by.user, at=at, facts=facts, texts={"text": reason}
    )  # keeps the complaint's state
