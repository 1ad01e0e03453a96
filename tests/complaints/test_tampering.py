"""Tampering by SQL: refused as the application, found and named by check_integrity as the owner, for every table and column."""

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any

import psycopg2
import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction

from complaints import services
from complaints.models import (
    CallBack,
    CallBackDraw,
    Complaint,
    Contact,
    ContactWords,
    DailyHead,
    HeadLine,
    LogEntry,
    LogEntryWords,
    LogImport,
)
from complaints.services.drawing import draw_call_backs, record_not_reached
from complaints.services.reconciling import explain_entry, reconcile_file
from complaints.services.sealing import make_head
from propman.community.models import Employee
from propman.ops.management.commands.check_integrity import broken_things
from propman.tenancy.models import Company, Event, EventText
from propman.tenancy.scope import company_scope
from tests.conftest import owner_connection
from tests.factories.complaints import START, make_complaint, make_policy

FROZEN = [Event, Contact, ContactWords, EventText, DailyHead, HeadLine, CallBackDraw, LogEntryWords]
# State columns that the application moves, but only together with an event; the others of the table are facts.
MOVING: dict[Any, set[str]] = {
    Complaint: {"number", "event_position", "next_due_at", "next_due_clock", "state", "words_id", "category_id"},
    CallBack: {"attempts", "outcome", "called_at", "event_position"},
    LogEntry: {
        "state", "contact_id", "matched_by", "reason", "decided_by_id", "decided_at", "seen_at", "event_position"
    },
    LogImport: {"content", "plan", "confirmed_at", "discarded_at", "withdrawn_at"},
}  # fmt: skip
# What no check can compare with anything: how an import was looked at before it was brought in is no fact of any entry.
SAYS_NOTHING = {
    (LogImport, name) for name in ("content", "plan", "confirmed_at", "discarded_at", "withdrawn_at", "uploaded_at",
                                   "uploaded_by_id", "source", "file_name", "mapping")
}  # fmt: skip
# Other values that break a constraint or a reference at once are no tampering: the database refuses them whoever asks.
DERIVED = {"next_due_at", "next_due_clock", "event_position"}
MODELS = [*FROZEN, *MOVING]


def columns_of(model: Any) -> list[str]:
    return [field.column for field in model._meta.concrete_fields if field.column not in {"id", "company_id"}]


EVERY = [(model, column) for model in MODELS for column in columns_of(model)]
FACTS = [(model, column) for model, column in EVERY if column not in MOVING.get(model, set())]
STATES = [(model, column) for model, column in EVERY if column in MOVING.get(model, set()) and column != "event_position"]
COMPLAINT_FACTS = {
    "contact_id", "tracking_digest", "community_id", "office_id", "asker_id", "policy_id", "received_at", "is_imported",
    "number", "state",
}  # fmt: skip
FOUND = [
    (model, column)
    for model, column in EVERY
    if (model, column) not in SAYS_NOTHING
    and (model is not Complaint or column in COMPLAINT_FACTS)
    and column not in DERIVED | {"words_id"}
]


def named(pair: Any) -> str:
    return pair.__name__ if isinstance(pair, type) else str(pair)


def fill(company: Company, household: Any, agent: Any, owner: Any) -> None:
    """Rows of every table: complaints, a head, a draw with a call-back that was tried, a list with an explained entry."""
    with company_scope(company.pk):
        make_policy()
        by = Employee.objects.get(user=agent)
        for n in range(2):
            complaint = make_complaint(household=household, first_asked=by, at=START + timedelta(minutes=n))
            services.urge_complaint(complaint=complaint, by=owner, at=START + timedelta(hours=1), text="Please.")
        services.withdraw_complaint(complaint=complaint, by=owner, at=START + timedelta(hours=2), text="It is over.")
        at = START + timedelta(days=1)
        for day in range(2):
            head = make_head(company=company, day=(START + timedelta(days=day)).date(), at=at + timedelta(days=day))
            assert head is not None
            draw_call_backs(company=company, head=head, at=at + timedelta(days=day))
        record_not_reached(call_back=CallBack.objects.get(), by=by, at=at)
        rows = ["time,phone,name,office,length,note", "2026-03-02 16:00:10,5550100,Owner,willow-garden,12,desk"]
        rows += [f"2026-03-02 1{n}:30:00,139001390{n:02},Nobody,willow-garden,{n},desk" for n in range(2)]
        file = BytesIO("\n".join(rows).encode())
        reconcile_file(company=company, source="phone", file=file, file_name="calls.csv", mapping="", by=agent, at=at)
        entry = LogEntry.objects.filter(state="open").order_by("line")[0]
        explain_entry(entry=entry, by=by, at=at, reason="internal")


def found_by_checks(company: Company) -> list[str]:
    return [f"{name}: {line}" for name, lines in broken_things(company).items() for line in lines]


def other_value(model: Any, column: str) -> str:
    """SQL for a value that differs from the one that is there."""
    field = next(field for field in model._meta.concrete_fields if field.column == column)
    kind = field.db_type(connection)
    if kind.startswith("varchar") and field.choices:
        values = "','".join(value for value, _label in field.choices)
        return f"(SELECT one FROM unnest(ARRAY['{values}']) AS one WHERE one <> coalesce({column}, '') LIMIT 1)"
    if kind.startswith(("varchar", "text")):
        text = f"translate(coalesce({column}, '') || 'x', '0123456789abcdef', '123456789abcdef0')"
        return f"left({text}, {field.max_length or 9999})"
    if kind.startswith("timestamp"):
        return f"coalesce({column}, now()) - interval '1 day'"
    return {
        "date": f"{column} - 400",
        "boolean": f"NOT {column}",
        "bigint[]": f"{column} || 1::bigint",
        "jsonb": "'{}'::jsonb",
        "bytea": "'\\x00'::bytea",
    }.get(kind, f"coalesce({column}, 0) + 1")


