import tomllib
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from propman.common.commands import ReportingCommand
from propman.community.management.importing import opened
from propman.community.services.import_portfolio import Mapped, import_portfolio, read_mapping
from propman.community.services.imports import RowsRefused


class Command(ReportingCommand):
    help = (
        "Import companies, communities, buildings and rooms from a registry export. The mapping (TOML) names the file's "
        "headings: see docs in the README. Rows that are wrong are listed and left out."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", help="CSV (UTF-8 or GB18030) or XLSX")
        parser.add_argument("--mapping", required=True, metavar="FILE.toml")
        parser.add_argument("--dry-run", action="store_true", help="only say what would happen, and every row that is wrong")
        parser.add_argument("--strict", action="store_true", help="import nothing when any row is wrong")

    def handle(self, *args: Any, **options: Any) -> None:
        mapping = mapping_in(options["mapping"])
        with opened(options["file"]) as file:
            try:
                done = import_portfolio(
                    file=file,
                    file_name=Path(options["file"]).name,
                    mapping=mapping,
                    at=timezone.now(),
                    dry_run=options["dry_run"],
                    strict=options["strict"],
                )
            except RowsRefused as refused:
                self.tell(refused.plan.problems)
                self.refuse(f"{refused.plan.refused} rows are wrong; nothing was imported.", **asdict(refused.plan))
        self.tell(done.problems)
        verb = "would be" if options["dry_run"] else "were"
        self.report(
            {"imported": not options["dry_run"] and bool(done.created or done.changed), **asdict(done)},
            f"{done.companies} companies, {done.communities} communities, {done.rooms} rooms {verb} new; "
            f"{done.refused} of {done.rows} rows were left out.",
        )

    def tell(self, problems: list[dict[str, Any]]) -> None:
        for problem in problems:
            self.stdout.write(f"row {problem['line']}: {' '.join(problem['says'])}")


def mapping_in(name: str) -> Mapped:
    """What the mapping file says. Raises CommandError, UnusableMapping."""
    try:
        return read_mapping(tomllib.loads(Path(name).read_text()))
    except OSError as error:
        raise CommandError(f"{name} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CommandError(f"{name} is not TOML: {error}.") from error
