"""The queue's page and what is fetched apart: grammar of the address, what comes in, who reads, skips, kept views."""

import base64
import gzip
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from complaints import services
from complaints.models import Complaint, Reader, SavedView, Skip
from complaints.permissions import openable, viewer_as
from complaints.selectors.queue import last_event
from complaints.workflow import MoveNotAllowed, NotYours
from propman.accounts.roles import Role
from tests.counting import queries_hold, queries_of
from tests.factories import make_employee
from tests.factories.complaints import make_category, make_complaint, make_policy

pytestmark = pytest.mark.django_db
QUEUE = "/lanting/complaints/queue/"


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def desk(scope, now, household, owner, office, agent, client_of):
    """The agent's browser in a company with a policy."""
    make_policy(now - timedelta(days=30))
    return client_of(agent)


def numbers(response) -> list[str]:
    return re.findall(r'id="row-(\d{4}-\d{6})"', response.content.decode())


def ask(client, **said):
    return client.post(f"{QUEUE}live/", {"since": last_event(), "query": "view=open", **said})


def test_rows_stand_next_due_first(desk, now, household):
    late, fresh = (make_complaint(household=household, at=now - timedelta(hours=hours)) for hours in (9, 1))
    assert numbers(desk.get(QUEUE)) == [late.number, fresh.number]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("severity=urgent", ["urgent"]),
        ("channel=web", ["plain", "urgent", "lift"]),
        ("category=lift", ["lift"]),
        ("community=willow-garden&category=leak", ["plain", "urgent"]),
        ("community=elsewhere", []),
        ("view=closed", []),
    ],
)
def test_filter_in_the_address_narrows_the_rows(desk, now, household, query, expected):
    filed = {
        "plain": make_complaint(household=household, at=now),
        "urgent": make_complaint(household=household, at=now, severity="urgent"),
        "lift": make_complaint(household=household, at=now, category=make_category("lift", "Lift", "电梯")),
    }
    assert set(numbers(desk.get(f"{QUEUE}?{query}"))) == {filed[name].number for name in expected}


@pytest.mark.parametrize(
    "query", ["severity=words__asker_phone", "category=x y", "community=' OR 1", "view=handler__user", "channel=%00"]
)
def test_address_outside_the_grammar_is_left_out_and_said(desk, now, household, query):
    complaint = make_complaint(household=household, at=now)
    page = desk.get(f"{QUEUE}?{query}")
    assert numbers(page) == [complaint.number]
    assert "was left out" in page.content.decode()


def place(text: str) -> str:
    """A place in a list, as an address tells it."""
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


BROKEN_PLACES = {
    "brackets": "[" * 3000,
    "time in words": '["0001-01-01T00:00:00+23:59", 1]',
    "before the calendar": '[{"at": "0001-01-01T00:00:00+23:59"}, 1]',
    "after the calendar": '[{"at": "9999-12-31T23:59:59-14:00"}, 1]',
    "time of no zone": '[{"at": "2020-01-01T00:00:00"}, 1]',
    "number for a time": "[5, 1]",
    "fraction": "[null, 1.5]",
}


@pytest.mark.parametrize("after", ["%%%", "bnVsbA", "W10", "x" * 3000, *map(place, BROKEN_PLACES.values())])
def test_broken_place_in_the_address_is_the_beginning(desk, now, household, after):
    complaint = make_complaint(household=household, at=now, title="Leak")
    assert numbers(desk.get(f"{QUEUE}?after={after}")) == [complaint.number]
    assert numbers(desk.get(f"{QUEUE}?q=leak&after={after}")) == [complaint.number]


def test_words_of_the_database_filter_nothing(desk, now, household):
    complaint = make_complaint(household=household, at=now)
    page = desk.get(f"{QUEUE}?words__asker_phone=1&handler__isnull=False&state=closed")
    assert numbers(page) == [complaint.number]


def test_pages_by_key_hold_every_row_once(desk, now, household):
    made = {make_complaint(household=household, at=now - timedelta(minutes=n)).number for n in range(55)}
    first = desk.get(QUEUE)
    after = re.search(r"after=([\w=-]+)", first.content.decode())
    second = desk.get(f"{QUEUE}?view=open&after={after[1]}")
    shown = numbers(first) + numbers(second)
    assert len(shown) == 55
    assert set(shown) == made


def test_queue_page_costs_the_same_with_more_rows(desk, now, household):
    queries_hold(desk, QUEUE, lambda: make_complaint(household=household, at=now))


def test_queue_page_needs_ten_queries_at_most(desk, now, household):
    for _n in range(5):
        make_complaint(household=household, at=now)
    desk.get(QUEUE)
    asked = [sql for sql in queries_of(desk, QUEUE) if not sql.startswith(("SET LOCAL", "SAVEPOINT", "RELEASE"))]
    assert len(asked) <= 10, asked


