"""Which agreement holds for a community and quarter, and what it would cost."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db.models import Q

from billing.formula import BASIS_POINTS, Share, Terms, base_fee, fee, share_of
from billing.models import FeeAgreement
from billing.quarters import MONTHS, Quarter, midnight
from propman.community.models import CommitteeMember

SAMPLE_AREA = 9_460  # 94.60 m²
SAMPLE_RATES = (6_000, 8_000, 9_500)


def committee_members(community_id: int, *, on: date) -> list[CommitteeMember]:
    """The members of the community's owners' committee on that day."""
    running = Q(ends_on=None) | Q(ends_on__gt=on)
    return list(
        CommitteeMember.objects.select_related("person")
        .filter(running, committee__community_id=community_id, starts_on__lte=on)
        .filter(Q(committee__ends_on=None) | Q(committee__ends_on__gt=on))
        .order_by("pk")
    )


def agreement_for(agreements: list[FeeAgreement], quarter: Quarter, *, zone: ZoneInfo, at: datetime) -> FeeAgreement | None:
    """The agreement that holds for the quarter: the newest version that began by then and was signed before its end.

    `agreements` are all versions of one community.
    """
    end = min(midnight(quarter.day_after, zone), at)
    holding = [
        agreement
        for agreement in agreements
        if agreement.signed_at is not None and agreement.signed_at <= end and agreement.first_quarter <= quarter
    ]
    return max(holding, key=lambda agreement: (agreement.first_quarter, agreement.version), default=None)


def sample_fees(terms: Terms, price: int, *, area: int = SAMPLE_AREA) -> list[tuple[Share, int, int]]:
    """What a flat of `area` (1/100 m²) pays a quarter at 60, 80 and 95 %: rate, share in basis points, fee in minor units."""
    base = base_fee(area=area, price=price, months=MONTHS)
    rows = []
    for rate in SAMPLE_RATES:
        share = share_of(Share(rate, BASIS_POINTS), terms)
        rows.append((Share(rate, BASIS_POINTS), share.points * BASIS_POINTS // share.maximum, fee(base, share)))
    return rows
