"""The bill run: every bill of a community and quarter, once, with set-based SQL in one transaction."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from billing.formula import share_of
from billing.models import Account, Bill, BillRun, SurveyResult
from billing.quarters import MONTHS, Quarter
from propman.common.money import in_figures
from propman.community.models import Community
from propman.notify.services import NewNotice, Word, queue_notices
from propman.tenancy.events import record_event
from propman.tenancy.models import Company
from propman.tenancy.numbers import block_sql

from .books import account, lock_community

# A room's quarter is cut into the days of each payer. Most rooms have one household and one owner all quarter and need
# no cutting; the others are looked at day by day. Of several owners at once the one who owned first pays; days without
# an owner are billed to nobody by name; days without a household are billed to nobody at all.
# Parts are split by the largest remainder, ties by household and payer, and the days of nobody come last.
PARTS = """
    lived AS MATERIALIZED (
        SELECT household.id AS household_id, household.room_id,
            greatest(household.started_on, %(first_day)s::date) AS begins,
            least(coalesce(household.ended_on, %(day_after)s::date), %(day_after)s::date) AS ends
        FROM community_household AS household
        WHERE household.company_id = %(company)s AND household.community_id = %(community)s
            AND household.started_on < %(day_after)s::date
            AND (household.ended_on IS NULL OR household.ended_on > %(first_day)s::date)
            AND (household.ended_on IS NULL OR household.ended_on > household.started_on)
            AND (%(rooms)s::bigint[] IS NULL OR household.room_id = ANY (%(rooms)s::bigint[]))
    ),
    owned AS MATERIALIZED (
        SELECT lived.household_id, occupancy.id, occupancy.person_id, occupancy.starts_on,
            greatest(occupancy.starts_on, lived.begins) AS begins,
            least(coalesce(occupancy.ends_on, lived.ends), lived.ends) AS ends
        FROM lived JOIN community_occupancy AS occupancy
            ON occupancy.company_id = %(company)s AND occupancy.household_id = lived.household_id
            AND occupancy.kind = 'owner' AND occupancy.starts_on < lived.ends
            AND (occupancy.ends_on IS NULL OR occupancy.ends_on > lived.begins)
            AND (occupancy.ends_on IS NULL OR occupancy.ends_on > occupancy.starts_on)
    ),
    whole AS MATERIALIZED (
        SELECT lived.room_id, min(lived.household_id) AS household_id, min(owned.person_id) AS payer_id
        FROM lived LEFT JOIN owned USING (household_id)
        GROUP BY lived.room_id
        HAVING count(*) = 1 AND min(lived.begins) = %(first_day)s::date AND max(lived.ends) = %(day_after)s::date
            AND coalesce(min(owned.begins), %(first_day)s::date) = %(first_day)s::date
            AND coalesce(max(owned.ends), %(day_after)s::date) = %(day_after)s::date
    ),
    room_sums AS (
        SELECT room_id, area, whole_base,
            div(2 * whole_base * %(share_points)s + %(share_maximum)s, 2 * %(share_maximum)s::numeric) AS whole_fee
        FROM (
            SELECT room.id AS room_id, (room.area * 100)::bigint AS area,
                div((room.area * 100)::bigint::numeric * %(price)s * %(months)s + 50, 100) AS whole_base
            FROM community_room AS room
            WHERE room.company_id = %(company)s AND room.community_id = %(community)s
                AND (%(rooms)s::bigint[] IS NULL OR room.id = ANY (%(rooms)s::bigint[]))
        ) AS rooms
    ),
    lived_days AS (
        SELECT lived.room_id, lived.household_id, day::date AS day
        FROM lived CROSS JOIN LATERAL generate_series(lived.begins, lived.ends - 1, interval '1 day') AS day
        WHERE NOT EXISTS (SELECT 1 FROM whole WHERE whole.room_id = lived.room_id)
    ),
    paid_days AS (
        SELECT DISTINCT ON (lived_days.household_id, lived_days.day)
            lived_days.room_id, lived_days.household_id, owned.person_id AS payer_id
        FROM lived_days LEFT JOIN owned
            ON owned.household_id = lived_days.household_id AND owned.begins <= lived_days.day AND lived_days.day < owned.ends
        ORDER BY lived_days.household_id, lived_days.day, owned.starts_on, owned.id
    ),
    parts AS (
        SELECT room_id, household_id, payer_id, count(*) AS days FROM paid_days GROUP BY room_id, household_id, payer_id
    ),
    priced AS (
        SELECT parts.*, sums.whole_base, sums.whole_fee, %(quarter_days)s - sum(parts.days) OVER room AS nobody
        FROM parts JOIN room_sums AS sums USING (room_id) WINDOW room AS (PARTITION BY parts.room_id)
    ),
    floored AS (
        SELECT *,
            div(whole_base * days, %(quarter_days)s) AS base_floor, mod(whole_base * days, %(quarter_days)s) AS base_rest,
            div(whole_fee * days, %(quarter_days)s) AS fee_floor, mod(whole_fee * days, %(quarter_days)s) AS fee_rest,
            div(whole_base * nobody, %(quarter_days)s) AS base_nobody,
            mod(whole_base * nobody, %(quarter_days)s) AS base_nobody_rest,
            div(whole_fee * nobody, %(quarter_days)s) AS fee_nobody,
            mod(whole_fee * nobody, %(quarter_days)s) AS fee_nobody_rest
        FROM priced
    ),
    split AS (
        SELECT room_id, household_id, payer_id, days, whole_base,
            base_floor + CASE WHEN
                row_number() OVER (PARTITION BY room_id ORDER BY base_rest DESC, household_id, payer_id)
                + (base_nobody_rest > base_rest)::int <= whole_base - base_nobody - sum(base_floor) OVER room
                THEN 1 ELSE 0 END AS base,
            fee_floor + CASE WHEN
                row_number() OVER (PARTITION BY room_id ORDER BY fee_rest DESC, household_id, payer_id)
                + (fee_nobody_rest > fee_rest)::int <= whole_fee - fee_nobody - sum(fee_floor) OVER room
                THEN 1 ELSE 0 END AS amount
        FROM floored WINDOW room AS (PARTITION BY room_id)
    ),
    billed AS (
        SELECT whole.room_id, whole.household_id, whole.payer_id, %(quarter_days)s AS days, sums.whole_base,
            sums.whole_base AS base, sums.whole_fee AS amount
        FROM whole JOIN room_sums AS sums USING (room_id)
        UNION ALL
        SELECT room_id, household_id, payer_id, days, whole_base, base, amount FROM split
    )
