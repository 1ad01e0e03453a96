import random

import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hr.integrity import broken_results, recomputed
from hr.models import Appraisal, AppraisalQuarter, AppraisalResult, AppraisalUnit, Criterion
from hr.scoring import digest_of
from hr.services import QuarterNotReady, answer_objection, lock_quarter, object_to_appraisal, open_quarter
from propman.accounts.roles import Role
from propman.notify.models import Notice
from propman.tenancy.scope import company_scope
from tests.factories import make_department, make_employee

from .conftest import KEY, OPENING, add_people, row_of, shanghai, submit_all

LOCK = shanghai(10, 24, 0)


@pytest.fixture
def locked(quarter):
    submit_all(quarter, shanghai(10, 8))
    return lock_quarter(quarter=quarter, at=LOCK)


def lines_of(quarter: AppraisalQuarter) -> bytes:
    """The stored results, as the database wrote them."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT concat_ws(' ', appraisal_id, total, unit_n, unit_sum, company_n, company_sum, numerator, denominator,
                   coalesce(unit_rank::text, '-'), coalesce(company_rank::text, '-'))
               FROM hr_appraisalresult WHERE quarter_id = %s ORDER BY appraisal_id""",
            [quarter.pk],
        )
        return "\n".join(line for (line,) in cursor.fetchall()).encode()


def test_order_in_the_unit_is_one_two_two_four(locked, at_work):
    ranks = {
        result.employee.name: result.unit_rank
        for result in AppraisalResult.objects.filter(department=at_work.engineering, is_heads=False).select_related("employee")
    }
    assert ranks == {"Tao Min": 1, "Hua Jing": 2, "Song Rui": 2, "Pei An": 4, "Luo Qi": 5, "Xu Ling": 6}


def test_small_unit_has_no_rank(locked, at_work):
    small = AppraisalResult.objects.filter(department=at_work.small, is_heads=False)
    assert set(small.values_list("unit_n", "unit_rank", "company_rank")) == {(3, None, None)}


def test_two_heads_have_no_rank(locked):
    assert set(AppraisalResult.objects.filter(is_heads=True).values_list("unit_rank", flat=True)) == {None}


def test_five_heads_are_ranked_among_themselves(at_work):
    for number in range(3):
        department = make_department(at_work.company, name=f"Office {number}")
        make_employee(department, Role.DEPARTMENT_HEAD, name=f"Head {number}")
    quarter = open_quarter(key=KEY, at=OPENING)
    submit_all(quarter, shanghai(10, 8))
    lock_quarter(quarter=quarter, at=LOCK)
    heads = AppraisalResult.objects.filter(is_heads=True).order_by("company_rank", "employee__number")
    assert [(head.total, head.company_n, head.company_rank) for head in heads] == [
        (23, 5, 1), (21, 5, 2), (21, 5, 2), (19, 5, 4), (18, 5, 5)
    ]  # fmt: skip
    assert set(AppraisalResult.objects.filter(is_heads=False, company_rank=1).values_list("company_n", flat=True)) == {12}


def test_locked_ranks_are_recomputed_byte_for_byte(locked):
    results = recomputed(locked)
    text = "\n".join(result.line() for result in sorted(results, key=lambda result: result.key)).encode()
    assert text == lines_of(locked)
    assert digest_of(results) == locked.digest
    assert list(broken_results()) == []


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), sizes=st.lists(st.integers(0, 9), min_size=1, max_size=4))
def test_any_quarter_is_recomputed_byte_for_byte(at_work, seed, sizes):
    """Random companies with gaps, small units and equal totals: SQL and the pure functions agree on every byte."""
    randomly = random.Random(seed)
    with transaction.atomic():
        for size in sizes:
            add_people(make_department(at_work.company), size)
        quarter = open_quarter(key=KEY, at=OPENING)
        for row in Appraisal.objects.filter(quarter=quarter, reason=""):
            low = randomly.choice([1, 2, 3])
            for place in range(1, 6):
                setattr(row, f"score{place}", None if randomly.random() < 0.02 else randomly.randint(low, low + 2))
            row.save(update_fields=[f"score{place}" for place in range(1, 6)])
        AppraisalUnit.objects.filter(quarter=quarter, state="open").update(
            state="submitted", submitted_at=OPENING, answers_until=shanghai(10, 10)
        )
        locked = lock_quarter(quarter=quarter, at=LOCK)
        assert digest_of(recomputed(locked)) == locked.digest
        transaction.set_rollback(True)


