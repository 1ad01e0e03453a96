import pytest
from django.db import DatabaseError, connection, transaction

from complaints.models import Complaint, Contact, Timer
from complaints.workflow import BadInput
from propman.tenancy.events import broken_links
from propman.tenancy.models import Event, NumberSeries
from tests.factories.complaints import make_complaint

pytestmark = pytest.mark.django_db


def test_filing_gives_number_code_and_clocks(complaint):
    complaint.refresh_from_db()
    assert complaint.number == "2026-000001"
    assert complaint.state == "received"
    assert sorted(Timer.objects.values_list("clock", "level")) == [("accept", 80), ("first_answer", 80), ("resolve", 80)]
    assert complaint.next_due_clock == "accept"
    assert [event.name for event in Event.objects.filter(stream=f"complaint:{complaint.pk}")] == ["complaint.received"]
    assert list(broken_links("complaint:")) == []


def test_numbers_have_no_gap_after_a_failed_filing(complaint, household):
    with pytest.raises(BadInput), transaction.atomic():
        make_complaint(household=household, title="  ")
    with pytest.raises(ZeroDivisionError), transaction.atomic():  # noqa: PT012
        make_complaint(household=household)
        1 / 0  # noqa: B018
    assert make_complaint(household=household).number == "2026-000002"


def test_the_millionth_complaint_of_a_year_keeps_all_its_digits(complaint, household):
    NumberSeries.objects.update(last=999_999)
    assert make_complaint(household=household).number == "2026-1000000"


@pytest.mark.parametrize("column", ["received_at", "office_id", "contact_id", "tracking_digest"])
def test_facts_are_refused_to_the_application(complaint, column):
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE complaints_complaint SET {column} = {column}")


def test_state_without_an_event_is_refused(complaint):
    with pytest.raises(DatabaseError, match="only together with an event"), transaction.atomic():
        Complaint.objects.update(urges=9)


@pytest.mark.parametrize("table", ["complaints_complaint", "complaints_contact", "tenancy_event"])
def test_deleting_is_refused(complaint, table):
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table}")


def test_title_that_is_too_long_is_refused_with_its_length(policy, household, owner):
    with pytest.raises(BadInput, match="120"):
        make_complaint(household=household, title="x" * 121)


def test_controls_and_direction_marks_are_taken_out(policy, household, owner):
    made = make_complaint(household=household, title="Ab\u202ec\x00d 水🚰")
    assert made.words.title == "Abcd 水🚰"


def test_contact_is_never_rewritten(complaint):
    with pytest.raises(DatabaseError), transaction.atomic():
        Contact.objects.update(channel="phone")


def test_filing_costs_few_queries(policy, household, owner, office, django_assert_max_num_queries):
    make_complaint(household=household)
    with django_assert_max_num_queries(17):
        make_complaint(household=household)
