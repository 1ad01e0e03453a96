"""The asker of a confidential complaint appears nowhere for the office: page, fragment, API, export, notice, search, photo.

An asker whose name, phone, e-mail, room and ids are found nowhere else files by the browser, with a photo whose camera wrote
the name into it, and goes through everything that can happen. Then the office looks everywhere.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from html import unescape
from urllib.parse import urlsplit

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from complaints import services
from complaints.export_files import write_export
from complaints.models import Complaint, Export
from complaints.services.breaches import draft_from_breaches
from complaints.services.dispatch import NewOrder
from complaints.workflow import Verb
from propman.accounts.models import User
from propman.accounts.roles import Role
from propman.accounts.services import grant_role
from propman.cases.models import Case, Evidence
from propman.community.models import Building, Department, Employee, Entrance, Household, Occupancy, Person, Room
from propman.notify.delivery import deliver_due
from propman.notify.models import Message, Notice
from propman.notify.webhooks import body_of
from propman.tenancy.models import Company, Event
from tests.conftest import signed_in
from tests.factories import make_department, make_employee, make_household, make_member, make_resident
from tests.factories.complaints import make_category, make_complaint
from tests.factories.files import camera_exif, jpeg_bytes, pdf_bytes, upload

pytestmark = pytest.mark.django_db

NAME, PHONE, EMAIL, ROOM = "Xanthippe Zobelstein", "13987651234", "x.zobelstein@geheim.example", "Q7731"
FIRST_ID = 98765_0001  # of everything that leads to the asker
SECRETS = ["xanthippe", "zobelstein", PHONE, "geheim.example", ROOM.lower(), "98765"]
TITLE = "Rubbish burnt behind the hall"
TABLES = ["accounts_user", "community_person", "community_household", "community_room", "community_occupancy",
          "community_building", "community_entrance",
          "complaints_contact", "complaints_contactwords"]  # fmt: skip


@dataclass(frozen=True)
class Town:
    """Who is who, and the complaints: the hidden one, one that it was merged into, one that was merged into it."""

    asker: User
    hidden: Complaint
    gathering: Complaint
    merged: Complaint


def told(text: str) -> list[str]:
    return [secret for secret in SECRETS if secret in text.lower()]


@pytest.fixture
def clerk(office: Department) -> User:
    return make_employee(office, name="Clerk")


@pytest.fixture
def handler(office: Department) -> User:
    return make_employee(office, name="Handler")


@pytest.fixture
def other_head(company) -> User:
    """The head of another department, to which it was offered in between, and which has an order to work on it."""
    works = make_department(company, Department.Kind.OTHER, name="Works")
    return make_employee(works, Role.DEPARTMENT_HEAD, name="Head of works")


@pytest.fixture
def neighbours(scope, policy, community, agent, head, handler, staff) -> tuple[Complaint, Complaint]:
    """Two complaints of a neighbour who hides nothing: one that the office handles, one of the centre."""
    household = make_household(community)
    make_resident(household, name="Neighbour")
    handled = make_complaint(household=household, first_asked=staff(handler), title="Smoke at the hall", at=timezone.now())
    return handled, make_complaint(household=household, title="Ashes on my car", at=timezone.now())


@pytest.fixture
def household_of_asker(community, neighbours, clerk, other_head, manager, administrator, owner_sql):
    """After everybody and everything else, so that the ids which lead to the asker are known by their first digits."""
    before = {table: owner_sql(f"SELECT last_value FROM {table}_id_seq")[0][0] for table in TABLES}
    for table in TABLES:
        owner_sql(f"SELECT setval('{table}_id_seq', {FIRST_ID})")
    building = Building.objects.create(community=community, name="7")
    entrance = Entrance.objects.create(building=building, name="7")
    room = Room.objects.create(community=community, entrance=entrance, name=ROOM, label=f"7-7-{ROOM}", area=80)
    yield Household.objects.create(community=community, room=room, started_on=date(2025, 1, 1))
    for table, last in before.items():
        owner_sql(f"SELECT setval('{table}_id_seq', {last})")


@pytest.fixture
def asker(household_of_asker: Household) -> User:
    user = User.objects.create_user(EMAIL, "correct horse battery", name=NAME)
    make_member(household_of_asker.company, Role.OWNER, user=user)
    person = Person.objects.create(user=user, name=NAME, phone=PHONE, email=EMAIL)
    Occupancy.objects.create(household=household_of_asker, person=person, kind=Occupancy.Kind.OWNER, starts_on=date(2025, 1, 1))
    return user


def photo(name: str) -> object:
    exif = camera_exif()
    exif[0x013B], exif[0x010E] = NAME, f"Balcony of {NAME}, {ROOM}, {PHONE}"
    return upload(jpeg_bytes(exif=exif, comment=f"{NAME} {EMAIL}".encode()), name)


@pytest.fixture
def town(office, agent, head, handler, other_head, staff, asker, household_of_asker, neighbours, client_of) -> Town:
    """Everything that can happen to it happens."""
    centre, in_office, works = staff(agent), staff(handler), staff(other_head)
    client, now = client_of(asker), timezone.now()
    gathering, merged = neighbours
    filed = {
        "category": make_category().pk, "title": TITLE, "text": "Every Friday night.", "household": household_of_asker.pk,
        "where": "home", "severity": "urgent", "phone": PHONE, "is_confidential": "on",
        "files": [photo(f"{NAME} balcony.jpg"), upload(pdf_bytes(author=NAME), f"Letter of {NAME}.pdf")],
    }  # fmt: skip
    assert client.post("/lanting/complaints/new/", filed).status_code == 302
    hidden = Complaint.objects.get(asker=asker)
    home = f"/lanting/complaints/{hidden.number}/"

    def act(verb: str, who: Client = client, **given: object) -> None:
        response = who.post(f"{home}{verb}/", given)
        assert response.status_code == 302, (verb, response.text)

    act("urge", text="Please.")
    act("accept", client_of(agent))
    act("note", client_of(agent), text="Speak to the guard first.", files=[photo("note.jpg")])
    services.hand_over_complaint(complaint=hidden, by=centre, at=now, reason="Yours?", to_department=works.department)
    services.refuse_complaint(complaint=hidden, by=works, at=now, reason="Not the works'.")
    wanted = NewOrder(works.department, "Take the ashes away.", now + timedelta(days=1), 20_00, people=[works])
    (order,) = services.order_work(complaint=hidden, orders=[wanted], by=centre, at=now)
    services.accept_order(order=order, by=works, at=now)
    services.hand_over_complaint(complaint=hidden, by=centre, at=now, reason="Please see.", to_employee=in_office)
    services.take_complaint(complaint=hidden, by=in_office, at=now)
    act("reply", text="It was there again.", files=[photo(f"{NAME} again.jpg")])
    act("answer", client_of(handler), text="We look into it.", kind="solution")
    act("wait", client_of(handler), text="Which night was it?")
    act("reply", text="Friday.")
    services.merge_complaint(complaint=merged, into=hidden, by=centre, at=now)
    again = services.file_complaint(
        channel="phone", category=hidden.category, title="Rubbish burnt again", text="Again.", first_asked=centre,
        asker=services.Asker(user=asker, name=NAME, phone=PHONE, email=EMAIL), household=household_of_asker,
        room=household_of_asker.room, is_confidential=True, at=now,
    ).complaint  # fmt: skip
    services.accept_complaint(complaint=again, by=centre, at=now)
    services.merge_complaint(complaint=again, into=gathering, by=centre, at=now)
    services.correct_complaint(
        complaint=hidden,
        by=centre,
        at=now,
        reason="Spelling.",
        asker_name=NAME,
        asker_phone=PHONE,
        room=household_of_asker.room,
    )
    act("resolve", client_of(handler), text="The guard watches it.", files=[photo("guard.jpg")])
    act("rate", rating=2)
    act("tell", helped="indifferent", asked="Head", text="He laughed.")
    act("half-fix", text="Less, but still.", files=[photo("less.jpg")])
    services.record_call_back(complaint=hidden, by=centre, at=now, helped="deceived", asked="", text="Was told to wait.")
    later = now + timedelta(days=3)
    services.fire_due_timers(later)
    draft_from_breaches(since=now - timedelta(days=1), until=later)
    hidden.refresh_from_db()
    return Town(asker, hidden, gathering, merged)


WORKERS = ["clerk", "head", "handler", "other_head"]
# Lists of residents and of buildings are not about complaints, and nothing of one may stand there.
DIRECTORY = re.compile(
    r"^/lanting/(directory|announcements/desk|billing|cards|settings/(claims|letters))/|^/lanting/api/v1/(households|bills|payments)/"
)
LINK = re.compile(r"""(?:href|src|hx-get|action|formaction|data-[a-z-]+)="(/lanting/[^"#]*)""")
NOT_FOLLOWED = re.compile(r"/(content|preview|export|file)/$")
STARTS = [
    "/lanting/", "/lanting/complaints/", "/lanting/complaints/queue/?view=found", "/lanting/complaints/queue/?view=closed",
    "/lanting/complaints/figures/", "/lanting/notices/", "/lanting/cases/", "/lanting/directory/",
    "/lanting/api/v1/complaints/", "/lanting/api/v1/notices/", "/lanting/api/v1/cases/", "/lanting/api/v1/households/",
    "/lanting/complaints/wallboard/", "/lanting/complaints/shift/", "/lanting/complaints/queue/skipped/",
    "/lanting/complaints/work-orders/", "/lanting/api/v1/work-orders/",
]  # fmt: skip
MOST = 400


