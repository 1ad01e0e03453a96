from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from propman.tenancy.base import CompanyModel, Link, company_constraints

from .places import Community, Household


class Person(CompanyModel):
    """Somebody whom the company knows as a resident; signs in when `user` is set."""

    name = models.CharField(_("name"), max_length=80)
    phone = models.CharField(_("phone"), max_length=32, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False)

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "user"], name="community_person_user", condition=Q(user__isnull=False)),
            *company_constraints("community_person", update=["name", "phone", "email", "user_id"], delete=True),
        ]
        indexes = [models.Index(fields=["company", "phone"], name="community_person_phone")]

    def __str__(self) -> str:
        return self.name


class Occupancy(CompanyModel):
    """A person in a household, with dates: the owner, a tenant or a member of the family."""

    class Kind(models.TextChoices):
        OWNER = "owner", _("Owner")
        TENANT = "tenant", _("Tenant")
        FAMILY_MEMBER = "family_member", _("Family member")

    household = Link(Household, related_name="occupancies")
    person = Link(Person, related_name="occupancies")
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until"), null=True, blank=True)  # the first day on which it no longer holds

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["company", "household", "person", "kind"],
                name="community_occupancy_current",
                condition=Q(ends_on=None),
            ),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=models.F("starts_on")), name="community_occupancy_days"
            ),
            models.CheckConstraint(condition=Q(kind__in=["owner", "tenant", "family_member"]), name="community_occupancy_kind"),
            *company_constraints(
                "community_occupancy",
                references={"household_id": "community_household", "person_id": "community_person"},
                update=["ends_on"],
                delete=True,
            ),
        ]
        indexes = [models.Index(fields=["company", "person"], name="community_occupancy_person")]


class OwnersCommittee(CompanyModel):
    """业委会: the owners' elected committee of a community, for one term."""

    community = Link(Community, related_name="committees")
    elected_on = models.DateField(_("elected on"))
    ends_on = models.DateField(_("until"), null=True, blank=True)

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["company", "community"], name="community_ownerscommittee_current", condition=Q(ends_on=None)
            ),
            *company_constraints(
                "community_ownerscommittee", references={"community_id": "community_community"}, update=["ends_on"]
            ),
        ]


class CommitteeMember(CompanyModel):
    """A person on an owners' committee."""

    committee = Link(OwnersCommittee, related_name="members")
    person = Link(Person, related_name="committee_memberships")
    office = models.CharField(_("office"), max_length=60, blank=True)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until"), null=True, blank=True)

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["company", "committee", "person"],
                name="community_committeemember_current",
                condition=Q(ends_on=None),
            ),
            *company_constraints(
                "community_committeemember",
                references={"committee_id": "community_ownerscommittee", "person_id": "community_person"},
                update=["ends_on", "office"],
            ),
        ]
