from datetime import UTC, date, datetime
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from propman.common.commands import ReportingCommand
from propman.demo.lives import live
from propman.demo.town import Town, build_town, next_month
from propman.tenancy.models import Company


class Command(ReportingCommand):
    help = "Let the town of a new company live some months through the services, with a simulated clock."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--communities", type=int, required=True, metavar="N")
        parser.add_argument("--households", type=int, required=True, metavar="H", help="in each community")
        parser.add_argument("--months", type=int, required=True, metavar="M")
        parser.add_argument("--seed", type=int, required=True, metavar="S")
        parser.add_argument("--start", type=month, metavar="YYYY-MM", help="the first month; the last one is over by default")

    def handle(self, *args: Any, **options: Any) -> None:
        for name in ("communities", "households", "months"):
            if not 0 < options[name] <= 100_000:
                raise CommandError(f"--{name} is a number from 1 to 100000.")
        start = options["start"] or months_before(timezone.now().date(), options["months"])
        with transaction.atomic():
            town = self.build(start, options)
            live(town, self.stdout.write if options["verbosity"] else lambda line: None)
        result = {
            "company": town.company.address,
            "communities": [place.community.address for place in town.places],
            "last_counted_month": town.last_counted_month,
            **town.made,
        }
        self.report(result, f"{town.company.address} has lived {options['months']} months.")

    def build(self, start: date, options: dict[str, Any]) -> Town:
        end = start
        for _n in range(options["months"]):
            end = next_month(end)
        zone = Company().timezone
        return build_town(
            address=free_address(f"town-{options['seed']}"),
            name=f"Town {options['seed']}",
            communities=options["communities"],
            households=options["households"],
            seed=options["seed"],
            begins_at=datetime.combine(start, datetime.min.time(), zone).astimezone(UTC),
            until=datetime.combine(end, datetime.min.time(), zone).astimezone(UTC),
        )


def month(text: str) -> date:
    return datetime.strptime(text, "%Y-%m").replace(tzinfo=UTC).date()


def months_before(day: date, months: int) -> date:
    """The first day of the month so many months before that day's."""
    number = day.year * 12 + day.month - 1 - months
    return date(number // 12, number % 12 + 1, 1)


def free_address(wanted: str) -> str:
    """The address, with a number behind it when companies of that seed were simulated before."""
    taken = set(Company.objects.filter(address__startswith=wanted).values_list("address", flat=True))
    return next(address for n in range(1, len(taken) + 2) if (address := wanted if n == 1 else f"{wanted}-{n}") not in taken)
