"""Bills and receipts as PDF."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from propman.common import pdf

HERE = Path(__file__).parent


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
    return pdf.typeset(HERE / "document.typ", asdict(document))
