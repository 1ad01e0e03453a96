"""Every way into a company and out of it; each verb records an event in the transaction that changes the row."""

from .invitations import InvitationClosed, accept_invitation, invite, open_invitation, register_on_accepting, revoke_invitation
from .memberships import (
    ConflictingRoles,
    LastAdministrator,
    NotGrantable,
    RoleHeld,
    RoleNotHeld,
    end_memberships,
    end_role,
    grant_role,
)
from .second_factor import NotResettable, ask_second_factor_reset, decide_second_factor_reset
from .tokens import create_token, revoke_token

__all__ = [
    "ConflictingRoles",
    "InvitationClosed",
    "LastAdministrator",
    "NotGrantable",
    "NotResettable",
    "RoleHeld",
    "RoleNotHeld",
    "accept_invitation",
    "ask_second_factor_reset",
    "create_token",
    "decide_second_factor_reset",
    "end_memberships",
    "end_role",
    "grant_role",
    "invite",
    "open_invitation",
    "register_on_accepting",
    "revoke_invitation",
    "revoke_token",
]
