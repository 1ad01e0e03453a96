"""What the database keeps, and what check_integrity finds when its owner does not."""

import pytest
from django.db import DatabaseError, connection, transaction

from propman.cases import services
from propman.cases.integrity import broken_cases, missing_second_cases
from propman.cases.models import Case
from propman.tenancy.scope import company_scope

from .conftest import DAY, START, bring, draft, make_court


@pytest.mark.parametrize(
    "change",
    [
        "measure = 'none', amount = 0, clause = ''",
        "reason = 'Other words'",
        "judgement = 'Other words'",
        "reply = 'Other words'",
        "state = 'dropped'",
        "ground = 'deceived'",
        "accused_id = accused_id + 1",
        "drafted_at = now()",
        "is_serious = false",
        "event_position = 99, state = 'ready', decided_at = NULL, measure = '', amount = 0, clause = ''",
    ],
)
def test_decided_case_cannot_be_rewritten(court, change):
    case = bring(court, "decided")
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE cases_case SET {change} WHERE id = %s", [case.pk])


@pytest.mark.parametrize(
    "statement", ["DELETE FROM cases_case", "DELETE FROM cases_evidence", "UPDATE cases_evidence SET text = 'x'"]
)
def test_nothing_is_deleted(court, statement):
    bring(court, "opened")
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_state_moves_only_with_an_event(court):
    case = draft(court)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE cases_case SET state = 'dropped', judged_at = now(), event_position = 2 WHERE id = %s", [case.pk]
        )


def test_nobody_hears_his_own_appeal(court):
    case = bring(court, "appealed")
    for somebody in (case.accused_id, case.head_id, case.decided_by_id):
        with pytest.raises(DatabaseError), transaction.atomic():
            Case.objects.filter(pk=case.pk).update(reviewer=somebody)


def test_untouched_cases_are_whole(court):
    bring(court, "closed")
    draft(court, court.colleague, "complaint:2:accept")
    services.advance_cases(START + 9 * DAY)
    assert [*broken_cases(court.company), *missing_second_cases(court.company)] == []


def test_other_company_sees_no_case(court):
    draft(court)
    with company_scope(make_court("rival").company.pk):
        assert Case.unscoped.count() == 0


TAMPER = {
    "reason = 'Other words'": "the words of case.decided were altered",
    "measure = 'warning', amount = 0, clause = ''": "the measure was altered",
    "ground = 'deceived'": "ground was altered",
    "state = 'dropped', decided_at = NULL, decided_by_id = NULL, measure = '', amount = 0, clause = ''": "is dropped",
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("change", TAMPER)
def test_tampering_owner_is_found_and_named(owner_sql, change):
    court = make_court()
    with company_scope(court.company.pk):
        case = bring(court, "decided")
    owner_sql(f"SET session_replication_role = replica; UPDATE cases_case SET {change} WHERE id = {case.pk}")
    with company_scope(court.company.pk):
        found = list(broken_cases(court.company))
    assert any(f"case {case.pk}" in line and TAMPER[change] in line for line in found), found


@pytest.mark.django_db(transaction=True)
def test_missing_second_case_is_named(owner_sql):
    court = make_court()
    with company_scope(court.company.pk):
        case = draft(court)
        services.advance_cases(START + 3 * DAY)
    owner_sql("SET session_replication_role = replica; DELETE FROM cases_case WHERE about_id IS NOT NULL")
    with company_scope(court.company.pk):
        assert list(missing_second_cases(court.company)) == [
            f"case {case.pk}: its head let it lie, and no case was opened against him"
        ]
