"""Bad input on every form of every page and in every address: an answer in words, never a crash.

The forms are those that the pages of tests/architecture/test_every_url.py show to the people of the cast. A new form is
covered as soon as its address has samples. The API's own bodies: test_bad_api_input.py.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client
from django.urls import NoReverseMatch, Resolver404, resolve, set_script_prefix

from propman.accounts.permissions import companies_of
from propman.tenancy.idempotency import FIELD
from propman.tenancy.scope import company_scope
from tests.architecture.conftest import PEOPLE
from tests.architecture.forms import Form, read_page
from tests.architecture.test_every_url import Address, addresses
from tests.conftest import signed_in

pytestmark = pytest.mark.django_db

LONG = "long " * 20_000
TEXTS = {
    "empty": "",
    "blank": " \t ",
    "long": LONG,
    "null": "lift\x00stops",
    "controls": "lift\x07\x1b[31m\x85stops",
    "right-to-left": "lift \u202egpj.exe\u202c",
    "emoji": "电梯 👩‍👩‍👧‍👦🛗 坏了",
    "markup": "<script>alert(1)</script>{{ 7|add:7 }}' OR 1=1 --",
    "huge number": "9" * 30,
    "minus": "-1",
    "far date": "0001-01-01T00:00",
    "last date": "9999-12-31T23:59",
}
ONE_BY_ONE = {"controls", "right-to-left"}  # the rest may pass, so that what is kept can be looked at
CHOICES = {"unknown": "999999999", "huge": "9" * 30, "words": "nothing of the kind", "null": "\x00", "empty": ""}
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")

# Pages of django-allauth, which checks what is typed there; the way out, theme and language.
OTHERS = re.compile(r"^(account_|mfa_|choose_|api_|ops:)")


@dataclass
class Found:
    """A form, where it stood, and who saw it."""

    name: str
    path: str
    who: str
    form: Form


@dataclass
class Portal:
    """The cast, signed in, and what the database keeps of their company."""

    company: Any
    clients: dict[str, Client]
    held: dict[str, frozenset[str]]
    samples: dict[str, dict[str, Any]]

    def may_open(self, address: Address) -> list[str]:
        roles = address.roles
        return [who for who in PEOPLE if who != "rival_owner" and (roles is None or self.held[who] & roles)]

    def answer(self, who: str, path: str, query: dict[str, str]) -> int:
        """The status of a GET, whose traces go away again."""
        cache.clear()
        with transaction.atomic():
            response = self.clients[who].get(path, query)
            response.getvalue()  # reads a file to its end, which closes it
            transaction.set_rollback(True)
        status: int = response.status_code
        return status

    def rows(self) -> dict[str, int]:
        """How many rows each table has, as the company sees them."""
        counts = " UNION ALL ".join(f"SELECT '{table}', count(*) FROM {table}" for table in tables())
        return dict(self._asked(counts))

    def unseen(self) -> list[str]:
        """Columns that keep a control character or a mark that turns the direction."""
        looks = " UNION ALL ".join(
            f"(SELECT '{table}.{column}' FROM {table} WHERE {column} ~ %(unseen)s LIMIT 1)" for table, column in text_columns()
        )
        return [name for (name,) in self._asked(looks, {"unseen": UNSEEN.pattern.replace("\x00", "\x01")})]

    def _asked(self, sql: str, given: dict[str, str] | None = None) -> list[tuple]:
        with company_scope(self.company.pk), connection.cursor() as cursor:
            cursor.execute(sql, given)
            return cursor.fetchall()


@lru_cache
def tables() -> list[str]:
    """What the application may read, but for sessions, which every request touches."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
            " AND relname <> 'django_session' AND has_table_privilege(oid, 'SELECT') ORDER BY 1"
        )
        return [table for (table,) in cursor.fetchall()]


@lru_cache
def text_columns() -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
            " AND data_type IN ('text', 'character varying') AND table_name = ANY(%s)",
            [sorted(set(tables()) - {"tenancy_answer"})],
        )
        return cursor.fetchall()


@pytest.fixture
def portal(cast, samples) -> Portal:
    clients = {who: signed_in(getattr(cast, who)) for who in PEOPLE}
    for client in clients.values():
        client.raise_request_exception = False
    held = {who: companies_of(getattr(cast, who))[cast.company.pk] for who in PEOPLE}
    return Portal(cast.company, clients, held, samples)


def forms_of(portal: Portal) -> list[Found]:
    """Every form that somebody of the cast gets to see, once."""
    found: dict[tuple, Found] = {}
    for address in addresses():
        if address.is_api or OTHERS.match(address.name):
            continue
        path = address.path(portal.samples, portal.company.address)
        for who in portal.may_open(address):
            response = portal.clients[who].get(path)
            if response.status_code != 200 or "text/html" not in response["Content-Type"]:
                response.getvalue()
                continue
            for form in read_page(response.content.decode(), path).forms:
                if not OTHERS.match(name := name_of(form.action)):
                    found.setdefault((name, form.key[1]), Found(name, path, who, form))
    return list(found.values())


def name_of(path: str) -> str:
    """The name of the view behind a path, below the company's address or outside."""
    for inner, urlconf in ((path, None), (f"/{path.split('/', 2)[-1]}", settings.COMPANY_URLCONF)):
        try:
            return resolve(inner, urlconf).view_name
        except Resolver404:
            continue
        finally:
            set_script_prefix("/")
    return path


def wrongs(portal: Portal, found: Found, label: str, data: dict[str, Any], typed: dict[str, str]) -> list[str]:
    """What is wrong with the answer to these data; nothing of them stays."""
    cache.clear()
    with transaction.atomic():
        before = portal.rows()
        response = portal.clients[found.who].post(found.form.action, data | {"csrfmiddlewaretoken": "unread"})
        wrong = judged(portal, response, before, label, typed)
        transaction.set_rollback(True)
    return [f"{found.name} ({found.who}), {label}: {one}" for one in wrong]


