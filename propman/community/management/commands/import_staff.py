from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from propman.community.management.importing import ImportCommand, company_at
from propman.community.services.import_staff import StaffImporter


class Command(ImportCommand):
    help = (
        "Import the staff list of a company. Columns, in Chinese or English: number 工号, name 姓名, department 部门, "
        "post 岗位, phone 电话, email 邮箱, sex 性别, born_on 出生日期, joined_on 入职日期, contract 合同. "
        "Missing departments are opened."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("company", metavar="COMPANY", help="its address, such as lanting")
        super().add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        company = company_at(options["company"])
        today = company.today(timezone.now())
        self.bring_in(company, options["file"], lambda: StaffImporter(today), options)
