"""Sheets as their household sees them, and results as everybody may."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from billing.formula import Share
from billing.models import AgreementItem, Survey, SurveyResult
from billing.permissions import may_fill
from propman.accounts.models import User
from propman.community.models import Household
from propman.community.selectors import occupancies_of
from propman.tenancy.models import Company
from propman.tenancy.scope import current_company_id

FILLING_KINDS = ("owner", "tenant")


@dataclass(frozen=True)
class Answer:
    """A household's answer for one item: a score of 0 to 10, or None for "can't say"."""

    score: int | None
    comment: str = ""


@dataclass(frozen=True)
class OpenSheet:
    survey: Survey
    household: Household


def open_sheets(user: User, *, at: datetime) -> list[OpenSheet]:
    """The sheets that the user can fill in now, one for each household where the user is owner or tenant."""
    company = Company.objects.get(pk=current_company_id())
    lived_in = occupancies_of(user, on=company.today(at)).filter(kind__in=FILLING_KINDS).order_by("household_id")
    households = {occupancy.household_id: occupancy.household for occupancy in lived_in}
    communities = {household.community_id for household in households.values()}
    surveys = Survey.objects.select_related("community", "agreement").filter(
        community_id__in=communities, opens_at__lte=at, closes_at__gt=at, counted_at=None
    )
    return [
        OpenSheet(survey, household)
        for survey in surveys.order_by("closes_at", "pk")
        for household in households.values()
        if household.community_id == survey.community_id and may_fill(survey, household, user, at=at)
    ]


def own_sheet(survey: Survey, household: Household, user: User, *, at: datetime) -> dict[int, Answer]:
    """The household's answers so far by item, for a resident of it; empty for anybody else, and after the count."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT item_id, score, comment FROM billing_own_sheet(%s, %s, %s, %s)", [survey.pk, household.pk, user.pk, at]
        )
        return {item: Answer(score, comment) for item, score, comment in cursor.fetchall()}


def items_of(survey: Survey) -> list[AgreementItem]:
    return list(AgreementItem.objects.filter(agreement=survey.agreement_id).order_by("position"))


def last_rate(survey: Survey) -> Share | None:
    """What the quarter before was billed with."""
    before = SurveyResult.objects.filter(
        survey__community=survey.community_id, survey__quarter=str(survey.period.previous())
    ).first()
    return before.rate if before else None
