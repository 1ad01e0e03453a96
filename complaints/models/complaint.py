from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from complaints.clocks import Clock
from complaints.querysets import ComplaintManager
from complaints.workflow import OPEN, State
from propman.community.models import Community, Department, Employee, Room
from propman.tenancy.base import CompanyModel, Link, company_constraints
from propman.tenancy.constraints import ForbidRewriting

from .contact import Contact, ContactWords
from .policy import Category, ClockPolicy, Severity

FACT_COLUMNS = [
    "company_id", "contact_id", "tracking_digest", "community_id", "office_id", "asker_id", "policy_id", "received_at",
    "is_imported",
]  # fmt: skip
STATE_COLUMNS = [
    "state", "room_id", "words_id", "category_id", "severity", "handler_id", "first_inquirer_id", "department_id",
    "accepted_at", "first_answered_at", "resolved_at", "closed_at", "closed_as", "wakes_at", "deferrals", "urges",
    "reopenings", "half_fixes", "refusals", "merged_into_id", "rating", "is_with_centre",
]  # fmt: skip
# What views, filters and the wallboard count by: open ones lie far apart in the table, so they are counted in their index.
COUNTED = [
    "state", "severity", "category", "community", "handler", "first_inquirer", "received_at", "accepted_at", "urges",
    "reopenings", "half_fixes",
]  # fmt: skip


def number_sql(place: str) -> str:
    """The number's part behind the year, as SQL: six digits, or as many as the place in the series has."""
    return f"lpad(({place})::text, greatest(6, length(({place})::text)), '0')"


