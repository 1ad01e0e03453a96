from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.management.base import CommandError, CommandParser

from propman.community.management.importing import ImportCommand, company_at
from propman.community.models import Community
from propman.community.services.import_rooms import RoomsImporter
from propman.community.services.places import checked_area
from propman.tenancy.scope import company_scope


class Command(ImportCommand):
    help = (
        "Import the room list of a community. Columns, in Chinese or English: building 楼栋, entrance 单元, room 房号, "
        "area 面积, owner 业主, phone 电话, email 邮箱; or a building a row with units 户数 instead of room."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("company", metavar="COMPANY", help="its address, such as lanting")
        parser.add_argument("community", metavar="COMMUNITY", help="its address, such as willow-court")
        super().add_arguments(parser)
        parser.add_argument("--area", type=area, help="m² of a new room whose row names no area")

    def handle(self, *args: Any, **options: Any) -> None:
        company = company_at(options["company"])
        with company_scope(company.pk):
            community = Community.objects.filter(address=options["community"]).first()
            known = ", ".join(Community.objects.order_by("address").values_list("address", flat=True)[:20]) or "none yet"
        if community is None:
            raise CommandError(f"{company.address} has no community “{options['community']}”. It has: {known}.")
        self.bring_in(company, options["file"], lambda: RoomsImporter(community, options["area"]), options)


def area(text: str) -> Decimal:
    try:
        return checked_area(Decimal(text))
    except InvalidOperation as error:
        raise ValueError(text) from error
