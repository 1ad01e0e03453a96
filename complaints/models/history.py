from datetime import datetime

from django.db import models

from propman.tenancy.base import CompanyModel, Link, company_constraints
from propman.tenancy.constraints import ForbidRewriting

from .complaint import Complaint


class ImportedComplaint(CompanyModel):
    """Where a complaint of another system came from: the system, its number there, and when it had been due."""

    complaint = Link(Complaint, related_name="+")
    source = models.CharField(max_length=40)
    reference = models.CharField(max_length=80)
    due_at = models.DateTimeField(null=True)

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "source", "reference"], name="complaints_imported_reference"),
            models.UniqueConstraint(fields=["company", "complaint"], name="complaints_imported_once"),
            *company_constraints(
                "complaints_importedcomplaint", references={"complaint_id": "complaints_complaint"}, update=False
            ),
            ForbidRewriting(name="complaints_imported_forever"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.reference}"


def was_on_time(*, due_at: datetime | None, closed_at: datetime | None, at: datetime) -> bool:
    """Whether it was closed by the time it was due, or is open and not due yet; what was never due is on time."""
    return due_at is None or (closed_at or at) <= due_at
