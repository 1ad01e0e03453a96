#!/usr/bin/env python3
"""Recounts a published count of red, yellow and blue cards.

    python3 recount.py [FOLDER] [--cards FILE] [--root ROOT]

FOLDER holds bulletin.json and the lists issued.csv, cast.csv, void.csv and opinions.jsonl (default: where this script lies).
FILE holds your own card numbers, one a line, each followed by "used" or "unused": used ones must have been counted,
unused ones must not. ROOT is the fingerprint of the issued list that you noted before the count.

Exit 0: everything agrees. Exit 1: it does not, and the last lines say where. Needs only Python's standard library.
"""

from __future__ import annotations

import argparse
import bisect
import hashlib
import itertools
import json
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

sha256 = hashlib.sha256
CARDS = [f"{subject},{colour}" for subject in ("company", "committee") for colour in ("blue", "yellow", "red")]
CHUNK = 1 << 14  # lines read at once; a power of two, so that a chunk is a whole subtree


class Disagreement(Exception):
    """The bulletin does not agree with itself; the message names where."""


class Merkle:
    """The Merkle tree hash of RFC 6962 over lines that arrive in order, in memory that does not grow with their number."""

    def __init__(self) -> None:
        self.peaks: list[tuple[int, bytes]] = []  # (leaves, hash) of complete subtrees, the largest first
        self.waiting: list[bytes] = []

    def add(self, lines: Iterable[bytes]) -> None:
        """Add lines of bytes, without their line ends."""
        self.waiting += [sha256(b"\0" + line).digest() for line in lines]
        while len(self.waiting) >= CHUNK:
            whole, self.waiting = self.waiting[:CHUNK], self.waiting[CHUNK:]
            self._push(CHUNK, subtree(whole))

    def _push(self, size: int, node: bytes) -> None:
        while self.peaks and self.peaks[-1][0] == size:
            node = sha256(b"\1" + self.peaks.pop()[1] + node).digest()
            size *= 2
        self.peaks.append((size, node))

    def root(self) -> str:
        """The root in hexadecimal."""
        nodes = [node for _size, node in self.peaks]
        if self.waiting:
            nodes.append(subtree(self.waiting))
        if not nodes:
            return sha256(b"").hexdigest()
        root = nodes.pop()
        while nodes:
            root = sha256(b"\1" + nodes.pop() + root).digest()
        return root.hex()


def subtree(level: list[bytes]) -> bytes:
    while len(level) > 1:
        odd = [level[-1]] if len(level) % 2 else []
        level = [sha256(b"\1" + left + right).digest() for left, right in zip(level[::2], level[1::2], strict=False)] + odd
    return level[0]


