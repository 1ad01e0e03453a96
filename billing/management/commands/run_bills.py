from typing import Any

from django.core.management.base import CommandParser
from django.db.models import Count, Sum
from django.utils import timezone

from billing.models import Bill, FeeAgreement, Survey
from billing.quarters import Quarter
from billing.services.runs import NotCounted, run_bills
from billing.services.surveys import count_survey
from propman.common.commands import ReportingCommand
from propman.common.money import in_figures
from propman.community.models import Community
from propman.tenancy.models import Company
from propman.tenancy.scope import company_scope


class Command(ReportingCommand):
    help = "Issue the bills of a quarter in every community of a company; doing it again changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("company", metavar="COMPANY", help="its address, such as lanting")
        parser.add_argument("--quarter", required=True, metavar="YYYYQn")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            quarter = Quarter.parse(options["quarter"])
        except ValueError as error:
            self.refuse(str(error))
        company = Company.objects.filter(address=options["company"]).first()
        if company is None:
            self.refuse(f"There is no company “{options['company']}”.")
        with company_scope(company.pk):
            agreed = FeeAgreement.objects.exclude(signed_at=None).values("community_id")
            communities = list(Community.objects.filter(pk__in=agreed).order_by("address"))
        if not communities:
            self.refuse(f"No community of {company.address} has a fee agreement that its owners' committee signed.")
        lines = [self.bill(company, community, quarter) for community in communities]
        result = {"company": company.address, "quarter": str(quarter), "communities": lines}
        if all(line["bills"] is None for line in lines):
            self.refuse(f"No community's sheets of {quarter} have been collected yet.", **result)
        self.report(result)

    def bill(self, company: Company, community: Community, quarter: Quarter) -> dict[str, Any]:
        """Count the community's sheets when they have been collected, and issue its bills, in one transaction."""
        at = timezone.now()
        with company_scope(company.pk):
            due = Survey.objects.filter(community=community, quarter=str(quarter), counted_at=None, closes_at__lte=at).first()
            if due is not None:
                count_survey(survey_id=due.pk, company=company, at=at)
            try:
                run = run_bills(community=community, quarter=quarter, at=at)
            except NotCounted:
                self.stdout.write(f"{community.address}: the sheets have not been collected yet")
                return {"community": community.address, "bills": None, "total": None}
            sums = Bill.objects.filter(run=run).aggregate(bills=Count("pk"), total=Sum("amount", default=0))
        self.stdout.write(f"{community.address}: {sums['bills']} bills, {in_figures(sums['total'], company.currency)}")
        return {"community": community.address, **sums}
