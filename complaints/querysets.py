"""Which complaints somebody may see, and which are due."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Q

from propman.tenancy.base import CompanyManager

from .workflow import OPEN

if TYPE_CHECKING:
    from .permissions import Viewer


class ComplaintQuerySet(models.QuerySet[Any]):
    def visible_to(self, viewer: Viewer) -> Self:
        """The asker's own; an employee's own and his department's; for the centre and the managers all of the company."""
        if viewer.sees_all:
            return self
        seen = Q(asker=viewer.user)
        if (employee := viewer.employee) is not None:
            seen |= Q(handler=employee) | Q(first_inquirer=employee)
            seen |= Q(department_id=employee.department_id) | Q(office_id=employee.department_id)
            seen |= Q(
                pk__in=self.model._meta.apps.get_model("complaints", "Offer")
                .objects.filter(
                    Q(to_employee=employee) | Q(to_employee=None, to_department_id=employee.department_id), closed_at=None
                )
                .values("complaint_id")
            )
        return self.filter(seen)

    def open(self) -> Self:
        return self.filter(state__in=sorted(OPEN))

    def late(self, at: datetime) -> Self:
        return self.open().filter(next_due_at__lte=at)

    def for_list(self) -> Self:
        """What a row of a list shows, without a query per row."""
        return self.select_related(
            "words", "contact", "community", "room", "category", "handler", "first_inquirer", "department"
        )


class ComplaintManager(CompanyManager.from_queryset(ComplaintQuerySet)):  # type: ignore[misc]
    pass
