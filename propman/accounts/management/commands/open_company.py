from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from propman.accounts.roles import Role
from propman.accounts.services import invite
from propman.tenancy.companies import open_company
from propman.tenancy.scope import serving


class Command(BaseCommand):
    help = "Opens a company and invites its administrator; prints the link of the invitation, which is also e-mailed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address", help="the first part of its web addresses: small letters, digits, hyphens")
        parser.add_argument("name")
        parser.add_argument("--administrator", required=True, metavar="EMAIL")
        parser.add_argument("--administrator-name", default="Administrator", metavar="NAME")
        parser.add_argument("--zone", default="Asia/Shanghai")
        parser.add_argument("--currency", default="CNY")
        parser.add_argument("--language", default="zh-hans")

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        at = timezone.now()
        try:
            company = open_company(
                **{key: options[key] for key in ("address", "name", "zone", "currency", "language")}, by=None, at=at
            )
            with serving(company.pk):
                _invitation, secret = invite(
                    email=options["administrator"],
                    name=options["administrator_name"],
                    roles=[Role.COMPANY_ADMINISTRATOR],
                    by=None,
                    at=at,
                )
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(f"{settings.SITE_URL.rstrip('/')}/{company.address}/join/{secret}/")
