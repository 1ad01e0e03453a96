"""What the queue itself keeps: who reads, own views, what was passed over, ready-made words, bulk runs, shifts handed over."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from propman.community.models import Employee
from propman.tenancy.base import CompanyModel, Link, company_constraints
from propman.tenancy.constraints import ForbidRewriting
from propman.tenancy.models import Event

from .complaint import Complaint


class Reader(CompanyModel):
    """An employee who has a complaint open; present for some seconds after `seen_at`."""

    complaint = Link(Complaint, related_name="+")
    employee = Link(Employee, related_name="+")
    seen_at = models.DateTimeField()
    is_typing = models.BooleanField(default=False)

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "complaint", "employee"], name="complaints_reader_key"),
            *company_constraints(
                "complaints_reader",
                references={"complaint_id": "complaints_complaint", "employee_id": "community_employee"},
                update=["seen_at", "is_typing"],
                delete=True,
            ),
        ]
        indexes = [models.Index(fields=["company", "employee"], name="complaints_reader_of")]


class SavedView(CompanyModel):
    """A search with its filters that an employee comes back to; `query` is what stands in the address."""

    employee = Link(Employee, related_name="+")
    name = models.CharField(pgettext_lazy("of a thing", "name"), max_length=40)
    query = models.CharField(max_length=500)

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "employee", "name"], name="complaints_savedview_name"),
            *company_constraints(
                "complaints_savedview", references={"employee_id": "community_employee"}, update=["query"], delete=True
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Skip(CompanyModel):
    """An agent passed a waiting complaint over; the event holds the reason. Never taken back."""

    complaint = Link(Complaint, related_name="skips")
    employee = Link(Employee, related_name="+")
    event = Link(Event, related_name="+")
    skipped_at = models.DateTimeField()

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "complaint", "employee"], name="complaints_skip_once"),
            *company_constraints(
                "complaints_skip",
                references={
                    "complaint_id": "complaints_complaint",
                    "employee_id": "community_employee",
                    "event_id": "tenancy_event",
                },
                update=False,
            ),
            ForbidRewriting(name="complaints_skip_forever"),
        ]
        indexes = [models.Index(fields=["company", "employee"], name="complaints_skip_of")]


class Macro(CompanyModel):
    """Words that are sent often. {name}, {number}, {agent} and {phone} are filled in when it is put into a reply."""

    class Kind(models.TextChoices):
        SOLUTION = "solution", _("Solution")
        RESPONSIBLE = "responsible", _("Who is responsible")
        MESSAGE = "message", _("Message")

    name = models.CharField(pgettext_lazy("of a thing", "name"), max_length=60)
    kind = models.CharField(_("Kind"), max_length=12, choices=Kind.choices, default=Kind.SOLUTION)
    text = models.TextField(_("Text"), max_length=2000)
    retired_at = models.DateTimeField(null=True)

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "name"], name="complaints_macro_name", condition=Q(retired_at=None)),
            models.CheckConstraint(condition=Q(kind__in=["solution", "responsible", "message"]), name="complaints_macro_kind"),
            *company_constraints("complaints_macro", update=["kind", "text", "retired_at"]),
        ]

    def __str__(self) -> str:
        return self.name


class BulkRun(CompanyModel):
    """One verb for many complaints, carried out in the background by the one who confirmed it."""

    verb = models.CharField(max_length=20)
    values = models.JSONField(default=dict)  # what the verb needs, by name
    by = Link(Employee, related_name="+")
    confirmed_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta(CompanyModel.Meta):
        constraints = [
            models.CheckConstraint(
                condition=Q(verb__in=["accept", "take_over", "hand_over", "note", "reply", "recategorise", "merge"]),
                name="complaints_bulkrun_verb",
            ),
            *company_constraints("complaints_bulkrun", references={"by_id": "community_employee"}, update=["finished_at"]),
        ]
        indexes = [
            models.Index(fields=["confirmed_at"], name="complaints_bulkrun_open", condition=Q(finished_at=None)),
            models.Index(fields=["company", "by", "confirmed_at"], name="complaints_bulkrun_of"),
        ]


class BulkRow(CompanyModel):
    """What came of a bulk run for one complaint: empty until it was its turn, then done or why not."""

    run = Link(BulkRun, related_name="rows")
    complaint = Link(Complaint, related_name="+")
    done_at = models.DateTimeField(null=True)
    refusal = models.CharField(max_length=300, blank=True)

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "run", "complaint"], name="complaints_bulkrow_key"),
            *company_constraints(
                "complaints_bulkrow",
                references={"run_id": "complaints_bulkrun", "complaint_id": "complaints_complaint"},
                update=["done_at", "refusal"],
            ),
        ]


class ShiftHandOver(CompanyModel):
    """What an agent leaves to a colleague at the end of a shift; each complaint is an offer until it is taken."""

    giver = Link(Employee, related_name="+")
    receiver = Link(Employee, related_name="+")
    note = models.TextField(_("Note"), blank=True, max_length=2000)
    complaints = ArrayField(models.BigIntegerField(), default=list)
    given_at = models.DateTimeField()
    taken_at = models.DateTimeField(null=True)

    class Meta(CompanyModel.Meta):
        constraints = [
            models.CheckConstraint(condition=~Q(giver=models.F("receiver")), name="complaints_shifthandover_two"),
            *company_constraints(
                "complaints_shifthandover",
                references={"giver_id": "community_employee", "receiver_id": "community_employee"},
                update=["taken_at"],
            ),
        ]
        indexes = [
            models.Index(fields=["company", "receiver"], name="complaints_shift_waits", condition=Q(taken_at=None)),
        ]