"""

BILLS = f"""
    WITH {PARTS},
    numbered AS MATERIALIZED (
        SELECT billed.*, room.label, (room.area * 100)::bigint AS area,
            row_number() OVER (ORDER BY room.label, billed.household_id, billed.payer_id) AS place
        FROM billed JOIN community_room AS room ON room.company_id = %(company)s AND room.id = billed.room_id
    ),
    block AS ({block_sql("SELECT %(company)s, 'bill', %(year)s, count(*) FROM numbered HAVING count(*) > 0")}),
    issued AS (
        INSERT INTO billing_bill (
            company_id, run_id, community_id, household_id, payer_id, quarter, year, number, issued_at, due_on, currency,
            room_label, area, price, months, days, quarter_days, whole_base, base, amount, settled, credited
        )
        SELECT %(company)s, %(run)s, %(community)s, household_id, payer_id, %(quarter)s, %(year)s,
            block.last - (SELECT count(*) FROM numbered) + place, %(issued_at)s, %(due_on)s, %(currency)s,
            label, area, %(price)s, %(months)s, days, %(quarter_days)s, whole_base, base, amount, 0, 0
        FROM numbered CROSS JOIN block
        RETURNING number, amount
    )
    SELECT count(*), min(number), max(number), coalesce(sum(amount), 0)::bigint FROM issued
"""  # noqa: S608

TRANSFERS = """
    INSERT INTO billing_transfer (company_id, kind, debit_id, credit_id, amount, key, bill_id, at)
    SELECT company_id, 'bill', %(receivables)s, %(revenue)s, amount, 'bill:' || id, id, %(issued_at)s
    FROM billing_bill
    WHERE company_id = %(company)s AND year = %(year)s AND number BETWEEN %(first)s AND %(last)s AND amount > 0
"""

CREDIT_USED = """
    INSERT INTO billing_transfer (company_id, kind, debit_id, credit_id, amount, key, bill_id, at)
    SELECT bill.company_id, 'credit_used', holder.id, %(receivables)s, least(holder.credits - holder.debits, bill.amount),
        'credit_used:' || bill.id, bill.id, %(issued_at)s
    FROM billing_account AS holder JOIN billing_bill AS bill
        ON bill.company_id = holder.company_id AND bill.household_id = holder.household_id
        AND bill.payer_id IS NOT DISTINCT FROM holder.payer_id AND bill.currency = holder.currency
    WHERE holder.company_id = %(company)s AND holder.community_id = %(community)s AND holder.kind = 'owner_credit'
        AND holder.credits > holder.debits
        AND bill.year = %(year)s AND bill.number BETWEEN %(first)s AND %(last)s AND bill.amount > 0
"""

NOTICES_AT_ONCE = 2000


class NotCounted(RuntimeError):
    """The quarter's satisfaction rate is not there yet."""


