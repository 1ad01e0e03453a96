"""The silence alarm: exact values, a new office, rows of weeks, and who is told."""

from datetime import date, datetime, timedelta
from decimal import Decimal, getcontext
from math import factorial
from zoneinfo import ZoneInfo

import pytest

from complaints.models import Contact, SilenceCheck
from complaints.services.listening import check_silence, in_words
from complaints.silence import expected_contacts, probability_of_at_most
from propman.accounts.roles import Role
from propman.community.models import Department
from propman.notify.models import Notice
from tests.factories import make_community, make_department, make_employee, make_household

MONDAY = date(2026, 6, 1)
SHANGHAI = ZoneInfo("Asia/Shanghai")
AT = datetime(2026, 6, 8, 6, 0, tzinfo=SHANGHAI)


def exactly(received: int, expected: str) -> float:
    """The same sum with 60 decimal places."""
    getcontext().prec = 60
    rate = Decimal(expected)
    return float(sum(rate**k / factorial(k) for k in range(received + 1)) * (-rate).exp())


@pytest.mark.parametrize(
    ("received", "expected"),
    [(0, "0.5"), (0, "7"), (3, "10"), (38, "71"), (71, "71"), (150, "100"), (200, "900"), (2, "0.001")],
)
def test_probability_is_the_exact_lower_tail(received, expected):
    assert probability_of_at_most(received, float(expected)) == pytest.approx(exactly(received, expected), rel=1e-10)


def test_published_values_of_the_poisson_table_hold():
    assert probability_of_at_most(2, 5.0) == pytest.approx(0.1247, abs=5e-5)
    assert probability_of_at_most(4, 10.0) == pytest.approx(0.0293, abs=5e-5)


def test_nothing_expected_is_no_reason_for_an_alarm():
    assert probability_of_at_most(0, 0.0) == 1.0
    assert expected_contacts(households=100, own_contacts=0, own_weeks=0, company_contacts=0, company_household_weeks=0) == 0.0


def test_office_without_history_is_expected_the_company_rate():
    company = {"company_contacts": 520, "company_household_weeks": 26_000}
    assert expected_contacts(households=640, own_contacts=0, own_weeks=0, **company) == pytest.approx(12.8)
    assert expected_contacts(households=640, own_contacts=260, own_weeks=26, **company) == pytest.approx((4 * 12.8 + 260) / 30)


def receive(place, office, week: date, count: int) -> None:
    """So many contacts in a week, written as they are counted."""
    begins = datetime.combine(week, datetime.min.time(), SHANGHAI)
    times = [begins + timedelta(hours=160 * n / max(1, count)) for n in range(count)]
    Contact.objects.bulk_create(
        Contact(
            company_id=place.company_id,
            channel="phone",
            received_at=at,
            recorded_at=at,
            community=place,
            office=office,
            words_commitment="0" * 64,
        )
        for at in times
    )


@pytest.fixture
def offices(scope, company):
    """Two offices of ten households each with ten weeks of history, twelve contacts a week, and a new one."""
    found = []
    for name in ("usual", "quiet", "new"):
        place = make_community(company, name)
        for _n in range(10):
            make_household(place)
        found.append((place, make_department(company, Department.Kind.MANAGEMENT_OFFICE, community=place, name=name)))
    for place, office in found[:2]:
        for n in range(1, 11):
            receive(place, office, MONDAY - timedelta(weeks=n), 12)
    return dict(zip(("usual", "quiet", "new"), found, strict=True))


@pytest.mark.django_db
def test_quiet_office_sounds_the_alarm_and_managers_are_told(offices, company, manager, centre):
    duty = make_employee(centre, Role.DUTY_MANAGER, name="Duty manager")
    receive(*offices["usual"], MONDAY, 11)
    receive(*offices["quiet"], MONDAY, 2)
    receive(*offices["new"], MONDAY, 9)
    checks = {check.office_id: check for check in check_silence(company=company, week=MONDAY, at=AT)}
    usual, quiet, new = (checks[office.pk] for _place, office in offices.values())
    assert [check.is_alarm for check in (usual, quiet, new)] == [False, True, False]
    assert (quiet.received, quiet.households, quiet.own_contacts, quiet.own_weeks) == (2, 10, 120, 10)
    assert quiet.expected == pytest.approx(12.0)
    assert quiet.probability == pytest.approx(exactly(2, "12"))
    assert (new.own_weeks, new.expected) == (0, pytest.approx(12.0))
    told = Notice.objects.filter(event="complaint.silence")
    assert set(told.values_list("user_id", flat=True)) == {manager.pk, duty.pk}
    assert all(notice.words["received"] == 2 for notice in told)


@pytest.mark.django_db
def test_second_check_of_a_week_changes_nothing(offices, company, manager):
    assert len(check_silence(company=company, week=MONDAY, at=AT)) == 3
    assert check_silence(company=company, week=MONDAY, at=AT) == []
    assert SilenceCheck.objects.count() == 3
    assert Notice.objects.filter(event="complaint.silence").count() == 3


@pytest.mark.django_db
def test_second_quiet_week_is_counted_as_such(offices, company):
    check_silence(company=company, week=MONDAY, at=AT)
    following = MONDAY + timedelta(weeks=1)
    receive(*offices["usual"], following, 12)
    again = {check.office_id: check for check in check_silence(company=company, week=following, at=AT + timedelta(weeks=1))}
    assert again[offices["quiet"][1].pk].weeks_in_a_row == 2
    assert again[offices["usual"][1].pk].weeks_in_a_row == 0


@pytest.mark.django_db
def test_imported_history_is_no_sign_of_life(offices, company):
    place, office = offices["quiet"]
    begins = datetime.combine(MONDAY, datetime.min.time(), SHANGHAI)
    Contact.objects.create(
        channel="import", received_at=begins, recorded_at=begins, community=place, office=office, words_commitment="0" * 64
    )
    check_silence(company=company, week=MONDAY, at=AT)
    assert SilenceCheck.objects.get(office=office).received == 0


@pytest.mark.django_db
def test_page_says_it_in_words_and_only_to_those_who_watch(offices, company, manager, agent, head, client_of):
    receive(*offices["usual"], MONDAY, 12)
    check_silence(company=company, week=MONDAY, at=AT)
    page = client_of(manager).get("/lanting/complaints/silence/").content.decode()
    assert "Poisson" in page
    assert "in a thousand" in page
    assert "no history yet" in page
    assert client_of(agent).get("/lanting/complaints/silence/").status_code == 200
    assert client_of(head).get("/lanting/complaints/silence/").status_code == 403


@pytest.mark.parametrize(
    ("probability", "words"),
    [(0.7, "nothing unusual"), (0.05, "so few once in 20 weeks"), (0.0000001, "so few less than once in a thousand weeks")],
)
def test_probability_is_said_in_words(probability, words):
    assert in_words(SilenceCheck(probability=probability)) == words
