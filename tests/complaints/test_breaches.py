"""Which breaches draft a case, against whom, with what evidence; and that nothing drafts twice."""

from datetime import timedelta

import pytest
from django.db import connection, transaction

from complaints import services
from complaints.jobs import DRAFTING
from complaints.services.breaches import draft_from_breaches
from complaints.workflow import BadInput, MoveNotAllowed, NotYours
from propman.cases.models import Case, Evidence
from propman.community.models import Employee
from propman.community.services.staff import end_employment
from propman.tenancy.models import JobRun
from tests.conftest import signed_in
from tests.factories.complaints import START, make_complaint

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def drafted(until=START + 30 * DAY) -> list[tuple[str, str, str]]:
    draft_from_breaches(since=START - DAY, until=until)
    rows = Case.objects.order_by("pk").values_list("source", "ground", "accused__name")
    return list(rows)


@pytest.fixture
def asked(policy, household, head, staff):
    """A complaint of which the office's head was asked first."""
    return make_complaint(household=household, first_asked=staff(head))


def test_missed_accept_clock_drafts_a_case(asked, agent, manager):
    services.fire_due_timers(START + 2 * HOUR)
    assert drafted() == [("clock", "indifferent", "Head")]
    case = Case.objects.select_related("head").get()
    assert (case.subject, case.head.name) == (asked.number, "Manager")  # nobody judges himself
    names = list(Evidence.objects.order_by("at", "pk").values_list("event", flat=True))
    assert names[0] == "complaint.received"
    assert names[-1] == "complaint.escalated"
    assert all(len(digest) == 64 for digest in Evidence.objects.values_list("event_hash", flat=True))


def test_accepted_in_time_drafts_nothing(asked, head, staff, agent, manager):
    services.accept_complaint(complaint=asked, by=staff(head), at=START + timedelta(minutes=5))
    services.fire_due_timers(START + 20 * DAY)
    assert drafted() == []


def test_web_complaint_that_nobody_took_is_the_centres(complaint, agent, manager, centre, staff):
    services.fire_due_timers(START + 2 * HOUR)
    [(source, _ground, accused)] = drafted()
    assert (source, accused) == ("clock", "Manager")  # the centre of this company has neither head nor duty manager


def test_drafting_again_changes_nothing(asked, agent, manager):
    services.fire_due_timers(START + 2 * HOUR)
    first = drafted()
    assert drafted() == first
    services.fire_due_timers(START + 20 * DAY)
    assert drafted() == first


def handed_over_and_refused(complaint, giver, receiver) -> None:
    services.accept_complaint(complaint=complaint, by=giver, at=START + timedelta(minutes=2))
    services.hand_over_complaint(
        complaint=complaint, by=giver, at=START + timedelta(minutes=3), reason="It is the office's", to_employee=receiver
    )
    services.refuse_complaint(complaint=complaint, by=receiver, at=START + timedelta(minutes=4), reason="Not our wall")


def test_refusal_that_leaves_it_with_nobody_drafts_a_case(asked, head, agent, manager, staff):
    handed_over_and_refused(asked, staff(head), staff(agent))
    services.fire_due_timers(START + 20 * DAY)
    assert drafted() == [("refusal", "deceived", "Agent")]
    assert "Not our wall" in Evidence.objects.values_list("text", flat=True)


def test_refusal_after_which_somebody_acts_drafts_nothing(asked, head, agent, manager, staff):
    handed_over_and_refused(asked, staff(head), staff(agent))
    services.answer_complaint(complaint=asked, by=staff(head), at=START + timedelta(minutes=6), text="We come at six.")
    services.fire_due_timers(START + 20 * DAY)
    assert drafted() == []


def test_breach_of_somebody_who_left_drafts_nothing(asked, head, agent, manager, staff):
    services.fire_due_timers(START + 2 * HOUR)
    end_employment(employee=staff(head), by=None, at=START + 3 * HOUR)
    assert drafted() == []


def test_job_killed_at_any_statement_drafts_each_case_once(asked, agent, manager):
    services.fire_due_timers(START + 2 * HOUR)

    class KilledError(Exception):
        pass

    def dies_at(statement: int):
        done = 0

        def count(execute, sql, params, many, context):
            nonlocal done
            done += 1
            if done == statement:
                raise KilledError
            return execute(sql, params, many, context)

        return count

    killed = 0
    for statement in range(1, 30):
        try:
            with transaction.atomic(), connection.execute_wrapper(dies_at(statement)):
                draft_from_breaches(since=START - DAY, until=START + 3 * HOUR)
            break
        except KilledError:
            killed += 1
            assert Case.objects.count() == 0
    assert killed > 5
    assert drafted() == [("clock", "indifferent", "Head")]


