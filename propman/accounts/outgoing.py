"""How accounts tell people something: `notify` stands above and hands its outbox down when it starts."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol


class Outbox(Protocol):
    def __call__(
        self, *, event: str, user_id: int | None, email: str, words: Mapping[str, str], path: str, at: datetime
    ) -> None: ...


_outbox: list[Outbox] = []


def register_outbox(outbox: Outbox) -> None:
    """Called from the AppConfig.ready() of the app that delivers notices."""
    _outbox[:] = [outbox]


def tell(
    *,
    event: str,
    at: datetime,
    user_id: int | None = None,
    email: str = "",
    words: Mapping[str, str] | None = None,
    path: str = "",
) -> None:
    """Queue one notice in the caller's transaction; see propman.notify.services.NewNotice for the arguments."""
    _outbox[0](event=event, user_id=user_id, email=email, words=words or {}, path=path, at=at)
