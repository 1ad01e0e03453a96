"""Who may look into which community and change it; `community_for` and `room_for` are the only doors to a row."""

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest

from propman.accounts.models import User
from propman.accounts.roles import Role

from .models import Community, Department, Import, Room

SEES_ALL = frozenset(
    {Role.COMPANY_ADMINISTRATOR, Role.GENERAL_MANAGER, Role.CENTRE_AGENT, Role.DUTY_MANAGER, Role.FINANCE_OFFICER}
)
KEEPS_ALL = frozenset({Role.COMPANY_ADMINISTRATOR})
KEEPS_STAFF = frozenset({Role.COMPANY_ADMINISTRATOR, Role.HR_OFFICER})


def communities_of_office(user: User) -> QuerySet[Community]:
    """The communities whose management office the user works in."""
    return Community.objects.filter(
        departments__kind=Department.Kind.MANAGEMENT_OFFICE,
        departments__closed_on=None,
        departments__employees__user=user,
        departments__employees__left_on=None,
    )


def communities_seen_by(user: User, roles: frozenset[str]) -> QuerySet[Community]:
    """Managers and the centre see every community of the company, an office its own."""
    return Community.objects.all() if roles & SEES_ALL else communities_of_office(user)


def communities_kept_by(user: User, roles: frozenset[str]) -> QuerySet[Community]:
    """The communities whose directory the user keeps: all for the administrator, an office's own for its people."""
    return Community.objects.all() if roles & KEEPS_ALL else communities_of_office(user)


def keeps(request: HttpRequest, community: Community) -> bool:
    return communities_kept_by(_user(request), _roles(request)).filter(pk=community.pk).exists()


def community_for(request: HttpRequest, address: str, *, to_change: bool = False) -> Community:
    """The community at that address. Raises Http404 when the user may not see it, PermissionDenied when not change it."""
    community = communities_seen_by(_user(request), _roles(request)).filter(address=address).first()
    if community is None:
        raise Http404
    if to_change and not keeps(request, community):
        raise PermissionDenied
    return community


def room_for(request: HttpRequest, address: str, pk: int, *, to_change: bool = False) -> Room:
    """A room of the community at that address. Raises as community_for."""
    community = community_for(request, address, to_change=to_change)
    room = Room.objects.select_related("community", "entrance__building").filter(community=community, pk=pk).first()
    if room is None:
        raise Http404
    return room


def import_for(request: HttpRequest, pk: int) -> Import:
    """An import that the user may confirm or undo. Raises Http404."""
    found = Import.objects.select_related("community", "uploaded_by").filter(pk=pk).first()
    if found is None:
        raise Http404
    may = keeps(request, found.community) if found.community else bool(_roles(request) & KEEPS_STAFF)
    if not may:
        raise Http404
    return found


def _roles(request: HttpRequest) -> frozenset[str]:
    roles: frozenset[str] = getattr(request, "roles", frozenset())
    return roles


def _user(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise Http404
    return request.user
