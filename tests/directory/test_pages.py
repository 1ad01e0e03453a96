import csv
import io
from datetime import date, timedelta

import pytest
from django.utils import timezone
from openpyxl import load_workbook

from propman.accounts.models import Membership
from propman.accounts.roles import Role
from propman.community.models import Community, Household, Import, Occupancy, OwnersCommittee, Person, Room
from propman.tenancy.jobrun import run_everything_due
from propman.tenancy.scope import company_scope
from tests.factories import make_community, make_employee, make_household, make_resident

PREFIX = "/lanting/directory/"
RTL = "Wil\u202elow"


@pytest.fixture
def room(household):
    with company_scope(household.company_id):
        return Room.objects.get(pk=household.room_id)


@pytest.fixture
def clerk(office):
    """An employee of the community's office, without any other role."""
    return make_employee(office, name="Clerk")


@pytest.fixture
def stranger_clerk(company):
    """An employee of the office of another community."""
    from propman.community.models import Department
    from tests.factories import make_department

    other = make_community(company, "other-place")
    return make_employee(make_department(company, Department.Kind.MANAGEMENT_OFFICE, community=other), name="Other clerk")


def post(client, path, **data):
    return client.post(f"{PREFIX}{path}", data, follow=False)


def test_office_goes_straight_to_its_own_community(client_of, clerk, stranger_clerk, community, household, owner):
    response = client_of(clerk).get(PREFIX)
    assert response["Location"] == "/lanting/directory/willow-garden/"
    assert "Owner" in client_of(clerk).get(response["Location"]).content.decode()
    assert client_of(stranger_clerk).get("/lanting/directory/willow-garden/").status_code == 404


def test_owner_is_refused_everywhere(client_of, owner, community, room):
    client = client_of(owner)
    for path in ("", "willow-garden/", f"willow-garden/rooms/{room.pk}/", "willow-garden/people/", "willow-garden/export.csv"):
        assert client.get(f"{PREFIX}{path}").status_code == 403


def test_room_of_another_community_is_not_found(client_of, administrator, company, room):
    make_community(company, "elsewhere")
    assert client_of(administrator).get(f"{PREFIX}elsewhere/rooms/{room.pk}/").status_code == 404


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=Owner", True),
        ("q=1-1-", True),
        ("q=nobody", False),
        ("lived_in=yes", True),
        ("lived_in=no", False),
        ("building=999", True),
    ],
)
def test_rooms_are_found_by_room_and_resident(client_of, administrator, community, owner, room, query, found):
    page = client_of(administrator).get(f"{PREFIX}willow-garden/?{query}").content.decode()
    assert (f">{room.label}<" in page) is found


@pytest.mark.parametrize(
    "query", ["q=%00", "q=%E2%80%AE", f"q={'x' * 5000}", "building=abc", "lived_in=perhaps", "after=zzz", "q=%"]
)
def test_strange_search_gives_a_page(client_of, administrator, community, owner, query):
    assert client_of(administrator).get(f"{PREFIX}willow-garden/?{query}").status_code == 200
    assert client_of(administrator).get(f"{PREFIX}willow-garden/people/?{query}").status_code == 200


@pytest.mark.parametrize("path", ["willow-garden/", "willow-garden/people/"])
def test_lists_ask_the_same_of_one_row_and_thirty(
    client_of, administrator, community, household, owner, path, django_assert_num_queries
):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = client_of(administrator)
    client.get(f"{PREFIX}{path}")
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get(f"{PREFIX}{path}")
    for _n in range(29):
        make_resident(make_household(community))
    with django_assert_num_queries(len(few)):
        client.get(f"{PREFIX}{path}")


def test_list_goes_on_by_key(client_of, administrator, community):
    for _n in range(60):
        make_household(community)
    client, seen, path = client_of(administrator), [], f"{PREFIX}willow-garden/?q=1-1"
    while path:
        response = client.get(path)
        seen += [room.label for room in response.context["rows"]]
        path = response.context["page"].next_url and f"{PREFIX}willow-garden/{response.context['page'].next_url}"
    assert len(seen) == len(set(seen)) == 60
    assert seen == sorted(seen)


def test_administrator_opens_a_community(client_of, administrator, company):
    client = client_of(administrator)
    assert post(client, "new/", name="Jade Terrace", address="jade", street="").status_code == 302
    again = post(client, "new/", name="Jade Terrace", address="jade-2", street="")
    assert again.status_code == 422
    assert "already one called" in again.content.decode()
    with company_scope(company.pk):
        assert Community.objects.filter(name="Jade Terrace").count() == 1


