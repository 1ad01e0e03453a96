from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from propman.notify.models import Hours, Message, Notice, Pace, Preference
from propman.notify.services import NewNotice, erase_person, queue_notices
from propman.tenancy.events import broken_links
from propman.tenancy.models import Event
from propman.tenancy.scope import company_scope

from .conftest import NOON

pytestmark = pytest.mark.django_db
LIST = "/lanting/notices/"


@pytest.fixture
def tell(company):
    def told(user, count=1, **words):
        with company_scope(company.pk):
            queue_notices(
                [
                    NewNotice("sample.happened", user.pk, words={"number": f"n{n}", **words}, path="/notices/preferences/")
                    for n in range(count)
                ],
                at=NOON,
            )

    return told


def test_list_shows_own_notices_only(company, owner, rival_owner, client_of, tell):
    tell(owner, title="for the owner")
    tell(rival_owner, title="for the rival")
    html = client_of(owner).get(LIST).content.decode()
    assert "for the owner" in html
    assert "for the rival" not in html


def test_list_is_worded_in_the_readers_language(owner, client_of, tell):
    tell(owner)
    client = client_of(owner)
    client.post("/accounts/language/", {"language": "zh-hans", "next": "/"})
    html = client.get(LIST).content.decode()
    assert "通知" in html
    assert "退出" in html  # a word of the notice itself


def test_bell_counts_unread_notices(owner, client_of, tell):
    client = client_of(owner)
    assert 'aria-label="Notices"' in client.get("/lanting/").content.decode()
    tell(owner, 3)
    assert 'aria-label="Notices, 3 unread"' in client.get("/lanting/").content.decode()


def test_bell_costs_one_query(owner, client_of, tell):
    client = client_of(owner)
    client.get("/lanting/")
    with CaptureQueriesContext(
        connection,
    ) as asked:
        client.get("/lanting/")
    assert sum("notify_notice" in query["sql"] for query in asked.captured_queries) == 1


def test_list_costs_the_same_with_thirty_rows(owner, client_of, tell):
    client = client_of(owner)
    tell(owner)
    client.get(LIST)
    with CaptureQueriesContext(connection) as few:
        client.get(LIST)
    tell(owner, 29)
    with CaptureQueriesContext(connection) as many:
        client.get(LIST)
    assert len(few) == len(many)


def test_opened_notice_is_read_and_leads_on(company, owner, client_of, tell):
    tell(owner)
    with company_scope(company.pk):
        notice = Notice.objects.get()
    response = client_of(owner).get(f"{LIST}{notice.pk}/")
    assert response["Location"] == "/lanting/notices/preferences/"
    with company_scope(company.pk):
        notice.refresh_from_db()
    assert notice.read_at is not None


def test_notice_of_others_is_not_there(company, owner, rival_owner, administrator, client_of, tell):
    tell(owner)
    with company_scope(company.pk):
        notice = Notice.objects.get()
    for person in (rival_owner, administrator):
        assert client_of(person).get(f"{LIST}{notice.pk}/").status_code == 404
        assert client_of(person).get(f"/lanting/api/v1/notices/{notice.pk}/").status_code == 404
        assert client_of(person).post(f"/lanting/api/v1/notices/{notice.pk}/read/").status_code == 404
    with company_scope(company.pk):
        notice.refresh_from_db()
    assert notice.read_at is None


def test_mark_all_read_spares_others(company, owner, rival_owner, client_of, tell):
    tell(owner, 3)
    tell(rival_owner, 2)
    assert client_of(owner).post(f"{LIST}read-all/")["Location"] == LIST
    assert client_of(owner).get(f"{LIST}read-all/").status_code == 405
    with company_scope(company.pk):
        assert Notice.objects.unread().count() == 2
        assert Notice.objects.visible_to(owner).unread().count() == 0


def test_pages_lead_through_all_notices(owner, client_of, tell):
    tell(owner, 70)
    client, url, seen = client_of(owner), LIST, []
    for _page in range(3):
        html = client.get(url).content.decode()
        seen += [f"n{n}:" for n in range(70) if f"happened n{n}:" in html]
        url = LIST + html.partition('" rel="next"')[0].rpartition('href="')[2]
    assert sorted(seen) == sorted(f"n{n}:" for n in range(70))


@pytest.mark.parametrize("before", ["", "x", "-1", "9" * 100, "١", "0", "%00", "1;DROP TABLE"])
def test_nonsense_in_the_address_is_no_crash(owner, client_of, before):
    assert client_of(owner).get(f"{LIST}?before={before}").status_code == 200


def test_preferences_are_kept(company, owner, client_of):
    client = client_of(owner)
    form = {"email": "daily", "sms": "never", "quiet_from": "21:30", "quiet_until": "08:00"}
    assert client.post(f"{LIST}preferences/", form).status_code == 302
    with company_scope(company.pk):
        chosen = Preference.objects.get(user=owner)
    assert (chosen.email, chosen.sms, f"{chosen.quiet_from:%H:%M}") == (Pace.DAILY, Pace.NEVER, "21:30")
    assert 'value="21:30"' in client.get(f"{LIST}preferences/").content.decode()


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"email": "hourly"}, "hourly"),
        ({"email": ""}, "required"),
        ({"quiet_from": "25:00"}, "25:00"),
        ({"quiet_until": ""}, "Give both times"),
        ({"quiet_from": "x" * 100_000}, "Enter a valid time"),
        ({"quiet_from": "\u202e21:00"}, "Enter a valid time"),
    ],
)
def test_wrong_preferences_are_said_and_kept(company, owner, client_of, wrong, says):
    form = {"email": "daily", "sms": "never", "quiet_from": "21:30", "quiet_until": "08:00", **wrong}
    response = client_of(owner).post(f"{LIST}preferences/", form)
    assert response.status_code == 200
    assert says in response.content.decode()
    assert 'value="08:00"' in response.content.decode() or "quiet_until" in wrong
    with company_scope(company.pk):
        assert not Preference.objects.exists()


