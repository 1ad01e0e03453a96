"""Every named URL, generated from the URL resolver, asked by people who must not pass.

With real transactions: TestCase hides reads outside of them. See tests/url_samples.py for what an app must supply.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse

from propman.accounts.models import User
from propman.accounts.permissions import companies_of
from tests import url_samples
from tests.architecture.conftest import PEOPLE
from tests.conftest import signed_in

SIGN_IN = "/accounts/login/"


@dataclass(frozen=True)
class Address:
    name: str
    view: Any
    urlconf: str

    @property
    def is_api(self) -> bool:
        return hasattr(self.view, "cls")

    @property
    def is_company(self) -> bool:
        return self.urlconf == settings.COMPANY_URLCONF

    @property
    def takes_arguments(self) -> bool:
        try:
            self.path({}, "")
        except NoReverseMatch:
            return True
        return False

    @property
    def roles(self) -> frozenset[str] | None:
        if self.is_api:
            roles = self.view.initkwargs.get("roles", getattr(self.view.cls, "roles", None))
            return None if roles is None or isinstance(roles, property) else frozenset(roles)
        return getattr(self.view, "roles", None)

    def path(self, samples: dict[str, dict[str, Any]], company: str) -> str:
        path = reverse(self.name, urlconf=self.urlconf, kwargs=samples.get(self.name))
        return f"/{company}{path}" if self.is_company else path


def addresses() -> list[Address]:
    found: dict[str, Address] = {}
    for urlconf in (settings.ROOT_URLCONF, settings.COMPANY_URLCONF):
        for name, pattern in walk(get_resolver(urlconf).url_patterns, ""):
            found.setdefault(f"{urlconf} {name}", Address(name, pattern.callback, urlconf))
    return list(found.values())


def walk(patterns: list[URLPattern | URLResolver], namespace: str) -> Iterator[tuple[str, URLPattern]]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from walk(pattern.url_patterns, inner)
        else:
            assert pattern.name, f"{pattern.pattern} has no name"
            yield f"{namespace}{pattern.name}", pattern


def ask(client: Client, path: str) -> int:
    """The answer to GET, or to an empty POST where there is no GET."""
    status = client.get(path).status_code
    return client.post(path).status_code if status == 405 else status


def test_every_address_can_be_made(cast, samples):
    missing = []
    for address in addresses():
        try:
            address.path(samples, cast.company.address)
        except NoReverseMatch:
            missing.append(address.name)
    assert not missing, f"Add samples for {missing} to tests/<app>/url_samples.py"


def test_only_listed_pages_are_public():
    public = {address.name for address in addresses() if not address.is_api and not needs_sign_in(address.view)}
    assert public == url_samples.names("PUBLIC") - {address.name for address in addresses() if address.is_api}


def needs_sign_in(view: Any) -> bool:
    return bool(getattr(view, "login_required", True))


def test_every_address_says_who_may():
    settled = url_samples.names("PUBLIC") | url_samples.names("EVERY_MEMBER") | set(url_samples.forbidden())
    unsettled = sorted(address.name for address in addresses() if address.roles is None and address.name not in settled)
    assert not unsettled


def test_samples_speak_of_real_addresses():
    names = {address.name for address in addresses()}
    listed = url_samples.names("PUBLIC") | url_samples.names("EVERY_MEMBER") | set(url_samples.forbidden())
    assert listed <= names


@pytest.mark.django_db(transaction=True)
def test_anonymous_visitor_signs_in_first(client, cast, samples):
    public = url_samples.names("PUBLIC")
    wrong = []
    for address in addresses():
        path = address.path(samples, cast.company.address)
        response = client.get(path)
        if address.name in public:
            # 503 is /readyz saying that no beat runs here
            if (response.status_code >= 500 and response.status_code != 503) or response.headers.get("Location", "").startswith(
                f"{SIGN_IN}?next="
            ):
                wrong.append((path, response.status_code))
        elif address.is_api:
            if response.status_code != 401:
                wrong.append((path, response.status_code))
        elif response.status_code != 302 or not response.headers["Location"].startswith(SIGN_IN):
            wrong.append((path, response.status_code))
    assert not wrong


@pytest.mark.django_db(transaction=True)
def test_other_companys_manager_finds_nothing(cast, samples):
    client = signed_in(cast.rival_manager)
    public = url_samples.names("PUBLIC")
    wrong = []
    for address in addresses():
        if address.name in public or not address.is_company:
            continue
        path = address.path(samples, cast.company.address)
        for method in (client.get, client.post):
            if (status := method(path).status_code) != 404:
                wrong.append((path, status))
    assert not wrong


@pytest.mark.django_db(transaction=True)
def test_rows_of_the_company_do_not_exist_at_anothers_address(cast, samples):
    """The rival manager asks his own company for the ids of this one: never a page, never a crash."""
    client = signed_in(cast.rival_manager)
    public = url_samples.names("PUBLIC")
    wrong = []
    for address in addresses():
        if not address.is_company or address.name in public or not samples.get(address.name):
            continue
        path = address.path(samples, cast.rival_company.address)
        if (status := ask(client, path)) not in {403, 404}:
            wrong.append((path, status))
    assert not wrong


@pytest.mark.django_db(transaction=True)
def test_member_without_the_role_is_refused(cast, samples):
    people: dict[str, User] = {name: getattr(cast, name) for name in PEOPLE}
    held = {name: companies_of(person)[cast.company.pk] for name, person in people.items()}
    clients = {name: signed_in(person) for name, person in people.items()}
    forbidden = url_samples.forbidden()
    wrong = []
    for address in addresses():
        refused = set(forbidden.get(address.name, []))
        if address.roles is not None:
            refused |= {name for name in people if not held[name] & address.roles}
        for name in sorted(refused):
            path = address.path(samples, cast.company.address)
            if (status := ask(clients[name], path)) not in {403, 404}:
                wrong.append((name, path, status))
    assert not wrong


def test_only_api_views_do_without_the_csrf_token():
    exempt = {address.name for address in addresses() if not address.is_api and getattr(address.view, "csrf_exempt", False)}
    assert not exempt
