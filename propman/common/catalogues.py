"""The Chinese catalogue, by Babel alone (no gettext programs): `python -m propman.common.catalogues update | compile`.

`update` gathers every message of the code and the templates and merges them; what is still untranslated fails the tests.
"""

import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir, extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDERS = ("propman", "complaints", "cards", "billing", "hr", "templates")
TEMPLATE = "propman.common.catalogues:extract_template"
METHODS = [("**.py", "python"), ("**.html", TEMPLATE), ("**.txt", TEMPLATE)]
LAZY = {f"{name}_lazy": DEFAULT_KEYWORDS[name] for name in ("gettext", "ngettext", "pgettext", "npgettext")}
KEYWORDS = {**DEFAULT_KEYWORDS, **LAZY, "gettext_noop": None, "_lazy": None}

HEADER = """msgid ""
msgstr ""
"Language: {language}\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"

"""


def extract_template(file: Any, keywords: Any, comment_tags: Any, options: Any) -> Iterator[Any]:
    """A Django template's messages: Django itself turns it into Python calls, Babel reads those."""
    from django.utils.translation.template import templatize

    calls = templatize(file.read().decode(), origin=getattr(file, "name", None))
    flat = "\n".join(line.lstrip() for line in calls.split("\n"))
    return extract_python(BytesIO(flat.encode()), keywords, comment_tags, options)


def messages() -> Catalog:
    """Every message of the product, as the template of a catalogue."""
    catalogue = Catalog(project="propman", charset="utf-8")
    for folder in FOLDERS:
        found = extract_from_dir(str(ROOT / folder), METHODS, keywords=KEYWORDS, comment_tags=("Translators:",))
        for name, _line, message, comments, context in found:
            catalogue.add(message, locations=[(f"{folder}/{name}", 0)], auto_comments=comments, context=context)
    return catalogue


def catalogue_files() -> list[Path]:
    return sorted((ROOT / "propman" / "locale").glob("*/LC_MESSAGES/django.po"))


def read(file: Path) -> Catalog:
    with file.open("rb") as source:
        return read_po(source, locale=file.parent.parent.name)


def update() -> None:
    """Merge new messages in, drop those that nothing uses any more; order by the file they come from."""
    template = messages()
    for file in catalogue_files():
        catalogue = read(file)
        catalogue.update(template, no_fuzzy_matching=True)
        catalogue.obsolete.clear()
        with file.open("wb") as target:
            target.write(HEADER.format(language=file.parent.parent.name).encode())
            write_po(target, catalogue, width=0, omit_header=True, sort_by_file=True, include_lineno=False)


def compile_all() -> None:
    """Write the .mo files that Django reads."""
    for file in catalogue_files():
        with file.with_suffix(".mo").open("wb") as target:
            write_mo(target, read(file))


if __name__ == "__main__":
    import django
    from django.conf import settings

    if not settings.configured:
        settings.configure()
    django.setup()
    {"update": update, "compile": compile_all}[sys.argv[1]]()
