"""The same verbs as the pages, for programs."""

from typing import Any

from django.db.models import QuerySet
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

from propman.accounts.roles import CENTRE, STAFF
from propman.common.problems import Problem
from propman.community.selectors import households_of, occupancies_of
from propman.tenancy.idempotency import IdempotentPosts

from . import actions, selectors, serializers, services
from .models import Complaint, Contact
from .order_workflow import OverBudget
from .permissions import Viewer, complaint_for, file_for, viewer_of
from .sending import sent
from .workflow import BadInput, MoveNotAllowed, NotYours, Refused, State, TooLate, Verb

STATUS: dict[type[Refused], int] = {BadInput: 422, NotYours: 403, MoveNotAllowed: 409, TooLate: 409, OverBudget: 409}

TAKES: dict[Verb, type[Serializer[Any]]] = {
    Verb.ACCEPT: serializers.NothingSerializer,
    Verb.HAND_OVER: serializers.HandOverSerializer,
    Verb.TAKE: serializers.NothingSerializer,
    Verb.REFUSE: serializers.ReasonSerializer,
    Verb.ANSWER: serializers.AnswerSerializer,
    Verb.REPLY: serializers.TextSerializer,
    Verb.NOTE: serializers.TextSerializer,
    Verb.WAIT: serializers.WaitSerializer,
    Verb.DEFER: serializers.DeferSerializer,
    Verb.RESOLVE: serializers.TextSerializer,
    Verb.CONFIRM: serializers.NothingSerializer,
    Verb.HALF_FIX: serializers.TextSerializer,
    Verb.REOPEN: serializers.TextSerializer,
    Verb.URGE: serializers.OptionalTextSerializer,
    Verb.RATE: serializers.RateSerializer,
    Verb.MERGE: serializers.MergeSerializer,
    Verb.WITHDRAW: serializers.OptionalTextSerializer,
    Verb.SKIP: serializers.ReasonSerializer,
    Verb.TAKE_OVER: serializers.NothingSerializer,
    Verb.RECATEGORISE: serializers.RecategoriseSerializer,
    Verb.LENGTHEN: serializers.LengthenSerializer,
    Verb.CORRECT: serializers.CorrectSerializer,
    Verb.TELL: serializers.HelpedSerializer,
    Verb.CALL_BACK: serializers.CalledSerializer,
}


def refusal(problem: Refused) -> Problem:
    """A refused verb as problem details; bad input names its field."""
    members: dict[str, Any] = {"errors": {problem.field: [str(problem)]}} if isinstance(problem, BadInput) else {}
    return Problem(STATUS[type(problem)], str(problem), **members)


class ComplaintFilter(filters.FilterSet):
    """The filters that exist; none looks at a hidden field."""

    state = filters.ChoiceFilter(choices=State.choices)
    severity = filters.CharFilter()
    category = filters.CharFilter(field_name="category__code")
    community = filters.CharFilter(field_name="community__address")
    received_after = filters.IsoDateTimeFilter(field_name="received_at", lookup_expr="gte")
    received_before = filters.IsoDateTimeFilter(field_name="received_at", lookup_expr="lt")

    class Meta:
        model = Complaint
        fields: list[str] = []


