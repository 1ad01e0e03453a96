"""Which complaints somebody may see, and which are due."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from propman.tenancy.base import CompanyManager
from propman.tenancy.models import EventText

from .order_workflow import UNFINISHED
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

    def received(self) -> Self:
        """What came in, whatever became of it: the one meaning of "Received" (rulebook 2.7).

        Merging, withdrawing, re-categorising, handing over or closing takes nothing from it, and it is told by the office at
        receipt. History of another system was received there, not here.
        """
        return self.filter(is_imported=False)

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


class WorkOrderQuerySet(models.QuerySet[Any]):
    def visible_to(self, viewer: Viewer) -> Self:
        """For the centre, the managers and finance all of the company; else one's department's, one's own, one's office's.

        An office sees what was ordered for the complaints that it may see.
        """
        if viewer.sees_all or viewer.is_finance:
            return self
        if (employee := viewer.employee) is None:
            return self.none()
        people = self.model._meta.apps.get_model("complaints", "OrderedPerson").objects.filter(employee=employee)
        complaint = self.model._meta.apps.get_model("complaints", "Complaint")
        return self.filter(
            Q(department_id=employee.department_id)
            | Q(pk__in=people.values("order_id"))
            | Q(complaint__in=complaint.objects.visible_to(viewer).filter(~Q(asker=viewer.user)).values("pk"))
        )

    def unfinished(self) -> Self:
        return self.filter(state__in=sorted(UNFINISHED))

    def late(self, at: datetime) -> Self:
        return self.unfinished().filter(due_at__lte=at)

    def over_budget(self) -> Self:
        """Ran over its line, and the general manager has not said yes to it."""
        return self.filter(over_by__gt=0, allowed_at=None, state__in=["held", "ordered", "accepted", "done"])

    def with_words(self) -> Self:
        """`what`: what is to be done, in the words of the order; empty when they were erased."""
        said = EventText.objects.filter(event=OuterRef("event_id"), field="what").values("text")[:1]
        return self.annotate(what=Coalesce(Subquery(said), models.Value(""), output_field=models.TextField()))

    def for_list(self) -> Self:
        """What a row of a list shows, without a query per row."""
        return self.with_words().select_related(
            "department__head",
            "budget",
            "complaint__community",
            "complaint__contact",
            "complaint__room",
            "complaint__merged_into",
        )


class WorkOrderManager(CompanyManager.from_queryset(WorkOrderQuerySet)):  # type: ignore[misc]
    pass
