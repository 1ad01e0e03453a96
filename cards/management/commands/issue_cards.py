from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from cards.jobs import issue_cards
from cards.management.places import month
from cards.models import Round
from cards.selectors import month_of_cards
from propman.common.commands import ReportingCommand
from propman.community.management.importing import company_at
from propman.tenancy.scope import company_scope


class Command(ReportingCommand):
    help = (
        "Issues a month's cards to every community of a company, as the job does on the 30th of the month before. Outside the "
        "month's own time it acts as if it were the issue day. Running it again changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("company", metavar="COMPANY", help="its address, such as lanting")
        parser.add_argument("--month", type=month, required=True, metavar="YYYY-MM")

    def handle(self, *args: Any, **options: Any) -> None:
        company = company_at(options["company"])
        with company_scope(company.pk):
            calendar = month_of_cards(company, options["month"])
            now = timezone.now()
            at = now if calendar.issued_at <= now < calendar.counted_at else calendar.issued_at
            before = Round.objects.filter(month=calendar.month).count()
            issue_cards(company, calendar.name, at)
            rounds = list(Round.objects.filter(month=calendar.month).order_by("name"))
        if not rounds:
            self.refuse(f"{company.address} has no community with households on {calendar.issued_on}.", rounds=[])
        self.report(
            {
                "company": company.address,
                "month": calendar.name,
                "issued_now": len(rounds) - before,
                "households": sum(round.households for round in rounds),
                "cards": sum(round.issued for round in rounds),
                "rounds": [
                    {"round": round.name, "households": round.households, "cards": round.issued, "root": round.issued_root}
                    for round in rounds
                ],
            },
            *(
                f"{round.name}: {round.issued} cards of {round.households} households, root {round.issued_root}"
                for round in rounds
            ),
        )
