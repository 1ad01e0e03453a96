from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from propman.accounts.models import Invitation
from propman.tenancy.base import CompanyModel, Link, company_constraints

from .places import Community
from .residents import Occupancy, Person
from .staff import Employee


class Invitee(CompanyModel):
    """Whom an invitation is for, where the directory knows the person already: a resident or an employee."""

    invitation = Link(Invitation, related_name="invitees")
    person = Link(Person, null=True, related_name="+")
    employee = Link(Employee, null=True, related_name="+")

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "invitation"], name="community_invitee_invitation"),
            models.CheckConstraint(
                condition=Q(person=None, employee__isnull=False) | Q(person__isnull=False, employee=None),
                name="community_invitee_one",
            ),
            *company_constraints(
                "community_invitee",
                references={
                    "invitation_id": "accounts_invitation",
                    "person_id": "community_person",
                    "employee_id": "community_employee",
                },
                update=False,
            ),
        ]


class RoomCode(CompanyModel):
    """The code on a paper letter, with which the resident it was written to gets an account; only its digest is kept."""

    occupancy = Link(Occupancy, related_name="codes")
    digest = models.CharField(max_length=64)
    printed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False)
    printed_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "digest"], name="community_roomcode_digest"),
            *company_constraints(
                "community_roomcode", references={"occupancy_id": "community_occupancy"}, update=["used_at", "expires_at"]
            ),
        ]
        indexes = [models.Index(fields=["company", "occupancy"], name="community_roomcode_of")]


class RoomClaim(CompanyModel):
    """Somebody says that he lives in a room; the office looks and accepts, or refuses with a reason."""

    community = Link(Community, related_name="+")
    room = models.CharField(_("room"), max_length=60)  # as the claimant wrote it
    kind = models.CharField(_("I am the"), max_length=20, choices=Occupancy.Kind.choices)
    name = models.CharField(_("name"), max_length=80)
    phone = models.CharField(_("telephone"), max_length=32)
    email = models.EmailField(_("e-mail"))
    claimed_at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False)
    decided_at = models.DateTimeField(null=True)
    occupancy = Link(Occupancy, null=True, related_name="+")  # what the office accepted
    reason = models.CharField(_("reason"), max_length=300, blank=True)  # why it refused

    class Meta(CompanyModel.Meta):
        constraints = [
            models.CheckConstraint(
                condition=Q(decided_at=None, occupancy=None, reason="")
                | Q(decided_at__isnull=False, occupancy__isnull=False, reason="")
                | Q(decided_at__isnull=False, occupancy=None) & ~Q(reason=""),
                name="community_roomclaim_one_answer",
            ),
            models.CheckConstraint(condition=Q(kind__in=Occupancy.Kind.values), name="community_roomclaim_kind"),
            *company_constraints(
                "community_roomclaim",
                references={"community_id": "community_community", "occupancy_id": "community_occupancy"},
                update=["decided_by_id", "decided_at", "occupancy_id", "reason"],
            ),
        ]
        indexes = [models.Index(fields=["company", "community"], name="community_roomclaim_open", condition=Q(decided_at=None))]
