from typing import Any

from django.utils.translation import gettext as _
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

PAGING = {"cursor", "page_size"}


class AllowedFilters(DjangoFilterBackend):
    """Only the filters that a view names; an unknown one is refused, as its caller would believe in the result."""

    def filter_queryset(self, request: Request, queryset: Any, view: Any) -> Any:
        filterset = self.get_filterset(request, queryset, view)
        allowed = set(filterset.filters) if filterset is not None else set()
        unknown = set(request.query_params) - allowed - PAGING
        if unknown and getattr(view, "detail", None) is not True:
            raise ValidationError({name: [_("This cannot be filtered by.")] for name in sorted(unknown)})
        return super().filter_queryset(request, queryset, view)
