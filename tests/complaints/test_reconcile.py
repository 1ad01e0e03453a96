"""Reconciliation: the rule of matching, what people decide about gaps, and bringing lists in."""

import io
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from complaints import counted, services
from complaints.logs import UnusableMapping, digits_of, read_mapping
from complaints.matching import matched
from complaints.models import Complaint, Contact, LogEntry, LogImport, LogMapping
from complaints.selectors.counting import published_gaps
from complaints.services import reconciling
from complaints.workflow import BadInput, MoveNotAllowed, NotYours
from propman.accounts.roles import Role
from propman.community.models import Department
from propman.community.services.imports import RowsRefused
from tests.factories import make_community, make_department, make_employee
from tests.factories.complaints import START, make_category, make_complaint

pytestmark = pytest.mark.django_db
PAGE = "/lanting/complaints/reconcile/"
AT = START + timedelta(hours=20)


@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.integers(10, 14), st.integers(0, 60)), max_size=14, unique_by=lambda pair: pair[:2]
    )
)
def test_matching_gives_as_many_entries_a_contact_as_any_other_way(pairs):
    found = matched((entry, contact, float(seconds)) for entry, contact, seconds in pairs)
    edges = {pair[:2] for pair in pairs}
    assert set(found.items()) <= edges
    assert len(set(found.values())) == len(found)
    entries = sorted({entry for entry, _contact in edges})
    contacts = [*sorted({contact for _entry, contact in edges}), *([None] * len(entries))]
    most = max(
        (sum((entry, contact) in edges for entry, contact in zip(entries, chosen, strict=False))
         for chosen in set(permutations(contacts, min(len(entries), 4)))),
        default=0,
    ) if len(entries) <= 4 else len(found)  # fmt: skip
    assert len(found) >= most


def test_closest_contact_is_taken_and_others_move_on():
    assert matched([(1, 10, 5.0), (1, 11, 1.0), (2, 11, 3.0)]) == {1: 10, 2: 11}
    assert matched([(1, 10, 5.0), (2, 10, 4.0)]) == {2: 10}
    assert matched([]) == {}


@pytest.mark.parametrize(
    ("one", "other"),
    [("+86 138 0013 8000", "13800138000"), ("(917) 555-0100", "+1 917 555 0100"), ("021-5550-1000", "02155501000")],
)
def test_phone_is_the_same_however_it_is_written(one, other):
    assert digits_of(one) == digits_of(other) != ""


def test_short_numbers_and_withheld_ones_are_nobody():
    assert digits_of("110") == digits_of("anonymous") == ""


@pytest.mark.parametrize(
    "text",
    [
        "columns = 3",
        "[columns]\ntyme = 'x'",
        "[time]\nzone = 'Mars/Olympus'",
        "no toml at all",
        "[offices",
        "[columns]\ntime = 4",
        "more = 1",
        "[time]\nformats = 'x'",
        "skip = 'x'",
        "[time]\nform = ['x']",
        "[time]\nzone = ['Asia/Shanghai']",
        "skip = " + "[" * 5000,
    ],
)
def test_mapping_that_cannot_be_used_says_why(text):
    with pytest.raises(UnusableMapping):
        read_mapping(text)


# Filing and files


def log_of(*rows: str, heading: str = "time,phone,name,office,length,note") -> io.BytesIO:
    return io.BytesIO("\n".join([heading, *rows]).encode())


def bring_in(company, *rows: str, source: str = "phone", mapping: str = "", at: datetime = AT, heading: str = "") -> LogImport:
    file = log_of(*rows, heading=heading) if heading else log_of(*rows)
    _plan, upload, _count = reconciling.reconcile_file(
        company=company, source=source, file=file, file_name="list.csv", mapping=mapping, by=None, at=at
    )
    return upload


def called(household, staff, by, *, minutes: float = 0, phone: str = "138 0013 8000", **given) -> Complaint:
    given.setdefault("asker", services.Asker(name="Li Na", phone=phone))
    return make_complaint(household=household, first_asked=staff(by), at=START + timedelta(minutes=minutes), **given)


# START is 16:00 in Shanghai.
CALL = "2026-03-02 16:03:10,+8613800138000,,willow-garden,4:02,Dong Yue"


@pytest.fixture
def desk(policy, household, owner, office, centre, agent):
    return office


