"""What the pages show of notices and messages."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from propman.accounts.models import User
from propman.tenancy.models import Company

from .models import Notice
from .permissions import messages_for
from .rendering import Told, tell

log = logging.getLogger(__name__)

PAGE = 30
STATES = {
    "waiting": Q(due_at__isnull=False),
    "sent": Q(sent_at__isnull=False),
    "dead": Q(dead_at__isnull=False),
}


@dataclass(frozen=True)
class Page:
    """Rows newest first, and the key after which the next page begins; None on the last."""

    rows: Sequence[Any]
    next_before: int | None


def page_of(rows: QuerySet[Any], *, before: int | None, size: int = PAGE) -> Page:
    """The newest rows before that key; a page costs the same however deep it lies."""
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows.order_by("-pk")[: size + 1])
    return Page(found[:size], found[size - 1].pk if len(found) > size else None)


def words_of(notice: Notice, company: Company) -> Told:
    """The notice in the active language; one without its words (erased, or of an older version) still has a line."""
    try:
        return tell(notice, company)
    except Exception:  # one notice that cannot be worded must not take the list away
        if notice.words:
            log.exception("notice %s cannot be worded", notice.pk)
        return Told(_("A notice whose words are gone"), "", "")


def messages_in(state: str, *, reader: User, address: str = "") -> QuerySet[Any]:
    """The company's messages in a state of STATES, or all of them; `address` narrows it to one recipient.

    What hides its recipient is not found by him: a search that finds it would name him.
    """
    messages = messages_for(reader).filter(STATES.get(state, Q()))
    return messages.filter(address__iexact=address.strip(), hides_recipient=False) if address.strip() else messages
