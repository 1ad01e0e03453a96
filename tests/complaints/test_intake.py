"""Phone intake: who calls, what is open there, the number to read out; each call is counted."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from complaints import services
from complaints.models import Complaint, Contact
from complaints.selectors.intake import callers
from complaints.services.calling import title_of
from complaints.workflow import State
from propman.community.models import Occupancy, Person
from tests.factories.complaints import make_category, make_complaint, make_policy

pytestmark = pytest.mark.django_db
INTAKE = "/lanting/complaints/intake/"
TODAY = date(2026, 3, 2)


@pytest.fixture
def resident(scope, household, owner) -> Occupancy:
    Person.objects.filter(user=owner).update(name="王小芳", phone="138 0013 8000")
    return Occupancy.objects.select_related("person", "household__room").get(person__user=owner)


@pytest.fixture
def desk(resident, office, agent, client_of):
    make_policy(timezone.now() - timedelta(days=30))
    return client_of(agent)


def call(desk, **said):
    given = {"kind": "complaint", "said": "The lift grinds. My mother is afraid.", "severity": "normal", "next": "me"}
    return desk.post(INTAKE, {**given, "category": make_category().pk, **said})


@pytest.mark.parametrize("said", ["王小芳", "小芳", "8000", "138 0013 8000", "13800138000", "1-1-1"])
def test_caller_is_found_by_name_phone_and_room(resident, said):
    Person.objects.filter(pk=resident.person_id).update(phone="13800138000")
    if said == "138 0013 8000":
        Person.objects.filter(pk=resident.person_id).update(phone=said)
    found = callers(resident.household.room.label if said == "1-1-1" else said, on=TODAY)
    assert [one.occupancy for one in found] == [resident]
    assert found[0].is_this_number == (len(said) >= 11)


@pytest.mark.parametrize("said", ["", "x", "李四", "9999", "%", "_"])
def test_nobody_is_found_by_other_words(resident, said):
    assert callers(said, on=TODAY) == []


def test_those_who_moved_out_do_not_call_from_there(resident):
    Occupancy.objects.filter(pk=resident.pk).update(ends_on=TODAY)
    assert callers("王小芳", on=TODAY) == []


def test_call_becomes_a_contact_with_number_and_code(desk, resident, staff, agent):
    answer = call(desk, caller=resident.pk)
    complaint = Complaint.objects.select_related("contact", "words").get()
    assert (complaint.contact.channel, complaint.state, complaint.handler) == ("phone", State.ACCEPTED, staff(agent))
    assert (complaint.contact.first_asked, complaint.room) == (staff(agent), resident.household.room)
    assert (complaint.words.title, complaint.words.asker_name) == ("The lift grinds", "王小芳")
    page = desk.get(answer["Location"]).content.decode()
    assert complaint.number[5:8] in page
    assert "pm-code is-boxed" in page
    desk.cookies.pop("receipt")
    assert "pm-code is-boxed" not in desk.get(answer["Location"]).content.decode()


def test_call_of_a_stranger_is_offered_to_the_office(desk, community, office):
    assert call(desk, name="路人", phone="555 0142", community=community.pk, next="office").status_code == 302
    complaint = Complaint.objects.select_related("words").get()
    assert complaint.words.asker_phone == "555 0142"
    assert complaint.offers.get().to_department == office


def test_call_that_was_solved_waits_for_the_callers_word(desk, resident):
    call(desk, caller=resident.pk, next="solved", solution="We restarted it while she was on the line.")
    assert Complaint.objects.get().state == State.RESOLVED


def test_call_about_an_open_one_is_counted_and_goes_on_inside_it(desk, resident, household):
    first = make_complaint(household=household, at=timezone.now())
    call(desk, caller=resident.pk, means=first.number)
    assert Contact.objects.count() == 2
    assert Complaint.objects.get(state=State.MERGED).merged_into == first


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"said": " "}, "This field is required."),
        ({"name": "", "caller": ""}, "Say who calls"),
        ({"next": "solved"}, "Say how it was solved"),
        ({"name": "X", "next": "office"}, "Choose the community"),
        ({"category": "999999"}, "valid choice"),
        ({"name": "x" * 81}, "at most 80"),
    ],
)
def test_bad_input_says_so_and_keeps_what_was_typed(desk, said, problem):
    answer = call(desk, **{"name": "Caller", "phone": "555 0199", **said})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert problem in page
    assert "555 0199" in page
    assert not Complaint.objects.exists()


def test_office_neither_opens_the_intake_nor_searches_residents(desk, head, client_of):
    in_office = client_of(head)
    assert in_office.get(INTAKE).status_code == 403
    assert in_office.get(f"{INTAKE}callers/?who=138").status_code == 403
    assert in_office.get(f"{INTAKE}caller/?caller=1").status_code == 403


def test_home_shows_what_is_open_and_was_closed(desk, resident, household, owner, staff, agent):
    now = timezone.now()
    make_complaint(household=household, at=now, title="Radiators cold")
    closed = make_complaint(household=household, at=now - timedelta(days=9), title="Door closer broken")
    services.accept_complaint(complaint=closed, by=staff(agent), at=now - timedelta(days=9))
    services.resolve_complaint(complaint=closed, by=staff(agent), at=now - timedelta(days=8), text="Done.")
    services.confirm_complaint(complaint=closed, by=owner, at=now - timedelta(days=8))
    page = desk.get(f"{INTAKE}caller/?caller={resident.pk}").content.decode()
    assert "Radiators cold" in page.partition("Closed for this room")[0]
    assert "Door closer broken" in page.partition("Closed for this room")[2]
    assert "no longer lives there" in desk.get(f"{INTAKE}caller/?caller=zz").content.decode()


@pytest.mark.parametrize(
    ("said", "title"),
    [
        ("漏水了。很急！", "漏水了"),
        ("One. Two.", "One"),
        ("x" * 90, "x" * 59 + "…"),
        ("Line\nother", "Line"),
        ("3.5 m wide", "3.5 m wide"),
    ],
)
def test_title_is_the_first_sentence(said, title):
    assert title_of(said) == title


def test_call_sent_twice_is_logged_once(desk, resident):
    key = desk.get(INTAKE).context["form"]["idempotency_key"].value()
    first, second = (call(desk, caller=resident.pk, idempotency_key=key) for _click in range(2))
    assert first["Location"] == second["Location"]
    assert first.cookies["receipt"].value.partition(":")[0] == second.cookies["receipt"].value.partition(":")[0]
    assert Complaint.objects.count() == 1


def test_call_with_too_much_typed_says_so_beside_each_field(desk):
    answer = call(desk, who="w" * 100, phone="5" * 100, name="n" * 100, caller="1" * 100, means="m" * 100)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert page.count('class="pm-error"') == 5
    assert "w" * 100 in page
    assert "5" * 100 in page
