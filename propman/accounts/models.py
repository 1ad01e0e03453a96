import hashlib
from typing import Any, ClassVar, Self

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from propman.tenancy.base import CompanyManager, CompanyModel, company_constraints
from propman.tenancy.constraints import AppGrants

from .roles import Role


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A person who can sign in by e-mail. Raises ValueError without an address."""
        if not email:
            raise ValueError("A user needs an e-mail address.")
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save()
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


class User(AbstractBaseUser):
    """A person who signs in; what they may do in a company is said by their memberships there."""

    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=80)
    phone = models.CharField(_("phone"), max_length=32, blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True)
    is_active = models.BooleanField(default=True)
    is_operator = models.BooleanField(default=False)  # runs the platform, belongs to no company
    sessions_epoch = models.IntegerField(default=0)
    joined_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("email"), name="accounts_user_email_lower"),
            AppGrants(name="accounts_user_grants", update=True),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """Raising the epoch ends every session of the user."""
        inner = super()._get_session_auth_hash(secret)  # type: ignore[misc]
        return hashlib.sha256(f"{inner}:{self.sessions_epoch}".encode()).hexdigest()


class MembershipQuerySet(models.QuerySet["Membership"]):
    def current(self) -> Self:
        return self.filter(ended_at=None)


class Membership(CompanyModel):
    """A role of a person in a company; an official's supervision of a company is one of them."""

    user = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    role = models.CharField(_("role"), max_length=30, choices=Role.choices)
    started_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)
    granted_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)

    objects = CompanyManager.from_queryset(MembershipQuerySet)()  # type: ignore[misc]

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["company", "user", "role"], name="accounts_membership_current", condition=Q(ended_at=None)
            ),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="accounts_membership_role"),
            *company_constraints("accounts_membership", update=["ended_at"]),
        ]
        indexes = [models.Index(fields=["user"], name="accounts_membership_user", condition=Q(ended_at=None))]


class ApiToken(CompanyModel):
    """A key of one person for the API of one company; only its digest is kept."""

    user = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    name = models.CharField(_("name"), max_length=60)
    digest = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=timezone.now)
    revoked_at = models.DateTimeField(null=True)

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "digest"], name="accounts_apitoken_digest"),
            *company_constraints("accounts_apitoken", update=["revoked_at"]),
        ]
        indexes = [models.Index(fields=["company", "user"], name="accounts_apitoken_of", condition=Q(revoked_at=None))]


def token_digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


class Invitation(CompanyModel):
    """An invitation into the company by e-mail: one use of a link that expires; only the link's digest is kept."""

    email = models.EmailField(_("e-mail"))
    name = models.CharField(_("name"), max_length=80)
    roles = ArrayField(models.CharField(max_length=30, choices=Role.choices), verbose_name=_("roles"), default=list)
    digest = models.CharField(max_length=64)
    invited_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    invited_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    accepted_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "digest"], name="accounts_invitation_digest"),
            models.CheckConstraint(
                condition=Q(accepted_at=None, accepted_by=None)
                | Q(accepted_at__isnull=False, accepted_by__isnull=False, revoked_at=None),
                name="accounts_invitation_one_end",
            ),
            *company_constraints("accounts_invitation", update=["accepted_by_id", "accepted_at", "revoked_at"]),
        ]
        indexes = [
            models.Index(
                fields=["company", "id"], name="accounts_invitation_open", condition=Q(accepted_at=None, revoked_at=None)
            )
        ]


class SecondFactorReset(CompanyModel):
    """Somebody lost his second factor: one person asks for its removal, another approves or refuses."""

    user = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    reason = models.CharField(_("reason"), max_length=300)
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    asked_at = models.DateTimeField()
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    decided_at = models.DateTimeField(null=True)
    is_approved = models.BooleanField(null=True)

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["company", "user"], name="accounts_secondfactorreset_open", condition=Q(decided_at=None)
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("asked_by")), name="accounts_secondfactorreset_two_people"
            ),
            models.CheckConstraint(
                condition=~Q(asked_by=F("user")) & (Q(decided_by=None) | ~Q(decided_by=F("user"))),
                name="accounts_secondfactorreset_by_others",
            ),
            models.CheckConstraint(
                condition=Q(decided_at=None, decided_by=None, is_approved=None)
                | Q(decided_at__isnull=False, decided_by__isnull=False, is_approved__isnull=False),
                name="accounts_secondfactorreset_one_state",
            ),
            *company_constraints("accounts_secondfactorreset", update=["decided_by_id", "decided_at", "is_approved"]),
        ]
