"""The company administrator's pages: people, departments, duty rota, company."""

from datetime import date

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

from propman.accounts.models import Invitation, SecondFactorReset
from propman.accounts.permissions import companies_of
from propman.accounts.roles import Role
from propman.community.models import Department, DutyShift, Employee
from propman.community.selectors import employee_of
from propman.tenancy.models import Company
from propman.tenancy.scope import company_scope
from tests.counting import queries_hold
from tests.factories import make_employee, make_member

LONG = "x" * 100_000


@pytest.fixture
def admin(administrator, client_of):
    return client_of(administrator)


def held(user, company):
    return companies_of(user).get(company.pk, set())


def test_list_shows_people_with_their_roles(admin, owner, agent, rival_manager):
    page = admin.get("/lanting/settings/people/").content.decode()
    assert owner.email in page
    assert "Centre agent" in page
    assert rival_manager.email not in page


@pytest.mark.parametrize(
    ("query", "found"),
    [("q=agent", {"Agent"}), ("role=owner", {"Owner"}), ("who=former", set()), ("q=nobody", set()), ("role=nonsense", None)],
)
def test_search_and_filters_narrow_the_list(admin, owner, agent, query, found):
    names = {row.user.name for row in admin.get(f"/lanting/settings/people/?{query}").context["rows"]}
    assert names == ({"Owner", "Agent", "Administrator"} if found is None else found)


def test_list_of_people_holds_its_query_count(admin, company, centre):
    queries_hold(admin, "/lanting/settings/people/", lambda: make_employee(centre, Role.CENTRE_AGENT))


def test_list_goes_on_by_key(admin, company):
    for number in range(35):
        make_member(company, Role.OWNER, name=f"Resident {number:02}")
    first = admin.get("/lanting/settings/people/?role=owner").context["page"]
    second = admin.get(f"/lanting/settings/people/{first.next_url}").context["page"]
    names = [user.name for user in [*first.rows, *second.rows]]
    assert names == [f"Resident {number:02}" for number in range(35)]
    assert not second.next_url
    assert admin.get("/lanting/settings/people/?after=forged").status_code == 200


def test_role_is_given_and_taken_back(admin, company, owner):
    path = f"/lanting/settings/people/{owner.pk}/"
    assert admin.get(path).status_code == 200
    assert admin.post(f"{path}grant/", {"role": "finance_officer"}).status_code == 302
    assert held(owner, company) == {"owner", "finance_officer"}
    admin.post(f"{path}end/", {"role": "finance_officer"})
    assert held(owner, company) == {"owner"}
    page = admin.get(path).content.decode()
    assert "Finance officer given" in page
    assert "Finance officer ended" in page


@pytest.mark.parametrize("role", ["", "owner", "department_head", "association_official", "operator", LONG])
def test_role_that_follows_from_facts_is_not_given_by_hand(admin, company, owner, role):
    assert admin.post(f"/lanting/settings/people/{owner.pk}/grant/", {"role": role}).status_code == 422
    assert admin.post(f"/lanting/settings/people/{owner.pk}/end/", {"role": role}).status_code == 404
    assert held(owner, company) == {"owner"}


def test_last_administrator_is_told_why_not(admin, company, administrator):
    response = admin.post(f"/lanting/settings/people/{administrator.pk}/end/", {"role": "company_administrator"}, follow=True)
    assert "Name another company administrator first" in response.content.decode()
    assert "company_administrator" in held(administrator, company)


def test_hr_officer_sees_people_and_grants_nothing(company, owner, client_of):
    officer = client_of(make_member(company, Role.HR_OFFICER))
    assert officer.get(f"/lanting/settings/people/{owner.pk}/").status_code == 200
    assert officer.post(f"/lanting/settings/people/{owner.pk}/grant/", {"role": "centre_agent"}).status_code == 403


def test_person_of_another_company_is_not_there(admin, rival_manager):
    assert admin.get(f"/lanting/settings/people/{rival_manager.pk}/").status_code == 404
    assert admin.post(f"/lanting/settings/people/{rival_manager.pk}/reset/", {"reason": "x"}).status_code == 404


