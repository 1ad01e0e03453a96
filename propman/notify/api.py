from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from propman.tenancy.idempotency import IdempotentPosts

from . import services
from .models import Notice
from .serializers import NoticeSerializer, ReadSerializer


class NoticeFilters(django_filters.FilterSet):
    is_unread = django_filters.BooleanFilter(field_name="read_at", lookup_expr="isnull")

    class Meta:
        model = Notice
        fields = ["event", "is_unread"]


class NoticeViewSet(IdempotentPosts, ListModelMixin, RetrieveModelMixin, GenericViewSet[Notice]):
    """What the caller was told."""

    serializer_class = NoticeSerializer
    filterset_class = NoticeFilters
    queryset = Notice.objects.none()

    def get_queryset(self) -> QuerySet[Notice]:
        found: QuerySet[Notice] = Notice.objects.visible_to(self.request.user)
        return found

    @extend_schema(request=None, responses=NoticeSerializer)
    @action(detail=True, methods=["post"])
    def read(self, request: Request, pk: Any = None) -> Response:
        """Mark one notice read."""
        notice = self.get_object()
        services.mark_read(notices=Notice.objects.filter(pk=notice.pk), at=timezone.now())
        notice.refresh_from_db()
        return Response(self.get_serializer(notice).data)

    @extend_schema(request=None, responses=ReadSerializer, filters=False)
    @action(detail=False, methods=["post"], url_path="read-all", pagination_class=None)
    def read_all(self, request: Request) -> Response:
        """Mark every notice read."""
        return Response({"read": services.mark_read(notices=self.get_queryset(), at=timezone.now())})
