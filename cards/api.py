"""Rounds, bulletins and a household's own cards, for programs. Casting itself is POST /<company>/box/."""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from propman.accounts.models import User
from propman.accounts.roles import Role
from propman.common.problems import Problem
from propman.tenancy.idempotency import IdempotentPosts
from propman.tenancy.middleware import company_of

from . import serializers, services
from .models import Count, Round
from .refusals import refusal
from .selectors import cards_in_hand, open_rounds, voting_households
from .workflow import MoveNotAllowed, State

OFFICIALS = frozenset({Role.ASSOCIATION_OFFICIAL, Role.GOVERNMENT_OFFICIAL})


class RoundFilter(filters.FilterSet):
    community = filters.CharFilter(field_name="community__address")
    month = filters.DateFilter(field_name="month", input_formats=["%Y-%m"])
    state = filters.ChoiceFilter(choices=State.choices)

    class Meta:
        model = Round
        fields: list[str] = []


class RoundViewSet(IdempotentPosts, mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Round]):
    """The rounds of the company, newest first; officials open and sign their counts."""

    queryset = Round.objects.none()
    serializer_class = serializers.RoundSerializer
    filterset_class = RoundFilter
    lookup_value_regex = r"\d+"

    roles: frozenset[Role] | None = None

    def get_queryset(self) -> QuerySet[Round]:
        if getattr(self, "swagger_fake_view", False):
            return Round.objects.none()
        found: QuerySet[Round] = Round.objects.select_related("community").exclude(state=State.ISSUING)
        return found

    @extend_schema(request=serializers.HallSerializer, responses=serializers.CountSerializer)
    @action(detail=True, methods=["post"], url_path="open-count", roles=OFFICIALS)
    def open_count(self, request: Request, pk: str) -> Response:
        """Start the open count of a closed round; who starts it deals."""
        given = serializers.HallSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        round, by = self.get_object(), _user(request)
        return self.attempt(
            round, lambda: services.open_count(round=round, by=by, hall=given.validated_data.get("hall"), at=timezone.now())
        )

    @extend_schema(request=None, responses=serializers.CountSerializer)
    @action(detail=True, methods=["post"], url_path="join-count", roles=OFFICIALS)
    def join_count(self, request: Request, pk: str) -> Response:
        """Take the witness's place."""
        round, by = self.get_object(), _user(request)
        return self.attempt(round, lambda: services.join_count(round=round, by=by, at=timezone.now()))

    @extend_schema(request=serializers.CodeSerializer, responses=serializers.CountSerializer)
    @action(detail=True, methods=["post"], roles=OFFICIALS)
    def sign(self, request: Request, pk: str) -> Response:
        """Sign the counted round, giving the second factor again; the second signature publishes the bulletin."""
        given = serializers.CodeSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        round, by, code = self.get_object(), _user(request), given.validated_data["code"]
        return self.attempt(round, lambda: services.sign_count_with_code(round=round, by=by, code=code, at=timezone.now()))

    def attempt(self, round: Round, work: Callable[[], Any]) -> Response:
        try:
            work()
        except services.CodeRefused:
            raise Problem(422, "The code is wrong, or was used before.", errors={"code": ["wrong or used"]}) from None
        except (MoveNotAllowed, services.NotAtTheCount, services.SecondPersonNeeded) as problem:
            raise Problem(409, refusal(problem)) from None
        count = Count.objects.select_related("round", "dealer", "witness").get(round=round)
        return Response(serializers.CountSerializer(count).data)


class BulletinViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Round]):
    """The published counts."""

    queryset = Round.objects.none()
    serializer_class = serializers.BulletinSerializer
    filterset_class = RoundFilter
    lookup_value_regex = r"\d+"

    def get_queryset(self) -> QuerySet[Round]:
        if getattr(self, "swagger_fake_view", False):
            return Round.objects.none()
        found: QuerySet[Round] = Round.objects.select_related("community").prefetch_related("tallies", "signatures")
        return found.filter(state=State.PUBLISHED)


class CardViewSet(viewsets.GenericViewSet[Any]):
    """The cards of the households that the caller owns or rents, in the rounds that are open now."""

    serializer_class = serializers.CardSerializer
    queryset = Round.objects.none()
    roles = frozenset({Role.OWNER, Role.TENANT})
    pagination_class = None
    filter_backends: list[Any] = []

    def list(self, request: Request) -> Response:
        at = timezone.now()
        rounds = {round.community_id: round for round in open_rounds(at)}
        households = voting_households(_user(request), on=company_of(request._request).today(at)).order_by("pk")
        held = [
            {"round": rounds[household.community_id].name, "household": household.pk, "held": card}
            for household in households
            if household.community_id in rounds
            for card in cards_in_hand(rounds[household.community_id], household)
        ]
        response = Response({"results": self.get_serializer(held, many=True).data})
        response["Cache-Control"] = "no-store"
        return response


def _user(request: Request) -> User:
    assert isinstance(request.user, User)
    return request.user