@pytest.mark.parametrize("name", ["", "x" * 100_000, "a\x07b", RTL, "\x00"])
def test_bad_name_is_answered_and_kept(client_of, clerk, community, name):
    response = post(client_of(clerk), "willow-garden/change/", name=name, street="Kept street 1")
    assert response.status_code == 422
    assert "Kept street 1" in response.content.decode()
    with company_scope(community.company_id):
        assert Community.objects.get().name == "Willow-Garden"


def test_office_adds_building_entrance_and_room(client_of, clerk, community):
    client = client_of(clerk)
    assert post(client, "willow-garden/buildings/new/", name="7栋 🏠").status_code == 302
    with company_scope(community.company_id):
        building = community.buildings.get(name="7栋 🏠")
    assert post(client, "willow-garden/entrances/new/", building=building.pk, name="2").status_code == 302
    with company_scope(community.company_id):
        entrance = building.entrances.get()
    bad = post(client, "willow-garden/rooms/new/", entrance=entrance.pk, name="101", area="0")
    assert bad.status_code == 422
    assert post(client, "willow-garden/rooms/new/", entrance=entrance.pk, name="101", area="88.5").status_code == 302
    assert post(client, "willow-garden/rooms/new/", entrance=entrance.pk, name="101", area="88.5").status_code == 422
    with company_scope(community.company_id):
        assert Room.objects.filter(name="101").count() == 1


def test_building_of_another_community_is_no_choice(client_of, administrator, company, community, household):
    make_community(company, "elsewhere")
    with company_scope(company.pk):
        building = community.buildings.get()
    response = post(client_of(administrator), "elsewhere/entrances/new/", building=building.pk, name="2")
    assert response.status_code == 422


def test_moving_in_and_out_by_the_page(client_of, clerk, household, room):
    client, today = client_of(clerk), date.today()  # noqa: DTZ011
    told = {"name": "林佳", "phone": "13800000001", "email": "", "kind": "owner", "on": today.isoformat()}
    assert post(client, f"willow-garden/rooms/{room.pk}/move-in/", **told).status_code == 302
    again = post(client, f"willow-garden/rooms/{room.pk}/move-in/", **told)
    assert again.status_code == 422
    assert "noted there already" in again.content.decode()
    with company_scope(household.company_id):
        occupancy = Occupancy.objects.get(person__name="林佳")
        assert Person.objects.filter(name="林佳").count() == 1
    on = today + timedelta(days=1)
    path = f"willow-garden/rooms/{room.pk}/move-out/{occupancy.pk}/"
    assert post(client, path, on="tomorrow").status_code == 422
    assert post(client, path, on=on.isoformat()).status_code == 302
    assert post(client, path, on=on.isoformat()).status_code == 404
    page = client.get(f"{PREFIX}willow-garden/rooms/{room.pk}/").content.decode()
    assert "林佳" in page


def test_agent_sees_and_may_not_change(client_of, agent, community, room, owner):
    client = client_of(agent)
    page = client.get(f"{PREFIX}willow-garden/rooms/{room.pk}/")
    assert page.status_code == 200
    assert "move-in" not in page.content.decode()
    assert post(client, f"willow-garden/rooms/{room.pk}/move-in/", name="X").status_code == 403


def test_committee_is_elected_by_the_page(client_of, clerk, company, community, owner):
    client = client_of(clerk)
    with company_scope(company.pk):
        person = Person.objects.get(user=owner)
    told = {"person": person.pk, "office": "Chair", "on": "2026-03-02"}
    assert post(client, "willow-garden/committee/join/", **told).status_code == 302
    assert post(client, "willow-garden/committee/join/", **told).status_code == 422
    assert "Chair" in client.get(f"{PREFIX}willow-garden/committee/").content.decode()
    with company_scope(company.pk):
        assert Membership.objects.current().filter(user=owner, role=Role.COMMITTEE_MEMBER).exists()
    assert post(client, "willow-garden/committee/end/").status_code == 302
    with company_scope(company.pk):
        assert not OwnersCommittee.objects.filter(ends_on=None).exists()
        assert not Membership.objects.current().filter(user=owner, role=Role.COMMITTEE_MEMBER).exists()


def test_export_holds_what_the_import_reads(client_of, administrator, community, household, owner):
    with company_scope(community.company_id):
        Person.objects.filter(user=owner).update(name="=cmd|' /C calc'!A0")
    client = client_of(administrator)
    text = b"".join(client.get(f"{PREFIX}willow-garden/export.csv").streaming_content).decode("utf-8-sig")
    heading, row = list(csv.reader(io.StringIO(text)))
    assert heading == ["building", "entrance", "room", "area", "owner", "phone", "email"]
    assert row[4] == "'=cmd|' /C calc'!A0"
    book = load_workbook(io.BytesIO(b"".join(client.get(f"{PREFIX}willow-garden/export.xlsx").streaming_content)))
    assert book.active["E2"].data_type == "s"
    assert client.get(f"{PREFIX}willow-garden/export.exe").status_code == 404