def test_administrator_sets_quiet_hours(company, administrator, client_of):
    form = {"quiet_from": "23:00", "quiet_until": "06:00", "digest_at": "09:00"}
    assert client_of(administrator).post(f"{LIST}hours/", form).status_code == 302
    with company_scope(company.pk):
        assert f"{Hours.objects.get().quiet_from:%H:%M}" == "23:00"
        assert Event.objects.get().name == "hours.set"
        assert list(broken_links()) == []


@pytest.mark.parametrize("person", ["owner", "agent", "head", "manager"])
def test_others_see_neither_hours_nor_deliveries(request, company, person, client_of):
    client = client_of(request.getfixturevalue(person))
    for page in ("hours/", "deliveries/", "deliveries/1/send-again/"):
        assert client.get(LIST + page).status_code == 403
        assert client.post(LIST + page, {"address": "me@example.com"}).status_code == 403


@pytest.fixture
def dead_message(company, owner):
    with company_scope(company.pk):
        return Message.objects.create(
            channel="email", user=owner, address="old@example.com", opened_at=NOON, dead_at=NOON, attempts=10, error="550 no"
        )


def test_administrator_sends_again_at_the_right_address(company, administrator, owner, client_of, dead_message):
    client = client_of(administrator)
    html = client.get(f"{LIST}deliveries/?state=dead").content.decode()
    assert "old@example.com" in html
    assert "550 no" in html
    page = f"{LIST}deliveries/{dead_message.pk}/send-again/"
    assert owner.email in client.get(page).content.decode()
    assert client.post(page, {"address": "not an address"}).status_code == 200
    assert client.post(page, {"address": "new@example.com"}).status_code == 302
    with company_scope(company.pk):
        dead_message.refresh_from_db()
    assert (dead_message.address, dead_message.dead_at, dead_message.attempts) == ("new@example.com", None, 0)
    assert client.post(page, {"address": "new@example.com"}).status_code == 404


def test_deliveries_of_a_rival_company_stay_hidden(rival_company, rival_manager, client_of, dead_message):
    html = client_of(rival_manager).get("/rival/notices/deliveries/").content.decode()
    assert "old@example.com" not in html
    assert client_of(rival_manager).get(f"/rival/notices/deliveries/{dead_message.pk}/send-again/").status_code == 404


def test_deliveries_are_found_by_recipient_and_state(administrator, client_of, dead_message):
    client = client_of(administrator)
    assert "old@example.com" in client.get(f"{LIST}deliveries/?q=OLD@example.com").content.decode()
    assert "550 no" not in client.get(f"{LIST}deliveries/?q=other@example.com").content.decode()
    assert "550 no" not in client.get(f"{LIST}deliveries/?state=sent").content.decode()
    assert "550 no" in client.get(f"{LIST}deliveries/?state=nonsense").content.decode()


def test_api_lists_own_notices(owner, rival_owner, client_of, tell):
    tell(owner, 2)
    tell(rival_owner)
    answer = client_of(owner).get("/lanting/api/v1/notices/").json()
    assert [row["subject"] for row in answer["results"]] == ["happened n1:", "happened n0:"]
    assert answer["results"][0]["url"] == "http://127.0.0.1:8000/lanting/notices/preferences/"


def test_api_reads_one_and_all(owner, client_of, tell):
    tell(owner, 3)
    client = client_of(owner)
    first = client.get("/lanting/api/v1/notices/").json()["results"][0]["id"]
    assert client.post(f"/lanting/api/v1/notices/{first}/read/").json()["read_at"]
    assert len(client.get("/lanting/api/v1/notices/?is_unread=true").json()["results"]) == 2
    assert client.post("/lanting/api/v1/notices/read-all/").json() == {"read": 2}


def test_api_refuses_unknown_filters(owner, client_of):
    answer = client_of(owner).get("/lanting/api/v1/notices/?user=1")
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert answer.json()["errors"] == {"user": ["This cannot be filtered by."]}


def test_erased_person_leaves_the_count_but_no_words(company, owner, rival_owner, tell):
    tell(owner, 2, title="secret")
    tell(rival_owner, title="kept")
    with company_scope(company.pk):
        queue_notices([NewNotice("sample.happened", None, email="zhou@example.com", words={"title": "secret"})], at=NOON)
        Message.objects.create(
            channel="email", address="zhou@example.com", opened_at=NOON, due_at=datetime.now(UTC) + timedelta(days=1)
        )
        assert erase_person(user=owner) == 2
        assert erase_person(addresses=["zhou@example.com"]) == 1
        assert [notice.words for notice in Notice.objects.order_by("pk")] == [{}, {}, {"number": "n0", "title": "kept"}, {}]
        assert Message.objects.get().address == ""
        assert Message.objects.get().due_at is None
