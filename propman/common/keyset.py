"""Pages of a list by key: a page costs the same however deep it lies, and new rows never shift it."""

from dataclasses import dataclass
from typing import Any

from django.core import signing
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest

SIZE = 30


@dataclass(frozen=True)
class Page:
    """One page of rows, and where the list goes on (for components/_pager.html)."""

    rows: list[Any]
    next_url: str
    first_url: str


def page_of(request: HttpRequest, rows: QuerySet[Any], *, by: str, size: int = SIZE) -> Page:
    """The rows after the place that the URL names, ordered by the column `by` and then by id, ascending.

    A place that nobody gave out, or that was cut short, means the first page.
    """
    place = _read(request.GET.get("after", ""))
    if place is not None:
        value, pk = place
        rows = rows.filter(Q(**{f"{by}__gt": value}) | Q(**{by: value, "pk__gt": pk}))
    found = list(rows.order_by(by, "pk")[: size + 1])
    more = len(found) > size
    found = found[:size]
    return Page(
        found,
        next_url=_url(request, _write(found[-1], by)) if more else "",
        first_url=_url(request, "") if place is not None else "",
    )


def _write(row: Model, by: str) -> str:
    return signing.dumps([getattr(row, by), row.pk], salt="keyset")


def _read(text: str) -> tuple[Any, int] | None:
    try:
        value, pk = signing.loads(text, salt="keyset")
    except (signing.BadSignature, ValueError):
        return None
    return value, pk


def _url(request: HttpRequest, after: str) -> str:
    query = request.GET.copy()
    query.pop("after", None)
    if after:
        query["after"] = after
    return f"?{query.urlencode()}" if query else request.path