def test_call_finds_its_contact(desk, company, household, staff, agent):
    complaint = called(household, staff, agent)
    bring_in(company, CALL)
    entry = LogEntry.objects.get()
    assert (entry.state, entry.contact_id, entry.matched_by) == ("matched", complaint.contact_id, "rule")
    assert (entry.seconds, entry.office_id) == (242, desk.pk)
    assert list(counted.lists(company)) == []


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("2026-03-02 17:30:00,+8613800138000,,willow-garden,1:00,", "more than an hour later"),
        ("2026-03-02 16:03:10,+8613900139000,,willow-garden,1:00,", "another phone"),
        ("2026-03-02 16:03:10,withheld,,willow-garden,1:00,", "nobody"),
        ("2026-03-02 16:03:10,+8613800138000,,other-garden,1:00,", "another office"),
    ],
)
def test_call_of_somebody_else_stays_a_gap(desk, company, household, staff, agent, row, says):
    place = make_community(company, "other-garden")
    make_department(company, Department.Kind.MANAGEMENT_OFFICE, community=place, name="Other office")
    called(household, staff, agent)
    bring_in(company, row)
    assert LogEntry.objects.get().state == "open", says


def test_call_to_the_centre_goes_with_every_office(desk, company, household, staff, agent, centre):
    called(household, staff, agent)
    bring_in(company, f"2026-03-02 16:03:10,+8613800138000,,{centre.name},1:00,")
    assert LogEntry.objects.get().state == "matched"


def test_web_complaint_does_not_answer_for_a_call(desk, company, household):
    make_complaint(household=household, asker=services.Asker(name="Li Na", phone="13800138000"))
    bring_in(company, CALL)
    assert LogEntry.objects.get().state == "open"


@pytest.mark.parametrize(
    ("source", "channel", "row", "heading"),
    [
        ("mailbox", "email", "2026-03-02T08:04:00Z,Li Na <li.na@example.com>,willow-garden", "received,from,to"),
        ("visitors", "visit", "2026-03-02 16:20,li na,Willow office", "来访时间,来访人,管理处"),
    ],
)
def test_messages_and_visits_find_theirs(desk, company, household, staff, head, source, channel, row, heading):
    asker = services.Asker(name="Li Na", email="Li.Na@example.com")
    called(household, staff, head, channel=channel, asker=asker)
    bring_in(company, row, source=source, heading=heading)
    assert LogEntry.objects.get().state == "matched"


def test_one_contact_answers_for_one_call(desk, company, household, staff, agent):
    called(household, staff, agent)
    bring_in(company, CALL, "2026-03-02 16:20:00,+8613800138000,,willow-garden,1:00,")
    assert list(LogEntry.objects.order_by("occurred_at").values_list("state", flat=True)) == ["matched", "open"]


def test_two_lines_that_say_the_same_are_two_calls(desk, company, household):
    bring_in(company, CALL, CALL)
    assert LogEntry.objects.count() == 2
    assert bring_in(company, CALL, CALL) is None
    assert LogEntry.objects.count() == 2


def test_contact_that_is_logged_later_closes_the_gap(desk, company, household, staff, agent):
    bring_in(company, CALL)
    called(household, staff, agent, minutes=5)
    assert reconciling.match_entries(source="phone", at=AT) == 1
    assert reconciling.match_entries(source="phone", at=AT) == 0


def test_every_wrong_row_is_said_at_once(desk, company):
    rows = [
        CALL,
        "yesterday,1,,willow-garden,,",
        "2026-03-02,13800138000,,willow-garden,,",
        "2099-01-01 08:00,13800138000,,willow-garden,,",
        "2026-03-02 16:00,13800138000,,nowhere,,",
        "2026-03-02 16:00,13800138000,,willow-garden,long,",
        ",13800138000,,,,",
        "2026-03-02 16:00,=1+1,,willow-garden,,",
        "0001-01-01 00:00:00,13800138000,,willow-garden,,",
        "1900-01-00 00:00:00,13800138000,,willow-garden,,",
        "1970-01-01 08:00:00,13800138000,,willow-garden,,",
        "9999-12-31 23:59:00-08:00,13800138000,,willow-garden,,",
    ]
    with pytest.raises(RowsRefused) as refused:
        bring_in(company, *rows)
    plan = refused.value.plan
    assert [one["line"] for one in plan.problems] == [3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]
    assert len(plan.problems[5]["says"]) == 2
    assert not LogEntry.objects.exists()


def test_workbook_with_a_mapping_is_read_in_its_zone(desk, company, household, staff, agent):
    called(household, staff, agent)
    book = Workbook()
    book.active.append(["Beginn", "Anrufer", "Leitung", "Richtung"])
    book.active.append(["02.03.2026 08:03:10", "13800138000", "7", "ein"])
    book.active.append(["02.03.2026 08:03:10", "13800138000", "7", "aus"])
    file = io.BytesIO()
    book.save(file)
    mapping = """
        skip = ["aus"]
        [columns]
        time = "Beginn"
        phone = "Anrufer"
        office = "Leitung"
        direction = "Richtung"
        [time]
        formats = ["%d.%m.%Y %H:%M:%S"]
        zone = "UTC"
        [offices]
        "7" = "willow-garden"
    """
    plan, _upload, count = reconciling.reconcile_file(
        company=company, source="phone", file=file, file_name="list.xlsx", mapping=mapping, by=None, at=AT
    )
    assert (plan.created, plan.also, count) == (1, {"skipped": 1}, 1)
    assert LogEntry.objects.get().occurred_at == datetime(2026, 3, 2, 8, 3, 10, tzinfo=UTC)


