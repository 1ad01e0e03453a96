"""The filters of the desk's list, as they stand in its address."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.http import QueryDict

from propman.common.text import legible
from propman.community.models import Community

from .models import Announcement, Audience
from .workflow import Kind, State


@dataclass(frozen=True)
class Wanted:
    """What the list is narrowed to; empty means everything."""

    q: str = ""
    community: str = ""
    kind: str = ""
    state: str = ""

    def __bool__(self) -> bool:
        return bool(self.q or self.community or self.kind or self.state)

    def narrow(self, rows: QuerySet[Announcement], *, at: datetime) -> Any:
        if self.q:
            rows = rows.filter(title__icontains=self.q)
        if self.kind:
            rows = rows.filter(kind=self.kind)
        if self.community:
            rows = rows.filter(Exists(Audience.objects.filter(announcement=OuterRef("pk"), community__address=self.community)))
        return rows.standing(self.state, at) if self.state else rows  # type: ignore[attr-defined]


def wanted_of(query: QueryDict, *, among: QuerySet[Community]) -> Wanted:
    """What the address asks for; a word that names nothing narrows nothing."""
    community, kind, state = (legible(query.get(name, "")) for name in ("community", "kind", "state"))
    return Wanted(
        q=legible(query.get("q", ""))[:100],
        community=community if community and among.filter(address=community).exists() else "",
        kind=kind if kind in Kind.values else "",
        state=state if state in State.values else "",
    )