def test_second_factor_is_removed_by_two_people(admin, company, agent, client_of):
    TOTP.activate(agent, generate_totp_secret())
    path = f"/lanting/settings/people/{agent.pk}/"
    assert admin.post(f"{path}reset/", {"reason": ""}).status_code == 422
    admin.post(f"{path}reset/", {"reason": "lost telephone"})
    with company_scope(company.pk):
        reset = SecondFactorReset.objects.get()
    response = admin.post(f"/lanting/settings/resets/{reset.pk}/", {"decision": "approve"}, follow=True)
    assert "neither the one who asked" in response.content.decode()
    assert Authenticator.objects.filter(user=agent).exists()
    second = client_of(make_member(company, Role.HR_OFFICER))
    assert "asked" in second.get(path).content.decode()
    second.post(f"/lanting/settings/resets/{reset.pk}/", {"decision": "approve"})
    assert not Authenticator.objects.filter(user=agent).exists()


def test_invited_employee_comes_in_as_himself(admin, client, company, office):
    admin.post(
        f"/lanting/settings/departments/{office.pk}/employees/",
        {"number": "17", "name": "Li Na", "joined_on": "2026-01-05", "email": "li@example.test"},
    )
    with company_scope(company.pk):
        employee = Employee.objects.get(number="17")
    form = admin.get(f"/lanting/settings/people/invite/?employee={employee.pk}").context["form"]
    assert form.initial["email"] == "li@example.test"
    data = {"email": "li@example.test", "name": "Li Na", "employee": employee.pk, "roles": ["finance_officer"]}
    assert admin.post("/lanting/settings/people/invite/", data).status_code == 302
    with company_scope(company.pk):
        from propman.notify.models import Notice

        link = Notice.objects.get(event="account.invited").path
    client.post(f"/lanting{link}", {"name": "Li Na", "password": "seven lanterns", "again": "seven lanterns", "agrees": "on"})
    with company_scope(company.pk):
        employee.refresh_from_db()
    assert held(employee.user, company) == {"employee", "finance_officer"}


@pytest.mark.parametrize(
    "data",
    [
        {"email": "", "name": "A", "roles": ["centre_agent"]},
        {"email": "no address", "name": "A", "roles": ["centre_agent"]},
        {"email": "a@example.test", "name": LONG, "roles": ["centre_agent"]},
        {"email": "a@example.test", "name": "A\u202eB", "roles": ["centre_agent"]},
        {"email": "a@example.test", "name": "A", "roles": []},
        {"email": "a@example.test", "name": "A", "roles": ["association_official"]},
        {"email": "a@example.test", "name": "A", "employee": "999999"},
    ],
)
def test_bad_invitation_is_answered_beside_the_field(admin, company, data):
    response = admin.post("/lanting/settings/people/invite/", data)
    assert response.status_code == 422
    assert response.context["form"].errors
    with company_scope(company.pk):
        assert not Invitation.objects.exists()


def test_employee_of_another_company_cannot_be_invited_here(admin, rival_manager, rival_company):
    with company_scope(rival_company.pk):
        theirs = employee_of(rival_manager)
    data = {"email": "a@example.test", "name": "A", "employee": theirs.pk}
    assert admin.post("/lanting/settings/people/invite/", data).status_code == 422


def test_department_is_opened_headed_and_closed(admin, company, community, agent):
    data = {"name": "Willow office", "kind": "management_office", "community": community.pk, "phone": "021"}
    assert admin.post("/lanting/settings/departments/", data).status_code == 302
    with company_scope(company.pk):
        office, head = Department.objects.get(name="Willow office"), employee_of(agent)
    path = f"/lanting/settings/departments/{office.pk}/"
    admin.post(f"{path}head/", {"head": head.pk})
    assert "department_head" in held(agent, company)
    admin.post(f"{path}change/", {"name": "Willow Garden office", "phone": "022"})
    assert "Willow Garden office" in admin.get(path).content.decode()
    admin.post(f"{path}close/")
    assert "department_head" not in held(agent, company)


