"""The end of a shift: offered with a note, taken as a whole, and nothing stays with somebody who has gone."""

from datetime import timedelta

import pytest
from django.utils import timezone

from complaints import services
from complaints.jobs import end_shift, shifts_to_end
from complaints.models import Complaint, ShiftHandOver
from complaints.services.shifts import hand_over_shift, take_shift
from complaints.workflow import BadInput, MoveNotAllowed, NotYours
from propman.accounts.roles import Role
from propman.community.models import DutyShift, Employee
from propman.tenancy.events import broken_links
from tests.factories import make_employee
from tests.factories.complaints import make_complaint, make_policy

pytestmark = pytest.mark.django_db
SHIFT = "/lanting/complaints/shift/"


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def held(scope, now, household, owner, office, agent, staff) -> list[Complaint]:
    """Two that the agent has accepted, and one that waits for the asker."""
    make_policy(now - timedelta(days=30))
    made = [make_complaint(household=household, at=now - timedelta(hours=n + 1)) for n in range(3)]
    for complaint in made:
        services.accept_complaint(complaint=complaint, by=staff(agent), at=now)
    services.wait_for_asker(complaint=made[2], by=staff(agent), at=now, text="When may we come in?")
    return made


@pytest.fixture
def colleague(held, centre) -> Employee:
    user = make_employee(centre, Role.CENTRE_AGENT, name="Dong Yue")
    return Employee.objects.select_related("department").get(user=user)


def rota(employee: Employee, begins, ends, *, is_lead: bool = False) -> DutyShift:
    return DutyShift.objects.create(
        department=employee.department, employee=employee, starts_at=begins, ends_at=ends, is_lead=is_lead
    )


def handlers() -> set[str]:
    return set(Complaint.objects.values_list("handler__name", flat=True))


def test_shift_stays_with_the_giver_until_it_is_taken(held, colleague, staff, agent, now):
    given = hand_over_shift(by=staff(agent), to=colleague, note="The riser valve is closed.", at=now)
    assert handlers() == {"Agent"}
    assert take_shift(hand_over=given, by=colleague, at=now) == 3
    assert handlers() == {"Dong Yue"}
    assert list(broken_links("complaint:")) == []
    with pytest.raises(MoveNotAllowed):
        take_shift(hand_over=given, by=colleague, at=now)


def test_what_the_giver_has_finished_meanwhile_is_not_taken(held, colleague, staff, agent, now):
    given = hand_over_shift(by=staff(agent), to=colleague, note="", at=now)
    services.resolve_complaint(complaint=held[0], by=staff(agent), at=now, text="Done.")
    assert take_shift(hand_over=given, by=colleague, at=now) == 2


def test_shift_is_taken_by_its_receiver_only(held, colleague, staff, agent, manager, now):
    given = hand_over_shift(by=staff(agent), to=colleague, note="", at=now)
    with pytest.raises(NotYours):
        take_shift(hand_over=given, by=staff(agent), at=now)
    with pytest.raises(NotYours):
        hand_over_shift(by=staff(manager), to=colleague, note="", at=now)


def test_shift_goes_to_colleagues_of_the_centre_only(held, colleague, staff, agent, head, now):
    for to in (staff(agent), staff(head)):
        with pytest.raises(BadInput):
            hand_over_shift(by=staff(agent), to=to, note="", at=now)
    with pytest.raises(BadInput):
        hand_over_shift(by=colleague, to=staff(agent), note="", at=now)  # holds nothing


def test_what_stays_behind_goes_to_the_duty_manager(held, colleague, company, staff, agent, now):
    ended = rota(staff(agent), now - timedelta(hours=8), now - timedelta(minutes=1))
    rota(colleague, now - timedelta(minutes=1), now + timedelta(hours=8), is_lead=True)
    periods = [period.name for period in shifts_to_end(company, now - timedelta(days=2), now)]
    assert len(periods) == 1
    assert str(ended.pk) in periods[0]
    for _twice in range(2):
        end_shift(company, periods[0], now)
    assert handlers() == {"Dong Yue"}


def test_untaken_shift_goes_to_its_receiver_when_it_ends(held, colleague, company, centre, staff, agent, now):
    manager = staff(make_employee(centre, Role.DUTY_MANAGER, name="Pei An"))
    rota(manager, now - timedelta(hours=1), now + timedelta(hours=8), is_lead=True)
    ended = rota(staff(agent), now - timedelta(hours=8), now - timedelta(minutes=1))
    rota(colleague, now - timedelta(minutes=1), now + timedelta(hours=8))
    hand_over_shift(by=staff(agent), to=colleague, note="", at=now - timedelta(minutes=2))
    end_shift(company, f"{ended.pk}:x", now)
    assert handlers() == {"Dong Yue"}
    assert ShiftHandOver.objects.get().taken_at


def test_agent_who_is_on_duty_again_keeps_what_he_has(held, company, staff, agent, now):
    ended = rota(staff(agent), now - timedelta(hours=8), now - timedelta(minutes=1))
    rota(staff(agent), now - timedelta(minutes=1), now + timedelta(hours=8))
    end_shift(company, f"{ended.pk}:x", now)
    assert handlers() == {"Agent"}


def test_pages_of_the_hand_over(held, colleague, agent, head, client_of):
    client = client_of(agent)
    assert "Offer 3 complaints" in client.get(SHIFT).content.decode()
    assert client.post(SHIFT, {"to": "999999", "note": "Kept note"}).status_code == 422
    assert client.post(SHIFT, {"to": colleague.pk, "note": "The valve is closed."}).status_code == 302
    theirs = client_of(colleague.user)
    page = theirs.get(SHIFT).content.decode()
    assert "Agent leaves you 3 complaints" in page
    assert "The valve is closed." in page
    given = ShiftHandOver.objects.get()
    assert client.post(f"{SHIFT}{given.pk}/take/").status_code == 404
    assert "1 shift is left to you" in theirs.get("/lanting/complaints/queue/counts/").content.decode()
    theirs.post(f"{SHIFT}{given.pk}/take/")
    assert handlers() == {"Dong Yue"}
    assert client_of(head).get(SHIFT).status_code == 403