@pytest.fixture
def filled(db, company, household, owner, office, agent):
    fill(company, household, agent, owner)
    return company


@pytest.mark.django_db
def test_untouched_rows_are_clean_and_there(filled):
    assert found_by_checks(filled) == []
    with company_scope(filled.pk):
        assert all(model.objects.exists() for model in MODELS)


@pytest.mark.django_db
def test_every_table_of_facts_is_tried():
    """A new append-only table of complaints must be added to MODELS, or stand here with the reason."""
    settings_and_reports = {"ClockPolicy", "ClockRule", "CountingPolicy", "SilenceCheck", "Skip"}
    tried_elsewhere = {"Attachment", "ImportedComplaint", "Budget", "WorkOrder", "OrderedPerson"}
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE tgname LIKE '%_forever_%'")
        frozen = {table for (table,) in cursor.fetchall()}
    models = {model._meta.db_table: model.__name__ for model in apps.get_models()}
    ours = {models[table] for table in frozen if table.startswith("complaints_") or table == "tenancy_event"}
    assert ours <= {model.__name__ for model in MODELS} | settings_and_reports | tried_elsewhere


@pytest.mark.django_db
@pytest.mark.parametrize(("model", "column"), FACTS, ids=named)
def test_application_cannot_rewrite_a_fact(filled, model, column):
    table = model._meta.db_table
    with company_scope(filled.pk), pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {column} = {other_value(model, column)}")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("model", "column"), [pair for pair in STATES if pair[0] is not LogImport and pair[1] not in DERIVED], ids=named
)
def test_application_moves_no_state_without_an_event(filled, model, column):
    table = model._meta.db_table
    with company_scope(filled.pk), pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {column} = {other_value(model, column)}")


ERASABLE = {ContactWords, EventText, LogEntryWords}  # a person may ask for it; the chains stay valid


@pytest.mark.django_db
@pytest.mark.parametrize("model", MODELS, ids=named)
@pytest.mark.parametrize("verb", ["DELETE FROM", "TRUNCATE"])
def test_application_cannot_remove_a_row(filled, model, verb):
    if verb == "DELETE FROM" and model in ERASABLE:
        verb = "TRUNCATE"
    with company_scope(filled.pk), pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"{verb} {model._meta.db_table}")


WHERE_STREAM = "WHERE stream LIKE 'complaint:%'"  # the chains that this is about

# As the owner, with every trigger asleep: one town for all of them, and each change is taken back.


@pytest.fixture
def altered(db: None) -> Callable[[Company, str], list[str]]:
    """What the checks find after one statement of the owner's, which is undone again."""

    def alter(company: Company, sql: str) -> list[str]:
        owner = owner_connection()
        with owner.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")
            try:
                cursor.execute(sql)
            except psycopg2.IntegrityError as refused:  # a constraint holds even for the owner
                owner.rollback()
                owner.close()
                return [str(refused)]
            assert cursor.rowcount > 0, sql
        owner.commit()
        owner.close()
        return found_by_checks(company)

    return alter


@pytest.mark.django_db(transaction=True)
def test_owner_who_rewrites_anything_is_found_and_named(company, household, owner, office, agent, altered):
    fill(company, household, agent, owner)
    assert found_by_checks(company) == []
    missed = []
    for model, column in FOUND:
        table = model._meta.db_table
        condition = f"id = (SELECT max(id) FROM {table})"
        if model is EventText:
            condition = f"id = (SELECT min(id) FROM {table})"
        saved = kept(table)
        lines = altered(company, f"UPDATE {table} SET {column} = {other_value(model, column)} WHERE {condition}")
        if not [line for line in lines if "cannot be checked" not in line]:
            missed.append(f"{model.__name__}.{column}")
        restore(table, saved)
    assert missed == []
    assert found_by_checks(company) == []


@pytest.mark.django_db(transaction=True)
def test_owner_who_removes_a_row_is_found_and_named(company, household, owner, office, agent, altered):
    fill(company, household, agent, owner)
    missed = []
    for model in MODELS:
        if model in ERASABLE:
            continue  # erasing is allowed, and leaves every chain valid
        table = model._meta.db_table
        saved = kept(table)
        which = f"(SELECT min(id) FROM {table} {WHERE_STREAM if model is Event else ''})"
        if not altered(company, f"DELETE FROM {table} WHERE id = {which}"):
            missed.append(model.__name__)
        restore(table, saved)
    assert missed == []
    assert found_by_checks(company) == []


def kept(table: str) -> str:
    """A copy of the table, made by the owner."""
    owner = owner_connection()
    with owner, owner.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS kept_rows; CREATE TABLE kept_rows AS SELECT * FROM {table}")
    owner.close()
    return table


def restore(table: str, _saved: str) -> None:
    owner = owner_connection()
    with owner, owner.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(f"DELETE FROM {table}; INSERT INTO {table} OVERRIDING SYSTEM VALUE SELECT * FROM kept_rows")
        cursor.execute("DROP TABLE kept_rows")
    owner.close()
