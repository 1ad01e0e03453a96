"""Call-backs: drawn by a secret that the day's head decides, called by the centre, counted for the office."""

from datetime import UTC, date, datetime, timedelta

import pytest

from complaints import counted, services
from complaints.figures import complaints_of_office, office_facts
from complaints.models import CallBack, CallBackDraw, Complaint
from complaints.selectors.counting import call_back_results, sealed_days
from complaints.services.counting import publish_counting_policy
from complaints.services.drawing import commitment_of, draw_call_backs, drawn_numbers, give_up_call_backs, record_not_reached
from complaints.services.sealing import make_head
from complaints.workflow import BadInput, MoveNotAllowed, NotYours, State
from tests.factories.complaints import START, make_complaint

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 2)
NIGHT = datetime(2026, 3, 2, 17, 0, tzinfo=UTC)  # after midnight in Shanghai
PAGE = "/lanting/complaints/call-backs/"


@pytest.fixture
def closings(policy, household, owner, office, staff, head) -> list[Complaint]:
    """Twelve complaints of the office that their asker confirmed, and one that is open."""
    found = []
    for n in range(12):
        complaint = make_complaint(household=household, first_asked=staff(head), at=START + timedelta(minutes=n))
        services.accept_complaint(complaint=complaint, by=staff(head), at=START + timedelta(minutes=n + 1))
        services.resolve_complaint(complaint=complaint, by=staff(head), at=START + timedelta(minutes=n + 2), text="Done.")
        services.confirm_complaint(complaint=complaint, by=owner, at=START + timedelta(hours=1, minutes=n))
        found.append(complaint)
    make_complaint(household=household)
    return found


@pytest.fixture
def draw(closings, company) -> CallBackDraw:
    return draw_call_backs(company=company, head=make_head(company=company, day=DAY, at=NIGHT), at=NIGHT)


@pytest.fixture
def drawn(draw) -> CallBack:
    return CallBack.objects.select_related("complaint").order_by("pk").first()


def call(complaint: Complaint, staff, agent, **said) -> Complaint:
    said = {"helped": "yes", "fixed": "yes"} | said
    return services.record_call_back(complaint=complaint, by=staff(agent), at=NIGHT + timedelta(hours=9), **said)


def test_tenth_of_the_closings_is_drawn_rounded_up(draw, closings):
    assert sorted(draw.closings) == sorted(complaint.pk for complaint in closings)
    assert CallBack.objects.count() == 2
    assert set(CallBack.objects.values_list("complaint_id", flat=True)) <= set(draw.closings)


def test_draw_follows_from_its_seed_and_is_not_repeated(draw, company, closings):
    numbers = {complaint.number: complaint.pk for complaint in closings}
    again = [numbers[number] for number in drawn_numbers(draw.seed, list(numbers), 10)]
    assert sorted(again) == sorted(CallBack.objects.values_list("complaint_id", flat=True))
    assert commitment_of(draw.seed) == draw.commitment
    assert draw_call_backs(company=company, head=draw.head, at=NIGHT + timedelta(days=1)).pk == draw.pk
    assert CallBackDraw.objects.count() == 1
    assert list(counted.call_backs(company)) == []


def test_every_closing_is_drawn_as_often_as_any_other():
    numbers = [f"2026-{n:06}" for n in range(20)]
    often = dict.fromkeys(numbers, 0)
    for day in range(2000):
        for number in drawn_numbers(commitment_of(str(day)), numbers, 10):
            often[number] += 1
    assert sum(often.values()) == 4000
    assert all(140 < count < 260 for count in often.values())  # 200 each, four standard deviations of 13.4


def test_setting_says_how_many_are_drawn(closings, company):
    publish_counting_policy(call_back_percent=50, match_minutes=60, alarm_per_mille=10, by=None, at=START)
    draw = draw_call_backs(company=company, head=make_head(company=company, day=DAY, at=NIGHT), at=NIGHT)
    assert CallBack.objects.filter(draw=draw).count() == 6


def test_withdrawn_complaint_can_be_drawn(policy, household, owner, company):
    complaint = make_complaint(household=household)
    services.withdraw_complaint(complaint=complaint, by=owner, at=START + timedelta(hours=1))
    draw_call_backs(company=company, head=make_head(company=company, day=DAY, at=NIGHT), at=NIGHT)
    assert CallBack.objects.get().complaint_id == complaint.pk


def test_seed_is_published_two_weeks_later(draw):
    assert [day.seed for day in sealed_days(before=None, at=NIGHT + timedelta(days=13))] == [""]
    assert [day.seed for day in sealed_days(before=None, at=NIGHT + timedelta(days=14))] == [draw.seed]


def test_answer_ends_the_call_back_and_counts_for_the_office(drawn, staff, agent, company, office):
    call(drawn.complaint, staff, agent)
    drawn.refresh_from_db()
    assert (drawn.outcome, drawn.attempts) == ("verified", 1)
    (result,) = call_back_results(at=NIGHT + timedelta(days=1))
    assert (result.drawn, result.verified, result.waiting, result.percent) == (2, 1, 1, 100)
    assert list(counted.call_backs(company)) == []


