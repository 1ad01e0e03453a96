import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

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
            return {name: list(check(company)) for name, check in INTEGRITY.items()}


class Command(BaseCommand):
    help = "Checks that the data of one company, or of all, is whole: event chains, numbers, sums. Exit 1 names what is broken."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("company", nargs="?", metavar="COMPANY", help="its address; all companies without it")
        parser.add_argument("--json", action="store_true", help="the findings as a last line of JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        companies = Company.objects.order_by("address")
        if options["company"]:
            companies = companies.filter(address=options["company"])
            if not companies:
                raise CommandError(f"There is no company {options['company']}.")
        findings = {company.address: broken_things(company) for company in companies}
        sentences = [
            f"{address}: {name}: {sentence}"
            for address, checks in findings.items()
            for name, found in checks.items()
            for sentence in found
        ]
        self.stdout.write(f"{len(findings)} companies, {len(INTEGRITY)} checks each: {', '.join(sorted(INTEGRITY))}")
        for sentence in sentences:
            self.stdout.write(sentence)
        if options["json"]:
            broken = {address: {name: found for name, found in checks.items() if found} for address, checks in findings.items()}
            result = {
                "companies": list(findings),
                "checks": sorted(INTEGRITY),
                "broken": {k: v for k, v in broken.items() if v},
            }
            self.stdout.write(json.dumps(result, ensure_ascii=False))
        if sentences:
            raise CommandError(f"{len(sentences)} broken.")