class ComplaintViewSet(IdempotentPosts, mixins.ListModelMixin, viewsets.GenericViewSet[Complaint]):
    """Complaints that the caller may see; verbs are sub-resources."""

    queryset = Complaint.objects.none()
    serializer_class = serializers.ComplaintSerializer
    filterset_class = ComplaintFilter
    lookup_field = "number"
    lookup_value_regex = r"\d{4}-\d{6,}"

    def viewer(self) -> Viewer:
        return viewer_of(self.request._request)

    def get_queryset(self) -> QuerySet[Complaint]:
        if getattr(self, "swagger_fake_view", False):
            return Complaint.objects.none()
        found: QuerySet[Complaint] = Complaint.objects.visible_to(self.viewer()).for_list()
        return found

    def get_serializer_context(self) -> dict[str, Any]:
        context: dict[str, Any] = dict(super().get_serializer_context())
        if not getattr(self, "swagger_fake_view", False):
            context["viewer"] = self.viewer()
        return context

    def shown(self, number: str) -> Response:
        return Response(self.get_serializer(complaint_for(self.viewer(), number)).data)

    def retrieve(self, request: Request, number: str) -> Response:
        return self.shown(number)

    @extend_schema(request=serializers.FileSerializer, responses={201: serializers.FiledSerializer})
    def create(self, request: Request) -> Response:
        """A resident files a complaint."""
        given = serializers.FileSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        data, viewer, today = given.validated_data, self.viewer(), timezone.localdate()
        homes = list(households_of(viewer.user, on=today))
        household = data.get("household") or (homes[0] if len(homes) == 1 else None)
        if household not in homes:
            raise Problem(422, "Name one of your own households.", errors={"household": ["Name one of your own households."]})
        person = occupancies_of(viewer.user, on=today)[0].person
        filed = self.file(
            channel=Contact.Channel.WEB,
            category=data["category"],
            severity=data["severity"],
            title=data["title"],
            text=data["text"],
            household=household,
            is_confidential=data["is_confidential"],
            files=data.get("files", ()),
            asker=services.Asker(
                user=viewer.user, person=person, name=person.name, phone=data["phone"] or person.phone, email=person.email
            ),
        )
        return Response(filed, status=status.HTTP_201_CREATED)

    def file(self, **given: Any) -> dict[str, Any]:
        try:
            filed = services.file_complaint(at=timezone.now(), **given)
        except Refused as problem:
            raise refusal(problem) from problem
        return {"number": filed.complaint.number, "tracking_code": filed.tracking_code}

    @extend_schema(responses=serializers.EntrySerializer(many=True))
    @action(detail=True, pagination_class=None, filterset_class=None)
    def thread(self, request: Request, number: str) -> Response:
        """What was said and done, oldest first."""
        viewer = self.viewer()
        shown = selectors.thread_of(complaint_for(viewer, number), viewer=viewer)
        return Response(serializers.EntrySerializer(shown.entries, many=True).data)

    @extend_schema(responses=serializers.AttachedSerializer(many=True))
    @action(detail=True, pagination_class=None, filterset_class=None)
    def files(self, request: Request, number: str) -> Response:
        """The photos and documents, in the order in which they came."""
        viewer = self.viewer()
        found = selectors.files_of(complaint_for(viewer, number), viewer=viewer)
        return Response(serializers.AttachedSerializer(found, many=True).data)

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    @action(detail=True, pagination_class=None, filterset_class=None, url_path=r"files/(?P<pk>\d{1,18})/content")
    def content(self, request: Request, number: str, pk: str) -> HttpResponse:
        """One photo or document, as it is kept."""
        viewer = self.viewer()
        complaint = complaint_for(viewer, number)
        return sent(complaint, file_for(viewer, complaint, int(pk)))

    @extend_schema(request=None)
    @action(detail=False, methods=["post"], url_path="take-next", filterset_class=None)
    def take_next(self, request: Request) -> Response:
        """The centre accepts the most urgent complaint that nobody has; 204 when there is none."""
        viewer = self.viewer()
        if viewer.employee is None or not viewer.roles & CENTRE:
            raise Problem(403, "Only the service centre can do this.")
        try:
            complaint = services.take_next_complaint(by=viewer.employee, at=timezone.now())
        except Refused as problem:
            raise refusal(problem) from problem
        if complaint is None:
            return Response(status=status.HTTP_204_NO_CONTENT)
        return self.shown(complaint.number or "")


def _verb(verb: Verb) -> Any:
    """One verb as a sub-resource: takes its own fields, answers with the complaint as it is then."""

    def carry_out(self: ComplaintViewSet, request: Request, number: str) -> Response:
        viewer = self.viewer()
        complaint = complaint_for(viewer, number)
        given = TAKES[verb](data=request.data)
        given.is_valid(raise_exception=True)
        data = dict(given.validated_data)
        read_until = data.pop("version", None)
        newer = actions.newer_words(complaint, viewer, read_until) if verb in actions.CONVERSING and read_until else []
        if newer:
            said = [{"who": one.who, "text": one.text, "version": one.position} for one in newer]
            raise Problem(409, "Somebody wrote after the version that was read.", newer=said)
        try:
            actions.act(complaint, verb, viewer=viewer, at=timezone.now(), data=data)
        except Refused as problem:
            raise refusal(problem) from problem
        if not Complaint.objects.visible_to(viewer).filter(pk=complaint.pk).exists():
            return Response(status=status.HTTP_204_NO_CONTENT)
        return self.shown(number)

    carry_out.__name__ = verb.value
    carry_out.__doc__ = str(verb.label)
    acting = action(detail=True, methods=["post"], url_path=verb.value.replace("_", "-"), filterset_class=None)(carry_out)
    return extend_schema(request=TAKES[verb], responses=serializers.ComplaintSerializer)(acting)


for _one in TAKES:
    setattr(ComplaintViewSet, _one.value, _verb(_one))


class ContactViewSet(IdempotentPosts, viewsets.GenericViewSet[Contact]):
    """An employee logs somebody who phoned, came by or wrote, and owns it from then on."""

    queryset = Contact.objects.none()
    serializer_class = serializers.ContactSerializer
    roles = STAFF

    @extend_schema(request=serializers.ContactSerializer, responses={201: serializers.FiledSerializer})
    def create(self, request: Request) -> Response:
        given = serializers.ContactSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        viewer = viewer_of(request._request)
        if viewer.employee is None:
            raise Problem(403, "Only employees log contacts.")
        data = dict(given.validated_data)
        asker = services.Asker(name=data.pop("asker_name"), phone=data.pop("asker_phone"), email=data.pop("asker_email"))
        try:
            filed = services.file_complaint(asker=asker, first_asked=viewer.employee, at=timezone.now(), **data)
        except Refused as problem:
            raise refusal(problem) from problem
        return Response(
            {"number": filed.complaint.number, "tracking_code": filed.tracking_code}, status=status.HTTP_201_CREATED
        )
