from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.utils import timezone

from propman.common.commands import ReportingCommand
from propman.ops import archive


class Command(ReportingCommand):
    help = "Writes the database, the uploaded files and their fingerprints into a new folder."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            manifest = archive.back_up(options["folder"], at=timezone.now())
        except archive.ArchiveError as problem:
            self.refuse(str(problem))
        counts = archive.counts(manifest)
        self.report(counts, f"{options['folder']}: " + ", ".join(f"{count} {name}" for name, count in counts.items()))
