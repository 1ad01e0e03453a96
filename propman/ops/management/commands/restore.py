import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from propman.ops import archive


class Command(BaseCommand):
    help = "Brings a backup back into the empty database and compares what came back with what was saved."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR")
        parser.add_argument("--drill", action="store_true", help="into a database made for it and dropped afterwards")
        parser.add_argument("--json", action="store_true", help="the counts as a last line of JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            manifest = (archive.drill if options["drill"] else archive.restore)(options["folder"])
        except archive.ArchiveError as problem:
            raise CommandError(str(problem)) from problem
        counts = {"tables": len(manifest["tables"]), "files": len(manifest["files"])}
        self.stdout.write(f"Restored and equal: {counts['tables']} tables and sequences, {counts['files']} files.")
        if options["json"]:
            self.stdout.write(json.dumps(counts))
