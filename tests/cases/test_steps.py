"""The steps of a case, and what its clocks do."""

from datetime import timedelta

import pytest

from propman.cases import services
from propman.cases.models import Case, Evidence
from propman.cases.services import Decision
from propman.cases.workflow import BadInput, MoveNotAllowed, NotYours
from propman.community.services.staff import end_employment
from propman.notify.models import Notice

from .conftest import DAY, HOUR, START, WORDS, breach, bring, draft


def told(event: str) -> list[str]:
    return sorted(Notice.objects.filter(event=f"case.{event}").values_list("user__name", flat=True))


def test_drafting_twice_makes_one_case(court):
    found = [breach(court.employee(court.clerk)), breach(court.employee(court.colleague), "complaint:2:accept")]
    assert len(services.draft_cases(breaches=found, at=START)) == 2
    assert services.draft_cases(breaches=found, at=START + DAY) == []
    assert Case.objects.count() == Evidence.objects.count() == 2
    assert told("drafted") == ["Head Shen", "Head Shen"]


def test_many_drafts_cost_as_many_queries_as_one(court, django_assert_max_num_queries):
    clerk = court.employee(court.clerk)
    with django_assert_max_num_queries(16):
        services.draft_cases(breaches=[breach(clerk, f"complaint:{n}:accept") for n in range(60)], at=START)


def test_confirmed_case_gives_notice_and_a_decider(court):
    case = bring(court, "opened")
    assert (case.decider.name, case.due_at) == ("Manager Ran", START + HOUR + 7 * DAY)
    assert told("opened") == ["Clerk Tao"]


def test_dropped_draft_stays_with_its_reason(court):
    case = bring(court, "dropped")
    assert (case.judgement, case.judged_by.name, case.due_at) == (WORDS["text"], "Head Shen", None)
    assert told("opened") == []


def test_dropping_without_reason_is_refused(court):
    with pytest.raises(BadInput):
        services.drop_case(case=draft(court), by=court.employee(court.head), at=START, text=" \u200f ")


def test_draft_left_lying_opens_a_second_case(court):
    case = draft(court)
    services.advance_cases(START + 3 * DAY - HOUR)
    assert Case.objects.get().state == "drafted"
    services.advance_cases(START + 3 * DAY)
    first, second = Case.objects.order_by("pk")
    assert (first.pk, first.state, first.judged_by, first.decider.name) == (case.pk, "opened", None, "Manager Ran")
    assert (second.accused.name, second.ground, second.about, second.state) == ("Head Shen", "silent_head", first, "opened")
    assert told("opened") == ["Clerk Tao", "Head Shen"]


def test_sweeping_again_changes_nothing(court):
    draft(court)
    at = START + 3 * DAY
    assert services.advance_cases(at) == 1
    before = list(Case.objects.order_by("pk").values())
    assert services.advance_cases(at) == 0
    assert list(Case.objects.order_by("pk").values()) == before


def test_head_is_too_late_before_the_sweep_came(court):
    case = draft(court)
    with pytest.raises(MoveNotAllowed):
        services.drop_case(case=case, by=court.employee(court.head), at=START + 3 * DAY, **WORDS)


def test_case_against_a_head_is_judged_above_him(court):
    case = draft(court, court.head)
    assert case.head.name == "Manager Ran"
    services.confirm_case(case=case, by=case.head, at=START, **WORDS)
    assert Case.objects.get().decider.name == "Officer Bai"


def test_silence_goes_on_without_a_reply(court):
    case = bring(court, "opened")
    services.advance_cases(case.due_at)
    case.refresh_from_db()
    assert (case.state, case.reply) == ("ready", "")
    with pytest.raises(MoveNotAllowed):
        services.reply_to_case(case=case, by=court.employee(court.clerk), at=case.due_at, text="Late")


def test_nothing_is_decided_before_the_hearing(court):
    case = bring(court, "opened")
    with pytest.raises(MoveNotAllowed):
        services.decide_case(case=case, by=case.decider, at=START + DAY, decision=Decision("warning"), **WORDS)


def test_new_evidence_gives_the_whole_time_again(court):
    case = bring(court, "opened", is_serious=False)
    services.add_evidence(case=case, by=case.decider, at=START + 5 * DAY, text="The call was recorded.", is_serious=True)
    case.refresh_from_db()
    assert (case.due_at, case.is_serious, Evidence.objects.filter(case=case).count()) == (START + 12 * DAY, True, 2)
    assert told("evidence") == ["Clerk Tao"]


