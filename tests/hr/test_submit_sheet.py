import pytest
from django.db import DatabaseError, transaction

from hr.models import Appraisal, AppraisalUnit
from hr.selectors import gaps_of, rows_of
from hr.services import RowScores, SheetIncomplete, save_sheet, submit_sheet
from hr.workflow import MoveNotAllowed
from propman.notify.models import Notice

from .conftest import TOTALS, scores_for, shanghai, submit


def test_draft_is_kept_with_gaps_and_no_total(unit):
    row = rows_of(unit)[0]
    save_sheet(unit=unit, rows={row.pk: RowScores((5, 4, None, 4, 3), "  Three night\ncall-outs ")}, by=unit.scorer)
    row.refresh_from_db()
    assert (row.scores, row.total, row.fact) == ((5, 4, None, 4, 3), None, "Three night call-outs")


def test_missing_scores_and_facts_are_named(unit):
    rows = rows_of(unit)
    given = scores_for(rows, TOTALS)
    given[rows[0].pk] = RowScores((5, 5, None, 5, 5), "x")
    given[rows[5].pk] = RowScores(given[rows[5].pk].scores, "")
    save_sheet(unit=unit, rows=given, by=unit.scorer)
    with pytest.raises(SheetIncomplete) as missing:
        submit_sheet(unit=unit, by=unit.scorer, at=shanghai(10, 5))
    assert [(gap.appraisal.employee.name, gap.criterion) for gap in missing.value.gaps] == [("Tao Min", 3), ("Xu Ling", None)]


def test_middle_third_needs_no_fact(unit):
    rows = rows_of(unit)
    given = {row.pk: RowScores(scores.scores, "") for row, scores in zip(rows, scores_for(rows, TOTALS).values(), strict=True)}
    saved = save_sheet(unit=unit, rows=given, by=unit.scorer)
    # a third of six is two places; the tie for the second belongs to it
    assert [gap.appraisal.employee.name for gap in gaps_of(saved)] == ["Tao Min", "Hua Jing", "Song Rui", "Luo Qi", "Xu Ling"]


def test_submitting_gives_five_working_days_and_tells_each_employee(unit):
    submitted = submit(unit, shanghai(10, 8))
    assert (submitted.state, submitted.answers_until) == ("submitted", shanghai(10, 15, 0))
    assert Notice.objects.filter(event="appraisal.submitted").count() == 6


def test_notice_tells_neither_score_nor_another_name(unit, at_work):
    submit(unit, shanghai(10, 8))
    names = {user.name for user in at_work.people}
    for notice in Notice.objects.filter(event="appraisal.submitted"):
        words = str(notice.words)
        assert sum(name in words for name in names) == 1
        assert not any(str(total) in words.replace(str(notice.words["until_at"]), "") for total in TOTALS)


def test_submitting_twice_is_refused(unit):
    submit(unit, shanghai(10, 8))
    with pytest.raises(MoveNotAllowed):
        submit_sheet(unit=unit, by=unit.scorer, at=shanghai(10, 8))


def test_somebody_else_cannot_score(unit, at_work):
    row = rows_of(unit)[0]
    for user in (at_work.small_head, at_work.manager, at_work.people[1], at_work.officer):
        with pytest.raises(MoveNotAllowed):
            save_sheet(unit=unit, rows={row.pk: RowScores((5, 5, 5, 5, 5))}, by=at_work.employee(user))


def test_row_of_another_unit_is_refused(unit, quarter, at_work):
    foreign = Appraisal.objects.filter(quarter=quarter, unit__department=at_work.small).first()
    with pytest.raises(ValueError, match="no such row"):
        save_sheet(unit=unit, rows={foreign.pk: RowScores((5, 5, 5, 5, 5))}, by=unit.scorer)


@pytest.mark.parametrize("score", [0, 6, -1])
def test_score_outside_one_to_five_is_refused(unit, score):
    with pytest.raises(ValueError, match="1 to 5"):
        save_sheet(unit=unit, rows={rows_of(unit)[0].pk: RowScores((score, 3, 3, 3, 3))}, by=unit.scorer)


def test_the_database_refuses_a_score_of_six(unit):
    with pytest.raises(DatabaseError), transaction.atomic():
        Appraisal.objects.filter(unit=unit).update(score1=6)


def test_the_database_refuses_new_scores_after_submission(unit):
    submit(unit, shanghai(10, 8))
    with pytest.raises(DatabaseError, match="settled"), transaction.atomic():
        Appraisal.objects.filter(unit=unit).update(score1=5)


def test_the_database_refuses_new_facts_about_results(unit):
    with pytest.raises(DatabaseError), transaction.atomic():
        Appraisal.objects.filter(unit=unit).update(verified=0)


def test_scorer_of_two_units_keeps_them_apart(quarter, at_work):
    heads, office = AppraisalUnit.objects.filter(quarter=quarter, scorer__user=at_work.manager).order_by("pk").reverse()
    submit(heads, shanghai(10, 8))
    office.refresh_from_db()
    assert office.state == "open"
