from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from complaints.models import LogEntry, LogMapping, LogSource
from complaints.services.reconciling import importer_of, match_entries, reconcile_file
from propman.common.commands import ReportingCommand
from propman.community.management.importing import company_at, opened
from propman.community.services.imports import RowsRefused, plan_import
from propman.tenancy.scope import company_scope


class Command(ReportingCommand):
    help = (
        "Bring in the phone system's call log, the mailbox list or the visitors' book, look every entry up among the contacts, "
        "and list the entries that have none, by office. Bringing in the same file again, or one that overlaps, adds nothing "
        "twice; entries that are open are matched again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("company", metavar="COMPANY", help="the company's address")
        parser.add_argument("file", metavar="FILE", help="CSV (UTF-8 or GB18030) or XLSX")
        parser.add_argument("--mapping", metavar="FILE.toml", help="which heading says what; without it the one that was kept")
        parser.add_argument("--list", choices=LogSource.values, default=LogSource.PHONE.value, help="which list it is")
        parser.add_argument("--dry-run", action="store_true", help="only say what would happen, and every row that is wrong")

    def handle(self, *args: Any, **options: Any) -> None:
        company, source, at = company_at(options["company"]), options["list"], timezone.now()
        with opened(options["file"]) as file, transaction.atomic(), company_scope(company.pk):
            mapping = mapping_in(options["mapping"], source)
            if options["dry_run"]:
                plan = plan_import(importer=importer_of(company=company, source=source, mapping=mapping, at=at), file=file)
                self.tell(plan.problems)
                line = f"{plan.created} entries would be new, {plan.left} are there or left out, {plan.refused} are wrong."
                self.report({"imported": None, **asdict(plan)}, line)
                return
            try:
                plan, upload, matched = reconcile_file(
                    company=company,
                    source=source,
                    file=file,
                    file_name=Path(options["file"]).name,
                    mapping=mapping,
                    by=None,
                    at=at,
                )
            except RowsRefused as refused:
                self.tell(refused.plan.problems)
                self.refuse(f"{refused.plan.refused} rows are wrong; nothing was imported.", **asdict(refused.plan))
            matched += match_entries(source=source, at=at) if upload is None else 0
            gaps = list(
                LogEntry.objects.filter(source=source, state=LogEntry.State.OPEN)
                .order_by("office__name", "occurred_at", "pk")
                .values("log_import_id", "line", "occurred_at", "office__name")
            )
        offices: dict[str, int] = {}
        for gap in gaps:
            offices[gap["office__name"]] = offices.get(gap["office__name"], 0) + 1
        self.report(
            {
                "imported": upload.pk if upload else None,
                "matched": matched,
                "gaps": offices,
                "entries": [
                    {
                        "import": gap["log_import_id"],
                        "line": gap["line"],
                        "at": gap["occurred_at"].isoformat(),
                        "office": gap["office__name"],
                    }
                    for gap in gaps
                ],
                **asdict(plan),
            },
            f"{plan.created} new entries, {plan.left} there already or left out; {matched} found a contact.",
            *(f"{name}: {count} without a contact" for name, count in offices.items()),
            *(
                f"  {timezone.localtime(gap['occurred_at'], company.timezone):%Y-%m-%d %H:%M:%S}, "
                f"line {gap['line']} of list {gap['log_import_id']}, {gap['office__name']}"
                for gap in gaps
            ),
        )

    def tell(self, problems: list[dict[str, Any]]) -> None:
        for problem in problems:
            self.stdout.write(f"row {problem['line']}: {' '.join(problem['says'])}")


def mapping_in(name: str | None, source: str) -> str:
    """What the mapping file says, or the company's mapping of that list. Raises CommandError."""
    if name is None:
        return LogMapping.objects.filter(source=source).values_list("text", flat=True).first() or ""
    try:
        return Path(name).read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{name} cannot be read: {error}.") from error