@dataclass(frozen=True)
class Issued:
    """What a run or a re-issue wrote: how many bills, their numbers, their sum in minor units."""

    count: int
    first: int | None
    last: int | None
    total: int


def run_due_bills(*, company: Company, at: datetime) -> list[BillRun]:
    """Bill every counted quarter that was not billed yet."""
    billed = set(BillRun.objects.values_list("community_id", "quarter"))
    counted = SurveyResult.objects.filter(counted_at__lte=at).order_by("survey__quarter", "survey__community_id")
    return [
        run_bills(community=result.survey.community, quarter=result.survey.period, at=at)
        for result in counted.select_related("survey__community")
        if (result.survey.community_id, result.survey.quarter) not in billed
    ]


@transaction.atomic
def run_bills(*, community: Community, quarter: Quarter, at: datetime) -> BillRun:
    """Issue the bills of a community and quarter: one per household and payer, gapless numbers, transfers, owner credit used.

    All of it happens in one transaction, or nothing. Running it again, in other workers, or after a crash returns the
    run that is there. Raises NotCounted before the quarter's result is frozen.
    """
    lock_community(community_id=community.pk)
    if run := BillRun.objects.filter(community=community, quarter=str(quarter)).first():
        return run
    result = (
        SurveyResult.objects.select_related("survey__agreement")
        .filter(survey__community=community, survey__quarter=str(quarter))
        .first()
    )
    if result is None:
        raise NotCounted(f"The satisfaction of {quarter} in {community} is not counted yet.")
    agreement = result.survey.agreement
    share = share_of(result.rate, agreement.terms)
    company = Company.objects.get(pk=community.company_id)
    run = BillRun.objects.create(
        company=company, community=community, quarter=str(quarter), agreement=agreement,
        rate_points=result.rate_points, rate_maximum=result.rate_maximum,
        share_points=share.points, share_maximum=share.maximum,
        due_on=company.today(at) + timedelta(days=agreement.due_days), issued_at=at,
    )  # fmt: skip
    issued = issue(run, company, at=at)
    facts = {"quarter": run.quarter, "bills": issued.count, "first": issued.first, "last": issued.last, "total": issued.total}
    record_event("bills.issued", run, by=None, at=at, facts=facts)
    _tell_payers(run, at=at)
    return run


def issue(run: BillRun, company: Company, *, at: datetime, rooms: list[int] | None = None) -> Issued:
    """Write bills, their transfers and the use of owner credit with three statements; the caller holds the locks.

    `rooms` narrows it to those rooms, for a re-issue.
    """
    agreement, quarter = run.agreement, run.period
    values: dict[str, Any] = {
        "company": company.pk,
        "community": run.community_id,
        "run": run.pk,
        "rooms": rooms,
        "quarter": run.quarter,
        "first_day": quarter.first_day,
        "day_after": quarter.day_after,
        "quarter_days": quarter.days,
        "months": MONTHS,
        "price": agreement.price,
        "share_points": run.share_points,
        "share_maximum": run.share_maximum,
        "year": company.today(at).year,
        "issued_at": at,
        "due_on": company.today(at) + timedelta(days=agreement.due_days),
        "currency": agreement.currency,
    }
    for kind in (Account.Kind.RECEIVABLES, Account.Kind.REVENUE):
        values[kind] = account(kind, community_id=run.community_id, currency=agreement.currency).pk
    with connection.cursor() as cursor:
        cursor.execute(BILLS, values)
        issued = Issued(*cursor.fetchone())
        if issued.count:
            values |= {"first": issued.first, "last": issued.last}
            cursor.execute(TRANSFERS, values)
            cursor.execute(CREDIT_USED, values)
    return issued


def _tell_payers(run: BillRun, *, at: datetime) -> None:
    for bills in _in_parts(
        Bill.objects.filter(run=run, payer__user__isnull=False).select_related("payer").order_by("number").iterator()
    ):
        queue_notices([bill_notice(bill) for bill in bills], at=at)


def _in_parts(bills: Iterator[Bill]) -> Iterator[list[Bill]]:
    part: list[Bill] = []
    for bill in bills:
        part.append(bill)
        if len(part) == NOTICES_AT_ONCE:
            yield part
            part = []
    if part:
        yield part


def bill_notice(bill: Bill) -> NewNotice:
    """Tell the payer of the bill."""
    words: dict[str, Word] = {
        "number": bill.reference,
        "quarter": bill.quarter,
        "amount": in_figures(bill.amount, bill.currency),
        "due_on": bill.due_on,
    }
    return NewNotice(
        "bills.issued", bill.payer.user_id if bill.payer else None, words=words, path=f"/billing/bills/{bill.reference}/"
    )
