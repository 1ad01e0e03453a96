"""What the API says of work orders and what their verbs take; sums are minor units beside their currency."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from propman.community.models import Department, Employee

from .models import Budget, WorkOrder
from .permissions import Viewer, may_know_contact, may_know_room
from .serializers import FilesField, MomentField, PersonSerializer
from .services.dispatch import LARGEST_SUM, LONGEST_WHAT, MOST_AT_ONCE
from .services.moving import LONGEST_TEXT


class DepartmentSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(source="pk")
    name = serializers.CharField()


class WorkOrderSerializer(serializers.ModelSerializer[WorkOrder]):
    """A work order as the caller may see it; of a confidential asker no name or phone, and the room only when it was given."""

    complaint = serializers.CharField(source="complaint.number")
    complaint_state = serializers.CharField(source="complaint.state")
    merged_into = serializers.CharField(source="complaint.merged_into.number", default=None)
    department = DepartmentSerializer()
    what = serializers.CharField()
    people = serializers.SerializerMethodField()
    community = serializers.CharField(source="complaint.community.address", default=None)
    room = serializers.SerializerMethodField()
    asker_name = serializers.SerializerMethodField()
    asker_phone = serializers.SerializerMethodField()
    budget = serializers.IntegerField(source="budget_id", allow_null=True)
    line = serializers.CharField(source="budget.line", default=None)
    accepted_by = PersonSerializer(allow_null=True)
    waits_for_manager = serializers.BooleanField()

    class Meta:
        model = WorkOrder
        fields = [
            "number", "complaint", "complaint_state", "merged_into",
            "state", "department", "people", "what", "community", "room", "asker_name", "asker_phone",
            "budget", "line", "estimate", "actual_cost", "currency", "over_by", "waits_for_manager", "ordered_at", "due_at",
            "accepted_by", "accepted_at", "finished_at",
        ]  # fmt: skip

    @property
    def viewer(self) -> Viewer:
        viewer: Viewer = self.context["viewer"]
        return viewer

    def get_people(self, order: WorkOrder) -> list[str]:
        return [one.employee.name for one in order.named]  # type: ignore[attr-defined]

    def get_room(self, order: WorkOrder) -> str | None:
        room = order.complaint.room
        return room.label if room and may_know_room(self.viewer, order) else None

    def get_asker_name(self, order: WorkOrder) -> str | None:
        words = order.complaint.words
        return words.asker_name if words and may_know_contact(self.viewer, order) else None

    def get_asker_phone(self, order: WorkOrder) -> str | None:
        words = order.complaint.words
        return words.asker_phone if words and may_know_contact(self.viewer, order) else None


class NewOrderSerializer(serializers.Serializer[Any]):
    """Work of one department; `people` belong to it, and so does the line of this year's budget, if it has any."""

    department = serializers.PrimaryKeyRelatedField(queryset=Department.objects.filter(closed_on=None))
    what = serializers.CharField(max_length=LONGEST_WHAT)
    due_at = MomentField()
    estimate = serializers.IntegerField(min_value=0, max_value=LARGEST_SUM)
    budget = serializers.PrimaryKeyRelatedField(queryset=Budget.objects.all(), required=False, allow_null=True)
    people = serializers.PrimaryKeyRelatedField(queryset=Employee.objects.filter(left_on=None), many=True, required=False)


class OrderWorkSerializer(serializers.Serializer[Any]):
    """One or several departments at once for one complaint: all of them or none.

    Over a budget line it is refused with 409 unless `over_budget` says that it shall be so; then it waits for the general
    manager. `gives_room` gives the room of a confidential asker to the departments.
    """

    complaint = serializers.CharField(max_length=20)
    orders = NewOrderSerializer(many=True, min_length=1, max_length=MOST_AT_ONCE)  # type: ignore[call-arg]
    gives_room = serializers.BooleanField(default=False)
    over_budget = serializers.BooleanField(default=False)


class AcceptOrderSerializer(serializers.Serializer[Any]):
    """The head of the department may name who goes."""

    people = serializers.PrimaryKeyRelatedField(queryset=Employee.objects.filter(left_on=None), many=True, required=False)


class OrderReasonSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=LONGEST_TEXT)


class ChangeOrderSerializer(OrderReasonSerializer):
    due_at = MomentField(required=False)
    estimate = serializers.IntegerField(min_value=0, max_value=LARGEST_SUM, required=False)
    over_budget = serializers.BooleanField(default=False)


class FinishOrderSerializer(serializers.Serializer[Any]):
    text = serializers.CharField(max_length=LONGEST_TEXT)
    actual_cost = serializers.IntegerField(min_value=0, max_value=LARGEST_SUM)
    files = FilesField(required=False, write_only=True)
