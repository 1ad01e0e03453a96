"""Whatever anybody does with complaints, what an office received never becomes less; rankings reward answers, never silence."""

from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from complaints import services
from complaints.figures import complaints_of_office, office_facts
from complaints.models import Complaint, Contact
from complaints.selectors.counting import register_of
from complaints.selectors.figures import Slice, lines
from complaints.workflow import NotYours, Refused, State
from propman.community.models import Employee
from tests.factories import make_community, make_department, make_employee
from tests.factories.complaints import START, make_category, make_complaint

pytestmark = pytest.mark.django_db

VERBS = [
    "accept", "offer", "take", "refuse", "answer", "recategorise", "merge", "take_over", "wait", "defer", "resolve", "confirm",
    "half_fix", "reopen", "withdraw", "correct", "wake", "call_back",
]  # fmt: skip


def act(verb: str, complaint: Complaint, other: Complaint, people: dict[str, Employee], owner, at) -> None:
    """One verb by whoever may do it, on whatever state the complaint is in."""
    centre, head = people["centre"], people["head"]
    handler = Complaint.objects.select_related("handler__department").get(pk=complaint.pk).handler or centre
    by_handler = {"complaint": complaint, "by": handler, "at": at}
    by_centre = {"complaint": complaint, "by": centre, "at": at}
    by_asker = {"complaint": complaint, "by": owner, "at": at}
    match verb:
        case "accept":
            services.accept_complaint(**by_handler)
        case "offer":
            services.hand_over_complaint(**by_handler, reason="Yours.", to_employee=people["rival"])
        case "take":
            services.take_complaint(complaint=complaint, by=people["rival"], at=at)
        case "refuse":
            services.refuse_complaint(complaint=complaint, by=people["rival"], at=at, reason="Not ours.")
        case "answer":
            services.answer_complaint(**by_handler, text="We are on it.")
        case "recategorise":
            services.recategorise_complaint(**by_centre, category=make_category("lift", "Lift", "电梯"), severity="urgent")
        case "merge":
            services.merge_complaint(**by_centre, into=other)
        case "take_over":
            services.take_over_complaint(**by_centre)
        case "wait":
            services.wait_for_asker(**by_handler, text="When?")
        case "defer":
            services.defer_complaint(**by_centre, reason="A part.", until=at + timedelta(days=2))
        case "resolve":
            services.resolve_complaint(**by_handler, text="Done.")
        case "confirm":
            services.confirm_complaint(**by_asker)
        case "half_fix":
            services.half_fix_complaint(**by_asker, text="Half.")
        case "reopen":
            services.reopen_complaint(**by_asker, text="Again.")
        case "withdraw":
            services.withdraw_complaint(**by_asker)
        case "correct":
            services.correct_complaint(**by_centre, reason="A typing error.", asker_name="Another", asker_phone="1")
        case "wake":
            services.wake_complaints(at + timedelta(days=9))
        case "call_back":
            services.record_call_back(**by_centre, helped="yes", fixed="no", text="No.")
    assert head is not None


@pytest.fixture
def people(policy, household, owner, office, centre, agent, head, company) -> dict[str, Employee]:
    place = make_community(company, "rival-garden")
    rival = make_department(company, office.kind, community=place, name="Rival office")
    users = {"centre": agent, "head": head, "rival": make_employee(rival, name="Rival")}
    return {name: Employee.objects.select_related("department").get(user=user) for name, user in users.items()}


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(VERBS), st.booleans()), min_size=3, max_size=14))
def test_received_of_an_office_never_becomes_less(people, household, owner, office, community, company, steps):
    ours = [make_complaint(household=household, first_asked=people["head"], at=START) for _n in range(2)]
    received = Contact.objects.filter(office=office).count()
    at = START
    for verb, is_second in steps:
        at += timedelta(minutes=7)
        with suppress(Refused):
            act(verb, ours[is_second], ours[not is_second], people, owner, at)
        assert Contact.objects.filter(office=office).count() == received
        assert Complaint.objects.filter(office=office).count() == received
        (month,) = register_of(community, company, at=at + timedelta(days=20))
        assert month.received == received
        assert received_everywhere(office, company, at) == {received}


