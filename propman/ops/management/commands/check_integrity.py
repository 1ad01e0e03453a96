from argparse import ArgumentParser
from collections.abc import Callable, Iterable
from typing import Any

from django.db import DatabaseError, connection, transaction

from propman.common.commands import ReportingCommand
from propman.tenancy.checkups import INTEGRITY
from propman.tenancy.models import Company
from propman.tenancy.scope import company_scope


def broken_things(company: Company) -> dict[str, list[str]]:
    """By check, a sentence for everything that is broken; all checks see the same moment."""
    in_test = connection.in_atomic_block
    with transaction.atomic(savepoint=False):
        if not in_test:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        with company_scope(company.pk):
            found = {name: checked(company, check) for name, check in INTEGRITY.items()}
    return {name: sentences for name, sentences in found.items() if sentences}


def checked(company: Company, check: Callable[[Company], Iterable[str]]) -> list[str]:
    """What one check names; data so broken that it cannot even be read is named by the others and hides none of them."""
    found: list[str] = []
    try:
        with transaction.atomic():
            for sentence in check(company):
                found.append(sentence)
    except (DatabaseError, ArithmeticError, LookupError, TypeError, ValueError) as error:
        found.append(f"cannot be checked to the end: {type(error).__name__}: {error}")
    return found


class Command(ReportingCommand):
    help = "Checks that the data of one company, or of all, is whole: event chains, numbers, sums. Exit 1 names what is broken."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("company", nargs="?", metavar="COMPANY", help="its address; all companies without it")

    def handle(self, *args: Any, **options: Any) -> None:
        companies = Company.objects.order_by("address")
        if options["company"]:
            companies = companies.filter(address=options["company"])
            if not companies:
                self.refuse(f"There is no company {options['company']}.")
        broken = {company.address: broken_things(company) for company in companies}
        result = {"companies": list(broken), "checks": sorted(INTEGRITY), "broken": {k: v for k, v in broken.items() if v}}
        sentences = [
            f"{address}: {name}: {sentence}"
            for address, checks in broken.items()
            for name, found in checks.items()
            for sentence in found
        ]
        if sentences:
            self.refuse("\n".join(sentences), **result)
        self.report(result, f"Whole: {len(broken)} companies, each checked for {', '.join(sorted(INTEGRITY))}.")
