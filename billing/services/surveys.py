"""Score sheets: out, saved as they are filled in, counted, destroyed; the result frozen with its hash."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Q

from billing.formula import BelowMinimum, ItemCount, NonAnswers, billed_rate, hidden_items, satisfaction
from billing.models import AgreementItem, FeeAgreement, ItemResult, Survey, SurveyResult
from billing.quarters import Quarter, midnight, sheet_window
from billing.selectors.agreements import agreement_for
from billing.selectors.surveys import Answer, items_of, last_rate
from propman.accounts.models import User
from propman.community.models import Community, Household, Occupancy
from propman.notify.services import NewNotice, queue_notices
from propman.tenancy.events import record_event
from propman.tenancy.models import Company

REMIND_BEFORE = timedelta(days=2)


class SheetClosed(RuntimeError):
    """The sheets are not out, or were collected."""


class NotYourSheet(PermissionError):
    """Only owner and tenant of a household that was there when the sheets went out fill in its sheet."""


def open_due_surveys(*, company: Company, at: datetime) -> list[Survey]:
    """Send out every sheet that is due by now, also those that were missed; doing it twice changes nothing."""
    opened = []
    versions = FeeAgreement.objects.select_related("community").exclude(signed_at=None).order_by("community", "version")
    by_community: dict[Community, list[FeeAgreement]] = {}
    for agreement in versions:
        by_community.setdefault(agreement.community, []).append(agreement)
    known = set(Survey.objects.values_list("community_id", "quarter"))
    for community, agreements in by_community.items():
        quarter = min(agreement.first_quarter for agreement in agreements)
        while midnight(quarter.first_day - timedelta(days=60), company.timezone) <= at:
            agreement = agreement_for(agreements, quarter, zone=company.timezone, at=at)
            if agreement is not None and (community.pk, str(quarter)) not in known:
                opened += _open_survey(company, community, agreement, quarter, at=at)
            quarter = quarter.next()
    return opened


@transaction.atomic
def _open_survey(
    company: Company, community: Community, agreement: FeeAgreement, quarter: Quarter, *, at: datetime
) -> list[Survey]:
    window = sheet_window(
        quarter,
        reading=agreement.reading,
        days_before=agreement.days_before,
        days_after=agreement.days_after,
        zone=company.timezone,
    )
    if window.opens_at > at:
        return []
    opens_at, closes_at = window.opens_at, window.closes_at
    if closes_at <= at:  # the whole window was missed: owners still get their days
        opens_at, closes_at = at, midnight(company.today(at), company.timezone) + (closes_at - opens_at)
    survey, is_new = Survey.objects.get_or_create(
        company=company,
        community=community,
        quarter=str(quarter),
        defaults={
            "agreement": agreement,
            "opens_at": opens_at,
            "closes_at": closes_at,
            "households": _households(community, on=company.today(at)),
        },
    )
    if is_new:
        facts = {"community": community.pk, "quarter": str(quarter), "agreement": agreement.pk}
        record_event("survey.opened", survey, by=None, at=at, facts=facts)
        _tell_residents(survey, "survey.opened", at=at)
    return [survey]


def _households(community: Community, *, on: Any) -> int:
    return (
        Household.objects.filter(community=community, started_on__lte=on).filter(Q(ended_on=None) | Q(ended_on__gt=on)).count()
    )


def _tell_residents(survey: Survey, event: str, *, at: datetime, kinds: Sequence[str] = ("owner", "tenant")) -> None:
    """Everybody who lives there is told the same, whether or not they answered: nobody here knows who did."""
    today = Company.objects.get(pk=survey.company_id).today(at)
    users = (
        Occupancy.objects.filter(household__community=survey.community_id, kind__in=kinds, starts_on__lte=today)
        .filter(Q(ends_on=None) | Q(ends_on__gt=today))
        .exclude(person__user=None)
        .order_by("person__user_id")
        .values_list("person__user_id", flat=True)
        .distinct()
    )
    words = {"community": survey.community.name, "quarter": survey.quarter, "closes_at": survey.closes_at}
    path = "/billing/" if event != "survey.counted" else f"/billing/results/{survey.community.address}/{survey.quarter}/"
    queue_notices([NewNotice(event, user, words=words, path=path) for user in users], at=at)


def remind_due_surveys(*, at: datetime) -> int:
    """Remind every household once, two days before the sheets are collected."""
    due = Survey.objects.select_for_update(of=("self",)).select_related("community")
    reminded = 0
    with transaction.atomic():
        for survey in due.filter(
            counted_at=None, reminded_at=None, closes_at__gt=at, closes_at__lte=at + REMIND_BEFORE, opens_at__lt=at
        ).order_by("pk"):
            survey.reminded_at = at
            survey.save(update_fields=["reminded_at"])
            _tell_residents(survey, "survey.ends_soon", at=at)
            reminded += 1
    return reminded


def save_sheet(*, survey: Survey, household: Household, by: User, answers: Mapping[int, Answer], at: datetime) -> None:
    """Save some or all answers of a household's sheet, by item id; a later answer replaces an earlier one.

    Nothing is recorded about who saved it or when. Raises NotYourSheet, and SheetClosed outside the window.
    """
    given = sorted(answers.items())
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT billing_save_sheet(%s, %s, %s, %s, %s::bigint[], %s::smallint[], %s::text[])",
            [
                survey.pk,
                household.pk,
                by.pk,
                at,
                [item for item, _answer in given],
                [answer.score for _item, answer in given],
                [answer.comment for _item, answer in given],
            ],
        )
        outcome = cursor.fetchone()[0]
    if outcome == "not_yours":
        raise NotYourSheet
    if outcome == "closed":
        raise SheetClosed


def count_due_surveys(*, company: Company, at: datetime) -> list[Survey]:
    """Count every survey whose sheets were collected by now."""
    due = Survey.objects.filter(counted_at=None, closes_at__lte=at).order_by("quarter", "pk").values_list("pk", flat=True)
    return [counted for pk in due if (counted := count_survey(survey_id=pk, company=company, at=at))]


@transaction.atomic
def count_survey(*, survey_id: int, company: Company, at: datetime) -> Survey | None:
    """Count a survey, freeze its result with its hash and destroy its sheets, or extend it once if that was agreed.

    Returns the survey when it is counted now; None when another worker was first, or it was extended.
    """
    survey = (
        Survey.objects.select_for_update(of=("self",))
        .select_related("community", "agreement")
        .filter(pk=survey_id, counted_at=None, closes_at__lte=at)
        .first()
    )
    if survey is None:
        return None
    counts, sheets = _counts(survey, at=at)
    agreement = survey.agreement
    wants_more = sheets < agreement.minimum_sheets and agreement.below_minimum == BelowMinimum.EXTEND_ONCE
    if wants_more and survey.extended_at is None:
        _extend(survey, company, at=at)
        return None
    items = items_of(survey)
    _freeze(survey, items, counts, sheets, at=at)
    return survey


def _counts(survey: Survey, *, at: datetime) -> tuple[dict[int, tuple[int, int]], int]:
    """Points and answers by item, and how many sheets hold at least one score."""
    counts, sheets = {}, 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT item_id, points, answers FROM billing_count_sheets(%s, %s)", [survey.pk, at])
        for item, points, answers in cursor.fetchall():
            if item is None:
                sheets = answers
            else:
                counts[item] = (points, answers)
    return counts, sheets


def _extend(survey: Survey, company: Company, *, at: datetime) -> None:
    days = timedelta(days=survey.agreement.extension_days)
    begins = max(survey.closes_at.astimezone(company.timezone).date(), company.today(at))
    survey.closes_at, survey.extended_at, survey.reminded_at = midnight(begins + days, company.timezone), at, None
    survey.save(update_fields=["closes_at", "extended_at", "reminded_at"])
    record_event("survey.extended", survey, by=None, at=at, facts={"closes_at": survey.closes_at.isoformat()})
    _tell_residents(survey, "survey.extended", at=at)


def _freeze(
    survey: Survey, items: Sequence[AgreementItem], counts: Mapping[int, tuple[int, int]], sheets: int, *, at: datetime
) -> None:
    agreement = survey.agreement
    counted = [ItemCount(item.weight, *counts.get(item.pk, (0, 0))) for item in items]
    households = max(survey.households, sheets)
    ways = {way: satisfaction(counted, households=households, non_answers=way) for way in NonAnswers}
    rate, basis = billed_rate(
        ways[NonAnswers(agreement.non_answers)],
        sheets=sheets,
        minimum=agreement.minimum_sheets,
        below_minimum=agreement.below_minimum,
        default_bp=agreement.default_bp,
        last_quarter=last_rate(survey),
    )
    answers = {item.pk: count.answers for item, count in zip(items, counted, strict=True)}
    hidden = hidden_items(answers)
    shows_rates = len(hidden) < len(items)
    result = SurveyResult(
        company_id=survey.company_id, survey=survey, sheets=sheets, basis=basis, counted_at=at,
        rate_points=rate.points, rate_maximum=rate.maximum,
    )  # fmt: skip
    for way, share in ways.items():
        if shows_rates and share is not None:
            setattr(result, f"{way}_points", share.points)
            setattr(result, f"{way}_maximum", share.maximum)
    cells = [
        ItemResult(
            company_id=survey.company_id,
            survey=survey,
            item=item,
            points=None if item.pk in hidden else count.points,
            answers=None if item.pk in hidden else count.answers,
        )
        for item, count in zip(items, counted, strict=True)
    ]
    result.canonical = canonical_result(survey, result, cells)
    result.hash = hashlib.sha256(result.canonical.encode()).hexdigest()
    ItemResult.objects.bulk_create(cells)
    result.save()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT billing_destroy_sheets(%s, %s, %s::bigint[])",
            [survey.pk, at, [item.pk for item in items if item.pk not in hidden]],
        )
    survey.counted_at = at
    survey.save(update_fields=["counted_at"])
    record_event("survey.counted", survey, by=None, at=at, facts={"result": result.hash, "sheets": sheets})
    _tell_residents(survey, "survey.counted", at=at)


def canonical_result(survey: Survey, result: SurveyResult, cells: Iterable[ItemResult]) -> str:
    """What the hash of a result covers: JSON with sorted keys; hidden cells are null."""
    whole = {
        "community": survey.community_id,
        "quarter": survey.quarter,
        "agreement": survey.agreement_id,
        "households": survey.households,
        "sheets": result.sheets,
        "items": [[cell.item_id, cell.points, cell.answers] for cell in sorted(cells, key=lambda cell: cell.item_id)],
        "rates": {way: [getattr(result, f"{way}_points"), getattr(result, f"{way}_maximum")] for way in sorted(NonAnswers)},
        "rate": [result.rate_points, result.rate_maximum],
        "basis": str(result.basis),
    }
    return json.dumps(whole, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
