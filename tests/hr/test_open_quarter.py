from datetime import date, datetime, timedelta

import pytest

from hr.models import Appraisal, AppraisalQuarter, AppraisalUnit, EmploymentSpan
from hr.selectors import rows_of
from hr.services import NewCriterion, open_quarter, publish_standard, record_span, transfer_employee
from hr.workflow import QuarterKey
from propman.notify.models import Notice
from propman.tenancy.jobrun import run_everything_due
from propman.tenancy.scope import company_scope

from .conftest import CRITERIA, KEY, OPENING, ZONE, row_of, shanghai


def test_opening_makes_a_unit_per_department_and_one_of_heads(quarter, at_work):
    units = {unit.name: unit for unit in AppraisalUnit.objects.filter(quarter=quarter).select_related("department", "scorer")}
    assert set(units) == {"Engineering", "Gardens", "Company office", "Heads of departments"}
    assert units["Engineering"].scorer.user_id == at_work.head.pk
    assert units["Heads of departments"].scorer.user_id == at_work.manager.pk
    assert [row.employee.name for row in rows_of(units["Heads of departments"])] == ["Shen Ke", "Gu Yan"]


def test_department_without_head_goes_to_the_manager(quarter, at_work):
    unit = AppraisalUnit.objects.get(quarter=quarter, department__name="Company office")
    assert (unit.scorer.user_id, unit.stage) == (at_work.manager.pk, "manager")


def test_the_manager_is_not_appraised(quarter, at_work):
    assert not Appraisal.objects.filter(employee__user=at_work.manager).exists()


def test_timetable_is_ten_days_and_ten_working_days(quarter):
    assert quarter.closes_at == datetime(2026, 10, 10, 18, tzinfo=ZONE)
    assert quarter.lock_at == datetime(2026, 10, 24, tzinfo=ZONE)


def test_opening_twice_changes_nothing(quarter):
    again = open_quarter(key=KEY, at=OPENING + timedelta(days=2))
    assert again == quarter
    assert AppraisalQuarter.objects.count() == 1
    assert Notice.objects.filter(event="appraisal.opened").count() == 4


def test_quarter_that_is_not_over_is_refused(at_work):
    with pytest.raises(ValueError, match="not over"):
        open_quarter(key=KEY, at=OPENING - timedelta(seconds=1))


def test_criteria_published_during_the_quarter_do_not_bind_it(at_work):
    late = publish_standard(
        criteria=[NewCriterion(f"Other {name}", "") for name in CRITERIA], by=None, at=datetime(2026, 7, 1, tzinfo=ZONE)
    )
    assert open_quarter(key=KEY, at=OPENING).standard != late
    assert open_quarter(key=QuarterKey(2026, 4), at=datetime(2027, 1, 1, tzinfo=ZONE)).standard == late


def test_without_published_criteria_nothing_opens(at_work):
    assert open_quarter(key=QuarterKey(2026, 2), at=OPENING) is None


def test_four_criteria_are_refused(at_work):
    with pytest.raises(ValueError, match="five criteria"):
        publish_standard(criteria=[NewCriterion(name, "") for name in CRITERIA[:4]], by=None, at=OPENING)


def test_leave_and_probation_are_not_ranked_with_the_reason(at_work):
    away, new = (at_work.employee(user) for user in at_work.people[:2])
    record_span(
        employee=away, kind="leave", starts_on=date(2026, 8, 10), ends_on=date(2026, 12, 1), by=at_work.officer, at=OPENING
    )
    record_span(
        employee=new, kind="probation", starts_on=date(2026, 7, 1), ends_on=date(2027, 1, 1), by=at_work.officer, at=OPENING
    )
    quarter = open_quarter(key=KEY, at=OPENING)
    first, second = (row_of(quarter, user) for user in at_work.people[:2])
    assert (first.reason, first.days, first.leave_days) == ("leave", 40, 52)
    assert second.reason == "probation"
    assert EmploymentSpan.objects.count() == 2


def test_transfer_is_appraised_where_most_days_were_worked(at_work):
    moving = at_work.employee(at_work.people[0])
    transfer_employee(employee=moving, to=at_work.small, moved_on=date(2026, 7, 11), by=at_work.officer, at=OPENING)
    row = row_of(open_quarter(key=KEY, at=OPENING), at_work.people[0])
    assert (row.department, row.unit.department, row.days, row.elsewhere_days) == (at_work.small, at_work.small, 82, 10)


def test_department_of_nobody_to_rank_needs_no_sheet(at_work):
    for user in at_work.few:
        record_span(
            employee=at_work.employee(user),
            kind="leave",
            starts_on=date(2026, 7, 1),
            ends_on=date(2026, 10, 1),
            by=None,
            at=OPENING,
        )
    quarter = open_quarter(key=KEY, at=OPENING)
    assert AppraisalUnit.objects.get(quarter=quarter, department=at_work.small).state == "submitted"


def test_the_clock_opens_once_the_quarter_is_over(staff):
    run_everything_due(OPENING - timedelta(seconds=1))
    with company_scope(staff.company.pk):
        assert not AppraisalQuarter.objects.exists()
    run_everything_due(OPENING)
    run_everything_due(OPENING + timedelta(minutes=1))
    with company_scope(staff.company.pk):
        assert AppraisalQuarter.objects.get().key == KEY


def test_downtime_of_three_weeks_gives_the_heads_their_ten_days(staff):
    run_everything_due(shanghai(10, 20))
    with company_scope(staff.company.pk):
        quarter = AppraisalQuarter.objects.get()
        assert quarter.closes_at == datetime(2026, 10, 29, 18, tzinfo=ZONE)
        assert set(AppraisalUnit.objects.values_list("stage", flat=True)) == {"head", "manager"}


def test_downtime_over_two_openings_appraises_both_quarters(staff):
    run_everything_due(OPENING - timedelta(days=1))
    run_everything_due(datetime(2027, 1, 4, tzinfo=ZONE))
    run_everything_due(datetime(2027, 1, 4, tzinfo=ZONE))
    with company_scope(staff.company.pk):
        assert [str(quarter) for quarter in AppraisalQuarter.objects.order_by("period")] == ["2026Q3", "2026Q4"]
        assert Appraisal.objects.values("employee", "quarter").distinct().count() == Appraisal.objects.count()
