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
