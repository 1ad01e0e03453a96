"""What the import commands share: find the company, open the file, say what happened to each row."""

from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from django.core.management.base import CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from propman.common.commands import ReportingCommand
from propman.community.services.imports import Importer, Plan, RowsRefused, plan_import, run_import
from propman.tenancy.models import Company
from propman.tenancy.scope import company_scope


def company_at(address: str) -> Company:
    """The company of that address. Raises CommandError."""
    company = Company.objects.filter(address=address).first()
    if company is None:
        known = ", ".join(Company.objects.order_by("address").values_list("address", flat=True)[:20]) or "none yet"
        raise CommandError(f"There is no company “{address}”. There are: {known}.")
    return company


@contextmanager
def opened(name: str) -> Any:
    """The file, for reading. Raises CommandError."""
    try:
        with Path(name).open("rb") as file:
            yield file
    except OSError as error:
        raise CommandError(f"{name} cannot be read: {error.strerror}.") from error


class ImportCommand(ReportingCommand):
    """Checks every row of a file before it writes any."""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", help="CSV (UTF-8 or GB18030) or XLSX")
        parser.add_argument("--dry-run", action="store_true", help="only say what would happen, and every row that is wrong")
        parser.add_argument("--skip-bad-rows", action="store_true", help="import the other rows when some are wrong")

    def bring_in(self, company: Company, name: str, new_importer: Callable[[], Importer], options: dict[str, Any]) -> None:
        with opened(name) as file, transaction.atomic(), company_scope(company.pk):
            plan, number = self._run(file, name, new_importer, options)
        self.tell(plan)
        result = {"imported": number is not None, "import": number, **asdict(plan)}
        verb = "were" if number or plan.changes_nothing else "would be"
        line = f"{plan.created} rows {verb} new, {plan.changed} changed, {plan.left} left as they are"
        if plan.refused and not options["skip_bad_rows"]:
            self.refuse(f"{plan.refused} rows are wrong; nothing was imported ({line}).", **result)
        self.report(result, f"{line}.", *([f"{plan.refused} rows were skipped."] if plan.refused else []))

    def _run(
        self, file: BinaryIO, name: str, new_importer: Callable[[], Importer], options: dict[str, Any]
    ) -> tuple[Plan, int | None]:
        if options["dry_run"]:
            return plan_import(importer=new_importer(), file=file), None
        try:
            plan, done = run_import(
                importer=new_importer(),
                again=new_importer(),
                file=file,
                file_name=Path(name).name,
                by=None,
                at=timezone.now(),
                skip_bad_rows=options["skip_bad_rows"],
            )
        except RowsRefused as refused:
            return refused.plan, None
        return plan, done.pk if done else None

    def tell(self, plan: Plan) -> None:
        for problem in plan.problems:
            self.stdout.write(f"row {problem['line']}: {' '.join(problem['says'])}")
        if plan.refused > len(plan.problems):
            self.stdout.write(f"... and {plan.refused - len(plan.problems)} more rows")
        if plan.unused:
            self.stdout.write(f"not used: {', '.join(plan.unused)}")
