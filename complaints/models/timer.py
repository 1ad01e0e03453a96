from django.db import models
from django.db.models import Q

from complaints.clocks import LEVELS, Clock
from propman.tenancy.base import CompanyModel, Link, company_constraints

from .complaint import Complaint


class Timer(CompanyModel):
    """The next level of one clock of one complaint: fires once, whatever is killed."""

    complaint = Link(Complaint, related_name="timers")
    epoch = models.IntegerField()
    clock = models.CharField(max_length=20, choices=Clock.choices)
    level = models.IntegerField()  # per cent of the limit
    limit_seconds = models.IntegerField()  # of the whole clock
    due_at = models.DateTimeField()
    fired_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "complaint", "epoch", "clock", "level"], name="complaints_timer_key"),
            models.CheckConstraint(condition=Q(level__in=LEVELS), name="complaints_timer_level"),
            models.CheckConstraint(condition=Q(fired_at=None) | Q(cancelled_at=None), name="complaints_timer_one_end"),
            *company_constraints(
                "complaints_timer",
                references={"complaint_id": "complaints_complaint"},
                update=["limit_seconds", "due_at", "fired_at", "cancelled_at"],
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="complaints_timer_due", condition=Q(fired_at=None, cancelled_at=None)),
            models.Index(
                fields=["company", "due_at", "clock", "complaint"],
                name="complaints_timer_ran_out",
                condition=Q(level=100, fired_at__isnull=False),
            ),
        ]