# What people decide


@pytest.fixture
def gap(desk, company) -> LogEntry:
    bring_in(company, "2026-03-02 16:03:10,withheld,,willow-garden,4:02,Dong Yue")
    return LogEntry.objects.get()


def test_match_by_hand_needs_a_reason_and_leaves_the_contact_alone(gap, company, household, staff, agent):
    complaint = called(household, staff, agent)
    before = Contact.objects.values().get(pk=complaint.contact_id)
    with pytest.raises(BadInput):
        reconciling.match_entry(entry=gap, complaint=complaint, by=staff(agent), at=AT, reason=" ")
    reconciling.match_entry(entry=gap, complaint=complaint, by=staff(agent), at=AT, reason="She said so.")
    assert Contact.objects.values().get(pk=complaint.contact_id) == before
    assert LogEntry.objects.get().matched_by == "hand"
    with pytest.raises(MoveNotAllowed):
        reconciling.explain_entry(entry=gap, by=staff(agent), at=AT, reason="internal")
    assert list(counted.lists(company)) == []


def test_contact_of_another_entry_cannot_be_used_again(gap, company, household, staff, agent):
    complaint = called(household, staff, agent)
    bring_in(company, CALL)
    with pytest.raises(BadInput):
        reconciling.match_entry(entry=gap, complaint=complaint, by=staff(agent), at=AT, reason="The same?")


def test_reason_is_seen_or_sent_back_by_the_duty_manager(gap, company, staff, agent, centre):
    duty = staff(make_employee(centre, Role.DUTY_MANAGER, name="Duty manager"))
    with pytest.raises(BadInput):
        reconciling.explain_entry(entry=gap, by=staff(agent), at=AT, reason="other")
    reconciling.explain_entry(entry=gap, by=staff(agent), at=AT, reason="other", text="A test of the line.")
    with pytest.raises(NotYours):
        reconciling.see_explanations(entries=[gap.pk], by=staff(agent), is_duty_manager=False, at=AT)
    assert reconciling.see_explanations(entries=[gap.pk], by=duty, is_duty_manager=True, at=AT) == 1
    assert LogEntry.objects.get().seen_at == AT
    assert list(counted.lists(company)) == []
    much_later = AT + timedelta(days=9)
    with pytest.raises(reconciling.DayClosed):
        reconciling.reopen_entry(entry=gap, by=staff(agent), at=much_later)
    reconciling.reopen_entry(entry=gap, by=duty, at=much_later, is_duty_manager=True)
    assert LogEntry.objects.get().state == "open"
    assert list(counted.lists(company)) == []


def test_office_decides_nothing(gap, household, staff, head, agent, client_of):
    complaint = called(household, staff, agent)
    for act in (
        lambda: reconciling.match_entry(entry=gap, complaint=complaint, by=staff(head), at=AT, reason="Mine."),
        lambda: reconciling.explain_entry(entry=gap, by=staff(head), at=AT, reason="internal"),
        lambda: reconciling.reopen_entry(entry=gap, by=staff(head), at=AT),
        lambda: reconciling.withdraw_log(upload=gap.log_import, by=staff(head), at=AT, reason="A mistake."),
    ):
        with pytest.raises(NotYours):
            act()
    for path in ("", "import/", f"import/{gap.log_import_id}/", f"{gap.pk}/match/", f"{gap.pk}/log/"):
        assert client_of(head).get(PAGE + path).status_code == 403
    assert LogEntry.objects.get().state == "open"


def test_list_is_taken_back_until_its_day_closes_and_comes_in_again(gap, company, staff, agent):
    upload = gap.log_import
    assert reconciling.withdraw_log(upload=upload, by=staff(agent), at=AT, reason="The wrong file.") == 1
    assert list(counted.lists(company)) == []
    bring_in(company, "2026-03-02 16:03:10,withheld,,willow-garden,4:02,Dong Yue")
    assert list(LogEntry.objects.order_by("pk").values_list("state", flat=True)) == ["withdrawn", "open"]
    again = LogImport.objects.latest("pk")
    with pytest.raises(reconciling.DayClosed):
        reconciling.withdraw_log(upload=again, by=staff(agent), at=AT + timedelta(days=2), reason="Hide it.")


