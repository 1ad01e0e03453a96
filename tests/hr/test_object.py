import pytest

from hr.models import AppraisalObjection, AppraisalUnit
from hr.services import agree_to_appraisal, answer_objection, appoint_reviewer, object_to_appraisal
from hr.workflow import MoveNotAllowed
from propman.community.models import Department, Employee
from propman.notify.models import Notice
from propman.tenancy.events import broken_links
from propman.tenancy.models import Event, EventText

from .conftest import row_of, shanghai, submit


@pytest.fixture
def row(unit, quarter, at_work):
    submit(unit, shanghai(10, 8))
    return row_of(quarter, at_work.people[5])


@pytest.fixture
def objection(row):
    return object_to_appraisal(appraisal=row, words="I was never late.", by=row.employee, at=shanghai(10, 9))


def test_employee_agrees_to_his_row(row):
    agree_to_appraisal(appraisal=row, by=row.employee, at=shanghai(10, 9))
    row.refresh_from_db()
    assert row.answer == "agreed"


def test_silence_stays_no_answer(row):
    assert row.answer == ""
    assert row.get_answer_display() == "No answer"


def test_colleague_cannot_answer_for_him(row, at_work):
    for user in (at_work.people[0], at_work.head, at_work.officer, at_work.manager):
        with pytest.raises(MoveNotAllowed):
            agree_to_appraisal(appraisal=row, by=at_work.employee(user), at=shanghai(10, 9))


def test_nobody_answers_before_the_sheet_is_submitted(unit, quarter, at_work):
    row = row_of(quarter, at_work.people[0])
    with pytest.raises(MoveNotAllowed):
        agree_to_appraisal(appraisal=row, by=row.employee, at=shanghai(10, 2))


def test_the_fifth_working_day_is_the_last(row):
    # submitted on Thursday 8: then come 9, the made-up Saturday 10, 12, 13 and 14
    until = row.unit.answers_until
    with pytest.raises(MoveNotAllowed, match="over"):
        object_to_appraisal(appraisal=row, words="Late", by=row.employee, at=until)
    assert until == shanghai(10, 15, 0)


def test_second_answer_is_refused(row, objection):
    with pytest.raises(MoveNotAllowed, match="answered already"):
        agree_to_appraisal(appraisal=row, by=row.employee, at=shanghai(10, 9))


def test_empty_objection_is_refused(row):
    with pytest.raises(ValueError, match="object to"):
        object_to_appraisal(appraisal=row, words="  ", by=row.employee, at=shanghai(10, 9))


def test_objection_goes_to_the_deputy_not_the_head(objection, unit, at_work):
    assert objection.reviewer.user_id == at_work.deputy.pk
    assert Notice.objects.get(event="appraisal.objected").user_id == at_work.deputy.pk


def test_deputy_who_scored_does_not_review(unit, quarter, at_work):
    unit.scorer = at_work.employee(at_work.deputy)
    unit.stage = "deputy"
    unit.save(update_fields=["scorer", "stage"])
    submit(unit, shanghai(10, 12))
    row = row_of(quarter, at_work.people[5])
    objection = object_to_appraisal(appraisal=row, words="No", by=row.employee, at=shanghai(10, 13))
    assert objection.reviewer.user_id == at_work.manager.pk


def test_heads_objection_goes_to_the_officer(quarter, at_work):
    submit(AppraisalUnit.objects.get(quarter=quarter, department=None), shanghai(10, 8))
    row = row_of(quarter, at_work.head)
    objection = object_to_appraisal(appraisal=row, words="No", by=row.employee, at=shanghai(10, 9))
    assert objection.reviewer.user_id == at_work.officer.pk


@pytest.fixture
def office_row(quarter, at_work):
    """A row of the company office, which the general manager scored and to which the HR officer belongs."""
    unit = AppraisalUnit.objects.get(quarter=quarter, department=at_work.employee(at_work.manager).department)
    unit.scorer = at_work.employee(at_work.manager)
    unit.save(update_fields=["scorer"])
    submit(unit, shanghai(10, 8))
    return row_of(quarter, at_work.administrator)


def object_to(row):
    return object_to_appraisal(appraisal=row, words="No", by=row.employee, at=shanghai(10, 9))


def test_objection_in_the_company_office_goes_to_another_head(office_row, at_work):
    assert object_to(office_row).reviewer.user_id in {at_work.head.pk, at_work.small_head.pk}


