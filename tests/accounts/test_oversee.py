from propman.accounts.roles import Role
from tests.factories import make_member


def test_official_lands_on_the_oversight_pages(client_of, official):
    assert client_of(official).get("/").url == "/oversight/"


def test_whoever_supervises_nothing_finds_no_oversight(client_of, owner, manager):
    assert client_of(owner).get("/oversight/").status_code == 404
    assert client_of(manager).get("/oversight/").status_code == 404


def test_official_who_owns_a_flat_elsewhere_chooses(client_of, official, company, rival_company):
    make_member(rival_company, Role.OWNER, user=official)
    page = client_of(official).get("/").content.decode()
    assert "/oversight/" in page
    assert "/rival/" in page
    assert "/lanting/" not in page


def test_consumers_officer_lands_on_the_companies(client_of, company, rival_company):
    officer = make_member(company, Role.CONSUMERS_OFFICER)
    assert client_of(officer).get("/").url == "/lanting/"
    make_member(rival_company, Role.CONSUMERS_OFFICER, user=officer)
    page = client_of(officer).get("/").content.decode()
    assert "/oversight/" not in page
    assert all(client_of(officer).get(f"/{address}/").status_code == 200 for address in ("lanting", "rival"))
    assert "/lanting/" in page
    assert "/rival/" in page