def test_gap_is_published_once_its_day_is_closed(gap, company, community, client):
    assert published_gaps(community, company, at=AT) == []
    (published,) = published_gaps(community, company, at=AT + timedelta(days=2))
    assert (published["gaps"], published["day"].isoformat()) == (1, "2026-03-02")
    page = client.get("/lanting/public/willow-garden/register/").content.decode()
    assert "without a contact" in page
    assert "withheld" not in page


# Pages


@pytest.fixture
def agent_client(desk, agent, client_of):
    return client_of(agent)


def test_page_shows_gaps_by_office_and_what_fits(gap, household, staff, agent, agent_client):
    complaint = called(household, staff, agent, minutes=3)
    page = agent_client.get(PAGE).content.decode()
    assert "1 unexplained" in page
    assert complaint.number in page
    assert "possible" in page
    answer = agent_client.post(f"{PAGE}{gap.pk}/match/", {"number": complaint.number, "reason": "The same office"}, follow=True)
    assert "Matched to" in answer.content.decode()
    assert complaint.number in agent_client.get(f"{PAGE}?show=matched").content.decode()


def test_manager_sees_counts_but_nobody_who_called(desk, company, manager, client_of):
    bring_in(company, CALL)
    page = client_of(manager).get(PAGE).content.decode()
    assert "Willow Garden" in page or "willow-garden" in page.lower()
    assert "13800138000" not in page
    assert client_of(manager).post(f"{PAGE}{LogEntry.objects.get().pk}/explain/", {"reason": "internal"}).status_code == 403


def test_missing_contact_is_logged_from_the_entry(desk, company, agent_client):
    bring_in(company, CALL)
    entry = LogEntry.objects.get()
    form = agent_client.get(f"{PAGE}{entry.pk}/log/").content.decode()
    assert "+8613800138000" in form
    assert "2026-03-02T16:03" in form
    said = {
        "kind": "complaint",
        "channel": "phone",
        "asker_name": "Li Na",
        "asker_phone": "+8613800138000",
        "community": entry.community_id,
        "category": make_category().pk,
        "severity": "normal",
        "title": "No water",
        "text": "Since this morning.",
        "received_at": "2026-03-02T16:03",
    }
    answer = agent_client.post(f"{PAGE}{entry.pk}/log/", said)
    complaint = Complaint.objects.get()
    assert answer["Location"].endswith(f"/complaints/{complaint.number}/receipt/")
    entry.refresh_from_db()
    assert (entry.state, entry.matched_by, entry.contact_id) == ("matched", "logged", complaint.contact_id)
    assert complaint.office_id == entry.office_id
    assert list(counted.lists(company)) == []


def test_upload_is_looked_at_then_brought_in_and_the_mapping_is_kept(agent_client, desk, household, staff, agent):
    called(household, staff, agent)
    file = io.BytesIO(f"Start,Wer,office\n{CALL.partition(',')[0]},13800138000,willow-garden\n".encode())
    file.name = "calls.csv"
    mapping = '[columns]\ntime = "Start"\nphone = "Wer"\noffice = "office"'
    answer = agent_client.post(f"{PAGE}import/", {"source": "phone", "file": file, "mapping": mapping})
    upload = LogImport.objects.get()
    assert answer["Location"] == f"{PAGE}import/{upload.pk}/"
    assert not LogEntry.objects.exists()
    assert "New entries" in agent_client.get(answer["Location"]).content.decode()
    agent_client.post(f"{PAGE}import/{upload.pk}/confirm/")
    assert LogEntry.objects.get().state == "matched"
    assert LogImport.objects.get().content is None
    assert LogMapping.objects.get().text == mapping
    assert "Wer" in agent_client.get(f"{PAGE}import/").content.decode()
    agent_client.post(f"{PAGE}import/{upload.pk}/confirm/")
    assert LogEntry.objects.count() == 1


@pytest.mark.parametrize("mapping", ["nonsense", '[columns]\ntime = "There is none"'])
def test_mapping_that_is_wrong_is_said_beside_the_form(agent_client, desk, mapping):
    file = io.BytesIO(b"time,phone,office\n2026-03-02 16:00,13800138000,willow-garden\n")
    file.name = "calls.csv"
    answer = agent_client.post(f"{PAGE}import/", {"source": "phone", "file": file, "mapping": mapping})
    assert answer.status_code == 422
    assert mapping.splitlines()[0] in answer.content.decode()


def test_file_that_nobody_confirms_is_forgotten_after_a_day(agent_client, desk, agent, company):
    reconciling.preview_log(
        company=company, source="phone", file=log_of(CALL), file_name="calls.csv", mapping="", by=agent, at=AT
    )
    assert reconciling.forget_old_uploads(at=AT + timedelta(hours=23)) == 0
    assert reconciling.forget_old_uploads(at=AT + timedelta(hours=25)) == 1
    assert LogImport.objects.get().content is None
