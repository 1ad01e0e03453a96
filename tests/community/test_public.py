"""The page of a community that needs no sign-in."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cards.workflow import Card
from complaints import services
from propman.accounts.models import User
from propman.accounts.roles import Role
from propman.announcements.selectors import Places
from propman.announcements.services import NewAnnouncement, write_announcement
from propman.community.models import Building, Department, Employee, Person
from propman.community.services import places
from propman.tenancy.scope import company_scope
from tests.conftest import signed_in
from tests.factories import make_community, make_department, make_household, make_member, make_resident
from tests.factories.cards import cast, count_round, make_committee, make_round
from tests.factories.complaints import make_complaint, make_policy

pytestmark = pytest.mark.django_db
PAGE = "/lanting/public/willow-garden/"
EVIL = "<script>alert(1)</script>"


@pytest.fixture
def opened(client):
    """The page as an anonymous visitor gets it."""

    def read(path: str = PAGE) -> str:
        response = client.get(path)
        assert response.status_code == 200
        return response.content.decode()

    return read


@pytest.fixture
def months(company, household):
    """Six complaints in the month before, one of them late and one reopened, and two in this one."""
    now = timezone.now()
    this = timezone.localtime(now, company.timezone).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    last = this - timedelta(days=10)
    with company_scope(company.pk):
        make_policy()
        filed = [make_complaint(household=household, at=last) for _ in range(6)]
        services.fire_due_timers(last + timedelta(days=9))
        for at in (this, now):
            make_complaint(household=household, at=at)
    return filed


def announced(company, speaker, to: Places, title: str):
    now = timezone.now()
    told = NewAnnouncement("water", title, "Fill a bucket.", now - timedelta(hours=1), now + timedelta(hours=2))
    with company_scope(company.pk):
        office = make_department(company, Department.Kind.OTHER, name="Works")
        return write_announcement(new=told, to=to, department=office, by=speaker, at=now - timedelta(hours=2))


def test_page_leads_to_every_public_page(opened, community):
    page = opened()
    for part in ("register/", "cards/"):
        assert f'href="{PAGE}{part}"' in page
    assert 'href="/lanting/public/heads/"' in page
    assert 'href="/lanting/follow/"' in page
    assert f'action="{PAGE}register/"' in page


def test_filing_is_offered_to_visitors_and_residents_only(opened, community, owner, agent):
    offered = 'href="/lanting/complaints/new/"'
    assert offered in opened()
    assert offered in signed_in(owner).get(PAGE).content.decode()
    assert offered not in signed_in(agent).get(PAGE).content.decode()


def test_empty_community_says_what_will_stand_there(opened, community):
    page = opened()
    assert 'class="btn mt-2"' not in page  # no button without a word
    for words in ("No count yet", "Not counted yet", "Nothing is announced to the whole community", "Received this month"):
        assert words in page


@pytest.mark.usefixtures("months")
def test_complaints_of_two_months_are_shown(opened):
    page = opened()
    assert ">2</a>" in page
    assert "6 in " in page
    assert page.count("of those received in") == 2
    assert "fewer than 5" not in page


def test_share_of_few_complaints_is_hidden(opened, company, household):
    now = timezone.now()
    last = timezone.localtime(now, company.timezone).replace(day=1) - timedelta(days=3)
    with company_scope(company.pk):
        make_policy()
        for _ in range(4):
            make_complaint(household=household, at=last)
    page = opened()
    assert "4 in " in page
    assert page.count("fewer than 5") == 2


@pytest.fixture
def government_official(company):
    return make_member(company, Role.GOVERNMENT_OFFICIAL, name="Government official")


@pytest.fixture
def counted(community, household, official, government_official):
    make_committee(community)
    round = make_round(community)
    cast(round, household, Card.COMPANY_YELLOW, Card.COMMITTEE_BLUE)
    return count_round(round, official, government_official)


@pytest.mark.usefixtures("counted")
def test_last_count_is_shown_with_turnout_and_tally(opened):
    page = opened()
    assert f'href="{PAGE}cards/2026-02/"' in page
    assert "Turnout 33" in page
    assert "Warning" in page
    assert "Owners&#x27; committee" in page


def test_round_that_is_not_counted_shows_no_card(opened, community, household):
    round = make_round(community)
    cast(round, household, Card.COMPANY_RED)
    page = opened()
    assert "No count yet" in page
    assert "Turnout" not in page
    assert "Refuses" not in page


def test_only_what_the_whole_community_is_told_is_public(opened, company, community, household, manager):
    building = Places(buildings=frozenset({household.room.entrance.building_id}))
    announced(company, manager, Places(communities=frozenset({community.pk})), "Water off")
    with company_scope(company.pk):
        Department.objects.filter(name="Works").update(name="Works before")
    announced(company, manager, building, "Lift of one building")
    page = opened()
    assert "Water off" in page
    assert "Lift of one building" not in page


@pytest.mark.parametrize("address", ["no-such-place", "rose-garden"])
def test_unknown_and_foreign_community_look_alike(client, rival_company, community, address):
    make_community(rival_company, "rose-garden")
    known = client.get(f"/{rival_company.address}/public/rose-garden/")
    assert known.status_code == 200
    response = client.get(f"/lanting/public/{address}/")
    assert response.status_code == 404
    assert "Rose" not in response.content.decode()
    assert "rose-garden" not in client.get("/lanting/public/").content.decode()


def test_nobody_is_named(opened, company, household, months, owner, head, agent, manager):
    User.objects.update(name="Xaver Zobel")
    with company_scope(company.pk):
        Person.objects.update(name="Xaver Zobel")
        Employee.objects.update(name="Xaver Zobel")
    page = opened() + opened("/lanting/public/")
    assert "Zobel" not in page
    for person in (owner, head, agent, manager):
        assert person.email not in page
    for one in months:
        assert one.number not in page
        assert one.words.title not in page
    assert household.room.label not in page


def test_names_are_text_and_never_markup(opened, company, community, manager):
    with company_scope(company.pk):
        type(community).objects.filter(pk=community.pk).update(name=f"Willow {EVIL}", street=f'1 "Street" {EVIL}')
        office = make_department(company, Department.Kind.MANAGEMENT_OFFICE, community=community, name=f"Office {EVIL}")
        Department.objects.filter(pk=office.pk).update(phone='1"><script>')
    announced(company, manager, Places(communities=frozenset({community.pk})), f"Water {EVIL}")
    for page in (opened(), opened("/lanting/public/"), opened(f"/lanting/public/?q={EVIL}")):
        assert EVIL not in page
        assert '"><script>' not in page
    assert "&lt;script&gt;" in opened()


def test_page_costs_the_same_however_much_there_is(client, company, community, household, counted, months, manager):
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(PAGE).status_code == 200
        return len([one for one in queries if "SAVEPOINT" not in one["sql"]])

    first = cost()
    announced(company, manager, Places(communities=frozenset({community.pk})), "Water off")
    with company_scope(company.pk):
        for number in range(5):
            make_complaint(household=household, at=timezone.now())
            Building.objects.create(community=community, name=f"more {number}")
    make_resident(make_household(community))
    assert cost() == first
    assert first <= 14


def test_list_finds_by_name_and_street(opened, client, company, community):
    make_community(company, "rose-garden")
    with company_scope(company.pk):
        type(community).objects.filter(pk=community.pk).update(street="7 Lake Road")
    assert "rose-garden" in opened("/lanting/public/")
    page = opened("/lanting/public/?q=lake")
    assert f'href="{PAGE}"' in page
    assert "rose-garden" not in page
    assert "No community of this name" in opened("/lanting/public/?q=nowhere")
    assert client.get("/lanting/public/?q=%00&after=%00").status_code == 200


def test_list_of_many_is_paged(opened, company):
    for number in range(31):
        make_community(company, f"place-{number:02}")
    assert 'rel="next"' in opened("/lanting/public/")


def test_sign_in_page_leads_to_the_companys_communities(client, company):
    there = client.get("/lanting/", follow=True)
    assert 'href="/lanting/public/"' in there.content.decode()
    for asked in ("", "/nobody/x/", "/accounts/", "https://example.test/lanting/", "/lanting%00/", "//lanting/"):
        assert "/public/" not in client.get("/accounts/login/", {"next": asked}).content.decode()


@pytest.mark.parametrize("part", ["register/", "satisfaction/", "cards/", "cards/promises/", "announcements/"])
def test_single_pages_lead_back(opened, community, part):
    assert f'class="pm-back" href="{PAGE}"' in opened(f"{PAGE}{part}")


def test_follow_page_leads_to_the_communities(opened, company):
    assert 'href="/lanting/public/"' in opened("/lanting/follow/")


def test_address_of_another_page_is_no_communitys(company, administrator, client):
    with company_scope(company.pk), pytest.raises(ValidationError):
        places.open_community(address="heads", name="Heads", by=administrator, at=timezone.now())
    assert "Daily heads" in client.get("/lanting/public/heads/").content.decode()
