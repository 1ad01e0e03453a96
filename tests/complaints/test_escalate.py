from datetime import timedelta

import pytest

from complaints import services
from complaints.models import Timer
from propman.community.models import DutyShift, Employee
from propman.tenancy.events import facts_of
from propman.tenancy.models import Event
from tests.factories.complaints import START, make_complaint

pytestmark = pytest.mark.django_db


@pytest.fixture
def on_duty(centre, agent, scope) -> Employee:
    employee = Employee.objects.get(user=agent)
    DutyShift.objects.create(
        department=centre, employee=employee, starts_at=START, ends_at=START + timedelta(days=30), is_lead=True
    )
    return employee


def escalations(complaint):
    events = Event.objects.filter(stream=f"complaint:{complaint.pk}", name="complaint.escalated").order_by("position")
    return [(facts["clock"], facts["level"], facts["to"]) for event in events if (facts := facts_of(event))]


def test_ladder_tells_named_people_and_centre_takes_over(policy, staff, head, manager, household, owner, office, on_duty):
    handler = staff(head)
    type(office).objects.filter(pk=office.pk).update(head=handler)
    complaint = make_complaint(household=household, first_asked=handler)
    services.accept_complaint(complaint=complaint, by=handler, at=START + timedelta(minutes=1))
    services.answer_complaint(complaint=complaint, by=handler, at=START + timedelta(minutes=2), text="We come at noon.")
    update = timedelta(minutes=1440)
    for share in (0.5, 0.8, 1.0, 1.5, 2.0):
        services.fire_due_timers(START + timedelta(minutes=2) + update * share)
    assert escalations(complaint) == [
        ("next_update", 80, handler.pk),
        ("next_update", 100, handler.pk),
        ("next_update", 150, on_duty.pk),
        ("next_update", 200, staff(manager).pk),
    ]
    complaint.refresh_from_db()
    assert complaint.handler == on_duty
    assert complaint.is_with_centre


def test_sweeping_twice_fires_once(complaint, on_duty):
    at = START + timedelta(minutes=50)
    assert services.fire_due_timers(at) == 1
    assert services.fire_due_timers(at) == 0
    assert escalations(complaint) == [("accept", 80, on_duty.pk)]


def test_long_downtime_fires_each_level_once(complaint, on_duty):
    services.fire_due_timers(START + timedelta(days=40))
    assert len(escalations(complaint)) == len(set(escalations(complaint))) == 12
    assert not Timer.objects.filter(fired_at=None, cancelled_at=None).exists()


def test_resolved_complaint_closes_after_silence(policy, staff, head, household, owner, office):
    handler = staff(head)
    complaint = make_complaint(household=household, first_asked=handler)
    services.accept_complaint(complaint=complaint, by=handler, at=START)
    services.resolve_complaint(complaint=complaint, by=handler, at=START, text="New seal fitted.")
    assert services.wake_complaints(START + timedelta(days=6, hours=23)) == 0
    assert services.wake_complaints(START + timedelta(days=8)) == 1
    complaint.refresh_from_db()
    assert (complaint.state, complaint.closed_as) == ("closed", "silent")
    assert complaint.closed_at == START + timedelta(days=7)
