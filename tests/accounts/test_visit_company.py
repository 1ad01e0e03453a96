from allauth.mfa.models import Authenticator
from django.test import Client

from propman.community.selectors import duty_manager, employee_of, general_manager, households_of
from propman.tenancy.scope import company_scope
from tests.factories import BEGIN


def test_every_person_of_the_cast_has_a_place(company, household, owner, agent, head, manager, rival_manager):
    with company_scope(company.pk):
        assert list(households_of(owner, on=BEGIN.date())) == [household]
        assert employee_of(agent).department.kind == "service_centre"
        assert employee_of(head).department.head == employee_of(head)
        assert general_manager() == employee_of(manager)
        assert duty_manager(at=BEGIN) is None
        assert employee_of(rival_manager) is None


def test_stranger_gets_404(client_of, company, rival_manager):
    assert client_of(rival_manager).get(f"/{company.address}/").status_code == 404


def test_anonymous_visitor_is_sent_to_sign_in(client, company):
    response = client.get(f"/{company.address}/")
    assert response.status_code == 302
    assert response.url == f"/accounts/login/?next=/{company.address}/"


def test_chosen_language_is_met_at_the_next_sign_in(company, owner, client_of):
    browser = client_of(owner)
    saved = browser.post("/lanting/me/", {"name": owner.name, "phone": "", "language": "zh-hans"}, follow=True)
    assert saved.wsgi_request.LANGUAGE_CODE == "zh-hans"
    owner.set_password("correct horse battery")
    owner.save(update_fields=["password"])
    elsewhere = Client()
    Authenticator.objects.filter(user=owner).delete()
    elsewhere.post("/accounts/login/", {"login": owner.email, "password": "correct horse battery"})
    assert elsewhere.get("/lanting/").wsgi_request.LANGUAGE_CODE == "zh-hans"
