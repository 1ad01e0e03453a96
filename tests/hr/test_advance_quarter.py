from datetime import timedelta

import pytest

from hr.models import AppraisalQuarter, AppraisalUnit
from hr.services import advance_quarter, answer_objection, object_to_appraisal
from propman.community.models import Employee
from propman.notify.models import Notice
from propman.tenancy.jobrun import run_everything_due
from propman.tenancy.scope import company_scope

from .conftest import OPENING, row_of, shanghai, submit, submit_all


def told(event: str) -> list[str]:
    return sorted(Notice.objects.filter(event=f"appraisal.{event}").values_list("words__name", flat=True))


def test_reminders_come_three_days_and_one_day_before(quarter, unit):
    advance_quarter(quarter=quarter, at=shanghai(10, 7, 17))
    assert told("reminded") == []
    for _twice in range(2):
        advance_quarter(quarter=quarter, at=shanghai(10, 7, 18))
    assert told("reminded").count("Shen Ke") == 1
    advance_quarter(quarter=quarter, at=shanghai(10, 9, 18))
    assert told("reminded").count("Shen Ke") == 2


def test_submitted_sheet_is_not_reminded(quarter, unit):
    submit(unit, shanghai(10, 3))
    advance_quarter(quarter=quarter, at=shanghai(10, 9, 18))
    assert "Shen Ke" not in told("reminded")


def test_late_head_is_replaced_by_the_deputy(quarter, unit, at_work):
    advance_quarter(quarter=quarter, at=shanghai(10, 10, 18))
    unit.refresh_from_db()
    assert (unit.stage, unit.scorer.user_id, unit.due_at) == ("deputy", at_work.deputy.pk, shanghai(10, 15, 0))
    assert "Deputy Mo" in told("passed_on")
    assert "Shen Ke" in told("taken_away")


def test_department_without_deputy_goes_to_the_manager(quarter, at_work):
    advance_quarter(quarter=quarter, at=shanghai(10, 10, 18))
    unit = AppraisalUnit.objects.get(quarter=quarter, department=at_work.small)
    assert (unit.stage, unit.scorer.user_id) == ("manager", at_work.manager.pk)


def test_late_deputy_is_replaced_by_the_manager_then_missed(quarter, unit, at_work):
    advance_quarter(quarter=quarter, at=shanghai(10, 10, 18))
    advance_quarter(quarter=quarter, at=shanghai(10, 15, 0))
    unit.refresh_from_db()
    assert (unit.stage, unit.scorer.user_id) == ("manager", at_work.manager.pk)
    advance_quarter(quarter=quarter, at=shanghai(10, 21, 0))
    unit.refresh_from_db()
    assert unit.state == "missed"
    assert "Officer Bai" in told("missed")


def test_late_sheet_of_the_manager_goes_to_the_officer(quarter, at_work):
    advance_quarter(quarter=quarter, at=shanghai(10, 10, 18))
    heads = AppraisalUnit.objects.get(quarter=quarter, department=None)
    assert heads.scorer.user_id == at_work.officer.pk


def test_replaced_head_cannot_submit_any_more(quarter, unit):
    head = unit.scorer
    advance_quarter(quarter=quarter, at=shanghai(10, 10, 18))
    unit.scorer = head
    with pytest.raises(Exception, match="somebody else"):
        submit(unit, shanghai(10, 11))


def test_quarter_locks_ten_working_days_after_the_close(quarter):
    submit_all(quarter, shanghai(10, 8))
    advance_quarter(quarter=quarter, at=shanghai(10, 23, 23))
    quarter.refresh_from_db()
    assert not quarter.is_locked
    advance_quarter(quarter=quarter, at=shanghai(10, 24, 0))
    quarter.refresh_from_db()
    assert quarter.is_locked