@pytest.mark.parametrize(
    "data",
    [
        {"name": "", "kind": "other"},
        {"name": "Office", "kind": "management_office"},
        {"name": "Service centre", "kind": "other"},
        {"name": "Second centre", "kind": "service_centre"},
        {"name": LONG, "kind": "other"},
        {"name": "A", "kind": "nonsense"},
    ],
)
def test_bad_department_is_answered_in_words(admin, centre, data):
    response = admin.post("/lanting/settings/departments/", data)
    assert response.status_code == 422
    assert response.context["form"].errors


def test_leaver_is_confirmed_first(admin, company, agent, client_of):
    with company_scope(company.pk):
        employee = employee_of(agent)
    path = f"/lanting/settings/employees/{employee.pk}/leave/"
    assert "cannot be undone" in admin.get(path).content.decode()
    assert held(agent, company)
    admin.post(path)
    assert not held(agent, company)
    assert admin.post(path).status_code == 404


def test_administrator_cannot_let_himself_leave(admin, company, administrator):
    with company_scope(company.pk):
        employee = employee_of(administrator)
    assert admin.post(f"/lanting/settings/employees/{employee.pk}/leave/").status_code == 403


def test_shift_is_added_shown_and_removed(admin, company, agent):
    with company_scope(company.pk):
        employee = employee_of(agent)
    data = {"employee": employee.pk, "day": "2026-03-04", "begins": "22:00", "ends": "06:00", "is_lead": "on"}
    response = admin.post("/lanting/settings/duty/?week=2026-03-04", data)
    assert response.url == "/lanting/settings/duty/?week=2026-03-02"
    days = admin.get(response.url).context["days"]
    (shift,) = days[2]["shifts"]
    assert (days[2]["day"], f"{shift.starts_at:%H:%M}", f"{shift.ends_at:%d %H:%M}") == (date(2026, 3, 4), "14:00", "04 22:00")
    clash = admin.post("/lanting/settings/duty/?week=2026-03-04", {**data, "begins": "23:00"})
    assert clash.status_code == 422
    assert "on duty already from 2026-03-04 22:00 to 2026-03-05 06:00" in clash.content.decode()
    response = admin.post(f"/lanting/settings/duty/{shift.pk}/remove/")
    assert response.url == "/lanting/settings/duty/?week=2026-03-02"
    with company_scope(company.pk):
        assert not DutyShift.objects.exists()


@pytest.mark.parametrize("week", ["", "nonsense", "0001-01-01", "9999-12-31", "2026-02-30", LONG[:2000]])
def test_odd_week_shows_this_one(admin, centre, week):
    assert admin.get("/lanting/settings/duty/", {"week": week}).status_code == 200


def test_rota_without_a_centre_tells_the_next_step(admin):
    assert "There is no service centre yet" in admin.get("/lanting/settings/duty/").content.decode()
    assert admin.post("/lanting/settings/duty/", {}).status_code == 422


def test_company_is_changed(admin, company):
    data = {"name": "Lanting Estates", "zone": "Asia/Tokyo", "currency": "jpy", "language": "en"}
    assert admin.post("/lanting/settings/company/", data).status_code == 302
    changed = Company.objects.get(pk=company.pk)
    assert (changed.name, changed.zone, changed.currency, changed.language) == ("Lanting Estates", "Asia/Tokyo", "JPY", "en")
    for field, value in {"name": "", "zone": "Mars", "currency": "12", "language": "xx"}.items():
        assert admin.post("/lanting/settings/company/", {**data, field: value}).status_code == 422


def test_head_finds_the_claims_and_nothing_else_of_the_settings(head, client_of):
    client = client_of(head)
    page = client.get("/lanting/").content.decode()
    assert "/lanting/settings/claims/" in page
    assert "/lanting/settings/people/" not in page
    assert client.get("/lanting/settings/claims/").status_code == 200
    assert client.get("/lanting/settings/people/").status_code == 403
