"""The current company, carried by a context variable and bound to each transaction.

Two layers keep companies apart, and both fail closed: the managers filter by the current company and raise
without one; PostgreSQL's row-level security shows nothing but the rows of the company that the transaction is bound to.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db import connection, transaction

_company_id: ContextVar[int | None] = ContextVar("company_id", default=None)


class NoCompany(RuntimeError):
    """A company's rows were asked for outside any company scope."""


def current_company_id() -> int:
    """The id of the company served now. Raises NoCompany outside a scope."""
    if (company_id := _company_id.get()) is None:
        raise NoCompany("A company's rows were asked for outside any company scope.")
    return company_id


def has_company() -> bool:
    return _company_id.get() is not None


def bind(db: Any) -> None:
    """Tell the running transaction which company it serves; the empty text makes every policy fail loudly."""
    company_id = _company_id.get()
    with db.cursor() as cursor:
        # SET takes no parameters, and set_config() is not propagated by a sharding engine.
        cursor.execute(f"SET LOCAL app.company TO '{'' if company_id is None else int(company_id)}'")


@contextmanager
def serving(company_id: int) -> Iterator[None]:
    """Serve one company without opening a transaction: for the middleware, whose views open their own."""
    token = _company_id.set(int(company_id))
    try:
        if connection.in_atomic_block:
            bind(connection)
        yield
    finally:
        _company_id.reset(token)
        if connection.in_atomic_block and not connection.needs_rollback:
            bind(connection)


@contextmanager
def company_scope(company_id: int) -> Iterator[None]:
    """Serve one company inside a transaction: for jobs, commands and tests."""
    with serving(company_id), transaction.atomic(savepoint=False):
        yield


@contextmanager
def oversight_scope(company_ids: list[int]) -> Iterator[None]:
    """Read the listed tables of several companies as the officials' role; nothing can be written.

    Everything inside runs in one transaction of its own. Raises RuntimeError inside another transaction's company scope.
    """
    if has_company():
        raise RuntimeError("Officials read outside any single company's scope.")
    with transaction.atomic(), connection.cursor() as cursor:
        ids = ",".join(str(int(company_id)) for company_id in company_ids)
        cursor.execute(f"SET LOCAL app.companies TO '{{{ids}}}'")
        cursor.execute("SET LOCAL ROLE propman_official")
        try:
            yield
        finally:
            if not connection.needs_rollback:
                cursor.execute("RESET ROLE")
                cursor.execute("SET LOCAL app.companies TO '{}'")
