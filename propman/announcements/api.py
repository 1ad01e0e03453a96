"""Announcements for programs: what one's household was told, and for those who tell, the desk."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import status, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from propman.common.problems import Problem
from propman.tenancy.idempotency import IdempotentPosts

from . import selectors, serializers, services
from .models import Announcement
from .permissions import (
    Viewer,
    allowed_verbs,
    announcement_told,
    announcements_kept,
    communities_looked_after,
    communities_spoken_to,
    homes_of,
    may_change,
    speaker_of,
    told_to,
    viewer_of,
)
from .services import NewAnnouncement
from .workflow import BadInput, Kind, Refused, State, Verb


class AnnouncementFilter(filters.FilterSet):
    """The filters that exist; none looks at words."""

    kind = filters.ChoiceFilter(choices=Kind.choices)
    state = filters.ChoiceFilter(choices=State.choices, method="standing")
    community = filters.CharFilter(method="in_community")

    class Meta:
        model = Announcement
        fields: list[str] = []

    def standing(self, rows: Any, name: str, value: str) -> Any:
        return rows.standing(value, timezone.now())

    def in_community(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(audience__community__address=value).distinct()


class AnnouncementViewSet(IdempotentPosts, viewsets.ReadOnlyModelViewSet[Announcement]):
    """What the caller's households were told; for employees, also what the communities that they see are told."""

    queryset = Announcement.objects.none()
    serializer_class = serializers.AnnouncementSerializer
    filterset_class = AnnouncementFilter
    lookup_value_regex = r"\d{1,18}"

    def viewer(self) -> Viewer:
        return viewer_of(self.request._request)

    def get_queryset(self) -> QuerySet[Announcement]:
        if getattr(self, "swagger_fake_view", False):
            return Announcement.objects.none()
        viewer = self.viewer()
        told = told_to(homes_of(viewer.user, on=timezone.localdate())).values("pk")
        kept = announcements_kept(viewer).values("pk")
        rows: QuerySet[Announcement] = Announcement.objects.select_related("department").filter(Q(pk__in=told) | Q(pk__in=kept))
        return rows

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        """What a row does not know by itself is asked for all rows of a page at once."""
        given = args[0] if args else None
        rows = [given] if isinstance(given, Announcement) else given if isinstance(given, list) else []
        if rows:
            self._complete(rows)
        return super().get_serializer(*args, **kwargs)

    def _complete(self, rows: list[Any]) -> None:
        viewer, at = self.viewer(), timezone.now()
        among = communities_looked_after(viewer)
        counts = selectors.counts_of(rows, among=among) if viewer.employee else {}
        places, read = selectors.places_in_words(rows), selectors.read_by(viewer.user, rows)
        kept = set(announcements_kept(viewer).filter(pk__in=[row.pk for row in rows]).values_list("pk", flat=True))
        for row in rows:
            count = counts.get(row.pk) if row.pk in kept else None
            row.state, row.places, row.read_at = row.state_at(at), places.get(row.pk, []), read.get(row.pk)
            row.households = count.households if count else None
            row.households_read = count.read if count else None
            row.households_unreached = count.unreached if count else None

    @extend_schema(request=serializers.PublishAnnouncementSerializer, responses={201: serializers.AnnouncementSerializer})
    def create(self, request: Request) -> Response:
        """Tell households something, now or at `publish_at`."""
        viewer = self.viewer()
        if not communities_spoken_to(viewer).exists():
            raise PermissionDenied
        given = self._given(serializers.PublishAnnouncementSerializer)
        return self._done(
            lambda: services.write_announcement(
                new=_new(given),
                to=self._places(viewer, given),
                department=speaker_of(viewer),
                by=viewer.user,
                at=timezone.now(),
                publish_at=given["publish_at"],
            ),
            status=status.HTTP_201_CREATED,
        )

    @extend_schema(request=None, responses=serializers.AnnouncementSerializer)
    @action(detail=True, methods=["post"])
    def read(self, request: Request, pk: str) -> Response:
        """It was read by the caller; the first time counts."""
        viewer, today = self.viewer(), timezone.localdate()
        found = announcement_told(viewer, int(pk), on=today)
        homes = selectors.addressed(found, homes_of(viewer.user, on=today))
        services.note_reading(announcement=found, user=viewer.user, homes=homes, at=timezone.now())
        return Response(self.get_serializer(found).data)

    @extend_schema(request=serializers.CorrectAnnouncementSerializer, responses={201: serializers.AnnouncementSerializer})
    @action(detail=True, methods=["post"])
    def correct(self, request: Request, pk: str) -> Response:
        """Say what was wrong and tell it anew; the answer is the announcement that takes its place."""
        viewer, found = self._changeable(Verb.CORRECT)
        given = self._given(serializers.CorrectAnnouncementSerializer)
        return self._done(
            lambda: services.correct_announcement(
                announcement=found,
                new=_new(given),
                to=self._places(viewer, given),
                correction=given["correction"],
                department=speaker_of(viewer),
                by=viewer.user,
                at=timezone.now(),
            ),
            status=status.HTTP_201_CREATED,
        )

    @extend_schema(request=serializers.ClearAnnouncementSerializer, responses={201: serializers.AnnouncementSerializer})
    @action(detail=True, methods=["post"])
    def clear(self, request: Request, pk: str) -> Response:
        """Tell the same households that it is over; the answer is the all-clear."""
        viewer, found = self._changeable(Verb.CLEAR)
        given = self._given(serializers.ClearAnnouncementSerializer)
        return self._done(
            lambda: services.clear_announcement(
                announcement=found, text=given["text"], department=speaker_of(viewer), by=viewer.user, at=timezone.now()
            ),
            status=status.HTTP_201_CREATED,
        )

    @extend_schema(request=serializers.WithdrawAnnouncementSerializer, responses=serializers.AnnouncementSerializer)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: str) -> Response:
        """It does not hold; whoever was told is told why."""
        viewer, found = self._changeable(Verb.WITHDRAW)
        given = self._given(serializers.WithdrawAnnouncementSerializer)
        return self._done(
            lambda: services.withdraw_announcement(
                announcement=found, reason=given["reason"], by=viewer.user, at=timezone.now()
            )
        )

    def _changeable(self, verb: Verb) -> tuple[Viewer, Announcement]:
        viewer, found = self.viewer(), self.get_object()
        if not may_change(viewer, found):
            raise PermissionDenied
        if verb not in allowed_verbs(viewer, found, at=timezone.now()):
            state = found.state_at(timezone.now()).label
            raise Problem(409, _("This cannot be done any more: the announcement stands at “%(state)s”.") % {"state": state})
        return viewer, found

    def _given(self, serializer: type[Any]) -> dict[str, Any]:
        given = serializer(data=self.request.data)
        given.is_valid(raise_exception=True)
        told: dict[str, Any] = given.validated_data
        return told

    def _places(self, viewer: Viewer, given: dict[str, Any]) -> selectors.Places:
        """The places that were named. Raises ValidationError for one that does not exist or may not be spoken to."""
        among = communities_spoken_to(viewer)
        wanted = {name: set(given[name]) for name in ("communities", "buildings", "entrances")}
        known = dict(among.filter(address__in=wanted["communities"]).values_list("address", "pk"))
        unknown = selectors.places_unknown(wanted["buildings"], wanted["entrances"], among=among)
        if missing := wanted["communities"] - known.keys():
            unknown["communities"] = missing
        if any(unknown.values()):
            says = _("Not one of the places that you may tell something: %(places)s.")
            raise ValidationError(
                {
                    name: [says % {"places": ", ".join(map(str, sorted(missing)[:10]))}]
                    for name, missing in unknown.items()
                    if missing
                }
            )
        return selectors.chosen_places(set(known.values()), wanted["buildings"], wanted["entrances"], among=among)

    def _done(self, do: Any, *, status: int = status.HTTP_200_OK) -> Response:
        try:
            made = do()
        except BadInput as refused:
            field = "communities" if refused.field == "places" else refused.field
            raise ValidationError({field: [str(refused)]}) from None
        except Refused as refused:
            raise Problem(409, str(refused)) from None
        return Response(self.get_serializer(made).data, status=status)


def _new(given: dict[str, Any]) -> NewAnnouncement:
    names = ("kind", "title", "text", "starts_at", "ends_at", "is_urgent")
    return NewAnnouncement(**{name: given[name] for name in names}, remind_hours=int(given["remind_hours"]))
