"""Bad input in every POST, PUT and PATCH of the API: a problem document, never a crash and never a row that stays behind.

Addresses and bodies come from the API's own schema, so that a new verb or field is covered as soon as its address has
samples; what it calls a plain string, but must name a row, is filled in by name.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction

from propman.common.problems import CONTENT_TYPE
from propman.common.schema import CompanySchema
from propman.tenancy.scope import company_scope
from tests.architecture.test_bad_input import LONG, Portal, portal  # noqa: F401  a fixture
from tests.architecture.test_every_url import Address, addresses
from tests.factories import make_community, make_household
from tests.factories.complaints import make_category

pytestmark = pytest.mark.django_db

NEVER = {  # no field takes any of these
    "100,000 characters": LONG,
    "null character": "lift\x00stops",
    "half a character": "lift \ud800",
    "empty object": {},
    "objects": [{"a": [None]}],
    "beyond any number": 10**30,
    "beyond any number, as text": "9" * 400,
    "infinite": "Infinity",
}
PERHAPS = {
    "empty": "",
    "blank": " \t ",
    "right-to-left": "lift \u202egpj.exe\u202c",
    "controls": "lift\x07\x1b[31m\x85stops",
    "emoji": "电梯 👩‍👩‍👧‍👦🛗 坏了",
    "empty list": [],
    "null": None,
    "true": True,
    "minus": -1,
    "fraction": 0.1234567890123,
    "large": 10**18,
    "nobody's id": 999_999_999,
    "first day": "0001-01-01",
    "last day": "9999-12-31T23:59:59+14:00",
}
TEXT_FITS = {"beyond any number", "beyond any number, as text", "infinite"}  # into a field of free text
BODIES = {
    "cut off": b'{"text": "lif',
    "no text": b"\x00\xff\xfe",
    "not a number": b'{"text": NaN}',
    "nested": b"[" * 100_000,
    "nested objects": b'{"a":' * 100_000,
    "list": b"[]",
    "string": b'"lift"',
    "number": b"1",
    "huge number": b'{"rating": ' + b"9" * 5000 + b"}",
    "null": b"null",
}
PLAUSIBLE = {"date-time": "2030-01-07T09:00:00Z", "date": "2030-01-07", "time": "09:00", "email": "somebody@example.test",
             "uuid": "1f0c0ba5-3b1c-4b5e-9e4f-2f6d7a5c1e11", "decimal": "1.00", "": "It stops."}  # fmt: skip
keys = count()


@dataclass
class Operation:
    """One verb of the API at the address of a sample, the fields of its body, and somebody who may call it."""

    method: str
    path: str
    who: str
    fields: dict[str, dict[str, Any]]
    required: set[str]
    body: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.path} ({self.who})"


class Api:
    """What the schema says that can be sent, and who of the cast may send it."""

    def __init__(self, asked: Portal, cast: Any) -> None:
        self.portal = asked
        with company_scope(cast.rival_company.pk):
            community = make_community(cast.rival_company)
            self.foreign = {
                "ids": [community.pk, make_household(community).pk],
                "category": make_category("theirs-only").code,
                "community": community.address,
            }
        with company_scope(cast.company.pk):
            schema = CompanySchema().get_schema(public=True)
            self.known = {"category": make_category().code, "community": cast.community.address}
        self.paths, self.parts = schema["paths"], schema["components"]["schemas"]

    def operations(self) -> list[Operation]:
        found = [(method, path, told) for path, verbs in self.paths.items() for method, told in verbs.items()]
        return [self._operation(*one) for one in found if one[0] in {"post", "put", "patch"}]

    def _operation(self, method: str, template: str, told: dict[str, Any]) -> Operation:
        address, path = self._address(template)
        content = told.get("requestBody", {}).get("content", {})
        taken = self._resolved(content["application/json"]["schema"]) if "application/json" in content else {}
        fields = {name: self._resolved(field) for name, field in taken.get("properties", {}).items()}
        fields = {name: field for name, field in fields.items() if not field.get("readOnly")}
        body = {name: self._plausible(name, field) for name, field in fields.items()}
        people = self.portal.may_open(address)
        # Whoever gets far enough with a body that looks right: done, or refused for what it says.
        statuses = ((one, self.send(method, path, one, json.dumps(body))[0].status_code) for one in people)
        who = next((one for one, status in statuses if status not in {403, 404}), people[0])
        return Operation(method, path, who, fields, set(taken.get("required", [])) & set(fields), body)

    def _address(self, template: str) -> tuple[Address, str]:
        pattern = re.compile(re.sub(r"\{[^}]+\}", "[^/]+", template))
        company = self.portal.company.address
        for address in addresses():
            path = address.path(self.portal.samples, company) if address.is_api else ""
            if pattern.fullmatch(path.removeprefix(f"/{company}")):
                return address, path
        raise LookupError(f"No sample leads to {template}")

    def _resolved(self, part: dict[str, Any]) -> dict[str, Any]:
        for word in ("allOf", "oneOf"):
            if word in part:
                part = {**part, **part[word][0]}
        return {**part, **self.parts[part["$ref"].rpartition("/")[2]]} if "$ref" in part else part

    def _plausible(self, name: str, field: dict[str, Any]) -> Any:
        field = self._resolved(field)
        if name in self.known:
            return self.known[name]
        if field.get("enum"):
            return field["enum"][0]
        match field.get("type"):
            case "integer" | "number":
                return max(1, field.get("minimum", 1))
            case "boolean":
                return False
            case "array":
                return [self._plausible(name, field["items"])] * field.get("minItems", 1)
            case "object":
                return {key: self._plausible(key, part) for key, part in field.get("properties", {}).items()}
        return PLAUSIBLE.get(field.get("format", ""), PLAUSIBLE[""])[: field.get("maxLength")]

    def send(
        self, method: str, path: str, who: str, body: str | bytes, kind: str = "application/json"
    ) -> tuple[Any, list[str]]:
        """The answer, whose traces go away again, and what is wrong with it whatever was sent."""
        cache.clear()
        with transaction.atomic():
            before = self.portal.rows()
            headers = {"Idempotency-Key": f"key-{next(keys)}"}
            answer = self.portal.clients[who].generic(method.upper(), path, body, content_type=kind, headers=headers)
            after = self.portal.rows()
            wrong = []
            if answer.status_code >= 500:
                wrong.append(f"answers {answer.status_code}")
            elif answer.status_code >= 400:
                wrong += [f"answers {answer.status_code}, but wrote {name}" for name in after if after[name] != before[name]]
            elif answer.status_code in {200, 201}:
                wrong += [f"keeps unseen characters in {name}" for name in self.portal.unseen()]
            if answer.status_code >= 400 and not is_problem(answer):
                wrong.append(f"answers {answer.status_code} without a problem document")
            transaction.set_rollback(True)
        return answer, wrong

    def wrongs(
        self, one: Operation, label: str, body: Any, *, is_fine: bool = True, kind: str = "application/json"
    ) -> list[str]:
        """What is wrong with the answer to a body; `is_fine`: it may be taken."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        answer, wrong = self.send(one.method, one.path, one.who, raw, kind)
        if not is_fine and answer.status_code < 400:
            wrong.append(f"takes it ({answer.status_code})")
        return [f"{one}, {label}: {problem}" for problem in wrong]

    def bodies(self, one: Operation) -> Iterator[tuple[str, dict[str, Any], bool]]:
        """Each field wrong in each way, the others plausible: label, body, whether it may be taken."""
        for name, field in one.fields.items():
            without = {key: value for key, value in one.body.items() if key != name}
            yield f"no {name}", without, name not in one.required
            is_text = field.get("type") == "string" and not {"enum", "format"} & set(field)
            for label, value in NEVER.items():
                fits = (is_text and label in TEXT_FITS) or (field.get("type") == "object" and value == {})
                yield f"{label} in {name}", {**one.body, name: value}, fits
            for label, value in PERHAPS.items():
                yield f"{label} in {name}", {**one.body, name: value}, True
            if name in self.foreign:
                yield f"another company's {name}", {**one.body, name: self.foreign[name]}, False
            elif field.get("type") == "integer" and not {"minimum", "maximum", "enum"} & set(field):
                for pk in self.foreign["ids"]:
                    yield f"another company's id in {name}", {**one.body, name: pk}, False