def test_forged_result_is_found(quarter, owner_sql):
    submit_all(quarter, shanghai(10, 8))
    row = Appraisal.objects.filter(quarter=quarter, reason="").first()
    AppraisalResult.objects.bulk_create(
        [
            AppraisalResult(
                company_id=quarter.company_id, quarter=quarter, period=quarter.period, is_heads=False, unit=row.unit,
                appraisal=Appraisal.objects.filter(quarter=quarter, total=None).first() or row, employee=row.employee,
                department=row.department, total=25, unit_n=1, unit_sum=25, company_n=1, company_sum=25, numerator=25,
                denominator=1,
            )
        ]
    )  # fmt: skip
    AppraisalQuarter.objects.filter(pk=quarter.pk).update(locked_at=LOCK, next_due_at=None, digest="0" * 64)
    assert any("2026Q3" in sentence for sentence in broken_results())


def test_lock_before_its_day_is_refused(quarter):
    submit_all(quarter, shanghai(10, 8))
    with pytest.raises(QuarterNotReady):
        lock_quarter(quarter=quarter, at=shanghai(10, 23, 23))


def test_lock_waits_for_open_sheets(quarter):
    with pytest.raises(QuarterNotReady):
        lock_quarter(quarter=quarter, at=LOCK)


def test_lock_waits_for_objections(quarter, unit, at_work):
    submit_all(quarter, shanghai(10, 8))
    row = row_of(quarter, at_work.people[5])
    objection = object_to_appraisal(appraisal=row, words="No", by=row.employee, at=shanghai(10, 9))
    with pytest.raises(QuarterNotReady):
        lock_quarter(quarter=quarter, at=LOCK)
    answer_objection(
        objection=objection, verdict="changed", reply="Yes", scores=(5, 5, 5, 5, 5), by=objection.reviewer, at=shanghai(10, 20)
    )
    lock_quarter(quarter=quarter, at=LOCK)
    assert AppraisalResult.objects.get(employee=row.employee).unit_rank == 1


def test_missed_sheet_is_not_ranked_and_never_zero(quarter, unit):
    AppraisalUnit.objects.filter(pk=unit.pk).update(state="missed")
    submit_all(quarter, shanghai(10, 8))
    lock_quarter(quarter=quarter, at=LOCK)
    assert not AppraisalResult.objects.filter(unit=unit).exists()
    assert 0 not in AppraisalResult.objects.values_list("total", flat=True)


def test_locking_twice_changes_nothing(locked):
    before = lines_of(locked)
    again = lock_quarter(quarter=locked, at=shanghai(10, 30))
    assert (again.locked_at, lines_of(locked)) == (LOCK, before)


def test_lock_tells_everybody_and_reports_to_the_company(locked, at_work):
    assert Notice.objects.filter(event="appraisal.locked").count() == Appraisal.objects.count()
    readers = set(Notice.objects.filter(event="appraisal.reported").values_list("user_id", flat=True))
    assert readers == {at_work.officer.pk, at_work.manager.pk}


@pytest.mark.parametrize(
    "change",
    [
        lambda: Appraisal.objects.update(score1=5),
        lambda: Appraisal.objects.update(answer="agreed", answered_at=LOCK),
        lambda: AppraisalUnit.objects.update(reminders=9),
        lambda: AppraisalResult.objects.update(unit_rank=1),
        lambda: AppraisalResult.objects.all().delete(),
        lambda: Appraisal.objects.all().delete(),
        lambda: AppraisalQuarter.objects.update(locked_at=None, digest="", next_due_at=LOCK),
        lambda: AppraisalQuarter.objects.update(digest="0" * 64),
        lambda: Criterion.objects.update(name="Charm"),
    ],
)
def test_the_database_refuses_every_change_after_the_lock(locked, change):
    with pytest.raises(DatabaseError), transaction.atomic():
        change()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE hr_appraisal SET score1 = 5",
        "DELETE FROM hr_appraisal",
        "DELETE FROM hr_appraisalresult",
        "UPDATE hr_appraisalresult SET unit_rank = 1",
        "UPDATE hr_appraisalquarter SET locked_at = NULL, digest = '', next_due_at = now()",
        "DELETE FROM hr_appraisalquarter",
        "TRUNCATE hr_appraisal CASCADE",
        "TRUNCATE hr_appraisalquarter CASCADE",
    ],
)
@pytest.mark.django_db(transaction=True)
def test_even_the_owner_of_the_tables_is_refused(staff, owner_sql, statement):
    with company_scope(staff.company.pk):
        quarter = open_quarter(key=KEY, at=OPENING)
        submit_all(quarter, shanghai(10, 8))
        lock_quarter(quarter=quarter, at=LOCK)
    with pytest.raises(Exception, match="refused"):
        owner_sql(statement)
