"""Ready-made words: kept by those who lead the centre and the offices, put into a reply by whoever writes it."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from complaints.models import Complaint, Macro
from complaints.workflow import BadInput
from propman.community.models import Employee

from .moving import cleaned

LONGEST_MACRO = 2000


@transaction.atomic
def keep_macro(*, name: str, kind: str, text: str) -> Macro:
    """Keep words under a name; the same name again replaces them. Raises BadInput."""
    name = cleaned(name, field="name", longest=60)
    text = cleaned(text, field="text", longest=LONGEST_MACRO)
    if kind not in Macro.Kind.values:
        raise BadInput("kind", _("Choose what the words are for."))
    current = Macro.objects.select_for_update().filter(name=name, retired_at=None).first()
    if current is None:
        macro: Macro = Macro.objects.create(name=name, kind=kind, text=text)
        return macro
    current.kind, current.text = kind, text
    current.save(update_fields=["kind", "text"])
    return current


def retire_macro(*, pk: int, at: datetime) -> None:
    """Offer the words no longer; what was sent with them stays. Doing it twice changes nothing."""
    Macro.objects.filter(pk=pk, retired_at=None).update(retired_at=at)


def filled(macro: Macro, complaint: Complaint, *, asker: str, by: Employee) -> str:
    """The words with {name}, {number}, {agent} and {phone} put in; anything else in braces stays as it is."""
    text: str = macro.text
    values = {"name": asker, "number": complaint.number or "", "agent": by.name, "phone": by.phone}
    for key, value in values.items():
        text = text.replace(f"{{{key}}}", value)
    return text
