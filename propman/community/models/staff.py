from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from propman.tenancy.base import CompanyModel, Link, company_constraints

from .places import Community


class Department(CompanyModel):
    """A unit of the company: a management office of a community, the 24-hour service centre, or another."""

    class Kind(models.TextChoices):
        MANAGEMENT_OFFICE = "management_office", _("Management office")
        SERVICE_CENTRE = "service_centre", _("Service centre")
        COMPANY_OFFICE = "company_office", _("Company office")
        OTHER = "other", _("Department")

    name = models.CharField(pgettext_lazy("of a thing", "name"), max_length=80)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices, default=Kind.OTHER)
    community = Link(Community, null=True, blank=True, related_name="departments")
    head = Link("community.Employee", null=True, blank=True, related_name="heads")
    phone = models.CharField(_("phone"), max_length=32, blank=True)
    closed_on = models.DateField(null=True)

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "name"], name="community_department_name"),
            models.UniqueConstraint(
                fields=["company", "kind"], name="community_department_one_centre", condition=Q(kind="service_centre")
            ),
            models.UniqueConstraint(
                fields=["company", "community"],
                name="community_department_one_office",
                condition=Q(kind="management_office", closed_on=None),
            ),
            models.CheckConstraint(
                condition=~Q(kind="management_office") | Q(community__isnull=False),
                name="community_department_office_place",
            ),
            *company_constraints(
                "community_department",
                references={"community_id": "community_community", "head_id": "community_employee"},
                update=["name", "head_id", "phone", "closed_on"],
                delete=True,
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Employee(CompanyModel):
    """Somebody who works for the company; signs in when `user` is set. `phone` is the one that askers are told."""

    class Sex(models.TextChoices):
        FEMALE = "female", _("Female")
        MALE = "male", _("Male")
        NOT_SAID = "not_said", _("Not said")

    number = models.CharField(_("employee number"), max_length=20)
    name = models.CharField(_("name"), max_length=80)
    phone = models.CharField(_("phone"), max_length=32, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    department = Link(Department, related_name="employees")
    post = models.CharField(_("post"), max_length=80, blank=True)
    sex = models.CharField(_("sex"), max_length=10, choices=Sex.choices, default=Sex.NOT_SAID)
    born_on = models.DateField(_("born on"), null=True, blank=True)
    contract = models.CharField(_("contract"), max_length=40, blank=True)
    joined_on = models.DateField(_("joined on"))
    left_on = models.DateField(_("left on"), null=True, blank=True)  # the first day on which they no longer work here
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False)

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "number"], name="community_employee_number"),
            models.UniqueConstraint(
                fields=["company", "user"], name="community_employee_user", condition=Q(user__isnull=False)
            ),
            models.CheckConstraint(
                condition=Q(left_on=None) | Q(left_on__gte=F("joined_on")), name="community_employee_days"
            ),
            *company_constraints(
                "community_employee",
                references={"department_id": "community_department"},
                update=[
                    "name", "phone", "email", "department_id", "post", "sex", "born_on", "contract", "left_on", "user_id",
                ],
                delete=True,
            ),
        ]  # fmt: skip
        indexes = [models.Index(fields=["company", "department"], name="community_employee_unit")]

    def __str__(self) -> str:
        return self.name


class DutyShift(CompanyModel):
    """Who is on duty in a department, [starts_at, ends_at); a lead shift names the duty manager of that time."""

    department = Link(Department, related_name="shifts")
    employee = Link(Employee, related_name="shifts")
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    is_lead = models.BooleanField(_("duty manager"), default=False)

    class Meta(CompanyModel.Meta):
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="community_dutyshift_hours"),
            ExclusionConstraint(
                name="community_dutyshift_once",
                expressions=[
                    ("company", RangeOperators.EQUAL),
                    ("employee", RangeOperators.EQUAL),
                    (Func("starts_at", "ends_at", function="tstzrange"), RangeOperators.OVERLAPS),
                ],
            ),
            *company_constraints(
                "community_dutyshift",
                references={"department_id": "community_department", "employee_id": "community_employee"},
                delete=True,
            ),
        ]
        indexes = [models.Index(fields=["company", "department", "starts_at"], name="community_dutyshift_time")]