def every_page(client: Client, starts: list[str]) -> Iterator[tuple[str, str]]:
    """Every address that pages lead to, with what it answers and its headers; one of each kind of filter is enough."""
    waiting, seen = list(starts), set()
    while waiting and len(seen) < MOST:
        path = waiting.pop(0)
        if path in seen:
            continue
        seen.add(path)
        response = client.get(path)
        body = response.content.decode("utf-8", "replace")
        yield path, f"{body}\n{response.headers}"
        if response.status_code == 200:
            found = (unescape(link) for link in LINK.findall(body))
            waiting += [link for link in found if link not in seen and "/static/" not in link]
    assert not waiting, "the crawl ended before its pages did"


def addresses_of(complaint: Complaint) -> list[str]:
    """Every address that takes the number, in pages and API."""
    pages = ["detail", "receipt", "macros_for", *(verb.value for verb in Verb if verb not in {Verb.RESUME, Verb.CLOSE})]
    found = [reverse(f"complaints:{name}", urlconf="propman.company_urls", args=[complaint.number]) for name in pages]
    found += [f"/api/v1/complaints/{complaint.number}/{part}" for part in ("", "thread/", "files/")]
    for file in complaint.attachments.all():
        found += [f"/complaints/{complaint.number}/files/{file.pk}/{part}" for part in ("", "content/", "preview/")]
        found.append(f"/api/v1/complaints/{complaint.number}/files/{file.pk}/content/")
    for order in complaint.work_orders.all():
        found += [f"/complaints/work-orders/{order.number}/", f"/api/v1/work-orders/{order.number}/"]
    return [f"/lanting{path}" for path in found]


