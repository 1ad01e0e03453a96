"""The bell of the top bar."""

from django.db import transaction
from django.http import HttpRequest
from django.utils.functional import cached_property

from propman.accounts.models import User

from .models import Notice

MOST = 99


class Bell:
    """How many notices somebody has not read; asked for once, and only by a page that shows it."""

    def __init__(self, user: User) -> None:
        self.user = user

    @cached_property
    def unread(self) -> int:
        with transaction.atomic(savepoint=False):  # error pages are rendered outside the request's transaction
            return Notice.objects.visible_to(self.user).unread()[: MOST + 1].count()


def bell_of(request: HttpRequest) -> Bell | None:
    user = getattr(request, "user", None)
    return Bell(user) if isinstance(user, User) and getattr(request, "roles", None) else None
