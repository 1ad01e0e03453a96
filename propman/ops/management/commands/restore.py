from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from propman.common.commands import ReportingCommand
from propman.ops import archive


class Command(ReportingCommand):
    help = "Brings a backup back into the empty database and compares what came back with what was saved."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR")
        parser.add_argument("--drill", action="store_true", help="into a database made for it and dropped afterwards")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            manifest = (archive.drill if options["drill"] else archive.restore)(options["folder"])
        except archive.ArchiveError as problem:
            self.refuse(str(problem))
        counts = archive.counts(manifest)
        self.report(counts, "Restored and equal: " + ", ".join(f"{count} {name}" for name, count in counts.items()))