@pytest.mark.parametrize("worker", WORKERS)
def test_no_page_names_the_asker_to_the_office(town, request, worker):
    client = signed_in(request.getfixturevalue(worker))
    starts = STARTS + addresses_of(town.hidden) + addresses_of(town.gathering) + addresses_of(town.merged)
    visited, leaks = 0, {}
    for path, answer in every_page(client, starts):
        visited += 1
        about_it = town.hidden.number in answer or TITLE in answer or "Rubbish burnt again" in answer
        if (found := told(answer)) and (about_it or not DIRECTORY.match(urlsplit(path).path)):
            leaks[path] = found
    assert not leaks
    assert visited > 60


def test_the_crawl_finds_what_the_office_may_know(town, handler):
    """The same eyes see the complaint itself, and the name where nothing is hidden: the test can fail."""
    open_one = make_complaint(
        household=Household.objects.get(room__name=ROOM), title="Lamp", first_asked=Employee.objects.get(user=handler)
    )
    pages = dict(every_page(signed_in(handler), addresses_of(open_one)[:1]))
    assert told(pages[f"/lanting/complaints/{open_one.number}/"])
    assert any(TITLE in answer for answer in pages.values())


def test_other_complaint_of_the_home_does_not_lead_to_it(town, handler):
    """Also open for this room: not what would tell whose the hidden one is."""
    open_one = make_complaint(
        household=Household.objects.get(room__name=ROOM), title="Lamp", first_asked=Employee.objects.get(user=handler)
    )
    case = signed_in(handler).get(
        f"/lanting/complaints/{open_one.number}/", headers={"HX-Request": "true", "HX-Target": "case"}
    )
    assert open_one.number in case.text
    assert TITLE not in case.text
    assert town.hidden.number not in case.text