def test_counts_are_fetched_apart(desk, now, household):
    make_complaint(household=household, at=now)
    assert "<b>1</b>" not in desk.get(QUEUE).content.decode()
    counts = desk.get(f"{QUEUE}counts/").content.decode()
    assert counts.count("<b>1</b>") == 3  # all open, nobody yet, the office


def test_what_came_in_is_counted_not_shown(desk, now, household):
    shown = make_complaint(household=household, at=now)
    since = last_event()
    make_complaint(household=household, at=now)
    page = desk.post(f"{QUEUE}live/", {"since": since, "drawn": "14:02", "query": "view=open", "rows": shown.number})
    assert "1 new" in page.content.decode()
    assert "14:02" in page.content.decode()
    assert numbers(page) == []


def test_old_news_and_other_views_are_not_new(desk, now, household, staff, agent):
    complaint = make_complaint(household=household, at=now)
    since = last_event()
    services.note_on_complaint(complaint=complaint, by=staff(agent), at=now, text="Seen.")
    assert "new" not in re.sub(r"queue-new|show-new|is_new", "", ask(desk, since=since).content.decode())
    make_complaint(household=household, at=now)
    assert " new" not in ask(desk, since=since, query="view=urged").content.decode()


def test_reader_is_seen_by_others_and_not_by_himself(desk, now, household, centre, agent, client_of):
    complaint = make_complaint(household=household, at=now)
    other = client_of(make_employee(centre, Role.CENTRE_AGENT, name="Dong Yue"))
    assert "reading" not in ask(desk, open=complaint.number).content.decode()
    seen = ask(other, open=complaint.number, rows=complaint.number, is_typing="on").content.decode()
    assert "Agent is reading this" in seen
    assert "Dong Yue" not in seen
    assert "Dong Yue is writing" in ask(desk, open=complaint.number).content.decode()


def test_reader_who_left_is_gone_after_seconds(desk, now, household, centre, agent, staff):
    complaint = make_complaint(household=household, at=now)
    other = make_employee(centre, Role.CENTRE_AGENT, name="Dong Yue")
    services.note_reader(complaint=complaint, by=staff(other), at=now - timedelta(seconds=20), is_typing=False)
    assert "Dong Yue" not in ask(desk, open=complaint.number).content.decode()
    assert Reader.objects.count() == 2


def test_words_that_arrived_stand_beside_the_draft(desk, now, household, owner, staff, agent):
    complaint = make_complaint(household=household, at=now)
    services.accept_complaint(complaint=complaint, by=staff(agent), at=now)
    version = Complaint.objects.get().event_position
    services.reply_as_asker(complaint=complaint, by=owner, at=now, text="It is the kitchen, not the bath.")
    assert "It is the kitchen" in ask(desk, open=complaint.number, version=version).content.decode()
    answer = desk.post(
        f"/lanting/complaints/{complaint.number}/answer/",
        {"kind": "solution", "text": "The bath is dry now.", "version": version},
        headers={"HX-Request": "true", "HX-Target": "case"},
    )
    said = answer.content.decode()
    assert answer.status_code == 409
    assert "It is the kitchen" in said
    assert "The bath is dry now." in said
    assert not Complaint.objects.get().first_answered_at


def test_stranger_learns_nothing_from_the_live_part(desk, now, household, rival_manager, client_of):
    complaint = make_complaint(household=household, at=now)
    assert client_of(rival_manager).post(f"{QUEUE}live/", {"since": 0, "open": complaint.number}).status_code == 404


@pytest.mark.parametrize("said", [{"since": "x"}, {"since": -1}, {"since": 0, "query": "x" * 501}])
def test_live_part_refuses_what_it_does_not_understand(desk, said):
    assert desk.post(f"{QUEUE}live/", said).status_code == 422


def test_skipped_complaint_goes_to_the_next_agent(desk, now, household, centre, agent, staff):
    first, second = (make_complaint(household=household, at=now - timedelta(hours=hours)) for hours in (2, 1))
    answer = desk.post("/lanting/complaints/skip-next/", {"number": first.number, "reason": "The caller is my cousin."})
    assert answer.status_code == 302
    assert second.number in answer["Location"]
    colleague = staff(make_employee(centre, Role.CENTRE_AGENT, name="Dong Yue"))
    taken = services.take_next_complaint(by=colleague, at=now)
    assert taken == first


