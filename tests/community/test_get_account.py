"""The ways in for residents: a code on paper, the office's check, the owner's invitation."""

from datetime import timedelta

import pytest
from django.utils import timezone

from propman.accounts.models import User
from propman.accounts.permissions import companies_of
from propman.accounts.services import accept_invitation
from propman.community.models import Occupancy, Person, RoomClaim, RoomCode
from propman.community.selectors import households_of
from propman.community.services import access, residents
from propman.notify.models import Notice
from propman.tenancy.scope import company_scope
from tests.factories import BEGIN, make_community, make_department, make_household, make_resident, make_user

PASSWORD = {"password": "seven lanterns", "again": "seven lanterns", "agrees": "on"}


@pytest.fixture
def noted(household):
    """An owner whom the directory knows, without an account."""
    with company_scope(household.company_id):
        person = residents.add_person(name="Zhao Min", phone="1380", by=None, at=BEGIN)
        return residents.move_in(room=household.room, person=person, kind="owner", on=BEGIN.date(), by=None, at=BEGIN)


def last_link(company) -> str:
    with company_scope(company.pk):
        return f"/{company.address}{Notice.objects.filter(event='account.invited').latest('pk').path}"


def test_code_on_paper_leads_to_an_account(client, company, administrator, client_of, noted, household):
    letters = client_of(administrator).post(f"/lanting/settings/letters/{household.community_id}/").context["letters"]
    ((occupancy, code),) = letters
    assert occupancy == noted
    assert client.post("/lanting/join/", {"code": code.lower(), "email": "zhao@example.test"}).status_code == 200
    client.post(last_link(company), {"name": "Zhao Min", **PASSWORD})
    user = User.objects.get(email="zhao@example.test")
    assert companies_of(user) == {company.pk: {"owner"}}
    with company_scope(company.pk):
        assert list(households_of(user, on=timezone.now().date())) == [household]
        assert code not in str(RoomCode.objects.get().__dict__)


@pytest.mark.parametrize("code", ["", "AAAA-AAAA-AAAA", "'; --", "x" * 10_000])
def test_unknown_code_is_refused_in_words(client, company, code):
    response = client.post("/lanting/join/", {"code": code, "email": "a@example.test"})
    assert response.status_code == 422
    assert response.context["code_form"].errors
    assert response.context["code_form"]["email"].value() == "a@example.test"


def test_code_works_once_and_for_ninety_days(scope, noted, administrator):
    ((_occupancy, code),) = access.print_codes(occupancies=[noted], by=administrator, at=BEGIN)
    with pytest.raises(access.UnknownCode):
        access.use_code(code=code, email="a@example.test", at=BEGIN + timedelta(days=90))
    access.use_code(code=code, email="a@example.test", at=BEGIN)
    with pytest.raises(access.UnknownCode):
        access.use_code(code=code, email="b@example.test", at=BEGIN)


def test_printing_again_ends_the_codes_before(scope, noted, administrator):
    ((_occupancy, old),) = access.print_codes(occupancies=[noted], by=administrator, at=BEGIN)
    access.print_codes(occupancies=[noted], by=administrator, at=BEGIN)
    with pytest.raises(access.UnknownCode):
        access.use_code(code=old, email="a@example.test", at=BEGIN)


def test_code_of_somebody_who_moved_out_is_dead(scope, noted, administrator):
    ((_occupancy, code),) = access.print_codes(occupancies=[noted], by=administrator, at=BEGIN)
    residents.move_out(occupancy=noted, on=BEGIN.date(), by=None, at=BEGIN)
    with pytest.raises(access.UnknownCode):
        access.use_code(code=code, email="a@example.test", at=BEGIN)


def claim_of(place, **changes):
    data = {
        "community": place.pk,
        "room": "1-1-7",
        "kind": "owner",
        "name": "Qian Yi",
        "phone": "1390",
        "email": "qian@example.test",
    }
    return {**data, **changes}


def test_office_lets_a_claimant_in(client, company, office, head, household, client_of):
    assert client.post("/lanting/join/", claim_of(household.community)).status_code == 200
    office_client = client_of(head)
    (row,) = office_client.get("/lanting/settings/claims/").context["rows"]
    path, prefix = f"/lanting/settings/claims/{row['claim'].pk}/", row["claim"].pk
    wrong = office_client.post(path, {"decision": "accept", f"{prefix}-room": "9-9-9"})
    assert wrong.status_code == 422
    assert "has no room" in wrong.content.decode()
    assert office_client.post(path, {"decision": "accept", f"{prefix}-room": household.room.label}).status_code == 302
    client.post(last_link(company), {"name": "Qian Yi", **PASSWORD})
    assert companies_of(User.objects.get(email="qian@example.test")) == {company.pk: {"owner"}}
    again = office_client.post(path, {"decision": "accept", f"{prefix}-room": household.room.label}, follow=True)
    assert "answered already" in again.content.decode()


