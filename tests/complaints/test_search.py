"""Search by pairs of characters: Chinese of two characters, parts of words and numbers, never what is hidden."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from complaints import services
from complaints.models import Complaint
from complaints.permissions import Viewer
from complaints.selectors.queue import FOUND, Wanted, queue_page
from propman.accounts.roles import Role
from propman.tenancy.scope import company_scope
from tests.factories import make_employee
from tests.factories.complaints import make_complaint, make_policy

pytestmark = pytest.mark.django_db


@pytest.fixture
def now(scope):
    moment = timezone.now()
    make_policy(moment - timedelta(days=30))
    return moment


@pytest.fixture
def find(now, agent, staff):
    def find(words: str, user=agent, role=Role.CENTRE_AGENT, **given) -> list[Complaint]:
        viewer = Viewer(user, frozenset({role}), staff(user))
        rows = queue_page(Wanted(view=FOUND, words=words, **given), viewer, at=now).rows
        found = Complaint.objects.in_bulk([row.pk for row in rows])
        return [found[row.pk] for row in rows]

    return find


def caller(name: str = "王小芳", phone: str = "138 0013 8000") -> services.Asker:
    return services.Asker(name=name, phone=phone)


@pytest.mark.parametrize(
    "words",
    [
        "漏水",
        "顶棚漏",
        "漏",
        "lift",
        "LIFT",
        "ift 2",
        "王小芳",
        "小芳",
        "13800138000",
        "0013 80",
        "Ｌｉｆｔ",
        "楼道 漏水",
        "12000",
    ],
)
def test_words_are_found(find, household, office, staff, head, now, words):
    complaint = make_complaint(
        household=household,
        at=now,
        title="Lift 2：楼道顶棚漏水",
        text="门牌 12000 旁边",
        asker=caller(),
        first_asked=staff(head),
    )
    make_complaint(household=household, at=now, title="Other", text="Nothing alike.", asker=caller("Li", "1"))
    assert find(words) == [complaint]


@pytest.mark.parametrize("words", ["水漏", "lfit", "漏 电", "990013", "%", "'", "& |", "\\", "王方"])
def test_words_that_nobody_said_find_nothing(find, household, now, words):
    make_complaint(household=household, at=now, title="Lift 2：楼道顶棚漏水", text="请尽快。", asker=caller())
    assert find(words) == []


def test_number_is_found_whole_and_by_its_end(find, household, now):
    complaint = make_complaint(household=household, at=now)
    assert find(complaint.number) == find(complaint.number[5:]) == find("1") == [complaint]


def test_room_is_found(find, household, now):
    complaint = make_complaint(household=household, at=now)
    assert find(household.room.label) == [complaint]


def test_newest_come_first_and_pages_hold_each_once(find, household, now):
    made = [make_complaint(household=household, at=now, title=f"漏水 {n}") for n in range(53)]
    first = find("漏水")
    second = find("漏水", after=str(first[-1].pk))
    assert first + second == made[::-1]


def test_office_finds_no_name_phone_or_room_of_a_confidential_one(find, household, office, head, agent, now):
    complaint = make_complaint(household=household, at=now, title="漏水", asker=caller(), is_confidential=True)
    for words in ("王小芳", "13800138000", household.room.label):
        assert find(words, user=head, role=Role.DEPARTMENT_HEAD) == []
        assert find(words) == [complaint]
    assert find("漏水", user=head, role=Role.DEPARTMENT_HEAD) == [complaint]


def test_other_offices_and_companies_find_nothing(find, household, office, company_office, now, staff, rival_company):
    make_complaint(household=household, at=now, title="漏水")
    outsider = make_employee(company_office, name="Clerk")
    assert find("漏水", user=outsider, role=Role.EMPLOYEE) == []
    mine = household.company_id
    with (
        company_scope(rival_company.pk),
        pytest.raises(DatabaseError, match="only the current"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT * FROM complaints_search(%s, '漏水', true, 9999999, 10)", [mine])


def test_correction_is_found_and_the_wrong_name_no_longer(find, household, now, agent, staff):
    complaint = make_complaint(household=household, at=now, asker=caller("王小方"))
    services.correct_complaint(complaint=complaint, by=staff(agent), at=now, reason="misheard", asker_name="王小芳")
    assert find("王小芳") == [complaint]
    assert find("小方") == []


def test_erased_words_are_found_no_longer(find, household, now):
    complaint = make_complaint(household=household, at=now, title="漏水", asker=caller())
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM complaints_contactwords WHERE id = %s", [complaint.words_id])
    assert find("漏水") == []
    assert find("王小芳") == []


def test_application_reaches_the_index_only_through_the_function(now):
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT lexemes FROM complaints_searchentry")
