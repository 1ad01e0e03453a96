import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from propman.ops import archive


class Command(BaseCommand):
    help = "Writes the database, the uploaded files and their fingerprints into a new folder."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR")
        parser.add_argument("--json", action="store_true", help="the counts as a last line of JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            manifest = archive.back_up(options["folder"], at=timezone.now())
        except archive.ArchiveError as problem:
            raise CommandError(str(problem)) from problem
        rows = sum(table["rows"] for table in manifest["tables"].values())
        counts = {"tables": len(manifest["tables"]), "rows": rows, "files": len(manifest["files"])}
        self.stdout.write(f"{options['folder']}: " + ", ".join(f"{count} {name}" for name, count in counts.items()))
        if options["json"]:
            self.stdout.write(json.dumps(counts))