def test_refused_claimant_is_told_why(client, company, head, community, client_of):
    client.post("/lanting/join/", claim_of(community))
    office_client = client_of(head)
    (row,) = office_client.get("/lanting/settings/claims/").context["rows"]
    path, prefix = f"/lanting/settings/claims/{row['claim'].pk}/", row["claim"].pk
    assert office_client.post(path, {"decision": "refuse", f"{prefix}-reason": ""}).status_code == 422
    office_client.post(path, {"decision": "refuse", f"{prefix}-reason": "This room is sold to somebody else."})
    with company_scope(company.pk):
        assert Notice.objects.get(event="account.claim_refused").email == "qian@example.test"
        assert RoomClaim.objects.get().occupancy is None


def test_head_decides_only_for_the_community_of_his_office(client, company, head, client_of):
    elsewhere = make_community(company)
    make_department(company, community=elsewhere)
    client.post("/lanting/join/", claim_of(elsewhere))
    office_client = client_of(head)
    assert office_client.get("/lanting/settings/claims/").context["rows"] == []
    with company_scope(company.pk):
        claim = RoomClaim.objects.get()
    assert office_client.post(f"/lanting/settings/claims/{claim.pk}/", {"decision": "accept"}).status_code == 404
    assert office_client.post(f"/lanting/settings/letters/{elsewhere.pk}/").status_code == 404


@pytest.mark.parametrize(
    ("field", "value"),
    [("room", ""), ("room", "x" * 100_000), ("name", "a\u202e"), ("email", "no"), ("kind", "landlord"), ("community", "0")],
)
def test_bad_claim_keeps_what_was_typed(client, company, community, field, value):
    response = client.post("/lanting/join/", claim_of(community, **{field: value}))
    assert response.status_code == 422
    assert response.context["claim_form"]["phone"].value() == "1390"
    with company_scope(company.pk):
        assert not RoomClaim.objects.exists()


def test_community_of_another_company_cannot_be_claimed(client, company, rival_company):
    assert client.post("/lanting/join/", claim_of(make_community(rival_company))).status_code == 422


def test_join_page_is_limited(client, company, community, settings):
    settings.ACCOUNT_RATE_LIMITS = {"join": "2/h/ip"}
    statuses = [client.post("/lanting/join/", {"code": "AAAA", "email": "a@example.test"}).status_code for _turn in range(3)]
    assert statuses == [422, 422, 429]


def test_owner_invites_a_tenant_and_ends_it(client, company, owner, household, client_of):
    mine = client_of(owner)
    assert mine.get("/lanting/household/").status_code == 200
    data = {"household": household.pk, "kind": "tenant", "name": "Sun Li", "email": "sun@example.test"}
    assert mine.post("/lanting/household/", data).status_code == 302
    client.post(last_link(company), {"name": "Sun Li", **PASSWORD})
    tenant = User.objects.get(email="sun@example.test")
    assert companies_of(tenant) == {company.pk: {"tenant"}}
    with company_scope(company.pk):
        occupancy = Occupancy.objects.get(person__user=tenant)
    mine.post(f"/lanting/household/{occupancy.pk}/end/")
    assert companies_of(tenant) == {}


def test_invitations_of_an_owner_are_limited(company, owner, household, client_of, settings):
    settings.ACCOUNT_RATE_LIMITS = {"invite": "2/h/user"}
    mine = client_of(owner)
    data = {"household": household.pk, "kind": "tenant", "name": "Sun Li"}
    statuses = [mine.post("/lanting/household/", {**data, "email": f"sun{turn}@example.test"}).status_code for turn in range(3)]
    assert statuses == [302, 302, 429]


def test_owner_invites_nobody_into_another_home(owner, rival_owner, company, client_of):
    with company_scope(company.pk):
        theirs = Occupancy.objects.get(person__user=rival_owner)
    data = {"household": theirs.household_id, "kind": "tenant", "name": "Sun Li", "email": "sun@example.test"}
    assert client_of(owner).post("/lanting/household/", data).status_code == 404
    assert client_of(owner).post(f"/lanting/household/{theirs.pk}/end/").status_code == 404


def test_tenant_cannot_invite(company, household, client_of):
    tenant = make_resident(household, Occupancy.Kind.TENANT)
    data = {"household": household.pk, "kind": "owner", "name": "Sun Li", "email": "sun@example.test"}
    assert client_of(tenant).post("/lanting/household/", data).status_code == 404


def test_family_member_cannot_be_made_an_owner(owner, household, client_of):
    data = {"household": household.pk, "kind": "owner", "name": "Sun Li", "email": "sun@example.test"}
    assert client_of(owner).post("/lanting/household/", data).status_code == 422


def test_resident_of_two_homes_stays_one_person(scope, company, community, owner, household):
    second = make_household(community)
    stranger = make_user("Owner", email="second@example.test")
    access.invite_to_household(
        household=household, kind=Occupancy.Kind.TENANT, name="T", email="second@example.test", by=owner, at=BEGIN
    )
    make_resident(second, user=stranger)
    from propman.accounts.models import Invitation

    accept_invitation(invitation=Invitation.objects.get(), user=stranger, at=BEGIN)
    person = Person.objects.get(user=stranger)
    current = Occupancy.objects.filter(person=person, ends_on=None)
    assert {one.household_id for one in current} == {household.pk, second.pk}