# Imports


def upload(client, content, path="willow-garden/import/", name="rooms.csv", **data):
    file = io.BytesIO(content if isinstance(content, bytes) else content.encode())
    file.name = name
    return client.post(f"{PREFIX}{path}", {"file": file, **data})


def test_upload_is_previewed_confirmed_and_undone(client_of, clerk, community):
    client = client_of(clerk)
    response = upload(client, "楼栋,单元,房号,面积,业主\n1,1,901,80,林佳\n1,1,902,81,\n".encode("gb18030"))
    assert response.status_code == 302
    with company_scope(community.company_id):
        assert not Room.objects.exists()
    page = client.get(response["Location"]).content.decode()
    assert "1-1-901" in page
    assert client.post(f"{response['Location']}confirm/").status_code == 302
    with company_scope(community.company_id):
        assert Room.objects.count() == 2
        assert Household.objects.count() == 1
    assert "imported" in client.get(f"{PREFIX}willow-garden/import/").content.decode()
    client.post(f"{response['Location']}confirm/")  # pressed twice
    client.post(f"{response['Location']}undo/")
    with company_scope(community.company_id):
        assert not Room.objects.exists()
        assert not Person.objects.exists()


def test_wrong_rows_are_all_shown_and_cannot_be_confirmed(client_of, clerk, community):
    client = client_of(clerk)
    response = upload(client, "building,room,area\n1,101,80\n1,101,80\n1,102,<script></script>\n1,103,0\n")
    page = client.get(response["Location"]).content.decode()
    assert page.count('<tr><th scope="row" class="pm-num">') >= 3
    assert "<script></" not in page
    assert "confirm/" not in page
    client.post(f"{response['Location']}confirm/")
    with company_scope(community.company_id):
        assert not Room.objects.exists()


@pytest.mark.parametrize("content", [b"", b"\x00\x01\xff\xfe\x81", b"PK\x03\x04broken", b"a,b\n1,2\n", "é".encode("latin-1")])
def test_unusable_upload_is_answered(client_of, clerk, community, content):
    response = upload(client_of(clerk), content)
    assert response.status_code == 422
    assert "is-invalid" in response.content.decode() or "invalid-feedback" in response.content.decode()


def test_import_of_one_office_is_unknown_to_another(client_of, clerk, stranger_clerk, community):
    response = upload(client_of(clerk), "building,room,area\n1,101,80\n")
    other = client_of(stranger_clerk)
    assert other.get(response["Location"]).status_code == 404
    assert other.post(f"{response['Location']}confirm/").status_code == 404
    assert upload(other, "building,room,area\n1,101,80\n").status_code == 404


def test_staff_list_comes_in_by_the_page(client_of, administrator, clerk, company):
    response = upload(client_of(administrator), "number,name,department\n77,Lin,Desk\n", "staff/import/", "staff.csv")
    assert client_of(administrator).post(f"{response['Location']}confirm/").status_code == 302
    with company_scope(company.pk):
        from propman.community.models import Employee

        assert Employee.objects.get(number="77").name == "Lin"
    assert client_of(clerk).get(f"{PREFIX}staff/import/").status_code == 403
    assert client_of(clerk).get(response["Location"]).status_code == 404


# API


def test_api_shows_each_his_own(client_of, administrator, clerk, stranger_clerk, owner, rival_owner, household, company):
    def seen(user, resource):
        response = client_of(user).get(f"/lanting/api/v1/{resource}/")
        return [row["id"] for row in response.json()["results"]] if response.status_code == 200 else response.status_code

    assert len(seen(administrator, "households")) == 2
    assert len(seen(clerk, "households")) == 2
    assert seen(stranger_clerk, "households") == []
    assert seen(owner, "households") == [household.pk]
    assert len(seen(owner, "communities")) == 1
    assert len(seen(administrator, "communities")) == 2
    assert seen(owner, "employees") == 403
    assert len(seen(clerk, "employees")) == 3


def test_api_says_who_lives_in_a_household(client_of, owner, household):
    told = client_of(owner).get(f"/lanting/api/v1/households/{household.pk}/").json()
    assert (told["community"], told["people"][0]["name"], told["people"][0]["kind"]) == ("willow-garden", "Owner", "owner")


def test_unconfirmed_upload_is_forgotten_after_a_day(client_of, clerk, community, company):
    upload(client_of(clerk), "building,room,area,owner\n1,101,80,Lin\n")
    with company_scope(company.pk):
        found = Import.objects.get()
        assert found.content is not None
    run_everything_due(timezone.now() + timedelta(days=2))
    with company_scope(company.pk):
        found.refresh_from_db()
        assert found.content is None
        assert found.discarded_at is not None
