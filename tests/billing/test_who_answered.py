"""Two towns that differ only in who answered look the same: to every role, on every page, in every table it can read."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client
from django.urls import set_script_prefix
from django.utils import timezone

from billing.models import Bill, BillRun, Comment, Survey
from billing.quarters import Quarter
from billing.services.runs import run_bills
from billing.services.surveys import count_due_surveys, remind_due_surveys
from propman.accounts.models import User
from propman.accounts.roles import OFFICIALS, STAFF, Role
from propman.tenancy.models import Event
from tests.architecture.test_every_url import addresses
from tests.factories import make_employee
from tests.factories.billing import fill_sheet, local
from tests.factories.people import make_member

from .conftest import COUNTED
from .url_samples import samples

REMINDED = local(2026, 4, 4, 9)
SCORES = [(9, 10, 9), (3, 4, 5), (10, 10, 10), (0, None, 7), (8, 8, 1), (6, 6, 6)]
OURS = ("billing:", "billing_public:", "bills-", "payments-", "surveys-", "sheets-")
EXPORTED = {"billing:run", "billing:arrears", "billing:payments", "billing:notes", "billing:balance"}
GATHERED = ["/lanting/", "/lanting/notices/", "/lanting/search/?q=Owner", "/lanting/communities/"]
TANGLED = re.compile(rb'(name="(?:csrfmiddlewaretoken|idempotency_key)" value="|"X-CSRFToken": "|nonce=")[^"]*')


class Undo(Exception):
    """Leaves a world behind."""


@pytest.fixture(autouse=True)
def _no_prefix() -> Iterator[None]:
    yield
    set_script_prefix("/")


@pytest.fixture
def readers(company_office, community, agreement, client_of) -> dict[str, Client]:
    """Somebody of every role who is not a resident, signed in."""
    users = {role: make_employee(company_office, *({role} - {Role.EMPLOYEE}), name=f"The {role}") for role in sorted(STAFF)}
    users[Role.COMMITTEE_MEMBER] = User.objects.get(name="Committee 0")
    users |= {role: make_member(community.company, role, name=f"The {role}") for role in sorted(OFFICIALS)}
    return {role: client_of(user) for role, user in users.items()}


def paths(survey: Survey) -> list[str]:
    """Every page, API and export of fees, and the pages that gather from everywhere: home, notices, search, households."""
    real: dict[str, dict[str, Any]] = {"surveys-detail": {"pk": survey.pk}}
    if run := BillRun.objects.first():
        real["billing:run"] = {"pk": run.pk}
    if bill := Bill.objects.order_by("number").first():
        customer = {"household": bill.household_id, "payer": bill.payer_id}
        real |= {"billing:customer": customer, "billing:agreement": {"pk": survey.agreement_id}}
    known = samples(None) | real
    # What is set as PDF says what its page says, and when it was set.
    named = [one for one in addresses() if one.is_company and one.name.startswith(OURS) and not one.name.endswith("_pdf")]
    pages = [address.path(known, "lanting") for address in named]
    exports = [f"{one.path(known, 'lanting')}?export=csv" for one in named if one.name in EXPORTED]
    return [*pages, *exports, "/lanting/billing/counter/?q=Owner", *GATHERED]


def seen(readers: dict[str, Client], survey: Survey) -> dict[tuple[str, str], tuple[int, bytes]]:
    told = {}
    for path in paths(survey):
        for role, client in readers.items():
            answer = client.get(path)
            body = b"".join(answer.streaming_content) if answer.streaming else answer.content
            told[role, path] = answer.status_code, TANGLED.sub(rb"\1", body) if not body.startswith(b"PK") else b"a workbook"
    return told


def rows() -> dict[str, list[str]]:
    """Every row that the application may read, but for sessions and the clock on the wall."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' "
            "AND has_table_privilege(oid, 'SELECT') AND relname NOT LIKE '%session%' ORDER BY relname"
        )
        found = {}
        for (table,) in cursor.fetchall():
            cursor.execute(f"SELECT to_jsonb(t)::text FROM {table} AS t ORDER BY 1")
            found[table] = [row for (row,) in cursor.fetchall()]
    return found


@pytest.fixture
def same_numbers(owner_sql) -> Callable[[], Any]:
    """A world that is left behind, with the sequences as they were before it."""

    @contextmanager
    def world() -> Iterator[None]:
        before = owner_sql("SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public' AND last_value > 0")
        cache.clear()
        try:
            with transaction.atomic():
                yield
                raise Undo
        except Undo:
            owner_sql("SELECT setval(sequencename::regclass, 1, false) FROM pg_sequences WHERE schemaname = 'public'")
            for name, last in before:
                owner_sql("SELECT setval(%s::regclass, %s)", name, last)

    return world


def test_no_role_page_row_notice_or_event_tells_who_answered(
    survey, household, owner, neighbours, readers, same_numbers, monkeypatch, scope
):
    """Six of seven answer: in one world all but the last, in the other all but the first, in the opposite order."""
    people = [(household, owner), *neighbours]
    worlds = []
    for answering in (people[:6], people[:0:-1]):
        with same_numbers():
            freeze(monkeypatch, REMINDED)
            for (place, user), scores in zip(answering, SCORES, strict=True):
                fill_sheet(survey, place, user, *scores, comment=f"said with {scores[0]}", at=REMINDED)
            remind_due_surveys(at=REMINDED)
            while_out, tables_then = seen(readers, survey), rows()
            freeze(monkeypatch, COUNTED)
            count_due_surveys(company=survey.company, at=COUNTED)
            run_bills(community=survey.community, quarter=Quarter(2026, 1), at=COUNTED)
            counted, tables_now = seen(readers, survey), rows()
            worlds.append((while_out, tables_then, counted, tables_now))
            assert Comment.objects.count() == 6
            assert {status for status, _body in while_out.values()} >= {200, 403}
            assert any(b"said with 9" in body for _status, body in counted.values())
            assert not any(b"said with" in body for _status, body in while_out.values())
            assert Event.objects.filter(name="survey.counted").exists()
    for one, other in zip(*worlds, strict=True):
        assert one.keys() == other.keys()
        assert [key for key in one if one[key] != other[key]] == []


def freeze(monkeypatch: pytest.MonkeyPatch, at: datetime) -> None:
    monkeypatch.setattr(timezone, "now", lambda: at)
