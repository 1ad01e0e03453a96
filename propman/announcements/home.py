"""What the home page shows: to residents what holds for their household, to those who tell what they have told."""

from django.http import HttpRequest
from django.utils import timezone

from propman.accounts.roles import RESIDENTS, STAFF
from propman.community.home import Section

from .permissions import announcements_kept, communities_looked_after, homes_of, speaks, told_to, viewer_of
from .selectors import counts_of, read_by

MOST = 5


def section(request: HttpRequest) -> Section | None:
    """What holds now for the households of whoever asks, or soon will; nothing where nothing does."""
    roles: frozenset[str] = getattr(request, "roles", frozenset())
    if not roles & RESIDENTS:
        return None
    viewer, at = viewer_of(request), timezone.now()
    rows = list(told_to(homes_of(viewer.user, on=timezone.localdate())).current(at).order_by("starts_at", "pk")[:MOST])  # type: ignore[attr-defined]
    if not rows:
        return None
    read = read_by(viewer.user, rows)
    shown = [{"announcement": one, "state": one.state_at(at), "is_read": one.pk in read} for one in rows]
    return Section("announcements/_home.html", {"rows": shown}, order=5)


def desk_section(request: HttpRequest) -> Section | None:
    """What is being told to the communities of whoever may tell them something, with how many have read it."""
    roles: frozenset[str] = getattr(request, "roles", frozenset())
    if not roles & STAFF:
        return None
    viewer, at = viewer_of(request), timezone.now()
    if not speaks(viewer):
        return None
    rows = list(announcements_kept(viewer).current(at).order_by("starts_at", "pk")[:MOST])  # type: ignore[attr-defined]
    counts = counts_of(rows, among=communities_looked_after(viewer))
    shown = [{"announcement": one, "state": one.state_at(at), "counts": counts[one.pk]} for one in rows]
    return Section("announcements/_home_desk.html", {"rows": shown}, order=30, is_aside=True) if rows else None