class Complaint(CompanyModel):
    """What a contact became and where it stands. Its facts never change; its state moves only together with an event."""

    class ClosedAs(models.TextChoices):
        CONFIRMED = "confirmed", _("Confirmed by the asker")
        SILENT = "silent", _("Closed after silence")
        IMPORTED = "imported", _("Closed in another system")

    # facts
    contact = Link(Contact, related_name="complaints")
    number = models.CharField(_("number"), max_length=20, null=True)  # noqa: DJ001 (taken by the last statement)
    tracking_digest = models.CharField(max_length=64)
    community = Link(Community, null=True, related_name="+")
    office = Link(Department, null=True, related_name="+")  # at receipt: what is counted
    asker = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False)
    policy = Link(ClockPolicy, null=True, related_name="+")
    received_at = models.DateTimeField(_("received"))
    is_imported = models.BooleanField(default=False)

    # state
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.RECEIVED)
    room = Link(Room, null=True, related_name="+")
    words = Link(ContactWords, null=True, on_delete=models.SET_NULL, related_name="+")
    category = Link(Category, related_name="+")
    severity = models.CharField(_("severity"), max_length=12, choices=Severity.choices, default=Severity.NORMAL)
    handler = Link(Employee, null=True, related_name="+")
    first_inquirer = Link(Employee, null=True, related_name="+")
    department = Link(Department, null=True, related_name="+")  # responsible now
    is_with_centre = models.BooleanField(default=False)
    accepted_at = models.DateTimeField(null=True)
    first_answered_at = models.DateTimeField(null=True)
    resolved_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_as = models.CharField(max_length=10, choices=ClosedAs.choices, blank=True)
    wakes_at = models.DateTimeField(null=True)  # waiting and deferred come back, resolved closes by silence
    deferrals = models.IntegerField(default=0)
    urges = models.IntegerField(default=0)
    reopenings = models.IntegerField(default=0)
    half_fixes = models.IntegerField(default=0)
    refusals = models.IntegerField(default=0)
    merged_into = Link("complaints.Complaint", null=True, related_name="merged")
    rating = models.IntegerField(_("rating"), null=True)

    # derived from the events
    event_position = models.IntegerField(default=0)
    next_due_at = models.DateTimeField(null=True)
    next_due_clock = models.CharField(max_length=20, choices=Clock.choices, blank=True)

    objects = ComplaintManager()  # type: ignore[misc]

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "number"], name="complaints_complaint_number"),
            models.UniqueConstraint(fields=["company", "contact"], name="complaints_complaint_contact"),
            models.CheckConstraint(condition=Q(state__in=State.values), name="complaints_complaint_state"),
            models.CheckConstraint(condition=Q(severity__in=Severity.values), name="complaints_complaint_severity"),
            models.CheckConstraint(condition=Q(rating=None) | Q(rating__range=(1, 5)), name="complaints_complaint_rating"),
            models.CheckConstraint(
                condition=~Q(state="closed") | (Q(closed_at__isnull=False) & ~Q(closed_as="")),
                name="complaints_complaint_closed",
            ),
            models.CheckConstraint(
                condition=(Q(state="merged") & Q(merged_into__isnull=False)) | (~Q(state="merged") & Q(merged_into=None)),
                name="complaints_complaint_merged",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["accepted", "waiting", "deferred", "resolved"]) | Q(handler__isnull=False),
                name="complaints_complaint_has_handler",
            ),
            models.CheckConstraint(condition=~Q(merged_into=models.F("id")), name="complaints_complaint_not_itself"),
            *company_constraints(
                "complaints_complaint",
                references={
                    "contact_id": "complaints_contact",
                    "community_id": "community_community",
                    "office_id": "community_department",
                    "policy_id": "complaints_clockpolicy",
                    "room_id": "community_room",
                    "category_id": "complaints_category",
                    "handler_id": "community_employee",
                    "first_inquirer_id": "community_employee",
                    "department_id": "community_department",
                    "merged_into_id": "complaints_complaint",
                },
                update=["number", *STATE_COLUMNS, "event_position", "next_due_at", "next_due_clock"],
            ),
            ForbidRewriting(name="complaints_complaint_forever", columns=FACT_COLUMNS),
        ]
        indexes = [
            models.Index(
                fields=["company", "next_due_at", "id"],
                include=COUNTED,
                name="complaints_queue",
                condition=Q(state__in=sorted(OPEN)),
            ),
            models.Index(
                fields=["company", "handler", "next_due_at"], name="complaints_handler", condition=Q(state__in=sorted(OPEN))
            ),
            models.Index(
                fields=["company", "department", "next_due_at"], name="complaints_unit", condition=Q(state__in=sorted(OPEN))
            ),
            models.Index(fields=["company", "asker", "id"], name="complaints_asker"),
            models.Index(fields=["company", "first_inquirer", "id"], name="complaints_inquirer"),
            models.Index(fields=["company", "office", "received_at"], name="complaints_office"),
            models.Index(fields=["company", "room", "id"], name="complaints_room"),
            models.Index(
                fields=["company", "merged_into", "id"], name="complaints_merged", condition=Q(merged_into__isnull=False)
            ),
            models.Index(fields=["wakes_at"], name="complaints_wakes", condition=Q(wakes_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.number or ""

    @property
    def is_open(self) -> bool:
        return self.state in OPEN


class Offer(CompanyModel):
    """A hand-over: until it is taken, the giver keeps clock and liability."""

    class Outcome(models.TextChoices):
        TAKEN = "taken", _("Taken")
        REFUSED = "refused", _("Refused")
        LAPSED = "lapsed", _("Lapsed")

    complaint = Link(Complaint, related_name="offers")
    giver = Link(Employee, related_name="+")
    to_employee = Link(Employee, null=True, related_name="+")
    to_department = Link(Department, related_name="+")
    offered_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    closed_by = Link(Employee, null=True, related_name="+")
    outcome = models.CharField(max_length=10, choices=Outcome.choices, blank=True)

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "complaint"], name="complaints_offer_open", condition=Q(closed_at=None)),
            models.CheckConstraint(
                condition=(Q(closed_at=None) & Q(outcome="")) | (Q(closed_at__isnull=False) & ~Q(outcome="")),
                name="complaints_offer_outcome",
            ),
            *company_constraints(
                "complaints_offer",
                references={
                    "complaint_id": "complaints_complaint",
                    "giver_id": "community_employee",
                    "to_employee_id": "community_employee",
                    "to_department_id": "community_department",
                    "closed_by_id": "community_employee",
                },
                update=["closed_at", "closed_by_id", "outcome"],
            ),
        ]
        indexes = [
            models.Index(fields=["company", "to_department"], name="complaints_offer_unit", condition=Q(closed_at=None)),
            models.Index(fields=["company", "to_employee"], name="complaints_offer_person", condition=Q(closed_at=None)),
        ]