def test_hourly_job_looks_back_to_the_last_one_done(asked, agent, manager, company):
    services.fire_due_timers(START + 2 * HOUR)
    company.created_at = START - DAY
    [period] = DRAFTING.periods(company, START, START + 3 * HOUR)
    assert period.due_at == START + 3 * HOUR
    assert list(DRAFTING.periods(company, period.due_at, START + 3 * HOUR)) == []

    done = JobRun.objects.create(
        company=company, job=DRAFTING.name, period="earlier", due_at=START + 9 * DAY, done_at=START + 9 * DAY
    )
    DRAFTING.run(company, "later", START + 9 * DAY + HOUR)
    assert Case.objects.count() == 0  # older than the last one done: that one has drafted it
    JobRun.objects.filter(pk=done.pk).update(done_at=START + 2 * HOUR)
    DRAFTING.run(company, "later", START + 9 * DAY + HOUR)
    assert Case.objects.count() == 1


def test_first_run_drafts_whatever_happened_before(asked, agent, manager, company):
    services.fire_due_timers(START + 2 * HOUR)
    company.created_at = START - DAY
    DRAFTING.run(company, "first", START + 9 * DAY)
    assert Case.objects.count() == 1


def test_askers_word_drafts_a_case_against_whom_he_asked(asked, owner, head, agent, manager, staff):
    services.tell_first_asked(
        complaint=asked, by=owner, at=START + HOUR, helped="no_guidance", asked="agent", text="Told me to call elsewhere"
    )
    assert drafted(START + 2 * HOUR) == [("asker", "no_guidance", "Agent")]
    assert "Told me to call elsewhere" in Evidence.objects.values_list("text", flat=True)


def test_asker_who_was_helped_drafts_nothing(asked, owner, agent, manager):
    services.tell_first_asked(complaint=asked, by=owner, at=START + HOUR, helped="yes")
    assert drafted(START + 2 * HOUR) == []


def test_asker_says_it_once(asked, owner, agent, manager):
    services.tell_first_asked(complaint=asked, by=owner, at=START + HOUR, helped="deceived")
    with pytest.raises(MoveNotAllowed):
        services.tell_first_asked(complaint=asked, by=owner, at=START + HOUR, helped="deceived")
    with pytest.raises(BadInput):
        services.record_call_back(complaint=asked, by=Employee.objects.get(user=agent), at=START + HOUR, helped="maybe")


def test_name_that_nobody_bears_is_the_heads_to_answer(complaint, owner, head, manager):
    services.tell_first_asked(complaint=complaint, by=owner, at=START + HOUR, helped="indifferent", asked="The tall one")
    assert drafted(START + 2 * HOUR) == [("asker", "indifferent", "Head")]


def test_call_back_drafts_a_case_and_is_the_centres_alone(asked, head, agent, manager, staff):
    with pytest.raises(NotYours):
        services.record_call_back(complaint=asked, by=staff(head), at=START + HOUR, helped="deceived")
    services.record_call_back(complaint=asked, by=staff(agent), at=START + HOUR, helped="deceived")
    assert drafted(START + 2 * HOUR) == [("call_back", "deceived", "Head")]


def test_words_of_a_confidential_asker_are_no_evidence(policy, household, owner, head, agent, manager, staff):
    hidden = make_complaint(household=household, first_asked=staff(head), is_confidential=True)
    services.tell_first_asked(
        complaint=hidden, by=owner, at=START + HOUR, helped="deceived", text="It is I, Owner, of room 101"
    )
    services.record_call_back(
        complaint=hidden, by=staff(agent), at=START + HOUR, helped="deceived", text="Owner of room 101 says so"
    )
    assert len(drafted(START + 2 * HOUR)) == 2
    assert not Evidence.objects.filter(text__contains="Owner").exists()


def test_asker_answers_on_a_page_without_scripts(owner, asked):
    client = signed_in(owner)
    page = f"/lanting/complaints/{asked.number}/"
    assert f"{asked.number}/tell/" in client.get(page).content.decode()
    assert client.post(f"{page}tell/", {"asked": "Somebody"}).status_code == 422
    assert client.post(f"{page}tell/", {"helped": "deceived", "asked": "", "text": ""}).status_code == 302
    assert client.post(f"{page}tell/", {"helped": "deceived"}).status_code == 409