def is_problem(answer: Any) -> bool:
    told = answer.json() if answer.headers.get("Content-Type") == CONTENT_TYPE else {}
    return {"type", "title", "status", "detail"} <= set(told) and told["status"] == answer.status_code


@pytest.fixture
def api(request: pytest.FixtureRequest, cast: Any) -> Api:
    return Api(request.getfixturevalue("portal"), cast)


@pytest.mark.long
def test_bad_value_in_every_field_is_a_problem(api):
    wrong = []
    for one in api.operations():
        for label, body, is_fine in api.bodies(one):
            wrong += api.wrongs(one, label, body, is_fine=is_fine)
    assert not wrong, f"{len(wrong)}:\n" + "\n".join(wrong)


@pytest.mark.long
def test_broken_body_of_every_post_is_a_problem(api):
    wrong = []
    for one in api.operations():
        for label, body in BODIES.items():
            wrong += api.wrongs(one, label, body, is_fine=not one.required)
        for kind in ("text/plain", "application/xml", "multipart/form-data", "application/x-www-form-urlencoded", "\x00"):
            wrong += api.wrongs(one, kind, b"<x/>", is_fine=not one.required, kind=kind)
    assert not wrong, f"{len(wrong)}:\n" + "\n".join(wrong)


def test_worst_body_of_every_post_crashes_nothing(api):
    """The short form of the two above: every field wrong at once, and one wrong body for each verb in turn."""
    wrong = []
    operations = api.operations()
    for place, one in enumerate(operations):
        for label in ("100,000 characters", "half a character", "objects"):
            wrong += api.wrongs(one, label, dict.fromkeys(one.fields, NEVER[label]), is_fine=not one.fields)
        for label in sorted(BODIES)[place % 3 :: 3]:
            wrong += api.wrongs(one, label, BODIES[label], is_fine=not one.required)
    assert len(operations) > 40
    assert not wrong, f"{len(wrong)}:\n" + "\n".join(wrong)
