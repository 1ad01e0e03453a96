"""One person per role who can sign in, written to var/sign-ins.json."""

import json
import secrets
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.conf import settings

from propman.accounts.models import Membership, User
from propman.accounts.roles import SECOND_FACTOR_REQUIRED, Role
from propman.tenancy.models import Company
from propman.tenancy.scope import company_scope

OPERATOR = "operator"


@dataclass(frozen=True)
class SignIn:
    """How to sign in as the holder of a role; no TOTP seed where the role asks for no second factor."""

    role: str
    email: str
    password: str
    totp_seed: str
    company: str


def file() -> Path:
    return Path(settings.VAR_DIR) / "sign-ins.json"


def new_account(*, email: str, name: str, at: datetime, is_operator: bool = False) -> User:
    """Somebody of the demo who is neither resident nor employee."""
    user = User.objects.create_user(email, None, name=name, joined_at=at, is_operator=is_operator)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def write_sign_ins(companies: list[Company], operator: User) -> list[SignIn]:
    """Give one holder of each role of each company a password and a second factor, and note them in the file."""
    password = f"{secrets.token_hex(2)}-{secrets.token_hex(2)}-{secrets.token_hex(2)}"
    done: dict[int, tuple[str, str]] = {}
    people = [
        opened(user, role, company.address, password, done) for company in companies for role, user in holders(company).items()
    ]
    people.append(opened(operator, OPERATOR, "", password, done))
    file().parent.mkdir(parents=True, exist_ok=True)
    file().touch(mode=0o600)
    file().write_text(json.dumps([asdict(person) for person in people], indent=2, ensure_ascii=False))
    return people


def holders(company: Company) -> dict[str, User]:
    """The person of each role; for a role that others come with, one who holds just that, if there is one."""
    with company_scope(company.pk):
        held = Membership.objects.current().select_related("user").order_by("pk")
        roles: dict[User, set[str]] = {}
        for membership in held:
            roles.setdefault(membership.user, set()).add(membership.role)
    found: dict[str, User] = {}
    for role in Role.values:
        having = [user for user, own in roles.items() if role in own]
        if having:
            found[role] = min(having, key=lambda user: (len(roles[user]), user.pk))
    return found


def opened(user: User, role: str, company: str, password: str, done: dict[int, tuple[str, str]]) -> SignIn:
    if user.pk not in done:
        user.set_password(password)
        user.save(update_fields=["password"])
        done[user.pk] = (password, "")
    seed = done[user.pk][1]
    if not seed and (role == OPERATOR or role in SECOND_FACTOR_REQUIRED):
        Authenticator.objects.filter(user=user).delete()
        seed = generate_totp_secret()
        TOTP.activate(user, seed)
        done[user.pk] = (password, seed)
    return SignIn(role, user.email, password, seed, company)