@pytest.mark.parametrize(
    ("decision", "field"),
    [(Decision("pay", 0, "4.2"), "amount"), (Decision("pay", 500, " "), "clause"), (Decision("prison"), "measure")],
)
def test_half_a_measure_is_refused(court, decision, field):
    case = bring(court, "ready")
    with pytest.raises(BadInput) as refused:
        services.decide_case(case=case, by=case.decider, at=START + DAY, decision=decision, **WORDS)
    assert refused.value.field == field


def test_dismissal_needs_a_serious_case(court):
    case = bring(court, "ready", is_serious=False)
    with pytest.raises(BadInput):
        services.decide_case(case=case, by=case.decider, at=START + DAY, decision=Decision("dismissal"), **WORDS)


def test_dismissal_is_the_general_managers_alone(court):
    case = draft(court, court.head)
    services.confirm_case(case=case, by=case.head, at=START, is_serious=True, **WORDS)
    services.reply_to_case(case=case, by=court.employee(court.head), at=START, text="No")
    officer = court.employee(court.officer)
    with pytest.raises(BadInput):
        services.decide_case(case=case, by=officer, at=START, decision=Decision("dismissal"), **WORDS)
    services.decide_case(case=case, by=officer, at=START, decision=Decision("demotion"), **WORDS)


def test_general_manager_recommends_dismissal_of_a_serious_case(court):
    assert bring(court, "decided", measure="dismissal").measure == "dismissal"


def test_decision_without_appeal_stands_after_seven_days(court):
    case = bring(court, "decided")
    services.advance_cases(case.due_at - HOUR)
    assert Case.objects.get().state == "decided"
    services.advance_cases(case.due_at)
    case.refresh_from_db()
    assert (case.state, case.final_measure, case.final_amount) == ("closed", "pay", 20000)
    assert case.closed_at == START + 3 * HOUR + 7 * DAY


def test_appeal_goes_to_somebody_who_took_no_part(court):
    case = bring(court, "appealed")
    assert case.reviewer.name == "Officer Bai"
    assert case.reviewer_id not in {case.accused_id, case.head_id, case.decider_id}
    with pytest.raises(NotYours):
        services.review_appeal(case=case, by=case.decider, at=START + DAY, verdict="kept", **WORDS)


def test_appeal_can_end_in_a_smaller_sum_only(court):
    case = bring(court, "appealed")
    for heavier in (Decision("pay", 20000), Decision("pay", 30000), Decision("demotion")):
        with pytest.raises(BadInput):
            services.review_appeal(case=case, by=case.reviewer, at=START + DAY, verdict="lighter", decision=heavier, **WORDS)
    lighter = Decision("pay", 5000)
    services.review_appeal(case=case, by=case.reviewer, at=START + DAY, verdict="lighter", decision=lighter, **WORDS)
    case.refresh_from_db()
    assert (case.amount, case.final_measure, case.final_amount) == (20000, "pay", 5000)


def test_lifted_decision_leaves_no_measure(court):
    case = bring(court, "appealed")
    services.review_appeal(case=case, by=case.reviewer, at=START + DAY, verdict="lifted", **WORDS)
    case.refresh_from_db()
    assert (case.measure, case.final_measure) == ("pay", "none")


def test_whoever_decides_is_reminded_every_week(court):
    case = bring(court, "ready")
    services.advance_cases(START + 8 * DAY)
    services.advance_cases(START + 16 * DAY)
    case.refresh_from_db()
    assert case.state == "ready"
    assert told("waits") == ["Manager Ran", "Manager Ran"]


def test_draft_of_a_leaving_head_goes_to_the_manager(court):
    case = draft(court)
    end_employment(employee=court.employee(court.head), by=None, at=START + DAY)
    case.refresh_from_db()
    assert (case.head.name, case.due_at) == ("Manager Ran", START + 4 * DAY)
    services.advance_cases(START + 4 * DAY)
    assert Case.objects.get(about=case).accused.name == "Manager Ran"


def test_appeal_of_a_leaving_reviewer_finds_another(court):
    case = bring(court, "appealed")
    end_employment(employee=court.employee(court.officer), by=None, at=START + DAY)
    case.refresh_from_db()
    assert case.reviewer.name == "Head Gu"


def test_long_downtime_shortens_nobodys_time(court):
    draft(court)
    services.advance_cases(START + 30 * DAY)
    assert set(Case.objects.values_list("due_at", flat=True)) == {START + 30 * DAY + timedelta(days=7)}
