import tomllib
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from complaints.services.import_complaints import RowsRefused, import_complaints, read_mapping
from complaints.services.timing import NoPolicy
from propman.common.commands import ReportingCommand
from propman.community.management.importing import company_at, opened
from propman.tenancy.scope import company_scope


class Command(ReportingCommand):
    help = (
        "Import the complaint history of another system, such as a 311 export. The mapping (TOML) names the file's headings "
        "and what its words mean. Rows that are wrong are listed and left out; running it again changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("company", metavar="COMPANY", help="the company's address")
        parser.add_argument("file", metavar="FILE", help="CSV (UTF-8 or GB18030) or XLSX")
        parser.add_argument("--mapping", required=True, metavar="FILE.toml")
        parser.add_argument("--dry-run", action="store_true", help="only say what would happen, and every row that is wrong")
        parser.add_argument("--strict", action="store_true", help="import nothing when any row is wrong")

    def handle(self, *args: Any, **options: Any) -> None:
        company = company_at(options["company"])
        told = told_by(options["mapping"])
        is_dry: bool = options["dry_run"]
        with opened(options["file"]) as file, company_scope(company.pk):
            try:
                done = import_complaints(
                    file=file,
                    mapping=read_mapping(told),
                    by=None,
                    at=timezone.now(),
                    dry_run=is_dry,
                    strict=options["strict"],
                )
            except RowsRefused as refused:
                self.tell(refused.history.problems)
                self.refuse(" ".join(refused.messages), imported=False, **asdict(refused.history))
            except NoPolicy as problem:
                raise CommandError(str(problem)) from problem
        self.tell(done.problems)
        verb = "would be" if is_dry else "were"
        self.report(
            {"imported": bool(done.created) and not is_dry, **asdict(done)},
            f"{done.created} complaints {verb} new, {done.left} were there already; "
            f"{done.refused} of {done.rows} rows were left out.",
            f"By what they were due and closed {done.on_time} are on time and {done.overdue} overdue; {done.open} are open.",
        )

    def tell(self, problems: list[dict[str, Any]]) -> None:
        for problem in problems:
            self.stdout.write(f"row {problem['line']}: {' '.join(problem['says'])}")


def told_by(name: str) -> dict[str, Any]:
    """What the mapping file says. Raises CommandError."""
    try:
        return tomllib.loads(Path(name).read_text())
    except OSError as error:
        raise CommandError(f"{name} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CommandError(f"{name} is not TOML: {error}.") from error
