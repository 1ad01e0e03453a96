"""Appraisals for programs: the rows that the caller may see, and the answers to them."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from propman.accounts.roles import STAFF
from propman.common.problems import Problem
from propman.tenancy.idempotency import IdempotentPosts

from . import serializers, services
from .models import Appraisal, AppraisalObjection
from .permissions import Viewer, appraisal_for, own_appraisal_for, viewer_of, visible_appraisals
from .workflow import MoveNotAllowed, QuarterKey


class AppraisalFilter(filters.FilterSet):
    """The filters that exist; none looks at a score."""

    quarter = filters.CharFilter(method="of_quarter")
    department = filters.CharFilter(field_name="department__name")
    employee = filters.CharFilter(field_name="employee__number")

    class Meta:
        model = Appraisal
        fields: list[str] = []

    def of_quarter(self, rows: QuerySet[Appraisal], name: str, value: str) -> QuerySet[Appraisal]:
        try:
            return rows.filter(quarter__period=QuarterKey.parse(value).index)
        except ValueError as refused:
            raise ValidationError({name: [str(refused)]}) from None


class AppraisalViewSet(IdempotentPosts, viewsets.ReadOnlyModelViewSet[Appraisal]):
    """Own rows; settled rows of the unit that one heads or scored; all settled rows for HR officer and general manager."""

    queryset = Appraisal.objects.none()
    serializer_class = serializers.AppraisalSerializer
    filterset_class = AppraisalFilter
    lookup_value_regex = r"\d{1,18}"
    roles = STAFF

    def viewer(self) -> Viewer:
        return viewer_of(self.request._request)

    def get_queryset(self) -> QuerySet[Appraisal]:
        if getattr(self, "swagger_fake_view", False):
            return Appraisal.objects.none()
        return visible_appraisals(self.viewer()).prefetch_related("results")

    def shown(self, key: str) -> Response:
        row = self.get_queryset().filter(pk=key).first()
        if row is None:
            raise Http404
        return Response(self.get_serializer(row).data)

    @extend_schema(request=serializers.NothingSerializer, responses=serializers.AppraisalSerializer)
    @action(detail=True, methods=["post"])
    def agree(self, request: Request, pk: str) -> Response:
        """Agree to one's own row."""
        viewer = self.viewer()
        row = own_appraisal_for(viewer, int(pk))
        return self._done(pk, services.agree_to_appraisal, appraisal=row, by=viewer.me)

    @extend_schema(request=serializers.ObjectSerializer, responses=serializers.AppraisalSerializer)
    @action(detail=True, methods=["post"], url_path="object", url_name="object")
    def object_to(self, request: Request, pk: str) -> Response:
        """Object to one's own row."""
        viewer = self.viewer()
        row = own_appraisal_for(viewer, int(pk))
        given = serializers.ObjectSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        return self._done(pk, services.object_to_appraisal, appraisal=row, by=viewer.me, **given.validated_data)

    @extend_schema(request=serializers.AnswerSerializer, responses=serializers.AppraisalSerializer)
    @action(detail=True, methods=["post"])
    def answer(self, request: Request, pk: str) -> Response:
        """Answer the objection to a row, as the one who has to."""
        viewer = self.viewer()
        row = appraisal_for(viewer, int(pk))
        objection = AppraisalObjection.objects.filter(appraisal=row, reviewer=viewer.me).first()
        if objection is None:
            raise Http404
        given = serializers.AnswerSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        return self._done(pk, services.answer_objection, objection=objection, by=viewer.me, **given.validated_data)

    def _done(self, key: str, service: Any, **given: Any) -> Response:
        try:
            service(**given, at=timezone.now())
        except MoveNotAllowed as refused:
            raise Problem(409, str(refused)) from None
        except ValueError as refused:
            raise Problem(422, str(refused)) from None
        return self.shown(key)