def received_everywhere(office, company, at) -> set[int]:
    """What the register, the figures and the ranking of offices say that the office received."""
    until = at + timedelta(days=20)
    of = Slice(START.date() - timedelta(days=1), until.date(), company.timezone)
    ranked = office_facts(START, until)[office.pk]
    counted = [line.received for line in lines("office", of) if line.key == office.pk]
    months = [one.received for one in register_of(office.community, company, at=until)]
    behind = complaints_of_office(office.pk, "contacts", START, until).count()
    return {ranked.contacts, behind, sum(months), sum(counted), Contact.objects.filter(office=office).count()}


@pytest.mark.parametrize("verb", ["merge", "withdraw", "recategorise", "offer", "take", "take_over", "confirm"])
def test_each_verb_leaves_every_count_of_what_was_received(verb, people, household, owner, office, company):
    one, other = (make_complaint(household=household, first_asked=people["head"], at=START) for _n in range(2))
    at = START + timedelta(minutes=3)
    before = {"offer": ["accept"], "take": ["accept", "offer"], "confirm": ["accept", "resolve"]}.get(verb, [])
    for step in [*before, verb]:
        at += timedelta(minutes=7)
        one.refresh_from_db()
        act(step, one, other, people, owner, at)
    assert received_everywhere(office, company, at) == {2}


def test_merged_contact_is_answered_and_verified_with_the_other_one(people, household, owner, office, company):
    one, other = (make_complaint(household=household, first_asked=people["head"], at=START) for _n in range(2))
    for minutes, verb in enumerate(["accept", "merge", "answer", "resolve", "confirm"], start=10):
        complaint, into = (one, other) if verb == "merge" else (other, one)
        act(verb, complaint, into, people, owner, START + timedelta(minutes=minutes))
    facts = office_facts(START, START + timedelta(days=1))[office.pk]
    assert (facts.contacts, facts.on_time, facts.verified) == (2, 2, 2)


def test_withdrawn_contact_is_received_and_never_verified(people, household, owner, office):
    complaint = make_complaint(household=household, first_asked=people["head"], at=START)
    services.withdraw_complaint(complaint=complaint, by=owner, at=START + timedelta(minutes=5))
    facts = office_facts(START, START + timedelta(days=1))[office.pk]
    assert (facts.contacts, facts.on_time, facts.verified) == (1, 0, 0)


def resolved(household, people) -> Complaint:
    complaint = make_complaint(household=household, first_asked=people["head"])
    services.accept_complaint(complaint=complaint, by=people["head"], at=START + timedelta(minutes=1))
    return services.resolve_complaint(complaint=complaint, by=people["head"], at=START + timedelta(minutes=2), text="Done.")


def test_office_does_not_close_on_its_own_word(people, household, owner):
    complaint = resolved(household, people)
    assert complaint.state == State.RESOLVED
    assert services.wake_complaints(START + timedelta(days=6)) == 0
    services.wake_complaints(START + timedelta(days=8))
    complaint.refresh_from_db()
    assert (complaint.state, complaint.closed_as) == (State.CLOSED, "silent")


def test_office_neither_merges_nor_takes_over(people, household):
    one, other = make_complaint(household=household, first_asked=people["head"]), make_complaint(household=household)
    with pytest.raises(NotYours):
        services.merge_complaint(complaint=one, into=other, by=people["head"], at=START)
    with pytest.raises(NotYours):
        services.take_over_complaint(complaint=one, by=people["head"], at=START)
    with pytest.raises(NotYours):
        services.record_call_back(complaint=one, by=people["head"], at=START, helped="yes")


@pytest.mark.parametrize("verb", ["confirm", "withdraw", "merge", "call-back", "take-over"])
def test_pages_refuse_the_office_what_would_close_it(people, household, head, client_of, verb):
    complaint = resolved(household, people)
    answer = client_of(head).post(
        f"/lanting/complaints/{complaint.number}/{verb}/", {"text": "It is over.", "into": complaint.number, "helped": "yes"}
    )
    assert answer.status_code in {403, 404, 409, 422}
    complaint.refresh_from_db()
    assert complaint.state == State.RESOLVED
