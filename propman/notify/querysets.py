from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from django.db.models import QuerySet

if TYPE_CHECKING:
    from propman.accounts.models import User


class NoticeQuerySet(QuerySet[Any]):
    def visible_to(self, user: "User") -> Self:
        """Nobody reads what others are told."""
        return self.filter(user=user)

    def unread(self) -> Self:
        return self.filter(read_at=None)


class MessageQuerySet(QuerySet[Any]):
    def due_by(self, at: datetime) -> Self:
        return self.filter(due_at__lte=at)

    def open(self) -> Self:
        """Not yet handed to anybody: more notices may join it."""
        return self.filter(due_at__isnull=False, attempts=0)
