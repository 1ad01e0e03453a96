"""Lists paged by key: a page costs the same however deep it lies, and never repeats or skips a row that others add."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import DateTimeField, F, Q, QuerySet
from django.http import HttpRequest

SIZE = 30


@dataclass(frozen=True)
class Page:
    """One page of rows; `after` is the token of the next one, empty on the last."""

    rows: list[Any]
    after: str
    is_first: bool

    def __bool__(self) -> bool:
        return bool(self.rows)


def page_of(rows: QuerySet[Any], *, keys: Sequence[str], size: int, after: str = "") -> Page:
    """The rows after the token, in the order of `keys` ("-" for descending, the last one unique).

    Rows whose key is null come last; a token that was tampered with gives the first page.
    """
    position = _decoded(after, len(keys))
    if position is not None and not all(_fits(rows, key.lstrip("-"), value) for key, value in zip(keys, position, strict=True)):
        position = None
    ordered = rows.order_by(*_order(rows, keys))
    if position is not None:
        try:
            ordered = ordered.filter(_beyond(keys, position))
        except (ValidationError, ValueError, TypeError):  # a word where the column has a time
            position = None
    found = list(ordered[: size + 1])
    more = len(found) > size
    found = found[:size]
    return Page(found, _encoded(found[-1], keys) if more else "", is_first=position is None)


def _order(rows: QuerySet[Any], keys: Sequence[str]) -> list[Any]:
    """What cannot be null says nothing of nulls: an index read backwards has them first, and would be passed over."""
    return [_last(key) if _may_be_null(rows, key.lstrip("-")) else key for key in keys]


def _last(key: str) -> Any:
    return F(key[1:]).desc(nulls_last=True) if key.startswith("-") else F(key).asc(nulls_last=True)


def _may_be_null(rows: QuerySet[Any], name: str) -> bool:
    if name == "pk":
        return False
    try:
        return bool(rows.model._meta.get_field(name).null)
    except FieldDoesNotExist:  # a column that the query computes
        return True


def _fits(rows: QuerySet[Any], name: str, value: Any) -> bool:
    """A time is told as a time, not as words that only the database would find to be none."""
    try:
        is_time = isinstance(rows.model._meta.get_field(name), DateTimeField)
    except FieldDoesNotExist:
        return True
    return not is_time or value is None or isinstance(value, datetime)


def _beyond(keys: Sequence[str], position: Sequence[Any]) -> Q:
    """Rows after the position in the order of the keys, nulls being last."""
    condition, equal = Q(), Q()
    for key, value in zip(keys, position, strict=True):
        name = key.lstrip("-")
        if value is not None:
            later = Q(**{f"{name}__{'lt' if key.startswith('-') else 'gt'}": value})
            if name != "pk":
                later |= Q(**{f"{name}__isnull": True})
            condition |= equal & later
            equal &= Q(**{name: value})
        else:
            equal &= Q(**{f"{name}__isnull": True})
    return condition


def _encoded(row: Any, keys: Sequence[str]) -> str:
    values = [getattr(row, key.lstrip("-")) for key in keys]
    plain = [{"at": value.isoformat()} if isinstance(value, datetime) else value for value in values]
    return base64.urlsafe_b64encode(json.dumps(plain, default=str).encode()).decode().rstrip("=")


def _decoded(token: str, length: int) -> list[Any] | None:
    try:
        values = [_value(one) for one in json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))]
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None
    return values if len(values) == length else None


def _value(told: Any) -> Any:
    """What the database can compare with. Raises ValueError, KeyError, TypeError, OverflowError for anything else."""
    if isinstance(told, dict):
        found = datetime.fromisoformat(told["at"])
        if found.tzinfo is None:
            raise ValueError(told)
        return found.astimezone(UTC)
    if isinstance(told, str):
        told.encode()  # no half of a surrogate pair
        if "\0" in told:
            raise ValueError(told)
    elif not isinstance(told, int | None):
        raise TypeError(told)
    return told


@dataclass(frozen=True)
class Listed:
    """A page of a list whose place and filters stand in the address, for components/_pager.html."""

    rows: list[Any]
    next_url: str
    first_url: str


def listed(request: HttpRequest, rows: QuerySet[Any], *, by: str | Sequence[str], size: int = SIZE) -> Listed:
    """The page of the list that the address asks for, ordered by the column or columns `by` and then by id."""
    keys = [by] if isinstance(by, str) else list(by)
    page = page_of(rows, keys=[*keys, "pk"], size=size, after=request.GET.get("after", ""))
    query = request.GET.copy()
    query.pop("after", None)
    first = f"?{query.urlencode()}"
    query["after"] = page.after
    return Listed(page.rows, f"?{query.urlencode()}" if page.after else "", "" if page.is_first else first)
