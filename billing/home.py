"""What the home page says of fees: sheets to fill in, bills to pay, agreements to sign."""

from collections.abc import Iterator
from datetime import datetime, time

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from billing.charts import chart
from billing.models import AgreementSignature, BillRun, FeeAgreement
from billing.permissions import memberships_of
from billing.selectors.money import bills_of, satisfaction_against_income
from billing.selectors.surveys import open_sheets
from billing.templatetags.billing import quarter
from propman.accounts.models import User
from propman.accounts.permissions import has_role
from propman.accounts.roles import Role
from propman.common.money import in_figures
from propman.community.home import Section, Waiting
from propman.tenancy.middleware import company_of


def waiting(request: HttpRequest) -> Iterator[Waiting]:
    """The household's sheets while they are out, one's open bills, and agreements without one's signature."""
    if not isinstance(request.user, User):
        return
    if has_role(request, Role.OWNER, Role.TENANT):
        yield from sheets(request.user)
    if has_role(request, Role.OWNER, Role.TENANT, Role.FAMILY_MEMBER):
        yield from bills(request, request.user)
    if has_role(request, Role.COMMITTEE_MEMBER):
        yield from agreements(request.user)


def sheets(user: User) -> Iterator[Waiting]:
    for sheet in open_sheets(user, at=timezone.now()):
        yield Waiting(
            title=_("Score the %(quarter)s") % {"quarter": quarter(sheet.survey.quarter)},
            meta=sheet.household.room.label,
            url=reverse("billing:sheet", args=[sheet.survey.pk, sheet.household.pk]),
            icon="clipboard-check",
            due_at=sheet.survey.closes_at,
            started_at=sheet.survey.opens_at,
        )


def bills(request: HttpRequest, user: User) -> Iterator[Waiting]:
    for bill in bills_of(user).open()[:5]:
        yield Waiting(
            title=_("Pay the bill for the %(quarter)s") % {"quarter": quarter(bill.quarter)},
            meta=f"{in_figures(bill.owed, bill.currency)}, {bill.room_label}",
            url=reverse("billing:bill", args=[bill.reference]),
            icon="receipt",
            due_at=datetime.combine(bill.due_on, time.max, tzinfo=company_of(request).timezone),
            started_at=bill.issued_at,
        )


def agreements(user: User) -> Iterator[Waiting]:
    served = memberships_of(user)
    signed = AgreementSignature.objects.filter(member__in=served).values("agreement_id")
    unsigned = FeeAgreement.objects.filter(signed_at=None, community__in=served.values("committee__community_id"))
    for agreement in unsigned.exclude(pk__in=signed).select_related("community").order_by("pk")[:5]:
        yield Waiting(
            title=_("Fee agreement to sign"),
            meta=agreement.community.name,
            url=reverse("billing:agreement", args=[agreement.pk]),
            icon="signature",
        )


def income_section(request: HttpRequest) -> Section | None:
    """For the general manager: what the last billed quarter earned against how satisfied the owners were."""
    last = BillRun.objects.order_by("-quarter").first() if has_role(request, Role.GENERAL_MANAGER) else None
    if last is None:
        return None
    rows = satisfaction_against_income(last.quarter)
    return Section(
        "billing/_home_income.html", {"rows": rows, "chart": chart(rows), "quarter": last.quarter}, 30, is_figures=True
    )