@pytest.mark.parametrize("worker", WORKERS)
def test_search_by_what_is_hidden_finds_nothing(town, request, worker):
    client = signed_in(request.getfixturevalue(worker))
    wanted = [NAME, "Xanthippe", "Zobelstein", PHONE, "1398765", "139 8765 1234", EMAIL, f"7-7-{ROOM}", ROOM, "geheim",
              str(town.asker.pk), "balcony"]  # fmt: skip
    for words in wanted:
        for view in ("", "open", "closed", "mine"):
            page = client.get(
                "/lanting/complaints/queue/", {"q": words, "view": view}, headers={"HX-Request": "true", "HX-Target": "rows"}
            )
            assert town.hidden.number not in page.text, words
            assert TITLE not in page.text, words


def test_centre_finds_it_by_all_of_that(town, agent):
    for words in (NAME, PHONE, f"7-7-{ROOM}"):
        assert town.hidden.number in signed_in(agent).get("/lanting/complaints/queue/", {"q": words, "view": "open"}).text


FILTERS = [
    "asker", "asker_id", "asker_name", "asker_phone", "room", "household", "person", "contact", "user", "search", "q",
    "ordering", "contact__user", "contact__person", "contact__household", "words__asker_name", "words__asker_phone",
    "attachments__name",
    "first_inquirer__user", "is_confidential",
]  # fmt: skip


@pytest.mark.parametrize("worker", WORKERS)
def test_filter_by_what_is_hidden_is_refused(town, request, worker):
    client = signed_in(request.getfixturevalue(worker))
    for name in FILTERS:
        for value in (NAME, str(town.asker.pk)):
            assert client.get("/lanting/api/v1/complaints/", {name: value}).status_code == 400, name


def deliver_by_noon(company: Company) -> None:
    """Outside the quiet hours, when all that waits is due."""
    noon = datetime.combine(timezone.localdate() + timedelta(days=5), time(12), company.timezone)
    for minutes in (0, 10):
        deliver_due(company.pk, at=noon + timedelta(minutes=minutes))


@pytest.mark.parametrize("worker", WORKERS)
def test_no_notice_names_the_asker_to_the_office(town, request, worker, company):
    person = request.getfixturevalue(worker)
    rows = list(Notice.objects.filter(user=person))
    assert rows or worker == "clerk"
    assert not [row.pk for row in rows if told(f"{row.event} {row.path} {row.words}")]
    deliver_by_noon(company)
    letters = [letter for letter in mail.outbox if person.email in letter.to]
    assert letters or worker == "clerk"
    assert not [letter.subject for letter in letters if told(letter.message().as_string()) or told(letter.body)]


def log_of_deliveries(reader: User, **asked: str) -> str:
    pages, path = "", "/lanting/notices/deliveries/"
    for state in ("", "waiting", "sent", "dead"):
        pages += signed_in(reader).get(path, {"state": state, **asked}).text
    return pages


def test_log_of_deliveries_hides_who_asked(town, administrator, office, company, agent):
    """The administrator may belong to the office complained of; what came back from the mail server names him too."""
    deliver_by_noon(company)
    of_asker = Message.objects.filter(user=town.asker)
    assert of_asker.exists()
    dead = of_asker.latest("pk")
    Message.objects.filter(pk=dead.pk).update(
        sent_at=None, due_at=None, dead_at=timezone.now(), error=f"550 no mailbox {EMAIL}"
    )
    seen = log_of_deliveries(administrator)
    assert "confidential" in seen
    assert "neighbour" in seen.lower()
    assert not told(seen)
    assert f"/{dead.pk}/send-again/" not in seen
    assert log_of_deliveries(administrator, q=EMAIL).count("No message here") == 4
    assert signed_in(administrator).get(f"/lanting/notices/deliveries/{dead.pk}/send-again/").status_code == 404


def test_asker_without_an_account_is_hidden_in_the_log(town, administrator, company):
    stranger = "quentin@fremd.example"
    services.file_complaint(
        channel="phone", category=town.hidden.category, title="Smoke", text="Smoke.", first_asked=town.hidden.first_inquirer,
        asker=services.Asker(name="Quentin", phone="13100000000", email=stranger), is_confidential=True, at=timezone.now(),
    )  # fmt: skip
    deliver_by_noon(company)
    assert Message.objects.filter(address=stranger).exists()
    assert "fremd.example" not in log_of_deliveries(administrator)
    assert "13100000000" not in log_of_deliveries(administrator)