def test_reason_of_a_skip_is_read_by_supervisors_only(desk, now, household, agent, head, manager, client_of):
    complaint = make_complaint(household=household, at=now)
    desk.post("/lanting/complaints/skip-next/", {"number": complaint.number, "reason": "The caller is my cousin."})
    assert "The caller is my cousin." in client_of(manager).get(f"{QUEUE}skipped/").content.decode()
    assert desk.get(f"{QUEUE}skipped/").status_code == 403


def test_skip_without_a_reason_is_refused(desk, now, household):
    complaint = make_complaint(household=household, at=now)
    answer = desk.post("/lanting/complaints/skip-next/", {"number": complaint.number, "reason": " "}, follow=True)
    assert "Say why you skip it" in answer.content.decode()
    assert not Skip.objects.exists()
    assert Complaint.objects.get().handler is None


def test_skip_is_for_the_centre_and_once(desk, now, household, staff, agent, head):
    complaint = make_complaint(household=household, at=now)
    with pytest.raises(NotYours):
        services.skip_complaint(complaint=complaint, by=staff(head), at=now, reason="Busy")
    services.skip_complaint(complaint=complaint, by=staff(agent), at=now, reason="Busy")
    with pytest.raises(MoveNotAllowed):
        services.skip_complaint(complaint=complaint, by=staff(agent), at=now, reason="Busy")


def test_head_of_the_centre_who_is_no_agent_is_offered_no_calls(desk, now, household, centre, client_of):
    make_complaint(household=household, at=now)
    client = client_of(make_employee(centre, Role.DEPARTMENT_HEAD, name="Qin Lan"))
    page = client.get(QUEUE).content.decode() + client.get(f"{QUEUE}counts/").content.decode()
    for path in ("take-next/", "skip-next/", "intake/", "shift/"):
        assert f"/lanting/complaints/{path}" not in page
    assert "/lanting/complaints/log/" in page


def test_who_counts_complaints_is_led_to_those_only_that_he_may_open(desk, now, household, company_office, manager):
    complaint = make_complaint(household=household, at=now)
    officer = make_employee(company_office, Role.HR_OFFICER)
    assert openable(viewer_as(officer), [complaint]) == set()
    assert openable(viewer_as(manager), [complaint]) == {complaint.pk}


def test_kept_view_is_ones_own(desk, centre, client_of):
    desk.post(f"{QUEUE}views/", {"name": "Lifts tonight", "query": "view=open&category=lift&handler__user=1"})
    assert SavedView.objects.get().query == "view=open&category=lift"
    assert "Lifts tonight" in desk.get(f"{QUEUE}counts/").content.decode()
    other = client_of(make_employee(centre, Role.CENTRE_AGENT, name="Dong Yue"))
    assert "Lifts tonight" not in other.get(f"{QUEUE}counts/").content.decode()
    other.post(f"{QUEUE}views/{SavedView.objects.get().pk}/remove/")
    assert SavedView.objects.exists()
    desk.post(f"{QUEUE}views/{SavedView.objects.get().pk}/remove/")
    assert not SavedView.objects.exists()


def test_message_of_the_last_act_stands_on_the_queue_page(desk, now, household):
    complaint = make_complaint(household=household, at=now)
    page = desk.post(f"/lanting/complaints/{complaint.number}/accept/", follow=True)
    assert "Done: Accept." in page.content.decode()
    assert "Nothing waits for the centre." in desk.post("/lanting/complaints/take-next/", follow=True).content.decode()


def test_scripts_of_the_queue_weigh_sixty_kilobytes_at_most(desk):
    sources = re.findall(r'<script src="/static/([^"?]+)"', desk.get(QUEUE).content.decode())
    names = [re.sub(r"\.[0-9a-f]{12}(?=\.)", "", source) for source in sources]
    assert any("queue" in name for name in names)
    weight = sum(len(gzip.compress(Path(finders.find(name)).read_bytes())) for name in names)
    assert weight <= 60_000


def test_taking_the_next_one_needs_few_statements(desk, scope, now, staff, agent):
    for _n in range(3):
        make_complaint(at=now)
    by = staff(agent)
    services.take_next_complaint(by=by, at=now)
    with CaptureQueriesContext(connection) as caught:
        services.take_next_complaint(by=by, at=now)
    asked = [one["sql"] for one in caught if not one["sql"].startswith(("SAVEPOINT", "RELEASE"))]
    assert len(asked) <= 11, asked


@pytest.mark.parametrize(
    ("rows", "index"),
    [
        (lambda one: Complaint.objects.filter(merged_into=one), "complaints_merged"),
        (lambda one: Complaint.objects.open().order_by("next_due_at", "pk")[:31], "complaints_queue"),
    ],
)
def test_index_serves_what_every_verb_asks(desk, scope, now, rows, index):
    one = make_complaint(at=now)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
    assert index in rows(one).explain()
