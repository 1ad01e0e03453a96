"""Many complaints at once: a preview, a run in the background with a result per row, never twice."""

from datetime import timedelta

import pytest
from django.utils import timezone

from complaints import jobs, services
from complaints.models import BulkRow, BulkRun, Complaint
from complaints.workflow import State, Verb
from propman.community.models import Employee
from propman.tenancy.models import Event
from propman.tenancy.scope import company_scope
from tests.factories.complaints import make_category, make_complaint, make_policy

pytestmark = pytest.mark.django_db
BULK = "/lanting/complaints/bulk/"


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def desk(scope, now, household, owner, office, agent, client_of):
    make_policy(now - timedelta(days=30))
    return client_of(agent)


@pytest.fixture
def three(desk, household, now) -> list[Complaint]:
    return [make_complaint(household=household, at=now - timedelta(minutes=n)) for n in range(3)]


def start(client, verb: str, complaints, **values):
    numbers = [one.number for one in complaints]
    return client.post(BULK, {"verb": verb, "numbers": numbers, "confirmed": "1", **values})


def carried_out(company) -> BulkRun:
    run = BulkRun.objects.latest("pk")
    jobs.carry_out_bulk_run(company.pk, run.pk)
    return BulkRun.objects.get(pk=run.pk)


def test_preview_says_what_will_happen_and_does_nothing(desk, three, staff, agent, now):
    services.accept_complaint(complaint=three[0], by=staff(agent), at=now)
    page = desk.post(BULK, {"verb": "accept", "numbers": [one.number for one in three]}).content.decode()
    assert "2 complaints. Nothing has happened yet." in page
    assert three[0].number in page.partition("Left as they are")[2]
    assert not BulkRun.objects.exists()


def test_run_does_each_row_and_says_what_came_of_it(desk, three, company, staff, agent, now):
    answer = start(desk, "accept", three)
    services.accept_complaint(complaint=three[0], by=staff(agent), at=now)  # somebody was faster
    run = carried_out(company)
    assert run.finished_at
    assert [bool(row.refusal) for row in BulkRow.objects.order_by("pk")] == [True, False, False]
    assert set(Complaint.objects.values_list("state", flat=True)) == {State.ACCEPTED}
    page = desk.get(answer["Location"]).content.decode()
    assert "3 of 3" in page
    assert "1 was refused" in page


def test_page_of_a_run_asks_again_until_it_is_done(desk, three, company):
    address = start(desk, "accept", three)["Location"]
    assert "every 1s" in desk.get(address).content.decode()
    carried_out(company)
    assert "every 1s" not in desk.get(address).content.decode()


def test_run_called_twice_does_nothing_twice(desk, three, company):
    start(desk, "note", three, text="Seen together.")
    carried_out(company)
    carried_out(company)
    assert Event.objects.filter(name="complaint.noted").count() == 3


def test_run_whose_worker_was_lost_is_finished_by_the_sweep(desk, three, company, now):
    start(desk, "note", three, text="Seen together.")
    assert jobs.finish_bulk_runs(now) == 0
    assert jobs.finish_bulk_runs(now + timedelta(minutes=2)) == 3
    assert jobs.finish_bulk_runs(now + timedelta(minutes=3)) == 0


@pytest.mark.django_db(transaction=True)
def test_run_that_cannot_be_read_does_not_stop_those_of_others(company, household, owner, office, agent, now):
    with company_scope(company.pk):
        make_policy(now - timedelta(days=30))
        complaint, by = make_complaint(household=household, at=now), Employee.objects.get(user=agent)
        for values in (["gone"], {"text": "Seen."}):
            run = BulkRun.objects.create(verb="note", values=values, by=by, confirmed_at=now)
            BulkRow.objects.create(run=run, complaint=complaint)
    assert jobs.finish_bulk_runs(now + timedelta(minutes=2)) == 1
    with company_scope(company.pk):
        assert BulkRun.objects.get(finished_at=None).values == ["gone"]


def test_building_wide_incident_gathers_its_askers(desk, three, company, owner):
    first = three[-1]
    page = desk.get(f"/lanting/complaints/{first.number}/").content.decode()
    assert "Perhaps the same trouble" in page
    building = first.room.entrance.building_id
    assert f"/lanting/announcements/desk/write/?place=b{building}" in page
    start(desk, "merge", three[:2], into=first.number)
    carried_out(company)
    assert Complaint.objects.filter(merged_into=first).count() == 2
    assert "Gathers 2 more askers" in desk.get(f"/lanting/complaints/{first.number}/").content.decode()


def test_merging_into_an_unknown_number_is_refused_row_by_row(desk, three, company):
    start(desk, "merge", three[:2], into="2026-999999")
    assert carried_out(company).finished_at
    assert all(BulkRow.objects.values_list("refusal", flat=True))
    assert Complaint.objects.filter(state=State.RECEIVED).count() == 3


def test_announcement_of_an_incident_begins_with_its_building(desk, three):
    building = three[0].room.entrance.building_id
    page = desk.get(f"/lanting/complaints/{three[0].number}/").content.decode()
    address = page.partition('href="/lanting/announcements/desk/write/')[2].partition('"')[0].replace("&amp;", "&")
    form = desk.get(f"/lanting/announcements/desk/write/{address}").content.decode()
    assert f'value="b{building}" checked' in form
    assert "Leak" in form
    assert three[0].words.text not in form


def test_incident_of_one_is_not_announced(desk, household, now):
    complaint = make_complaint(household=household, at=now)
    assert "Announce it to residents" not in desk.get(f"/lanting/complaints/{complaint.number}/").content.decode()


def test_other_categories_and_older_ones_are_not_alike(desk, household, now):
    complaint = make_complaint(household=household, at=now)
    make_complaint(household=household, at=now - timedelta(days=9))
    make_complaint(household=household, at=now, category=make_category("lift", "Lift", "电梯"))
    assert "Perhaps the same trouble" not in desk.get(f"/lanting/complaints/{complaint.number}/").content.decode()


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"verb": "withdraw"}, "valid choice"),
        ({"verb": "accept", "numbers": []}, "required"),
    ],
)
def test_bad_choice_is_said_on_the_queue_page(desk, three, said, problem):
    answer = desk.post(BULK, {"numbers": [three[0].number], **said}, follow=True)
    assert problem in answer.content.decode()


def test_values_that_are_missing_are_asked_for(desk, three):
    assert start(desk, "hand_over", three, reason="").status_code == 422
    assert start(desk, "note", three, text=" ").status_code == 422
    assert not BulkRun.objects.exists()


def test_strangers_complaints_cannot_be_chosen(desk, three, rival_manager, client_of, company_office, head):
    assert start(client_of(rival_manager), "note", three, text="Mine now.").status_code == 404
    start(client_of(head), "take_over", three)
    assert not BulkRow.objects.exists()


def test_run_is_shown_to_whoever_confirmed_it_only(desk, three, manager, client_of):
    address = start(desk, "accept", three)["Location"]
    assert client_of(manager).get(address).status_code == 404


def test_leaver_carries_nothing_out(desk, three, company, agent):
    start(desk, "accept", three)
    Employee.objects.filter(user=agent).update(left_on=timezone.localdate())
    carried_out(company)
    assert Complaint.objects.filter(state=State.RECEIVED).count() == 3
    assert all(BulkRow.objects.values_list("refusal", flat=True))


def test_choosing_on_the_queue_page_works_without_scripts(desk, three):
    page = desk.get("/lanting/complaints/queue/?choose=1").content.decode()
    assert page.count('type="checkbox" name="numbers"') == 3
    assert f'value="{Verb.TAKE_OVER.value}"' in page
