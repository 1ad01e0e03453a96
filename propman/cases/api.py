"""Cases for programs: those that the caller may see, and the step that is his."""

from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from propman.accounts.roles import STAFF
from propman.common.problems import Problem
from propman.tenancy.idempotency import IdempotentPosts

from . import serializers
from .actions import act
from .models import Case
from .permissions import Viewer, case_for, verbs_of, viewer_of, visible_cases
from .workflow import BadInput, Ground, NotYours, Refused, Source, State, Verb


class CaseFilter(filters.FilterSet):
    """The filters that exist; none looks at words."""

    state = filters.ChoiceFilter(choices=State.choices)
    ground = filters.ChoiceFilter(choices=Ground.choices)
    source = filters.ChoiceFilter(choices=Source.choices)
    department = filters.CharFilter(field_name="department__name")
    employee = filters.CharFilter(field_name="accused__number")
    subject = filters.CharFilter(field_name="subject")

    class Meta:
        model = Case
        fields: list[str] = []


class CaseViewSet(IdempotentPosts, viewsets.ReadOnlyModelViewSet[Case]):
    """Cases against oneself from the notice on, those in which one has a part, all for general manager and HR officer."""

    queryset = Case.objects.none()
    serializer_class = serializers.CaseSerializer
    filterset_class = CaseFilter
    lookup_value_regex = r"\d{1,18}"
    roles = STAFF

    def viewer(self) -> Viewer:
        return viewer_of(self.request._request)

    def get_queryset(self) -> QuerySet[Case]:
        if getattr(self, "swagger_fake_view", False):
            return Case.objects.none()
        return visible_cases(self.viewer())

    @extend_schema(request=serializers.SeriousSerializer, responses=serializers.CaseSerializer)
    @action(detail=True, methods=["post"])
    def confirm(self, request: Request, pk: str) -> Response:
        """Confirm a draft, as the unit's head."""
        return self._done(pk, Verb.CONFIRM, serializers.SeriousSerializer(data=request.data))

    @extend_schema(request=serializers.CaseTextSerializer, responses=serializers.CaseSerializer)
    @action(detail=True, methods=["post"])
    def drop(self, request: Request, pk: str) -> Response:
        """Drop a draft with a reason, as the unit's head."""
        return self._done(pk, Verb.DROP, serializers.CaseTextSerializer(data=request.data))

    @extend_schema(request=serializers.SeriousSerializer, responses=serializers.CaseSerializer)
    @action(detail=True, methods=["post"])
    def add(self, request: Request, pk: str) -> Response:
        """Add evidence before the employee has replied."""
        return self._done(pk, Verb.ADD, serializers.SeriousSerializer(data=request.data))

    @extend_schema(request=serializers.CaseTextSerializer, responses=serializers.CaseSerializer)
    @action(detail=True, methods=["post"])
    def reply(self, request: Request, pk: str) -> Response:
        """Answer the evidence against oneself."""
        return self._done(pk, Verb.REPLY, serializers.CaseTextSerializer(data=request.data))

    @extend_schema(request=serializers.DecideSerializer, responses=serializers.CaseSerializer)
    @action(detail=True, methods=["post"])
    def decide(self, request: Request, pk: str) -> Response:
        """Decide a case that was heard."""
        return self._done(pk, Verb.DECIDE, serializers.DecideSerializer(data=request.data))

    @extend_schema(request=serializers.CaseTextSerializer, responses=serializers.CaseSerializer)
    @action(detail=True, methods=["post"])
    def appeal(self, request: Request, pk: str) -> Response:
        """Appeal against a decision on oneself."""
        return self._done(pk, Verb.APPEAL, serializers.CaseTextSerializer(data=request.data))

    @extend_schema(request=serializers.ReviewSerializer, responses=serializers.CaseSerializer)
    @action(detail=True, methods=["post"])
    def review(self, request: Request, pk: str) -> Response:
        """Decide an appeal, as the one who took no part."""
        return self._done(pk, Verb.REVIEW, serializers.ReviewSerializer(data=request.data))

    def _done(self, key: str, verb: Verb, given: serializers.CaseTextSerializer) -> Response:
        viewer = self.viewer()
        case = case_for(viewer, int(key))
        if verb not in verbs_of(viewer, case):
            raise Problem(403, _("This is not yours to do."))
        given.is_valid(raise_exception=True)
        try:
            act(case, verb, viewer=viewer, at=timezone.now(), data=given.validated_data)
        except BadInput as refused:
            raise Problem(422, str(refused)) from None
        except NotYours as refused:
            raise Problem(403, str(refused)) from None
        except Refused as refused:
            raise Problem(409, str(refused)) from None
        shown = self.get_queryset().filter(pk=key).first()
        if shown is None:
            raise Http404
        return Response(self.get_serializer(shown).data)