def test_objection_that_nobody_can_answer_asks_for_a_name(office_row, at_work):
    Department.objects.update(head=None)
    objection = object_to(office_row)
    assert objection.reviewer is None
    asked = Notice.objects.filter(event="appraisal.objection_unassigned")
    assert set(asked.values_list("user_id", flat=True)) == {at_work.manager.pk, at_work.officer.pk}


def test_colleague_answers_only_where_nobody_else_works(office_row, at_work):
    Department.objects.update(head=None)
    objection = object_to(office_row)
    deputy = at_work.employee(at_work.deputy)
    with pytest.raises(ValueError, match="neither scored"):
        appoint_reviewer(objection=objection, reviewer=deputy, by=at_work.manager, at=shanghai(10, 12))
    outside = [*at_work.people, *at_work.few, at_work.head, at_work.small_head]
    Employee.objects.filter(user__in=outside).update(left_on=shanghai(10, 10).date())
    for barred in (at_work.manager, at_work.administrator):
        with pytest.raises(ValueError, match="neither scored"):
            appoint_reviewer(objection=objection, reviewer=at_work.employee(barred), by=at_work.manager, at=shanghai(10, 12))
    appoint_reviewer(objection=objection, reviewer=deputy, by=at_work.manager, at=shanghai(10, 12))
    objection.refresh_from_db()
    assert objection.reviewer == deputy


def test_nobody_chooses_who_answers_his_own_objection(office_row, at_work):
    row = row_of(office_row.quarter, at_work.officer)
    objection = object_to(row)
    with pytest.raises(MoveNotAllowed, match="own objection"):
        appoint_reviewer(objection=objection, reviewer=at_work.employee(at_work.head), by=at_work.officer, at=shanghai(10, 12))


def test_kept_scores_stay_with_the_reason(objection, row):
    answer_objection(
        objection=objection, verdict="kept", reply="The rounds are in the log.", by=objection.reviewer, at=shanghai(10, 12)
    )
    row.refresh_from_db()
    assert row.total == 14
    assert AppraisalObjection.objects.get().reply == "The rounds are in the log."


def test_changed_scores_replace_the_heads(objection, row):
    answer_objection(
        objection=objection,
        verdict="changed",
        reply="You are right.",
        scores=(3, 3, 3, 4, 3),
        by=objection.reviewer,
        at=shanghai(10, 12),
    )
    row.refresh_from_db()
    objection.refresh_from_db()
    assert (row.total, objection.scores_before) == (16, [3, 3, 3, 3, 2])


@pytest.mark.parametrize(
    ("verdict", "reply", "scores", "words"),
    [
        ("kept", "", None, "reason"),
        ("changed", "Yes", None, "1 to 5"),
        ("changed", "Yes", (3, 3, 3, 3, 6), "1 to 5"),
        ("changed", "Yes", (3, 3, 3, 3, 2), "as they were"),
        ("perhaps", "Yes", None, "kept or changed"),
    ],
)
def test_bad_answers_are_refused(objection, verdict, reply, scores, words):
    with pytest.raises(ValueError, match=words):
        answer_objection(
            objection=objection, verdict=verdict, reply=reply, scores=scores, by=objection.reviewer, at=shanghai(10, 12)
        )


def test_head_cannot_answer_the_objection_against_himself(objection, unit):
    with pytest.raises(MoveNotAllowed):
        answer_objection(objection=objection, verdict="kept", reply="No", by=unit.scorer, at=shanghai(10, 12))


def test_objection_is_answered_once(objection):
    answer_objection(objection=objection, verdict="kept", reply="No", by=objection.reviewer, at=shanghai(10, 12))
    with pytest.raises(MoveNotAllowed):
        answer_objection(objection=objection, verdict="kept", reply="No", by=objection.reviewer, at=shanghai(10, 12))


def test_officer_gives_it_to_another_outsider(objection, at_work):
    manager = at_work.employee(at_work.manager)
    appoint_reviewer(objection=objection, reviewer=manager, by=at_work.officer, at=shanghai(10, 12))
    objection.refresh_from_db()
    assert objection.reviewer == manager


def test_neither_scorer_nor_member_becomes_reviewer(objection, at_work):
    for user in (at_work.head, at_work.people[0]):
        with pytest.raises(ValueError, match="neither scored"):
            appoint_reviewer(objection=objection, reviewer=at_work.employee(user), by=at_work.officer, at=shanghai(10, 12))


def test_words_can_be_erased_and_the_chain_holds(objection):
    assert list(broken_links()) == []
    event = Event.objects.get(name="appraisal.objected")
    assert "never late" not in event.canonical
    EventText.objects.filter(event=event).delete()
    assert list(broken_links()) == []
