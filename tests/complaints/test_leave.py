"""Nothing stays with somebody who leaves."""

from datetime import timedelta

import pytest

from complaints import services
from complaints.models import Complaint, Offer
from complaints.services.leaving import NobodyTakesOver
from complaints.workflow import State
from propman.community.models import Employee
from propman.community.services.staff import end_employment
from propman.tenancy.events import broken_links
from tests.factories.complaints import START

LATER = START + timedelta(hours=1)


def test_centre_takes_over_what_a_leaver_handles(complaint, staff, agent, head, manager):
    complaint = services.accept_complaint(complaint=complaint, by=staff(agent), at=START)
    services.hand_over_complaint(complaint=complaint, by=staff(agent), to_employee=staff(head), reason="Your lift.", at=START)
    services.take_complaint(complaint=complaint, by=staff(head), at=START)
    end_employment(employee=staff(head), by=manager, at=LATER)
    complaint = Complaint.objects.get(pk=complaint.pk)
    assert (complaint.handler, complaint.state, complaint.is_with_centre) == (staff(agent), State.ACCEPTED, True)
    assert not list(broken_links())


def test_offer_to_a_leaver_lapses(complaint, staff, agent, head, manager):
    services.accept_complaint(complaint=complaint, by=staff(agent), at=START)
    services.hand_over_complaint(complaint=complaint, by=staff(agent), to_employee=staff(head), reason="Your lift.", at=START)
    end_employment(employee=staff(head), by=manager, at=LATER)
    assert Offer.objects.get().outcome == Offer.Outcome.LAPSED
    assert Complaint.objects.get().handler == staff(agent)


def test_resolved_complaint_is_not_reopened_to_a_leaver(complaint, staff, agent, head, manager, owner):
    services.accept_complaint(complaint=complaint, by=staff(agent), at=START)
    services.resolve_complaint(complaint=complaint, by=staff(agent), at=START, text="Mended.")
    end_employment(employee=staff(agent), by=manager, at=LATER)
    complaint = Complaint.objects.get()
    assert (complaint.handler, complaint.state) == (staff(manager), State.RESOLVED)


def test_last_one_cannot_leave_with_open_complaints(complaint, staff, agent):
    services.accept_complaint(complaint=complaint, by=staff(agent), at=START)
    Employee.objects.exclude(user=agent).update(left_on=START.date())
    with pytest.raises(NobodyTakesOver):
        end_employment(employee=staff(agent), by=None, at=LATER)
    assert Complaint.objects.get().handler == staff(agent)
    assert staff(agent).left_on is None
