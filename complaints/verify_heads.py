"""Check the daily heads of a company. Needs Python 3.11 and nothing else.

    python verify_heads.py [--number 2026-000123] FILE...

The files are the lists of the days, as downloaded from the page of daily heads. Checks that each list names the hash of the
list before, and prints the head of every day: compare them with those that were mailed to you. With --number it prints in
which lists the complaint stands. Exit 0: the lists agree. Exit 1: says the first day that does not.
"""

import argparse
import hashlib
import sys
from pathlib import Path


def read(path: str) -> tuple[dict[str, str], list[list[str]], str]:
    """What a list says at its top, its lines, and its hash."""
    content = Path(path).read_bytes()
    lines = content.decode().splitlines()
    top = dict(line.split(" ", 1) for line in lines[:5])
    return top, [line.split(" ") for line in lines[5:]], hashlib.sha256(content).hexdigest()


def main() -> int:
    out = sys.stdout.write
    options = argparse.ArgumentParser(description="Check the daily heads of a company.")
    options.add_argument("files", nargs="+", metavar="FILE")
    options.add_argument("--number", help="also say in which lists this complaint stands")
    told = options.parse_args()
    days = sorted((read(path) for path in told.files), key=lambda one: one[0]["day"])
    positions: dict[str, int] = {}
    before = days[0][0]["previous"]
    for top, lines, digest in days:
        if top["previous"] != before:
            out(f"{top['day']}: does not follow from the list before\n")
            return 1
        for number, position, _hash in lines:
            if int(position) <= positions.get(number, 0):
                out(f"{top['day']}: {number} went back\n")
                return 1
            positions[number] = int(position)
            if number == told.number:
                out(f"{top['day']}: {number} has {position} events\n")
        out(f"{top['day']}: {digest}\n")
        before = digest
    if told.number and told.number not in positions:
        out(f"{told.number} is in none of these lists\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
