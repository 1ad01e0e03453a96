from collections.abc import Callable
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.shortcuts import get_object_or_404

from propman.accounts.models import User

from .models import Message, MessageLine, Notice

Hides = Callable[[User], QuerySet[Notice]]
HIDDEN: list[Hides] = []


def register_hidden_recipients(hides: Hides) -> None:
    """Called from an app's AppConfig.ready(): the notices of which that reader of the log may not learn who got them."""
    HIDDEN.append(hides)


def messages_for(reader: User) -> QuerySet[Any]:
    """The log of deliveries for that reader; `hides_recipient` says of which nothing may be shown that leads to somebody."""
    hidden = Q(pk__in=[])
    for hides in HIDDEN:
        hidden |= Q(notice__in=hides(reader).values("pk"))
    lines = MessageLine.objects.filter(hidden, message=OuterRef("pk"))
    return Message.objects.select_related("user").annotate(hides_recipient=Exists(lines))


def notice_for(user: User, pk: int) -> Notice:
    """The only door to a notice: one's own. Raises Http404."""
    return get_object_or_404(Notice.objects.visible_to(user), pk=pk)


def undeliverable_message(reader: User, pk: int) -> Message:
    """A message that was given up and whose recipient the reader may know; for administrators. Raises Http404."""
    message: Message = get_object_or_404(messages_for(reader).filter(dead_at__isnull=False, hides_recipient=False), pk=pk)
    return message
