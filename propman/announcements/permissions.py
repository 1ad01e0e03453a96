"""Who may read an announcement and who may speak to which households; the `..._for` functions are the only doors to a row."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404, HttpRequest

from propman.accounts.models import User
from propman.accounts.roles import STAFF, Role
from propman.community.models import Community, Department, Employee, Household
from propman.community.permissions import communities_of_office, communities_seen_by
from propman.community.selectors import employee_of, households_of

from .models import Announcement, Audience
from .workflow import ALLOWED, Verb

SPEAKS_TO_ALL = frozenset({Role.CENTRE_AGENT, Role.DUTY_MANAGER, Role.GENERAL_MANAGER})
RELATED = ("department", "corrects", "clears")


@dataclass(frozen=True)
class Viewer:
    """Somebody who asks: the user, the roles held in the company, and the employee that he is (nobody for residents)."""

    user: User
    roles: frozenset[str]
    employee: Employee | None


def viewer_of(request: HttpRequest) -> Viewer:
    """Who asks. Raises Http404 for somebody who is not signed in."""
    if not isinstance(request.user, User):
        raise Http404
    roles: frozenset[str] = getattr(request, "roles", frozenset())
    return Viewer(request.user, roles, employee_of(request.user) if roles & STAFF else None)


def communities_spoken_to(viewer: Viewer) -> QuerySet[Community]:
    """The communities whose households the viewer may tell something: the centre and the general manager all of them, the
    people of a management office their own."""
    if viewer.employee is None:
        return Community.objects.none()
    return Community.objects.all() if viewer.roles & SPEAKS_TO_ALL else communities_of_office(viewer.user)


def communities_looked_after(viewer: Viewer) -> QuerySet[Community]:
    """The communities whose announcements and read counts the viewer sees as an employee."""
    return communities_seen_by(viewer.user, viewer.roles) if viewer.employee else Community.objects.none()


def speaks(viewer: Viewer) -> bool:
    return communities_spoken_to(viewer).exists()


def announcements_kept(viewer: Viewer) -> QuerySet[Announcement]:
    """What was or will be told to households of the communities that the employee sees."""
    places = Audience.objects.filter(announcement=OuterRef("pk"), community__in=communities_looked_after(viewer))
    rows: QuerySet[Announcement] = Announcement.objects.select_related(*RELATED).filter(Exists(places))
    return rows


def told_to(households: Iterable[Household]) -> QuerySet[Announcement]:
    """What was told to the places where those households live; they come with their rooms' entrances."""
    where = Q(pk__in=[])
    for home in households:
        entrance = home.room.entrance
        where |= Q(community=home.community_id) & (
            Q(building=None, entrance=None) | Q(building=entrance.building_id) | Q(entrance=entrance.pk)
        )
    places = Audience.objects.filter(where, announcement=OuterRef("pk"))
    rows: QuerySet[Announcement] = Announcement.objects.told().select_related(*RELATED).filter(Exists(places))
    return rows


def homes_of(user: User, *, on: date) -> list[Household]:
    """The households in which the user lives or which the user owns on that day, with the places they lie in."""
    return list(households_of(user, on=on).select_related("room__entrance", "community"))


def announcement_told(viewer: Viewer, pk: int, *, on: date) -> Announcement:
    """An announcement that one of the viewer's households was told. Raises Http404."""
    found = told_to(homes_of(viewer.user, on=on)).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def announcement_kept(viewer: Viewer, pk: int) -> Announcement:
    """An announcement to a community that the employee sees. Raises Http404."""
    found = announcements_kept(viewer).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def may_change(viewer: Viewer, announcement: Announcement) -> bool:
    """Whoever may speak to every community that was told may also correct, withdraw and end it."""
    if viewer.employee is None:
        return False
    told = Audience.objects.filter(announcement=announcement)
    return not told.exclude(community__in=communities_spoken_to(viewer)).exists()


def allowed_verbs(viewer: Viewer, announcement: Announcement, *, at: datetime) -> frozenset[Verb]:
    """What the viewer may do with the announcement now; an all-clear can only be withdrawn."""
    if not may_change(viewer, announcement):
        return frozenset()
    state = announcement.state_at(at)
    verbs = frozenset(verb for verb, states in ALLOWED.items() if state in states)
    return verbs & {Verb.WITHDRAW} if announcement.clears_id else verbs


def speaker_of(viewer: Viewer) -> Department:
    """The department in whose name the viewer speaks. Raises Http404 for somebody who does not work here."""
    if viewer.employee is None:
        raise Http404
    return viewer.employee.department