def summary_root(bulletin: dict[str, Any]) -> str:
    """The fingerprint that the officials sign: SHA-256 of everything in the bulletin but the signatures, in hexadecimal."""
    signed = {key: value for key, value in bulletin.items() if key not in ("root", "signatures")}
    return sha256(json.dumps(signed, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


def statement(bulletin_root: str, round_name: str, signature: dict[str, str]) -> str:
    """The text under an official's signature."""
    return "\n".join(["propman-count-1", round_name, bulletin_root, signature["role"], signature["name"], signature["at"]])


class List:
    """One of the lists, read a chunk at a time: its lines must be in strictly rising order."""

    def __init__(self, folder: Path, name: str) -> None:
        self.name, self.merkle, self.count, self.last = name, Merkle(), 0, b""
        self.tally: Counter[bytes] = Counter()
        self.pending: list[bytes] = []
        try:
            self.file = (folder / name).open("rb")
        except OSError as problem:
            raise Disagreement(f"{name}: cannot be read ({problem.strerror})") from problem

    def __enter__(self) -> List:
        return self

    def __exit__(self, *problem: object) -> None:
        self.file.close()

    def chunk(self) -> list[bytes]:
        """The next lines, checked; none at the end."""
        lines = list(itertools.islice(self.file, CHUNK))
        if not lines:
            return lines
        if not lines[-1].endswith(b"\n"):
            raise Disagreement(f"{self.name}: truncated, the last line is not whole")
        lines = b"".join(lines).split(b"\n")
        lines.pop()
        if lines[0] <= self.last or any(map(bytes.__ge__, lines, lines[1:])):
            self.name_disorder([self.last, *lines])
        self.last = lines[-1]
        self.count += len(lines)
        return lines

    def counted_chunk(self) -> list[bytes]:
        """The next lines, counted by card and taken into the root."""
        lines = self.chunk()
        self.merkle.add(lines)
        self.tally.update([line[64:] for line in lines])
        return lines

    def name_disorder(self, lines: list[bytes]) -> None:
        for number, (before, line) in enumerate(itertools.pairwise(lines), self.count + 1):
            if line == before:
                raise Disagreement(f"{self.name}, line {number}: card {line[:64].decode(errors='replace')} stands there twice")
            if line < before:
                raise Disagreement(f"{self.name}, line {number}: not in the order of the hashes")

    def up_to(self, line: bytes, *, counted: bool = True) -> list[bytes]:
        """The next lines that do not come after `line`."""
        taken: list[bytes] = []
        while self.pending or self.read_on(counted=counted):
            cut = bisect.bisect_right(self.pending, line)
            taken += self.pending[:cut]
            self.pending = self.pending[cut:]
            if self.pending:
                break
        return taken

    def read_on(self, *, counted: bool) -> bool:
        self.pending = self.counted_chunk() if counted else self.chunk()
        return bool(self.pending)

    def totals(self) -> dict[str, int]:
        """How many of each card there are."""
        totals = {card: self.tally.pop(b"," + card.encode(), 0) for card in CARDS}
        if self.tally:
            raise Disagreement(f"{self.name}: no such card: {next(iter(self.tally)).decode(errors='replace').strip(',')!r}")
        return totals


def compare_lists(issued: List, cast: List, void: List) -> None:
    """Walk the three lists side by side: what was cast or void was issued, and nothing is both."""
    while lines := issued.counted_chunk():
        known = set(lines)
        used, dead = cast.up_to(lines[-1]), void.up_to(lines[-1])
        for taken, name in ((used, cast.name), (dead, void.name)):
            if not known.issuperset(taken):
                foreign = next(line for line in taken if line not in known)
                raise Disagreement(f"{name}: card {foreign.decode(errors='replace')} was never issued")
        if both := set(used).intersection(dead):
            raise Disagreement(f"{void.name}: card {min(both).decode()} was cast too")
    for listed in (cast, void):
        if listed.pending or listed.read_on(counted=True):
            raise Disagreement(f"{listed.name}: card {listed.pending[0].decode(errors='replace')} was never issued")


def check_opinions(folder: Path, bulletin: dict[str, Any]) -> None:
    """Each opinion belongs to a cast card. The list holds one JSON object a line, in the order of the hashes."""
    with List(folder, "opinions.jsonl") as opinions, List(folder, "cast.csv") as cast:
        while lines := opinions.chunk():
            opinions.merkle.add(lines)
            try:
                cards = [json.loads(line)["card"].encode() for line in lines]
            except (ValueError, KeyError, TypeError, AttributeError) as problem:
                raise Disagreement("opinions.jsonl: a line cannot be read") from problem
            used = set(cast.up_to(cards[-1], counted=False))
            for card in cards:
                if card not in used:
                    raise Disagreement(f"opinions.jsonl: card {card.decode()} was not cast")
        expect(bulletin, "opinions", opinions.count, "opinions.jsonl")
        expect(bulletin, "opinions_root", opinions.merkle.root(), "opinions.jsonl")


def expect(bulletin: dict[str, Any], key: str, found: object, name: str) -> None:
    if bulletin.get(key) != found:
        raise Disagreement(f"{name}: {key} is {found}, the bulletin says {bulletin.get(key)}")


def check_signatures(bulletin: dict[str, Any]) -> None:
    if not bulletin.get("signatures"):
        raise Disagreement("bulletin.json: nobody has signed")
    for signature in bulletin["signatures"]:
        text = statement(bulletin["root"], bulletin["round"], signature)
        if not verify(bulletin["public_key"], signature["signature"], text.encode()):
            raise Disagreement(f"bulletin.json: the signature of {signature['name']} does not fit")


def check_lists(bulletin: dict[str, Any], issued: List, cast: List, void: List) -> None:
    """The lists agree with one another, with the number of households, the tally and the roots."""
    try:
        compare_lists(issued, cast, void)
    except Disagreement:
        while issued.counted_chunk():
            pass
        expect(bulletin, "issued_root", issued.merkle.root(), issued.name)  # else the issued list itself is another one
        raise
    per_household = 6 if bulletin["has_committee"] else 3
    if issued.count != per_household * bulletin["households"]:
        raise Disagreement(
            f"issued.csv: {issued.count} cards for {bulletin['households']} households, "
            f"not {per_household * bulletin['households']}"
        )
    tally: dict[str, dict[str, int]] = {}
    for name, listed in (("issued", issued), ("cast", cast), ("void", void)):
        for card, number in listed.totals().items():
            tally.setdefault(card, {})[name] = number
    for card in CARDS[:per_household]:
        if tally[card]["issued"] != bulletin["households"]:
            raise Disagreement(f"issued.csv: {tally[card]['issued']} cards of {card}, not one a household")
    for card, numbers in tally.items():
        for name, number in numbers.items():
            said = bulletin["tally"].get(card, {}).get(name, 0)
            if said != number:
                raise Disagreement(f"bulletin.json: tally of {card}, {name}: counted {number}, the bulletin says {said}")
    for listed in (issued, cast, void):
        key = listed.name.partition(".")[0]
        expect(bulletin, f"{key}_root", listed.merkle.root(), listed.name)


def recount(folder: Path, root: str | None = None) -> dict[str, Any]:
    """Check the whole bulletin and return it. Raises Disagreement."""
    try:
        bulletin: dict[str, Any] = json.loads((folder / "bulletin.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise Disagreement(f"bulletin.json: cannot be read ({problem})") from problem
    with List(folder, "issued.csv") as issued, List(folder, "cast.csv") as cast, List(folder, "void.csv") as void:
        check_lists(bulletin, issued, cast, void)
    check_opinions(folder, bulletin)
    if root and root != bulletin["issued_root"]:
        raise Disagreement(f"issued.csv: its fingerprint is {bulletin['issued_root']}, not {root} as noted before the count")
    if summary_root(bulletin) != bulletin["root"]:
        raise Disagreement(f"bulletin.json: the root is {summary_root(bulletin)}, the bulletin says {bulletin['root']}")
    check_signatures(bulletin)
    return bulletin


def check_own_cards(folder: Path, file: str) -> None:
    """One's own card numbers: used ones are in the cast list, unused ones are not. Raises Disagreement."""
    wanted = {}
    for line in Path(file).read_text(encoding="utf-8").splitlines():
        number, _space, use = line.strip().partition(" ")
        if number:
            wanted[sha256(bytes.fromhex(number)).hexdigest()] = (number, use.strip() == "used")
    found = {}
    with List(folder, "cast.csv") as cast:
        while lines := cast.chunk():
            found.update({line[:64].decode(): line[65:].decode() for line in lines if line[:64].decode() in wanted})
    for digest, (number, used) in wanted.items():
        if used and digest not in found:
            raise Disagreement(f"your card {number[:8]}... was used but is not in the cast list")
        if not used and digest in found:
            raise Disagreement(f"your card {number[:8]}... was not used but is in the cast list as {found[digest]}")


# Ed25519 as in RFC 8032, section 6: slow and plain, for a handful of signatures.
P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_1 = pow(2, (P - 1) // 4, P)


def recover_x(y: int, sign: int) -> int | None:
    if y >= P:
        return None
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    if x2 == 0:
        return None if sign else 0
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * ROOT_OF_MINUS_1 % P
    if (x * x - x2) % P:
        return None
    return P - x if (x & 1) != sign else x


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE_X = recover_x(BASE_Y, 0) or 0
BASE = (BASE_X, BASE_Y, 1, BASE_X * BASE_Y % P)


Point = tuple[int, int, int, int]


def point_add(one: Point, two: Point) -> Point:
    a, b = (one[1] - one[0]) * (two[1] - two[0]) % P, (one[1] + one[0]) * (two[1] + two[0]) % P
    c, d = 2 * one[3] * two[3] * D % P, 2 * one[2] * two[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def point_times(number: int, point: Point) -> Point:
    total: Point = (0, 1, 1, 0)
    while number:
        if number & 1:
            total = point_add(total, point)
        point = point_add(point, point)
        number >>= 1
    return total


def point_of(encoded: bytes) -> Point | None:
    y = int.from_bytes(encoded, "little")
    x = recover_x(y & ((1 << 255) - 1), y >> 255)
    y &= (1 << 255) - 1
    return None if x is None else (x, y, 1, x * y % P)


def verify(public_key: str, signature: str, message: bytes) -> bool:
    """Whether the signature (hexadecimal) of the message (bytes) was made with the key (hexadecimal)."""
    try:
        public, signed = bytes.fromhex(public_key), bytes.fromhex(signature)
    except (ValueError, TypeError):
        return False
    if len(public) != 32 or len(signed) != 64:
        return False
    key, nonce, scalar = point_of(public), point_of(signed[:32]), int.from_bytes(signed[32:], "little")
    if key is None or nonce is None or scalar >= ORDER:
        return False
    challenge = int.from_bytes(hashlib.sha512(signed[:32] + public + message).digest(), "little") % ORDER
    left, right = point_times(scalar, BASE), point_add(nonce, point_times(challenge, key))
    return not ((left[0] * right[2] - right[0] * left[2]) % P or (left[1] * right[2] - right[1] * left[2]) % P)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", default=Path(__file__).resolve().parent, type=Path)
    parser.add_argument("--cards", help="a file with your own card numbers")
    parser.add_argument("--root", help="the fingerprint of the issued list, noted before the count")
    options = parser.parse_args(arguments)
    out = sys.stdout.write
    try:
        bulletin = recount(options.folder, options.root)
        if options.cards:
            check_own_cards(options.folder, options.cards)
    except Disagreement as problem:
        out(f"DOES NOT AGREE: {problem}\n")
        return 1
    except (KeyError, TypeError, AttributeError) as problem:
        out(f"DOES NOT AGREE: bulletin.json: {problem} is missing or has the wrong form\n")
        return 1
    except ValueError as problem:
        out(f"DOES NOT AGREE: your cards cannot be read: {problem}\n")
        return 1
    for card, numbers in bulletin["tally"].items():
        out(f"{card:18} cast {numbers['cast']:9}  void {numbers['void']:9}  of {numbers['issued']:9}\n")
    out(f"root {bulletin['root']}\nAGREES: {bulletin['round']}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