def test_late_sheets_push_the_lock_until_everybody_could_answer(quarter, unit):
    advance_quarter(quarter=quarter, at=shanghai(10, 10, 18))
    advance_quarter(quarter=quarter, at=shanghai(10, 15, 0))
    submit_all(quarter, shanghai(10, 19, 12))
    advance_quarter(quarter=quarter, at=shanghai(10, 24, 0))
    quarter.refresh_from_db()
    assert (quarter.locked_at, quarter.next_due_at) == (None, shanghai(10, 25, 0))
    advance_quarter(quarter=quarter, at=shanghai(10, 27, 0))
    quarter.refresh_from_db()
    assert quarter.is_locked


def test_unanswered_objection_holds_the_lock_and_reminds_daily(quarter, unit, at_work):
    submit_all(quarter, shanghai(10, 8))
    user = at_work.people[5]
    object_to_appraisal(appraisal=row_of(quarter, user), words="Not so", by=at_work.employee(user), at=shanghai(10, 9))
    for hour in (0, 6, 12):
        advance_quarter(quarter=quarter, at=shanghai(10, 24, hour))
    advance_quarter(quarter=quarter, at=shanghai(10, 25, 1))
    quarter.refresh_from_db()
    assert not quarter.is_locked
    assert told("objection_waits") == ["Deputy Mo", "Deputy Mo"]


def test_managers_hear_what_holds_the_lock(quarter, unit, at_work):
    submit_all(quarter, shanghai(10, 8))
    user = at_work.people[5]
    object_to_appraisal(appraisal=row_of(quarter, user), words="Not so", by=at_work.employee(user), at=shanghai(10, 9))
    advance_quarter(quarter=quarter, at=shanghai(10, 23))
    assert told("lock_waits") == []
    advance_quarter(quarter=quarter, at=shanghai(10, 24, 0))
    assert told("lock_waits") == ["Officer Bai", "Ran Wei"]
    assert set(Notice.objects.filter(event="appraisal.lock_waits").values_list("words__objections", flat=True)) == {1}


def test_objection_whose_reviewer_left_goes_to_the_next(quarter, unit, at_work):
    submit_all(quarter, shanghai(10, 8))
    user = at_work.people[5]
    objection = object_to_appraisal(
        appraisal=row_of(quarter, user), words="Not so", by=at_work.employee(user), at=shanghai(10, 9)
    )
    Employee.objects.filter(user=at_work.deputy).update(left_on=shanghai(10, 12).date())
    advance_quarter(quarter=quarter, at=shanghai(10, 24, 0))
    objection.refresh_from_db()
    assert objection.reviewer.user_id == at_work.manager.pk
    answer_objection(objection=objection, verdict="kept", reply="No", by=objection.reviewer, at=shanghai(10, 24))
    advance_quarter(quarter=quarter, at=shanghai(10, 25, 0))
    quarter.refresh_from_db()
    assert quarter.is_locked


def test_the_sweep_catches_up_after_downtime_step_by_step(staff):
    run_everything_due(OPENING)
    run_everything_due(shanghai(11, 20))  # down for seven weeks: the deputies still get their days
    with company_scope(staff.company.pk):
        assert set(AppraisalUnit.objects.values_list("stage", flat=True)) == {"deputy", "manager"}
        assert not AppraisalQuarter.objects.get().is_locked
    moment = shanghai(11, 20)
    while moment < shanghai(12, 20):
        moment += timedelta(hours=6)
        run_everything_due(moment)
    with company_scope(staff.company.pk):
        assert AppraisalQuarter.objects.get().is_locked


def test_running_the_clock_again_changes_nothing(staff):
    run_everything_due(OPENING)
    run_everything_due(shanghai(10, 10, 18))
    with company_scope(staff.company.pk):
        before = list(AppraisalUnit.objects.order_by("pk").values())
        notices = Notice.objects.count()
    run_everything_due(shanghai(10, 10, 18))
    with company_scope(staff.company.pk):
        assert list(AppraisalUnit.objects.order_by("pk").values()) == before
        assert Notice.objects.count() == notices
