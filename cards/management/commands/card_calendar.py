import json
from itertools import islice
from typing import Any

from django.core.management.base import CommandParser

from cards.calendar import months_from
from cards.management.places import community_at, month
from cards.selectors import month_of_cards
from propman.common.commands import ReportingCommand
from propman.community.management.importing import company_at
from propman.tenancy.scope import company_scope


class Command(ReportingCommand):
    help = "When the cards of each month are issued, open and counted in a community."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("company", metavar="COMPANY", help="its address, such as lanting")
        parser.add_argument("community", metavar="COMMUNITY", help="its address, such as willow-court")
        parser.add_argument("--from", dest="first", type=month, required=True, metavar="YYYY-MM")
        parser.add_argument("--months", type=int, default=12, metavar="N")

    def handle(self, *args: Any, **options: Any) -> None:
        company = company_at(options["company"])
        if options["months"] < 1:
            self.refuse("--months is at least 1.")
        with company_scope(company.pk):
            community_at(company, options["community"])
            months = [month_of_cards(company, first) for first in islice(months_from(options["first"]), options["months"])]
        rows = [
            {
                "month": one.name,
                "issued_on": one.issued_on.isoformat(),
                "opens_on": one.opens_on.isoformat(),
                "counted_at": one.counted_at.isoformat(),
            }
            for one in months
        ]
        for row in rows:
            self.stdout.write("{month}  issued {issued_on}  opens {opens_on}  counted {counted_at}".format(**row))
        if self.as_json:
            self.stdout.write(json.dumps(rows))