def judged(portal: Portal, response: Any, before: dict[str, int], label: str, typed: dict[str, str]) -> list[str]:
    status = response.status_code
    if status >= 500:
        return [f"answers {status}"]
    after = portal.rows()
    if status in {301, 302, 303} or (status == 200 and after != before):
        return [f"keeps unseen characters in {name}" for name in portal.unseen()]
    wrong = [f"answers {status}, but wrote {table}" for table in after if after[table] != before.get(table)]
    if status in {404, 405, 403, 429}:
        return wrong
    page = read_page(response.content.decode(), "")
    if not page.errors:
        wrong.append(f"answers {status} without a word of what is wrong")
    shown = {squeezed(control.value) for form in page.forms for control in form.controls}
    lost = [name for name, text in typed.items() if squeezed(text) not in shown]
    wrong += [f"answers {status} and loses what was typed as {name}" for name in lost]
    if label == "long":
        marked = {control.name for form in page.forms for control in form.controls if control.is_marked_wrong}
        wrong += [f"says nothing beside {name}" for name in typed if name not in marked]
    return wrong


def squeezed(text: str) -> str:
    """Without what no page can show or no browser sends back as it was."""
    return " ".join(re.sub("[\x00\ufffd]", "", text).split())


@pytest.mark.long
def test_bad_text_in_every_form_gets_an_answer_in_words(portal):
    wrong = []
    for found in forms_of(portal):
        for label, text in TEXTS.items():
            typed = {control.name: text for control in found.form.typed[:12]}
            if typed or label == "empty":
                wrong += wrongs(portal, found, label, found.form.filled(**typed), typed)
            if label in ONE_BY_ONE and len(typed) > 1:
                for name in typed:
                    wrong += wrongs(portal, found, f"{label} in {name}", found.form.filled(**{name: text}), {name: text})
    assert not wrong, f"{len(wrong)}:\n" + "\n".join(wrong)


@pytest.mark.long
def test_choice_that_is_not_offered_gets_an_answer_in_words(portal):
    """A value that the page did not offer, of a list, a button or a hidden field: also the id of another company's row."""
    wrong = []
    for found in forms_of(portal):
        offered = [control for control in found.form.chosen if control.name != FIELD]
        for label, value in CHOICES.items():
            given = {control.name: value for control in offered}
            if given:
                wrong += wrongs(portal, found, f"choices {label}", found.form.filled(**given), {})
    assert not wrong, f"{len(wrong)}:\n" + "\n".join(wrong)


def test_worst_input_in_every_form_crashes_nothing(portal):
    """The short form of the two above: everything too long, unseen and not offered at once, and nothing at all."""
    wrong = []
    forms = forms_of(portal)
    for found in forms:
        bad = {control.name: CHOICES["huge"] for control in found.form.chosen if control.name != FIELD}
        bad |= {control.name: f"\x00\u202e{LONG}" for control in found.form.typed[:12]}
        wrong += wrongs(portal, found, "all at once", bad, {})
        wrong += wrongs(portal, found, "nothing", {control.name: "" for control in found.form.controls}, {})
    assert len(forms) > 60
    assert not wrong, f"{len(wrong)}:\n" + "\n".join(wrong)


HUGE = "9" * 30
BAD_QUERIES = [
    dict.fromkeys(["q", "after", "page", "before"], HUGE) | {"month": "0000-00", "quarter": "0000Q1", "week": "0001-01-01"},
    {"q": "\u202e%_\\'", "after": "W10", "page": "-1", "before": "0001-01-01", "month": "9999-12", "quarter": "9999Q4",
     "week": "9999-12-31"},
    {"q": "好" * 2000, "after": "WyIyMDI2IiwgMV0"},
    dict.fromkeys(["q", "after", "page", "before", "month", "quarter", "week"], "\x00"),
]  # fmt: skip
NAMED = ("view", "state", "of", "community", "household", "employee", "department", "post", "export", "format", "severity")


def test_bad_query_of_every_page_crashes_nothing(portal):
    wrong = []
    for address in addresses():
        if OTHERS.match(address.name):
            continue
        path = address.path(portal.samples, portal.company.address)
        for query in BAD_QUERIES:
            query |= dict.fromkeys(NAMED, query["q"])
            for who in portal.may_open(address)[:1]:
                if (status := portal.answer(who, path, query)) >= 500:
                    wrong.append(f"{address.name} ({who}) answers {status} to {query}"[:300])
    assert not wrong, "\n".join(wrong)


def test_bad_word_in_every_address_is_not_found(portal):
    """Every argument of an address replaced: nothing of the kind exists."""
    wrong = []
    for address in addresses():
        if OTHERS.match(address.name) or not address.is_company:
            continue
        path, arguments = address.path(portal.samples, portal.company.address), portal.samples.get(address.name, {})
        for name, value in arguments.items():
            for bad in ("9" * 30, "9" * 18) if isinstance(value, int) else ("%00", "%E2%80%AE", "x" * 300, "9" * 30):
                given = {**arguments, name: 12345678987 if isinstance(value, int) else "STANDSHERE"}
                try:
                    path = address.path({address.name: given}, portal.company.address)
                except NoReverseMatch:
                    continue  # the pattern lets nothing of the kind through
                path = path.replace("12345678987", bad).replace("STANDSHERE", bad)
                for who in portal.may_open(address)[:2]:
                    if (status := portal.answer(who, path, {})) not in {302, 403, 404, 405, 410}:
                        wrong.append(f"{address.name} ({who}) answers {status} to {path[:120]}")
    assert not wrong, "\n".join(wrong)
