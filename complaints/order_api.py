"""Work orders for programs: the same verbs as the pages."""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch, QuerySet
from django.http import HttpResponse
from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from propman.common.problems import Problem
from propman.community.models import Employee
from propman.tenancy.idempotency import IdempotentPosts

from . import order_serializers as serializers
from . import services
from .api import refusal
from .models import OrderedPerson, WorkOrder
from .order_workflow import OrderState, OrderVerb
from .permissions import WORKS, Viewer, complaint_for, order_file_for, order_for, viewer_of
from .selectors import files_of_order
from .sending import sent
from .serializers import AttachedSerializer, NothingSerializer
from .services.dispatch import NewOrder
from .workflow import Refused

TAKES: dict[OrderVerb, tuple[str, type[Serializer[Any]], Any]] = {
    OrderVerb.ALLOW: ("allow", NothingSerializer, services.allow_order),
    OrderVerb.ACCEPT: ("accept", serializers.AcceptOrderSerializer, services.accept_order),
    OrderVerb.REFUSE: ("refuse", serializers.OrderReasonSerializer, services.refuse_order),
    OrderVerb.CHANGE: ("change", serializers.ChangeOrderSerializer, services.change_order),
    OrderVerb.FINISH: ("done", serializers.FinishOrderSerializer, services.finish_order),
    OrderVerb.CANCEL: ("cancel", serializers.OrderReasonSerializer, services.cancel_order),
}


class WorkOrderFilter(filters.FilterSet):
    """The filters that exist; none looks at a hidden field."""

    state = filters.ChoiceFilter(choices=OrderState.choices)
    department = filters.NumberFilter(field_name="department_id", min_value=1, max_value=2**63 - 1)
    community = filters.CharFilter(field_name="complaint__community__address")
    complaint = filters.CharFilter(field_name="complaint__number")
    due_before = filters.IsoDateTimeFilter(field_name="due_at", lookup_expr="lt")
    ordered_after = filters.IsoDateTimeFilter(field_name="ordered_at", lookup_expr="gte")
    ordered_before = filters.IsoDateTimeFilter(field_name="ordered_at", lookup_expr="lt")

    class Meta:
        model = WorkOrder
        fields: list[str] = []


class WorkOrderViewSet(IdempotentPosts, mixins.ListModelMixin, viewsets.GenericViewSet[WorkOrder]):
    """Work orders that the caller may see; verbs are sub-resources."""

    queryset = WorkOrder.objects.none()
    serializer_class = serializers.WorkOrderSerializer
    filterset_class = WorkOrderFilter
    lookup_field = "number"
    lookup_value_regex = r"\d{4}-\d{6,}-\d+"
    roles = WORKS

    def viewer(self) -> Viewer:
        return viewer_of(self.request._request)

    def employee(self) -> Employee:
        employee = self.viewer().employee
        if employee is None:
            raise Problem(403, "Only employees have to do with work orders.")
        return employee

    def get_queryset(self) -> QuerySet[WorkOrder]:
        if getattr(self, "swagger_fake_view", False):
            return WorkOrder.objects.none()
        people = OrderedPerson.objects.select_related("employee").order_by("employee__name", "pk")
        found: QuerySet[WorkOrder] = (
            WorkOrder.objects.visible_to(self.viewer())
            .for_list()
            .select_related("complaint__words", "accepted_by")
            .prefetch_related(Prefetch("people", people, to_attr="named"))
        )
        return found

    def get_serializer_context(self) -> dict[str, Any]:
        context: dict[str, Any] = dict(super().get_serializer_context())
        if not getattr(self, "swagger_fake_view", False):
            context["viewer"] = self.viewer()
        return context

    def shown(self, number: str) -> Response:
        return Response(self.get_serializer(self.get_queryset().get(number=number)).data)

    def retrieve(self, request: Request, number: str) -> Response:
        order_for(self.viewer(), number)
        return self.shown(number)

    @extend_schema(
        request=serializers.OrderWorkSerializer, responses={201: serializers.WorkOrderSerializer(many=True)}, filters=False
    )
    def create(self, request: Request) -> Response:
        """Order work from one or several departments."""
        given = serializers.OrderWorkSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        complaint = complaint_for(self.viewer(), data["complaint"])
        orders = [NewOrder(**one, place=place) for place, one in enumerate(data["orders"])]
        try:
            made = services.order_work(
                complaint=complaint,
                orders=orders,
                by=self.employee(),
                at=timezone.now(),
                gives_room=data["gives_room"],
                is_over_allowed=data["over_budget"],
            )
        except Refused as problem:
            raise refusal(problem) from problem
        shown = self.get_queryset().filter(pk__in=[one.pk for one in made]).order_by("pk")
        return Response(self.get_serializer(shown, many=True).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses=AttachedSerializer(many=True))
    @action(detail=True, pagination_class=None, filterset_class=None)
    def files(self, request: Request, number: str) -> Response:
        """The photos and documents that came when it was done."""
        return Response(AttachedSerializer(files_of_order(order_for(self.viewer(), number)), many=True).data)

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    @action(detail=True, pagination_class=None, filterset_class=None, url_path=r"files/(?P<pk>\d{1,18})/content")
    def content(self, request: Request, number: str, pk: str) -> HttpResponse:
        """One photo or document, as it is kept."""
        order = order_for(self.viewer(), number)
        return sent(order.complaint, order_file_for(order, int(pk)))


def _verb(verb: OrderVerb) -> Any:
    """One verb as a sub-resource: takes its own fields, answers with the order as it is then."""
    path, takes, service = TAKES[verb]

    def carry_out(self: WorkOrderViewSet, request: Request, number: str) -> Response:
        order = order_for(self.viewer(), number)
        given = takes(data=request.data)
        given.is_valid(raise_exception=True)
        data = dict(given.validated_data)
        if "over_budget" in data:
            data["is_over_allowed"] = data.pop("over_budget")
        try:
            service(order=order, by=self.employee(), at=timezone.now(), **data)
        except Refused as problem:
            raise refusal(problem) from problem
        return self.shown(number)

    carry_out.__name__ = verb.value
    carry_out.__doc__ = str(verb.label)
    acting = action(detail=True, methods=["post"], url_path=path, url_name=path, filterset_class=None)(carry_out)
    return extend_schema(request=takes, responses=serializers.WorkOrderSerializer)(acting)


for _one in TAKES:
    setattr(WorkOrderViewSet, _one.value, _verb(_one))
