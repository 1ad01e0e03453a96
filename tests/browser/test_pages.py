"""Every page that each role can reach: readable, reachable, translated."""

from collections.abc import Callable

import pytest

from propman.accounts.models import User
from propman.tenancy.models import Company
from tests.browser.checks import MEASURE, english_left_overs, findings
from tests.browser.conftest import PageAs
from tests.browser.crawl import named_pages

ROLES = ["owner", "agent", "head", "manager", "administrator", "official"]
Somebody = Callable[[str], User]


@pytest.fixture
def somebody(request: pytest.FixtureRequest, transactional_db: None) -> Somebody:
    return request.getfixturevalue


@pytest.mark.parametrize("path", ["/accounts/login/", "/accounts/password/reset/", "/accounts/no-such-page/"])
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_page_without_sign_in_is_readable(page_as: PageAs, path: str, language: str) -> None:
    page = page_as(path=path, language=language)
    assert findings(page) == []
    if language != "en":
        assert english_left_overs(page, names=set()) == []


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("role", ROLES)
def test_pages_of_role_are_readable(page_as: PageAs, somebody: Somebody, company: Company, role: str) -> None:
    page = page_as(somebody(role), f"/{company.address}/")
    found = {
        name: lines for name in named_pages(page, f"/{company.address}/", sign_in=role == "owner") if (lines := findings(page))
    }
    assert not found, told(found)


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("role", ROLES)
def test_pages_of_role_leave_no_english(page_as: PageAs, somebody: Somebody, company: Company, role: str) -> None:
    page = page_as(somebody(role), f"/{company.address}/", language="zh-hans")
    names = names_of_the_world(company)
    found = {
        name: lines
        for name in named_pages(page, f"/{company.address}/", sign_in=role == "owner")
        if (lines := english_left_overs(page, names=names))
    }
    assert not found, told(found)


@pytest.mark.parametrize("role", ["owner", "agent"])
def test_long_company_name_stays_inside_the_bar(page_as: PageAs, somebody: Somebody, company: Company, role: str) -> None:
    Company.objects.filter(pk=company.pk).update(name="Lanting Property and Neighbours 兰亭物业管理有限公司")
    page = page_as(somebody(role), f"/{company.address}/", width=360)
    assert [line for line in page.evaluate(MEASURE) if "wide" in line or "off the page" in line] == []


def told(found: dict[str, list[str]]) -> str:
    return "\n".join(f"{name}: {line}" for name, lines in found.items() for line in lines)


def names_of_the_world(company: Company) -> set[str]:
    return {company.name, company.zone, "Willow-Garden", "Willow office", "Service centre", "Company office"} | set(
        User.objects.values_list("name", flat=True)
    )
