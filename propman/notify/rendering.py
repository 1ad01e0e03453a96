"""The words of a notice, in its reader's language and the company's time."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.template import Context
from django.template.loader import get_template, render_to_string
from django.template.loader_tags import BlockNode
from django.utils import timezone, translation
from django.utils.translation import ngettext

from propman.tenancy.links import address_of_path, company_url
from propman.tenancy.models import Company

from .kinds import TEMPLATES
from .models import Notice

# Nobody's words may break a header, or turn the line round that they stand in.
UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
LONGEST = 200  # characters of a subject
MOST = 50  # notices written out in one message; the others stand in the list


@dataclass(frozen=True)
class Told:
    """A notice in words: one line, some paragraphs, and where it leads."""

    subject: str
    body: str
    url: str


@dataclass(frozen=True)
class Letter:
    """What is sent: a line, plain text, and the same as HTML; `line` with its address is the SMS."""

    line: str
    text: str
    html: str
    url: str


@contextmanager
def for_reader(company: Company, language: str) -> Iterator[None]:
    """The reader's language and the company's zone are active inside."""
    with translation.override(language or company.language), timezone.override(company.timezone):
        yield


def tell(notice: Notice, company: Company) -> Told:
    """The notice in the active language and zone. Raises TemplateDoesNotExist for an event without words."""
    template = get_template(TEMPLATES.get(notice.event, notice.event)).template  # type: ignore[attr-defined]
    words = {key: _meant(key, value) for key, value in notice.words.items()}
    context = Context({**words, "company": company, "at": notice.at}, autoescape=False)  # plain text; HTML escapes later
    blocks = {}
    with context.render_context.push_state(template), context.bind_template(template):
        for node in template.nodelist.get_nodes_by_type(BlockNode):
            blocks[node.name] = node.render(context)
    url = address_of_path(company, notice.path) if notice.path else ""
    return Told(one_line(blocks.get("subject", "")), blocks.get("body", "").strip(), url)


def one_line(text: str) -> str:
    return " ".join(UNSEEN.sub(" ", text).split())[:LONGEST]


def _meant(key: str, value: Any) -> Any:
    """A text whose name ends in _at or _on is a moment or a day."""
    try:
        if key.endswith("_at"):
            return datetime.fromisoformat(value)
        if key.endswith("_on"):
            return date.fromisoformat(value)
    except (TypeError, ValueError):
        pass
    return value


def write_letter(notices: Sequence[Notice], *, count: int, company: Company, name: str, has_account: bool) -> Letter:
    """One message that holds the notices, in the active language; `count` is how many there are in all."""
    told = [tell(notice, company) for notice in notices]
    list_url = company_url(company, "notify:list") if has_account else ""
    line = told[0].subject
    if count > 1:
        line = ngettext("%(count)s notice from %(company)s", "%(count)s notices from %(company)s", count)
        line = one_line(line % {"count": count, "company": company.name})
    shown = {
        "subject": line,
        "told": told,
        "name": name,
        "company": company,
        "more": count - len(told),
        "list_url": list_url,
        "settings_url": company_url(company, "notify:preferences") if has_account else "",
    }
    text = render_to_string("emails/message.txt", shown)
    return Letter(line, text, render_to_string("emails/message.html", shown), told[0].url if count == 1 else list_url)
