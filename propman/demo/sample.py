"""The sample town of `make demo`: Lanting Property with three communities, a rival company, and officials over both."""

from datetime import datetime, timedelta

from django.db import transaction

from propman.accounts.models import User
from propman.accounts.roles import OFFICIALS, Role
from propman.accounts.services import grant_role
from propman.tenancy.models import Company
from propman.tenancy.scope import company_scope

from .history import bring_history
from .lives import live
from .sign_ins import SignIn, file, new_account, write_sign_ins
from .town import Town, build_town

ADDRESS, RIVAL = "lanting", "jinhe"
SEED = 20
MONTHS_LIVED = 3
OPERATOR = "operator@propman.example"


def build_sample(now: datetime, *, households: int = 100) -> list[SignIn]:
    """Build the sample town unless it is there, and the sign-ins unless they are; returns new sign-ins.

    One transaction: a build that was interrupted leaves nothing behind.
    """
    with transaction.atomic():
        if not Company.objects.filter(address=ADDRESS).exists():
            build(now, households)
        elif file().exists():
            return []
        companies = [Company.objects.get(address=address) for address in (ADDRESS, RIVAL)]
        return write_sign_ins(companies, User.objects.get(email=OPERATOR))


def build(now: datetime, households: int) -> None:
    begins_at = (now - timedelta(days=30 * MONTHS_LIVED)).replace(day=1, hour=1, minute=0, second=0, microsecond=0)
    operator = new_account(email=OPERATOR, name="Platform operator 平台运营", at=begins_at, is_operator=True)
    lanting = build_town(
        address=ADDRESS,
        name="Lanting Property 兰亭物业",
        communities=3,
        households=households,
        seed=SEED,
        begins_at=begins_at,
        until=now,
        without_committee=1,
    )
    rival = build_town(
        address=RIVAL,
        name="Jinhe Property 金河物业",
        communities=1,
        households=12,
        seed=SEED + 1,
        begins_at=begins_at,
        until=now,
    )
    appoint_officials([lanting, rival], operator)
    bring_history(lanting)
    live(lanting)


def appoint_officials(towns: list[Town], operator: User) -> None:
    """One official of each kind supervises all the companies."""
    for role in sorted(OFFICIALS):
        name, begins_at = str(Role(role).label), towns[0].begins_at
        official = new_account(email=f"{role.replace('_', '-')}@city.example", name=name, at=begins_at)
        for town in towns:
            with company_scope(town.company.pk):
                grant_role(user=official, role=Role(role), by=operator, at=begins_at)
