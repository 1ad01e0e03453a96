from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from cards.archive import LISTS
from cards.bulletin import write_bulletin
from cards.management.places import community_at, month
from cards.models import Round
from propman.common.commands import ReportingCommand
from propman.community.management.importing import company_at
from propman.tenancy.scope import company_scope


class Command(ReportingCommand):
    help = "Writes a published count with its recount.py into a folder; `python3 DIR/recount.py` then checks it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("company", metavar="COMPANY", help="its address, such as lanting")
        parser.add_argument("community", metavar="COMMUNITY", help="its address, such as willow-court")
        parser.add_argument("month", type=month, metavar="YYYY-MM")
        parser.add_argument("dir", type=Path, metavar="DIR", help="an empty or new folder")

    def handle(self, *args: Any, **options: Any) -> None:
        company, folder = company_at(options["company"]), options["dir"]
        with company_scope(company.pk):
            community = community_at(company, options["community"])
            round = Round.objects.filter(community=community, month=options["month"]).first()
            if round is None or not round.is_published:
                problem = f"The count of {options['month']:%Y-%m} is not published."
            else:
                problem = self.written(round, folder)
        if round is None or problem:
            self.refuse(problem)
        self.report(
            {"round": round.name, "root": round.root, "dir": str(folder), "files": LISTS},
            f"{round.name} is in {folder}. Check it: python3 {folder / 'recount.py'}",
        )

    def written(self, round: Round, folder: Path) -> str:
        """Write the files; what went wrong, if anything."""
        try:
            write_bulletin(round, folder)
        except OSError as problem:
            return f"{folder} cannot be written: {problem.strerror}."
        return ""
