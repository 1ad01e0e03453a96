"""Bills and receipts as PDF, typeset by Typst.

Typst and not WeasyPrint: WeasyPrint needs Pango from the operating system, which a fresh machine does not have; Typst is one
wheel, and its only font comes from a package too. The words come from the caller, in the reader's language.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pylopdf_fonts_zh_cn
import typst

HERE = Path(__file__).parent
FONTS = Path(pylopdf_fonts_zh_cn.__file__).parent


@dataclass(frozen=True)
class Document:
    """What the page says: facts are pairs, lines are label, explanation and figure."""

    title: str
    lang: str
    company: str
    community: str
    facts: Sequence[tuple[str, str]]
    lines: Sequence[tuple[str, str, str]]
    total: tuple[str, str]
    notes: Sequence[str]
    footer: str


def typeset(document: Document) -> bytes:
    """The document as a PDF."""
    compiled = typst.compile(
        str(HERE / "document.typ"),
        root=str(HERE),
        font_paths=[str(FONTS)],
        ignore_system_fonts=True,
        format="pdf",
        sys_inputs={"data": json.dumps(asdict(document), ensure_ascii=False)},
    )
    return bytes(compiled)