def test_centres_own_administrator_sees_who_was_told(town, agent, company):
    grant_role(user=agent, role=Role.COMPANY_ADMINISTRATOR, by=None, at=timezone.now())
    deliver_by_noon(company)
    assert EMAIL in log_of_deliveries(agent)


def test_asker_himself_is_told(town, company):
    deliver_by_noon(company)
    assert [letter for letter in mail.outbox if EMAIL in letter.to]


def test_no_webhook_tells_what_leads_to_the_asker(town, company):
    bodies = [body_of(company, event).decode() for event in Event.objects.filter(stream__startswith="complaint:")]
    assert len(bodies) > 20
    assert not [body for body in bodies if told(body)]
    shown = [json.loads(body)["facts"] for body in bodies if json.loads(body)["event"] == "complaint.received"]
    assert {"room" in facts for facts in shown} == {True, False}  # the neighbour's are told


def test_no_evidence_of_a_case_tells_the_asker(town, head):
    cases = Case.objects.filter(subject=town.hidden.number)
    assert cases
    rows = Evidence.objects.filter(case__in=cases)
    assert not [row for row in rows if told(f"{row.text} {row.event}")]
    assert not [row for row in rows if "laughed" in row.text or "told to wait" in row.text]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_no_export_tells_the_asker(town, head, kind, company):
    client = signed_in(head)
    for what in Export.What.values:
        page = "costs" if what == Export.What.COSTS else "figures"
        asked = client.post(f"/lanting/complaints/{page}/exports/", {"what": what, "kind": kind, "query": ""})
        assert asked.status_code == 302, asked.text
        export = Export.objects.latest("pk")
        assert write_export(company.pk, export.pk)
        export.refresh_from_db()
        assert export.content, what
        text = bytes(export.content).decode() if kind == "csv" else sheet_text(bytes(export.content))
        assert not told(text), what


def sheet_text(content: bytes) -> str:
    import zipfile
    from io import BytesIO

    with zipfile.ZipFile(BytesIO(content)) as sheet:
        return "".join(sheet.read(name).decode() for name in sheet.namelist())


@pytest.mark.parametrize("worker", ["head", "handler"])
def test_photos_show_the_office_nothing_but_their_pixels(town, request, worker):
    client, sent = signed_in(request.getfixturevalue(worker)), 0
    for file in town.hidden.attachments.all():
        for part in ("content/", "preview/"):
            response = client.get(f"/lanting/complaints/{town.hidden.number}/files/{file.pk}/{part}")
            if response.status_code == 200:
                sent += 1
                assert not told(response.content.decode("latin-1") + str(response.headers))
        if not file.is_photo:
            assert client.get(f"/lanting/complaints/{town.hidden.number}/files/{file.pk}/content/").status_code == 404
    assert sent >= 8


def test_refused_acts_of_the_office_tell_nothing(town, head, handler):
    """What an act answers when it is not allowed, or the form was wrong."""
    verbs = [verb.value.replace("_", "-") for verb in Verb if verb not in {Verb.RESUME, Verb.CLOSE}]
    for person, given in ((head, {}), (handler, {"text": "x", "reason": "x", "kind": "solution", "version": 1})):
        client = signed_in(person)
        for verb in verbs:
            answers = [
                client.post(f"/lanting/complaints/{town.hidden.number}/{verb}/", given),
                client.post(f"/lanting/api/v1/complaints/{town.hidden.number}/{verb}/", given),
            ]
            for answer in answers:
                assert not told(f"{answer.content.decode()} {answer.headers}"), verb


def test_centre_sees_and_speaks_for_him(town, agent):
    client = signed_in(agent)
    page = client.get(f"/lanting/complaints/{town.hidden.number}/").text
    for secret in (NAME, PHONE, ROOM, f"Letter of {NAME}.pdf"):
        assert secret in page
    shown = client.get(f"/lanting/api/v1/complaints/{town.hidden.number}/").json()
    assert (shown["asker_name"], shown["asker_phone"], shown["room"]) == (NAME, PHONE, f"7-7-{ROOM}")
    letter = town.hidden.attachments.get(kind="pdf")
    assert client.get(f"/lanting/complaints/{town.hidden.number}/files/{letter.pk}/content/").status_code == 200
