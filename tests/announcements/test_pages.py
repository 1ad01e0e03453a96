"""The pages and the API, by those who may and by those who must not."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from propman.accounts.roles import Role
from propman.announcements.models import Announcement, Reading
from propman.announcements.selectors import Places
from propman.community.models import Department
from propman.notify.models import Notice
from propman.tenancy.scope import company_scope
from tests.factories import make_community, make_department, make_employee, make_household, make_resident

from .conftest import home_in

MOMENT = "%Y-%m-%dT%H:%M"
HOUR = timedelta(hours=1)


@pytest.fixture
def now():
    return timezone.localtime().replace(second=0, microsecond=0)


@pytest.fixture
def holding(tell, now):
    """Water is off in the whole community since an hour, for another two."""
    return tell(at=now - 2 * HOUR, starts_at=now - HOUR, ends_at=now + 2 * HOUR)


def typed(now, *places: str, **fields) -> dict[str, object]:
    return {
        "kind": "power",
        "title": "No power in building 1",
        "text": "The meter is changed.",
        "starts_at": (now + HOUR).strftime(MOMENT),
        "ends_at": (now + 3 * HOUR).strftime(MOMENT),
        "publish_at": "",
        "remind_hours": "0",
        "place": list(places),
        "publish": "1",
        **fields,
    }


def test_home_shows_what_holds_now(client_of, company, owner, holding):
    page = client_of(owner).get(f"/{company.address}/").content.decode()
    assert "No water in building 1" in page
    assert "Holds now" in page


def test_home_of_other_building_shows_nothing(client_of, company, community, household, tell, now):
    other = make_resident(home_in(community, "2"))
    part = Places(buildings=frozenset({household.room.entrance.building_id}))
    told = tell(part, at=now - HOUR, starts_at=now - HOUR, ends_at=now + HOUR)
    client = client_of(other)
    assert "No water" not in client.get(f"/{company.address}/").content.decode()
    assert "No water" not in client.get(f"/{company.address}/announcements/").content.decode()
    assert client.get(f"/{company.address}/announcements/{told.pk}/").status_code == 404
    assert client.post(f"/{company.address}/announcements/{told.pk}/read/").status_code == 404
    assert client.get(f"/{company.address}/api/v1/announcements/{told.pk}/").status_code == 404


def test_looking_is_not_reading(client_of, company, owner, holding):
    client = client_of(owner)
    page = client.get(f"/{company.address}/announcements/{holding.pk}/")
    assert "I have read it" in page.content.decode()
    with company_scope(company.pk):
        assert not Reading.objects.exists()
    client.post(f"/{company.address}/announcements/{holding.pk}/read/")
    assert "You read this" in client.get(f"/{company.address}/announcements/{holding.pk}/").content.decode()


def test_fragment_of_reading_takes_the_place_of_the_button(client_of, company, owner, holding):
    answer = client_of(owner).post(f"/{company.address}/announcements/{holding.pk}/read/", headers={"hx-request": "true"})
    assert answer.content.decode().startswith("<div")
    assert "You read this" in answer.content.decode()


def test_planned_announcement_is_nobodys_yet(client_of, company, owner, tell, now):
    planned = tell(at=now, publish_at=now + HOUR, starts_at=now + 2 * HOUR, ends_at=None)
    client = client_of(owner)
    assert client.get(f"/{company.address}/announcements/{planned.pk}/").status_code == 404
    assert "No water" not in client.get(f"/{company.address}/announcements/").content.decode()


def test_office_tells_its_building(client_of, company, community, household, head, owner, now):
    building = household.room.entrance.building_id
    client = client_of(head)
    answer = client.post(f"/{company.address}/announcements/desk/write/", typed(now, f"b{building}"))
    assert answer.status_code == 302
    with company_scope(company.pk):
        told = Announcement.objects.get()
        assert told.published_at
        assert Notice.objects.get().user_id == owner.pk
    page = client.get(answer["Location"]).content.decode()
    assert "Read in 0 of 1 households" in page


def test_preview_says_who_gets_it_and_tells_nobody(client_of, company, community, household, head, owner, now):
    make_household(community)
    answer = client_of(head).post(
        f"/{company.address}/announcements/desk/write/", {**typed(now, f"c{community.pk}"), "preview": "1"}
    )
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "One building, 2 households, one account" in page
    assert "One household has no account" in page
    with company_scope(company.pk):
        assert not Announcement.objects.exists()


def test_form_sent_twice_tells_once(client_of, company, community, head, owner, now):
    client, sent = client_of(head), typed(now, f"c{community.pk}", idempotency_key="k1")
    first = client.post(f"/{company.address}/announcements/desk/write/", sent)
    second = client.post(f"/{company.address}/announcements/desk/write/", sent)
    assert first["Location"] == second["Location"]
    with company_scope(company.pk):
        assert Announcement.objects.count() == Notice.objects.count() == 1


def test_place_of_another_office_is_not_told(client_of, company, community, head, now):
    far = make_community(company, "far")
    make_household(far)
    answer = client_of(head).post(f"/{company.address}/announcements/desk/write/", typed(now, f"c{far.pk}", "b999", "x", "e١"))
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "Choose who is told" in page
    assert "No power in building 1" in page  # what was typed stays
    with company_scope(company.pk):
        assert not Announcement.objects.exists()


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"title": ""}, "required"),
        ({"kind": "meteor"}, "meteor"),
        ({"ends_at": "2020-01-01T00:00"}, "before it begins"),
        ({"starts_at": "soon"}, "valid date"),
        ({"starts_at": "2000-01-01T00:00", "ends_at": ""}, "within a year"),
        ({"remind_hours": "99"}, "99"),
    ],
)
def test_mistake_stands_beside_its_field(client_of, company, community, head, now, fields, says):
    answer = client_of(head).post(f"/{company.address}/announcements/desk/write/", typed(now, f"c{community.pk}", **fields))
    assert answer.status_code == 422
    assert says in answer.content.decode()


def test_centre_tells_every_community(client_of, company, community, agent, now):
    far = make_community(company, "far")
    resident = make_resident(make_household(far))
    answer = client_of(agent).post(
        f"/{company.address}/announcements/desk/write/", typed(now, f"c{community.pk}", f"c{far.pk}")
    )
    assert answer.status_code == 302
    with company_scope(company.pk):
        assert Notice.objects.filter(user=resident).exists()


def test_office_sees_of_a_common_one_its_own_counts_and_may_not_change_it(
    client_of, company, community, head, household, agent, now
):
    far = make_community(company, "far")
    make_household(far)
    client_of(agent).post(f"/{company.address}/announcements/desk/write/", typed(now, f"c{community.pk}", f"c{far.pk}"))
    with company_scope(company.pk):
        told = Announcement.objects.get()
    client = client_of(head)
    page = client.get(f"/{company.address}/announcements/desk/{told.pk}/").content.decode()
    assert "Read in 0 of 1 households" in page
    assert "/withdraw/" not in page
    assert client.post(f"/{company.address}/announcements/desk/{told.pk}/withdraw/", {"reason": "x"}).status_code == 404


def test_other_office_finds_no_announcement_of_this_one(client_of, company, holding):
    far = make_community(company, "far")
    office = make_department(company, Department.Kind.MANAGEMENT_OFFICE, community=far)
    clerk = client_of(make_employee(office, Role.DEPARTMENT_HEAD))
    assert "No water" not in clerk.get(f"/{company.address}/announcements/desk/").content.decode()
    for name in ("", "correct/", "withdraw/", "clear/", "paper.pdf"):
        assert clerk.get(f"/{company.address}/announcements/desk/{holding.pk}/{name}").status_code == 404
    assert clerk.get(f"/{company.address}/announcements/desk/write/?from={holding.pk}").status_code == 404


def test_employee_outside_offices_and_centre_tells_nobody(client_of, company, community, company_office, now):
    clerk = client_of(make_employee(company_office, Role.HR_OFFICER))
    assert clerk.get(f"/{company.address}/announcements/desk/").status_code == 200
    assert clerk.get(f"/{company.address}/announcements/desk/write/").status_code == 404
    sent = typed(now, f"c{community.pk}")
    assert clerk.post(f"/{company.address}/announcements/desk/write/", sent).status_code == 404


def test_correction_withdrawal_and_all_clear_by_the_office(client_of, company, community, owner, head, holding, now):
    client, resident, at = client_of(head), client_of(owner), f"/{company.address}/announcements"
    sent = typed(now, f"c{community.pk}", correction="It is power, not water.")
    corrected = client.post(f"{at}/desk/{holding.pk}/correct/", sent)
    assert corrected.status_code == 302
    old = resident.get(f"{at}/{holding.pk}/").content.decode()
    assert "This was corrected." in old
    assert "It is power, not water." in old
    new = int(corrected["Location"].rstrip("/").rpartition("/")[2])
    assert "What was said before" in resident.get(f"{at}/{new}/").content.decode()
    assert client.post(f"{at}/desk/{holding.pk}/correct/", sent).status_code == 404
    assert client.post(f"{at}/desk/{new}/withdraw/", {"reason": ""}).status_code == 422
    assert client.post(f"{at}/desk/{new}/withdraw/", {"reason": "Postponed."}).status_code == 302
    assert "Postponed." in resident.get(f"{at}/{new}/").content.decode()
    assert "No power" not in resident.get(f"/{company.address}/").content.decode()


def test_all_clear_is_shown_where_it_held(client_of, company, owner, head, holding):
    client, at = client_of(head), f"/{company.address}/announcements"
    answer = client.post(f"{at}/desk/{holding.pk}/clear/", {"text": "Water runs again."})
    assert answer.status_code == 302
    resident = client_of(owner)
    assert "All clear since" in resident.get(f"{at}/{holding.pk}/").content.decode()
    home = resident.get(f"/{company.address}/").content.decode()
    assert "Water runs again." in home
    assert "Holds now" not in home


def test_paper_has_a_page_for_each_door(client_of, company, community, household, head, holding):
    home_in(community, "2", "1")
    home_in(community, "2", "2")
    answer = client_of(head).get(f"/{company.address}/announcements/desk/{holding.pk}/paper.pdf")
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer.content.startswith(b"%PDF-")
    assert b"/Count 3" in answer.content


def test_paper_for_one_community_has_its_doors_only(client_of, company, community, household, agent, tell, now):
    far = make_community(company, "far")
    make_household(far)
    both = Places(communities=frozenset({community.pk, far.pk}))
    told = tell(both, at=now, starts_at=now, ends_at=None)
    client, at = client_of(agent), f"/{company.address}/announcements/desk/{told.pk}/"
    assert "paper.pdf?community=far" in client.get(at).content.decode()
    assert b"/Count 1" in client.get(f"{at}paper.pdf?community=far").content
    assert b"/Count 2" in client.get(f"{at}paper.pdf").content
    assert client.get(f"{at}paper.pdf?community=nowhere").status_code == 404


def test_public_page_shows_what_the_whole_community_is_told(client, company, community, household, tell, holding, now):
    part = Places(buildings=frozenset({household.room.entrance.building_id}))
    tell(part, at=now, starts_at=now, ends_at=None, title="Only for building 1")
    tell(at=now - 9 * HOUR, starts_at=now - 9 * HOUR, ends_at=now - 8 * HOUR, title="Over long ago")
    page = client.get(f"/{company.address}/public/{community.address}/announcements/").content.decode()
    assert "No water in building 1" in page
    assert "Only for building 1" not in page
    assert "Over long ago" not in page


def test_desk_filters_and_pages_by_key(client_of, company, community, head, tell, now):
    for number in range(31):
        tell(at=now - HOUR, starts_at=now, ends_at=now + HOUR, title=f"Row {number:02}", kind="lift" if number else "gas")
    client, at = client_of(head), f"/{company.address}/announcements/desk/"
    first = client.get(at).content.decode()
    assert first.count('class="pm-row"') == 30
    assert "after=" in first
    assert client.get(f"{at}?kind=gas").content.decode().count('class="pm-row"') == 1
    assert client.get(f"{at}?q=row+07").content.decode().count('class="pm-row"') == 1
    assert client.get(f"{at}?state=withdrawn").content.decode().count('class="pm-row"') == 0
    assert client.get(f"{at}?state=nonsense&community=nonsense&after=nonsense").content.decode().count('class="pm-row"') == 30


def test_list_costs_the_same_queries_for_many_rows(client_of, company, head, owner, tell, now):
    def asked(client, path: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path).status_code == 200
        return len(queries)

    pages = [
        (client_of(head), f"/{company.address}/announcements/desk/"),
        (client_of(owner), f"/{company.address}/announcements/"),
        (client_of(owner), f"/{company.address}/api/v1/announcements/"),
        (client_of(head), f"/{company.address}/api/v1/announcements/"),
    ]
    tell(at=now, starts_at=now, ends_at=None)
    for client, path in pages:
        client.get(path)
    few = [asked(*page) for page in pages]
    for _number in range(29):
        tell(at=now, starts_at=now, ends_at=None)
    assert [asked(*page) for page in pages] == few


def test_program_publishes_reads_and_withdraws(client_of, company, community, household, owner, head, now):
    office, resident, at = client_of(head), client_of(owner), f"/{company.address}/api/v1/announcements/"
    body = {
        "kind": "water",
        "title": "No water",
        "text": "The pump is changed.",
        "starts_at": (now + HOUR).isoformat(),
        "ends_at": (now + 2 * HOUR).isoformat(),
        "buildings": [household.room.entrance.building_id],
    }
    made = office.post(at, body, content_type="application/json", headers={"Idempotency-Key": "a1"})
    again = office.post(at, body, content_type="application/json", headers={"Idempotency-Key": "a1"})
    assert made.status_code == again.status_code == 201
    key = made.json()["id"]
    assert again.json()["id"] == key
    assert (made.json()["households"], made.json()["households_read"], made.json()["state"]) == (1, 0, "coming")
    told = resident.get(f"{at}{key}/").json()
    assert (told["households"], told["read_at"]) == (None, None)
    assert resident.post(f"{at}{key}/read/").json()["read_at"]
    assert office.get(f"{at}{key}/").json()["households_read"] == 1
    assert resident.post(f"{at}{key}/withdraw/", {"reason": "x"}, content_type="application/json").status_code == 403
    answer = office.post(f"{at}{key}/withdraw/", {"reason": "Postponed."}, content_type="application/json")
    assert answer.json()["state"] == "withdrawn"
    gone = office.post(f"{at}{key}/withdraw/", {"reason": "x"}, content_type="application/json")
    assert gone.status_code == 409


def test_program_is_told_which_place_is_not_its_own(client_of, company, community, head, owner, now):
    far = make_household(make_community(company, "far"))
    body = {"kind": "gas", "title": "x", "text": "x", "starts_at": now.isoformat(), "communities": ["far"]}
    body["buildings"] = [far.room.entrance.building_id]
    at = f"/{company.address}/api/v1/announcements/"
    answer = client_of(head).post(at, body, content_type="application/json")
    assert answer.status_code == 400
    assert set(answer.json()["errors"]) == {"communities", "buildings"}
    assert client_of(owner).post(at, body, content_type="application/json").status_code == 403


def test_staff_and_rivals_find_no_page_of_residents(client_of, company, holding, official, rival_manager, agent):
    at = f"/{company.address}/announcements/{holding.pk}/"
    assert client_of(rival_manager).get(at).status_code == 404
    assert client_of(official).get(at).status_code == 404
    answer = client_of(agent).get(at)
    assert answer.status_code == 302
    assert answer["Location"].endswith(f"/announcements/desk/{holding.pk}/")


def test_write_form_begins_with_what_a_link_names(client_of, company, community, household, agent):
    building = household.room.entrance.building_id
    page = client_of(agent).get(f"/{company.address}/announcements/desk/write/?place=b{building}&title=Lift&kind=lift")
    html = page.content.decode()
    assert f'value="b{building}" checked' in html
    assert 'value="Lift"' in html
