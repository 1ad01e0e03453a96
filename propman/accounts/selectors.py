"""The people of a company, as its administrators see them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from allauth.mfa.models import Authenticator
from django.db.models import Q, QuerySet

from propman.tenancy.events import facts_of
from propman.tenancy.models import Event

from .models import Membership, User
from .roles import SECOND_FACTOR_REQUIRED, Role


@dataclass
class PersonRow:
    """A person with the roles held now, and whether the second factor that they need is missing."""

    user: User
    roles: list[Role] = field(default_factory=list)
    lacks_second_factor: bool = False


def people(*, text: str = "", role: str = "", former: bool = False) -> QuerySet[User]:
    """Who holds a role in the current company, or with `former` held one and holds none any more, by name."""
    current = Membership.objects.current()
    ever = Membership.objects.all()
    if role:
        current, ever = current.filter(role=role), ever.filter(role=role)
    if former:
        found = User.objects.filter(pk__in=list(_ids(ever))).exclude(pk__in=list(_ids(Membership.objects.current())))
    else:
        found = User.objects.filter(pk__in=list(_ids(current)))
    if text:
        found = found.filter(Q(name__icontains=text) | Q(email__icontains=text) | Q(phone__icontains=text))
    return found.order_by("name", "pk")


def with_roles(users: Sequence[User]) -> list[PersonRow]:
    """The rows of one page, with two more queries however many there are."""
    rows = {user.pk: PersonRow(user) for user in users}
    for membership in Membership.objects.current().filter(user__in=rows).order_by("started_at", "pk"):
        rows[membership.user_id].roles.append(Role(membership.role))
    protected = set(
        Authenticator.objects.filter(user__in=rows, type__in=["totp", "webauthn"]).values_list("user_id", flat=True)
    )
    for row in rows.values():
        row.lacks_second_factor = bool(SECOND_FACTOR_REQUIRED & set(row.roles)) and row.user.pk not in protected
    return list(rows.values())


@dataclass(frozen=True)
class RoleEvent:
    """A role was granted or ended: when, and by whom."""

    event: Event
    role: Role
    is_granted: bool


def role_history(user: User) -> list[RoleEvent]:
    """Every grant and ending of the person's roles in the current company, newest first."""
    streams = [f"membership:{pk}" for pk in Membership.objects.filter(user=user).values_list("pk", flat=True)]
    events = Event.objects.filter(stream__in=streams).select_related("actor").order_by("-at", "-pk")
    return [RoleEvent(event, Role(facts_of(event)["role"]), event.name == "role.granted") for event in events]


def _ids(memberships: QuerySet[Membership]) -> QuerySet[Membership, int]:
    return memberships.order_by().values_list("user_id", flat=True).distinct()
