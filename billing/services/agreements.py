"""Fee agreements: proposed by the company, in force once the owners' committee has signed."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from billing.formula import SMALLEST_CELL, Band, Formula, Terms
from billing.models import AgreementItem, AgreementSignature, FeeAgreement
from billing.quarters import Quarter
from billing.selectors.agreements import committee_members
from propman.accounts.models import User
from propman.community.models import CommitteeMember, Community
from propman.tenancy.events import record_event
from propman.tenancy.models import Company


class TermsRefused(ValueError):
    """Terms that contradict themselves, told in words."""


class NotOnCommittee(PermissionError):
    """Only members of the community's owners' committee sign its agreement."""


@dataclass(frozen=True)
class NewItem:
    """A service to be scored; weights are whole numbers, 1 to 100."""

    name: str
    weight: int = 1
    standard: str = ""


@dataclass(frozen=True)
class NewAgreement:
    """Terms to be proposed: price in minor units per m² and month, rates in basis points; names as in FeeAgreement."""

    starts_quarter: str
    price: int
    formula: str = FeeAgreement.Formula.PROPORTIONAL
    floor_bp: int = 8_000
    cap_bp: int = 10_000
    dead_band_from_bp: int | None = None
    bands: Sequence[Sequence[int]] = ()
    non_answers: str = FeeAgreement.NonAnswers.EXCLUDED
    minimum_sheets: int = 5
    below_minimum: str = FeeAgreement.BelowMinimum.LAST_QUARTER
    default_bp: int = 9_000
    reading: str = FeeAgreement.Reading.END
    days_before: int = 5
    days_after: int = 5
    extension_days: int = 10
    due_days: int = 30


def terms_hash(terms: Mapping[str, Any], items: Sequence[NewItem]) -> str:
    """The SHA-256 of the terms and items in canonical form: what a committee member signs."""
    whole = {**terms, "items": [asdict(item) for item in items]}
    text = json.dumps(whole, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@transaction.atomic
def propose_agreement(
    *, community: Community, terms: NewAgreement, items: Sequence[NewItem], by: User, at: datetime
) -> FeeAgreement:
    """Lay a new version before the owners' committee; it counts once most of its members have signed.

    Raises TermsRefused for terms that contradict themselves, and where there is no item to score.
    """
    company = Company.objects.get(pk=community.company_id)
    if not items:
        raise TermsRefused(_("Name at least one service to be scored."))
    values = {**asdict(terms), "bands": [list(band) for band in terms.bands], "currency": company.currency}
    agreement = FeeAgreement(community=community, company=company, proposed_by=by, proposed_at=at, **values)
    ensure_terms(agreement)
    agreement.terms_hash = terms_hash({**values, "community": community.pk}, items)
    # Versions of a community follow each other without a gap, also when two people propose at once.
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"billing:agreement:{community.pk}"])
    last = FeeAgreement.objects.filter(community=community).aggregate(last=Max("version"))["last"]
    agreement.version = (last or 0) + 1
    agreement.save()
    AgreementItem.objects.bulk_create(
        AgreementItem(company=company, agreement=agreement, position=position, **asdict(item))
        for position, item in enumerate(items, start=1)
    )
    facts = {"community": community.pk, "version": agreement.version, "terms": agreement.terms_hash}
    record_event("agreement.proposed", agreement, by=by, at=at, facts=facts)
    return agreement


@transaction.atomic
def sign_agreement(*, agreement: FeeAgreement, by: User, at: datetime) -> FeeAgreement:
    """Sign as a member of the owners' committee; with the signatures of more than half of its members it counts.

    Signing twice changes nothing. Raises NotOnCommittee for anybody else.
    """
    agreement = FeeAgreement.objects.select_for_update().get(pk=agreement.pk)
    today = Company.objects.get(pk=agreement.company_id).today(at)
    members = committee_members(agreement.community_id, on=today)
    member = next((member for member in members if member.person.user_id == by.pk), None)
    if member is None:
        raise NotOnCommittee
    if not AgreementSignature.objects.filter(agreement=agreement, member=member).exists():
        AgreementSignature.objects.create(agreement=agreement, member=member, terms_hash=agreement.terms_hash, signed_at=at)
        record_event("agreement.signed", agreement, by=by, at=at, facts={"terms": agreement.terms_hash})
        _count_signatures(agreement, members, at=at)
    return agreement


def ensure_terms(agreement: FeeAgreement) -> None:
    """Raises TermsRefused for terms that contradict themselves."""
    try:
        Quarter.parse(agreement.starts_quarter)
    except ValueError as error:
        raise TermsRefused(_("Write the first quarter like 2026Q3.")) from error
    try:
        Terms(
            formula=Formula(agreement.formula),
            floor_bp=agreement.floor_bp,
            cap_bp=agreement.cap_bp,
            dead_band_from_bp=agreement.dead_band_from_bp,
            bands=tuple(Band(start, pays) for start, pays in agreement.bands),
        )
    except ValueError as error:
        if agreement.formula == FeeAgreement.Formula.TIERED:
            raise TermsRefused(_("The bands begin at 0 %, each above the last, and a better rate never costs less.")) from error
        raise TermsRefused(_("The floor lies between 0 and the cap, and the cap is at most 100 %.")) from error
    if agreement.minimum_sheets < SMALLEST_CELL:
        raise TermsRefused(_("Ask for at least 5 sheets: fewer would tell what single households said."))


def _count_signatures(agreement: FeeAgreement, members: Sequence[CommitteeMember], *, at: datetime) -> None:
    signed = AgreementSignature.objects.filter(agreement=agreement, member__in=members).count()
    if agreement.signed_at is None and 2 * signed > len(members):
        agreement.signed_at = at
        agreement.save(update_fields=["signed_at"])
        record_event("agreement.agreed", agreement, by=None, at=at, facts={"signatures": signed, "members": len(members)})
