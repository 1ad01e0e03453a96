"""The bulletin of a count: its summary, its root, and the files that anybody can recount."""

import json
import shutil
from collections.abc import Iterable
from datetime import UTC
from pathlib import Path
from typing import Any

from . import recount
from .models import CountSignature, Round, Tally
from .selectors import cast_lines, issued_lines, opinions_of, void_lines
from .workflow import Card

README = Path(__file__).parent / "recount.txt"


def summary(round: Round) -> dict[str, Any]:
    """Everything of the count but its root and signatures: what the officials sign."""
    return {
        "format": 1,
        "round": round.name,
        "community": round.place,
        "month": round.month_name,
        "households": round.households,
        "has_committee": round.has_committee,
        "counted_at": round.closes_at.astimezone(UTC).isoformat(),
        "public_key": round.public_key,
        "issued_root": round.issued_root,
        "cast_root": round.cast_root,
        "void_root": round.void_root,
        "opinions": round.opinions,
        "opinions_root": round.opinions_root,
        "tally": {
            Card(line.card).text: {"issued": line.issued, "cast": line.dealt, "void": line.void}
            for line in Tally.objects.filter(round=round).order_by("card")
        },
    }


def statement(round: Round, *, role: str, name: str, at: str) -> str:
    """The text under an official's signature; `at` is the moment as the bulletin writes it."""
    return recount.statement(round.root, round.name, {"role": role, "name": name, "at": at})


def bulletin_of(round: Round) -> dict[str, Any]:
    """The content of bulletin.json."""
    signatures = CountSignature.objects.filter(round=round).order_by("at", "pk")
    return {
        **summary(round),
        "root": round.root,
        "signatures": [
            {"role": signed.role, "name": signed.name, "at": written(signed), "signature": signed.signature}
            for signed in signatures
        ],
    }


def written(signed: CountSignature) -> str:
    return signed.at.astimezone(UTC).isoformat(timespec="seconds")


def opinion_lines(round: Round) -> Iterable[list[bytes]]:
    """The lines of opinions.jsonl, a page at a time."""
    for page in opinions_of(round):
        yield [json.dumps({"card": line, "opinion": words}, ensure_ascii=False).encode() for line, _card, words in page]


def root_of(pages: Iterable[list[bytes]]) -> tuple[str, int]:
    """The Merkle root of the lines, and how many there are."""
    merkle, count = recount.Merkle(), 0
    for lines in pages:
        merkle.add(lines)
        count += len(lines)
    return merkle.root(), count


def write_bulletin(round: Round, folder: Path) -> None:
    """Write the published count with its recount.py into the folder, with bounded memory."""
    folder.mkdir(parents=True, exist_ok=True)
    lists = {
        "issued.csv": issued_lines(round),
        "cast.csv": cast_lines(round),
        "void.csv": void_lines(round),
        "opinions.jsonl": opinion_lines(round),
    }
    for name, pages in lists.items():
        with (folder / name).open("wb") as out:
            for lines in pages:
                out.write(b"\n".join(lines) + b"\n")
    text = json.dumps(bulletin_of(round), ensure_ascii=False, indent=1)
    (folder / "bulletin.json").write_text(text + "\n", encoding="utf-8")
    shutil.copyfile(Path(recount.__file__), folder / "recount.py")
    shutil.copyfile(README, folder / "README.txt")
