from datetime import timedelta

from propman.accounts import services
from propman.accounts.roles import Role
from propman.community.models import Occupancy
from propman.community.selectors import employee_of
from propman.community.services import access, staff
from tests.factories import BEGIN

PUBLIC = {"community:join", "community_public:communities", "community_public:community"}
EVERY_MEMBER = {"community:home"}


EVERYBODY = ["owner", "rival_owner", "agent", "head", "manager", "administrator", "official"]
PLATFORM = ("companies", "supervision", "end", "ask_reset", "decide_reset")
FORBIDDEN = {f"platform:{name}": EVERYBODY for name in PLATFORM}


def samples(cast):
    invitation, _secret = services.invite(
        email="new@example.test", name="New", roles=[Role.CENTRE_AGENT], by=cast.administrator, at=BEGIN
    )
    claim = access.claim_room(
        community=cast.community,
        room="1-1-1",
        kind=Occupancy.Kind.TENANT,
        name="Claimant",
        phone="1",
        email="claimant@example.test",
        at=BEGIN,
    )
    family = access.invite_to_household(
        household=cast.household,
        kind=Occupancy.Kind.FAMILY_MEMBER,
        name="Aunt",
        email="aunt@example.test",
        by=cast.owner,
        at=BEGIN,
    )
    shift = staff.add_shift(
        department=cast.centre,
        employee=employee_of(cast.agent),
        starts_at=BEGIN,
        ends_at=BEGIN + timedelta(hours=8),
        is_lead=False,
        by=None,
        at=BEGIN,
    )
    services_of_agent = {"pk": cast.agent.pk}
    return {
        "community_public:community": {"community": cast.community.address},
        "community:end_occupancy": {"pk": family.pk},
        "community:person": services_of_agent,
        "community:grant": services_of_agent,
        "community:end_role": services_of_agent,
        "community:ask_reset": services_of_agent,
        "community:decide_reset": {"pk": reset_of(cast).pk},
        "community:revoke_invitation": {"pk": invitation.pk},
        "community:department": {"pk": cast.office.pk},
        "community:name_head": {"pk": cast.office.pk},
        "community:change_department": {"pk": cast.office.pk},
        "community:add_employee": {"pk": cast.office.pk},
        "community:close_department": {"pk": cast.office.pk},
        "community:leave": {"pk": employee_of(cast.agent).pk},
        "community:remove_shift": {"pk": shift.pk},
        "community:decide_claim": {"pk": claim.pk},
        "community:print_letters": {"pk": cast.community.pk},
        "platform:supervision": {"address": cast.company.address},
        "platform:end": {"address": cast.company.address, "pk": cast.official.pk},
        "platform:ask_reset": {"address": cast.company.address, "pk": cast.official.pk},
        "platform:decide_reset": {"address": cast.company.address, "pk": 1},
    }


def reset_of(cast):
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

    TOTP.activate(cast.agent, generate_totp_secret())
    return services.ask_second_factor_reset(user=cast.agent, reason="lost", by=cast.administrator, at=BEGIN)
