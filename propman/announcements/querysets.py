from datetime import datetime
from typing import Any, Self

from django.db.models import Q, QuerySet

from .workflow import State


def standing(state: str, at: datetime) -> Q:
    """Which rows stand there at that moment: workflow.state_at for the database."""
    untouched = Q(withdrawn_at=None, replaced_at=None, cleared_at=None)
    told = untouched & Q(published_at__isnull=False)
    begun = told & Q(starts_at__lte=at)
    return {
        State.PLANNED: untouched & Q(published_at=None),
        State.COMING: told & Q(starts_at__gt=at),
        State.HOLDING: begun & (Q(ends_at=None) | Q(ends_at__gt=at)),
        State.OVER: begun & Q(ends_at__lte=at),
        State.CLEARED: Q(withdrawn_at=None, replaced_at=None, cleared_at__isnull=False),
        State.CORRECTED: Q(withdrawn_at=None, replaced_at__isnull=False),
        State.WITHDRAWN: Q(withdrawn_at__isnull=False),
    }[State(state)]


class AnnouncementQuerySet(QuerySet[Any]):
    def told(self) -> Self:
        return self.filter(published_at__isnull=False)

    def current(self, at: datetime) -> Self:
        """What holds at that moment, or will."""
        return self.filter(standing(State.COMING, at) | standing(State.HOLDING, at))

    def standing(self, state: str, at: datetime) -> Self:
        return self.filter(standing(state, at))
