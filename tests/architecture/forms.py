"""The forms of a page, read as a browser reads them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import tinyhtml5

XHTML = "{http://www.w3.org/1999/xhtml}"
TYPED = {"text", "search", "email", "tel", "url", "number", "date", "datetime-local", "time", "month", "textarea"}
PLAUSIBLE = {
    "text": "Lift 2",
    "textarea": "It stops between floors.",
    "tel": "021-5555-0199",
    "email": "somebody@example.test",
    "url": "https://example.test/",
    "number": "2",
    "date": "2030-01-07",
    "datetime-local": "2030-01-07T09:00",
    "time": "09:00",
    "month": "2030-01",
}
ERRORS = {"pm-error", "pm-errors", "invalid-feedback", "alert-danger", "pm-fault"}


@dataclass
class Control:
    name: str
    kind: str
    value: str = ""
    choices: list[str] = field(default_factory=list)
    longest: int | None = None
    is_marked_wrong: bool = False


@dataclass
class Form:
    action: str
    controls: list[Control]
    enctype: str = ""

    @property
    def key(self) -> tuple[str, frozenset[str]]:
        return self.action, frozenset(control.name for control in self.controls)

    @property
    def typed(self) -> list[Control]:
        return [control for control in self.controls if control.kind in TYPED]

    @property
    def chosen(self) -> list[Control]:
        return [control for control in self.controls if control.kind in {"select", "radio", "checkbox", "hidden", "submit"}]

    def filled(self, **given: Any) -> dict[str, Any]:
        """What somebody might send, with something plausible where nothing stands; `given` replaces it."""
        data: dict[str, Any] = {}
        for control in self.controls:
            if control.kind in {"select", "radio"}:
                data.setdefault(control.name, control.value or next((choice for choice in control.choices if choice), ""))
            elif control.kind not in {"checkbox", "file", "submit"} or (control.kind == "submit" and control.name not in data):
                data[control.name] = control.value or PLAUSIBLE.get(control.kind, "")[: control.longest]
        return data | given


@dataclass
class Page:
    forms: list[Form]
    errors: list[str]


def read_page(html: str, path: str) -> Page:
    """Its POST forms (without sign-out, theme and language) and the error messages on it."""
    root = tinyhtml5.parse(html)
    forms = [read_form(element, path) for element in root.iter(f"{XHTML}form") if element.get("method", "").lower() == "post"]
    errors = [
        " ".join("".join(element.itertext()).split())
        for element in root.iter()
        if set(str(element.get("class") or "").split()) & ERRORS or element.get("role") == "alert"
    ]
    return Page(forms, [error for error in errors if error])


def read_form(element: Any, path: str) -> Form:
    controls: dict[str, Control] = {}
    for found in read_controls(element):
        if found.name == "csrfmiddlewaretoken":
            continue
        known = controls.setdefault(found.name, found)
        if known is not found:
            known.choices += found.choices
            known.value = known.value or found.value
            known.is_marked_wrong |= found.is_marked_wrong
    action = urlsplit(element.get("action") or path).path or path
    return Form(action, list(controls.values()), element.get("enctype") or "")


def read_controls(form: Any) -> Iterator[Control]:
    for element in form.iter():
        tag, name = str(element.tag).removeprefix(XHTML), element.get("name")
        if not name or element.get("disabled") is not None:
            continue
        wrong = "is-invalid" in (element.get("class") or "").split() or element.get("aria-invalid") == "true"
        longest = int(element.get("maxlength")) if element.get("maxlength") else None
        if tag == "textarea":
            yield Control(name, "textarea", "".join(element.itertext()), longest=longest, is_marked_wrong=wrong)
        elif tag == "select":
            options = list(element.iter(f"{XHTML}option"))
            values = [option.get("value") or "" for option in options]
            chosen = next((option.get("value") or "" for option in options if option.get("selected") is not None), "")
            yield Control(name, "select", chosen, values, is_marked_wrong=wrong)
        elif tag == "button":
            yield Control(name, "submit", element.get("value") or "")
        elif tag == "input":
            kind, value = (element.get("type") or "text").lower(), element.get("value") or ""
            if kind in {"radio", "checkbox"}:
                chosen = value if element.get("checked") is not None else ""
                yield Control(name, kind, chosen, [value], is_marked_wrong=wrong)
            else:
                yield Control(name, kind, value, longest=longest, is_marked_wrong=wrong)
