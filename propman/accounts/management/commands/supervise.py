from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from propman.accounts.models import User
from propman.accounts.roles import OFFICIALS, Role
from propman.accounts.services import end_role, grant_role, invite
from propman.tenancy.models import Company
from propman.tenancy.scope import serving


class Command(BaseCommand):
    help = (
        "Lets an official supervise companies, or with --end no longer. Whoever has no account is invited: a link for "
        "each company is printed and e-mailed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("role", choices=sorted(role.value for role in OFFICIALS))
        parser.add_argument("companies", nargs="+", metavar="COMPANY")
        parser.add_argument("--by", required=True, metavar="EMAIL", help="the operator who decides")
        parser.add_argument("--name", default="", help="of somebody who has no account yet")
        parser.add_argument("--end", action="store_true")

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        operator = User.objects.filter(email__iexact=options["by"], is_operator=True).first()
        if operator is None:
            raise CommandError(f"{options['by']} is no operator of the platform.")
        companies = {company.address: company for company in Company.objects.filter(address__in=options["companies"])}
        if unknown := [address for address in options["companies"] if address not in companies]:
            raise CommandError(f"There is no company {', '.join(unknown)}.")
        user, role, at = User.objects.filter(email__iexact=options["email"]).first(), Role(options["role"]), timezone.now()
        if user is None and options["end"]:
            raise CommandError(f"Nobody has the address {options['email']}.")
        for company in companies.values():
            with serving(company.pk):
                try:
                    if user is None:
                        name = options["name"] or options["email"]
                        _one, secret = invite(email=options["email"], name=name, roles=[role], by=operator, at=at)
                        self.stdout.write(f"{settings.SITE_URL.rstrip('/')}/{company.address}/join/{secret}/")
                    elif options["end"]:
                        end_role(user=user, role=role, by=operator, at=at)
                    else:
                        grant_role(user=user, role=role, by=operator, at=at)
                except ValidationError as error:
                    raise CommandError(f"{company.name}: {' '.join(error.messages)}") from error
