"""Places and people for programs: read only, each caller his own."""

from typing import Any

from django.db.models import Prefetch, QuerySet
from django.utils import timezone
from django_filters import rest_framework as filters
from rest_framework import viewsets

from propman.accounts.roles import OFFICIALS, STAFF
from propman.tenancy.middleware import company_of

from . import directory
from .models import Community, Employee, Household, Occupancy
from .permissions import communities_seen_by
from .selectors import households_of
from .serializers import CommunitySerializer, EmployeeSerializer, HouseholdSerializer


class CommunityViewSet(viewsets.ReadOnlyModelViewSet[Community]):
    """The company's communities; a resident's own ones for a resident."""

    queryset = Community.objects.none()
    serializer_class = CommunitySerializer
    lookup_field = "address"

    def get_queryset(self) -> QuerySet[Community]:
        if getattr(self, "swagger_fake_view", False):
            return Community.objects.none()
        found = directory.with_committee(Community.objects.all())
        if self.request._request.roles & (STAFF | OFFICIALS):  # type: ignore[attr-defined]
            return found
        return found.filter(pk__in=_own_households(self).values("community"))


class HouseholdFilter(filters.FilterSet):
    community = filters.CharFilter(field_name="community__address")
    room = filters.CharFilter(field_name="room__label")
    is_current = filters.BooleanFilter(field_name="ended_on", lookup_expr="isnull")

    class Meta:
        model = Household
        fields: list[str] = []


class HouseholdViewSet(viewsets.ReadOnlyModelViewSet[Household]):
    """Households with their people: of the communities that an employee looks after, or one's own."""

    queryset = Household.objects.none()
    serializer_class = HouseholdSerializer
    filterset_class = HouseholdFilter

    def get_queryset(self) -> QuerySet[Household]:
        if getattr(self, "swagger_fake_view", False):
            return Household.objects.none()
        people = Occupancy.objects.filter(ends_on=None).select_related("person").order_by("pk")
        found = Household.objects.select_related("community", "room__entrance__building")
        user: Any = self.request.user
        seen = communities_seen_by(user, self.request._request.roles)  # type: ignore[attr-defined]
        mine = found.filter(community__in=seen) | found.filter(pk__in=_own_households(self).values("pk"))
        return mine.prefetch_related(Prefetch("occupancies", queryset=people))


def _own_households(view: Any) -> QuerySet[Household]:
    today = company_of(view.request._request).today(timezone.now())
    return households_of(view.request.user, on=today).order_by()


class EmployeeFilter(filters.FilterSet):
    department = filters.CharFilter(field_name="department__name")
    community = filters.CharFilter(field_name="department__community__address")
    number = filters.CharFilter()

    class Meta:
        model = Employee
        fields: list[str] = []


class EmployeeViewSet(viewsets.ReadOnlyModelViewSet[Employee]):
    """Who works here, for colleagues."""

    roles = STAFF
    queryset = Employee.objects.none()
    serializer_class = EmployeeSerializer
    filterset_class = EmployeeFilter

    def get_queryset(self) -> QuerySet[Employee]:
        return Employee.objects.filter(left_on=None).select_related("department__community")
