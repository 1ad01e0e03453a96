"""What the operator of the platform does from the command line."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from propman.accounts.models import User
from propman.accounts.permissions import companies_of, supervised_companies
from propman.accounts.roles import Role
from propman.tenancy.models import Company

PASSWORD = {"password": "seven lanterns", "again": "seven lanterns", "agrees": "on"}


def run(*words: str) -> list[str]:
    out = StringIO()
    call_command(*words, stdout=out)
    return [line.removeprefix("http://127.0.0.1:8000") for line in out.getvalue().split()]


def test_opened_company_lets_its_administrator_in(db, client):
    (link,) = run("open_company", "maple", "Maple Estates", "--administrator", "boss@example.test")
    client.post(link, {"name": "Boss", **PASSWORD})
    company = Company.objects.get(address="maple")
    assert companies_of(User.objects.get(email="boss@example.test")) == {company.pk: {"company_administrator"}}


@pytest.mark.parametrize("address", ["oversight", "static", "Lanting", "with space", "lanting", ""])
def test_reserved_or_taken_address_is_refused(company, address):
    with pytest.raises(CommandError):
        run("open_company", address, "Another", "--administrator", "boss@example.test")
    assert Company.objects.count() == 1


def test_operator_sets_a_password_and_needs_a_second_factor(db, client):
    (link,) = run("create_operator", "op@example.test", "Op")
    form = client.get(link).url
    client.post(form, {"password1": "seven lanterns", "password2": "seven lanterns"})
    response = client.post("/accounts/login/", {"login": "op@example.test", "password": "seven lanterns"}, follow=True)
    assert response.redirect_chain[-1][0].startswith("/accounts/2fa/totp/activate/")
    with pytest.raises(CommandError):
        run("create_operator", "OP@example.test", "Op")


def test_official_supervises_until_the_operator_ends_it(client, company, rival_company, operator):
    links = run("supervise", "o@example.test", "government_official", "lanting", "rival", "--by", operator.email)
    client.post(links[0], {"name": "O", **PASSWORD})
    user = User.objects.get(email="o@example.test")
    assert supervised_companies(user, Role.GOVERNMENT_OFFICIAL) == [company.pk]
    run("supervise", "o@example.test", "government_official", "rival", "--by", operator.email)
    assert supervised_companies(user) == [company.pk, rival_company.pk]
    run("supervise", "o@example.test", "government_official", "lanting", "--by", operator.email, "--end")
    assert supervised_companies(user) == [rival_company.pk]


def test_only_operators_name_officials(company, administrator, operator):
    with pytest.raises(CommandError):
        run("supervise", "o@example.test", "government_official", "lanting", "--by", administrator.email)
    with pytest.raises(CommandError):
        run("supervise", "o@example.test", "government_official", "nowhere", "--by", operator.email)
    with pytest.raises(CommandError):
        run("supervise", "o@example.test", "government_official", "lanting", "--by", operator.email, "--end")