def test_not_put_right_is_reopened_and_no_longer_verified(drawn, staff, agent, company, office):
    before = office_facts(START, NIGHT)[office.pk].verified
    complaint = call(drawn.complaint, staff, agent, fixed="no", text="It drips again.")
    assert complaint.state == State.ACCEPTED
    assert CallBack.objects.get(pk=drawn.pk).outcome == "refuted"
    assert office_facts(START, NIGHT)[office.pk].verified == before - 1
    assert drawn.complaint not in complaints_of_office(office.pk, "verified", START, NIGHT)
    assert list(counted.call_backs(company)) == []


def test_what_the_asker_says_on_the_phone_stays_the_askers_word(drawn, staff, agent, owner, client_of):
    page = f"/lanting/complaints/{call(drawn.complaint, staff, agent, fixed='no', text='Drips again.').number}/"
    told = client_of(agent).get(page).content.decode()
    assert f"<b>{owner.name}</b><span>says it is not fixed</span>" in told
    assert "<b>You</b> called back" in told
    assert "<b>You</b><time" in client_of(owner).get(page).content.decode()


def test_silent_closing_counts_as_verified_once_the_asker_says_so(policy, household, office, staff, head, agent, company):
    complaint = make_complaint(household=household, first_asked=staff(head))
    services.accept_complaint(complaint=complaint, by=staff(head), at=START)
    services.resolve_complaint(complaint=complaint, by=staff(head), at=START, text="Done.")
    night = NIGHT + timedelta(days=8)
    draw_call_backs(company=company, head=make_head(company=company, day=DAY + timedelta(days=7), at=night), at=night)
    assert CallBack.objects.get().complaint_id == complaint.pk
    assert office_facts(START, NIGHT)[office.pk].verified == 0
    services.record_call_back(complaint=complaint, by=staff(agent), at=night + timedelta(hours=9), helped="yes", fixed="yes")
    assert office_facts(START, NIGHT)[office.pk].verified == 1


def test_breach_said_on_the_phone_is_not_verified(drawn, staff, agent, office):
    call(drawn.complaint, staff, agent, helped="indifferent")
    assert CallBack.objects.get(pk=drawn.pk).outcome == "refuted"
    assert office_facts(START, NIGHT)[office.pk].verified == 11


def test_not_put_right_needs_words(drawn, staff, agent):
    with pytest.raises(BadInput):
        call(drawn.complaint, staff, agent, fixed="no")
    with pytest.raises(BadInput):
        call(drawn.complaint, staff, agent, fixed="perhaps")


def test_third_attempt_without_an_answer_ends_it(drawn, staff, agent, company):
    for n in range(3):
        record_not_reached(call_back=drawn, by=staff(agent), at=NIGHT + timedelta(hours=9 + n))
    drawn.refresh_from_db()
    assert (drawn.attempts, drawn.outcome) == (3, "unreached")
    with pytest.raises(MoveNotAllowed):
        record_not_reached(call_back=drawn, by=staff(agent), at=NIGHT + timedelta(hours=13))
    assert list(counted.call_backs(company)) == []


def test_call_back_that_nobody_made_ends_after_two_weeks(draw, company):
    assert give_up_call_backs(at=NIGHT + timedelta(days=13)) == 0
    assert give_up_call_backs(at=NIGHT + timedelta(days=15)) == 2
    assert give_up_call_backs(at=NIGHT + timedelta(days=15)) == 0
    assert list(counted.call_backs(company)) == []


def test_office_neither_calls_nor_sees_what_was_drawn(drawn, staff, head, client_of):
    with pytest.raises(NotYours):
        record_not_reached(call_back=drawn, by=staff(head), at=NIGHT)
    assert client_of(head).get(PAGE).status_code == 403
    assert client_of(head).post(f"{PAGE}{drawn.pk}/not-reached/").status_code == 403
    page = client_of(head).get(f"/lanting/complaints/{drawn.complaint.number}/").content.decode()
    assert "call-backs" not in page
    assert "called back" not in page


def test_page_shows_the_centre_whom_to_call_and_what_to_ask(drawn, agent, client_of):
    page = client_of(agent).get(PAGE).content.decode()
    assert "To call: 2" in page
    assert "tel:555 0100" in page
    assert "Is it put right?" in page
    answer = client_of(agent).post(f"{PAGE}{drawn.pk}/not-reached/", follow=True)
    assert "attempt 1 of 3" in answer.content.decode()


def test_manager_sees_results_but_no_names(drawn, manager, client_of, household):
    page = client_of(manager).get(PAGE).content.decode()
    assert "Results by office" in page
    assert "tel:" not in page
    assert client_of(manager).post(f"{PAGE}{drawn.pk}/not-reached/").status_code == 403
