"""What check_integrity asks of the books and results; every fault is a sentence."""

import hashlib
from collections.abc import Iterator

from django.db import connection

from billing.models import ItemResult, SurveyResult
from billing.services.surveys import canonical_result
from propman.tenancy.scope import current_company_id

QUERIES = {
    "account {0} ({1}): {2} debited and {3} credited, but its transfers say {4} and {5}": """
        SELECT account.id, account.kind, account.debits, account.credits, coalesce(moved.debits, 0), coalesce(moved.credits, 0)
        FROM billing_account AS account LEFT JOIN (
            SELECT account_id, sum(debits) AS debits, sum(credits) AS credits FROM (
                SELECT debit_id AS account_id, amount AS debits, 0 AS credits FROM billing_transfer
                WHERE company_id = %(company)s
                UNION ALL
                SELECT credit_id, 0, amount FROM billing_transfer WHERE company_id = %(company)s
            ) AS sides GROUP BY account_id
        ) AS moved ON moved.account_id = account.id
        WHERE account.company_id = %(company)s
            AND (account.debits, account.credits) IS DISTINCT FROM (coalesce(moved.debits, 0), coalesce(moved.credits, 0))
    """,
    "the books do not balance in {0}: {1} debited, {2} credited": """
        SELECT currency, sum(debits), sum(credits) FROM billing_account WHERE company_id = %(company)s
        GROUP BY currency HAVING sum(debits) <> sum(credits)
    """,
    "bill {0}-{1}: amount {2}, settled {3}, credited {4}, but its transfers say {5}, {6} and {7}": """
        SELECT bill.year, bill.number, bill.amount, bill.settled, bill.credited,
            coalesce(moved.billed, 0), coalesce(moved.settled, 0), coalesce(moved.credited, 0)
        FROM billing_bill AS bill LEFT JOIN (
            SELECT bill_id,
                sum(amount) FILTER (WHERE kind = 'bill') AS billed,
                sum(CASE WHEN kind IN ('released', 'unallocated') THEN -amount ELSE amount END)
                    FILTER (WHERE kind <> 'bill') AS settled,
                sum(amount) FILTER (WHERE kind = 'credit_note') AS credited
            FROM billing_transfer WHERE company_id = %(company)s AND bill_id IS NOT NULL GROUP BY bill_id
        ) AS moved ON moved.bill_id = bill.id
        WHERE bill.company_id = %(company)s AND (bill.amount, bill.settled, bill.credited) IS DISTINCT FROM
            (coalesce(moved.billed, 0), coalesce(moved.settled, 0), coalesce(moved.credited, 0))
    """,
    "payment {0}-{1}: {2} taken, but {3} booked": """
        SELECT payment.year, payment.number, payment.amount, coalesce(sum(transfer.amount), 0)
        FROM billing_payment AS payment LEFT JOIN billing_transfer AS transfer
            ON transfer.company_id = payment.company_id AND transfer.payment_id = payment.id
        WHERE payment.company_id = %(company)s
        GROUP BY payment.id HAVING payment.amount <> coalesce(sum(transfer.amount), 0)
    """,
    "payment {0}-{1} was reversed: {2} taken, but {3} given back": """
        SELECT payment.year, payment.number, payment.amount, coalesce(sum(transfer.amount), 0)
        FROM billing_paymentreversal AS reversal
        JOIN billing_payment AS payment ON payment.company_id = reversal.company_id AND payment.id = reversal.payment_id
        LEFT JOIN billing_transfer AS transfer ON transfer.company_id = reversal.company_id
            AND transfer.reversal_id = reversal.id AND transfer.kind = 'reversal'
        WHERE reversal.company_id = %(company)s
        GROUP BY payment.id HAVING payment.amount <> coalesce(sum(transfer.amount), 0)
    """,
    "the {0} numbers of {1} have a gap: {2} issued, the last is {3}, the series stands at {4}": """
        SELECT used.series, used.year, used.numbers, used.last, coalesce(series.last, 0) FROM (
            SELECT 'bill' AS series, year, count(*) AS numbers, max(number) AS last
            FROM billing_bill WHERE company_id = %(company)s GROUP BY year
            UNION ALL SELECT 'credit note', year, count(*), max(number)
            FROM billing_creditnote WHERE company_id = %(company)s GROUP BY year
            UNION ALL SELECT 'receipt', year, count(*), max(number)
            FROM billing_payment WHERE company_id = %(company)s GROUP BY year
            UNION ALL SELECT 'refund', year, count(*), max(number)
            FROM billing_refund WHERE company_id = %(company)s GROUP BY year
        ) AS used LEFT JOIN tenancy_numberseries AS series
            ON series.company_id = %(company)s AND series.series = used.series AND series.year = used.year
        WHERE used.numbers <> used.last OR used.last <> coalesce(series.last, 0)
    """,
    "bills of {0}: the bill of {1} is not the sum of its figures": """
        SELECT quarter, room_label FROM billing_bill
        WHERE company_id = %(company)s AND (
            whole_base <> div(area::numeric * price * months + 50, 100)
            OR abs(base - whole_base::numeric * days / quarter_days) >= 1)
    """,
}


def ledger_faults() -> Iterator[str]:
    """Balances that differ from their transfers, bills that differ from the ledger, gaps in numbers."""
    with connection.cursor() as cursor:
        for sentence, query in QUERIES.items():
            cursor.execute(query, {"company": current_company_id()})
            for row in cursor.fetchall():
                yield sentence.format(*row)


def result_faults() -> Iterator[str]:
    """Results whose figures do not match their hash any more."""
    cells: dict[int, list[ItemResult]] = {}
    for cell in ItemResult.objects.all():
        cells.setdefault(cell.survey_id, []).append(cell)
    for result in SurveyResult.objects.select_related("survey__community"):
        survey = result.survey
        where = f"the result of {survey.quarter} in {survey.community.name}"
        if canonical_result(survey, result, cells.get(survey.pk, [])) != result.canonical:
            yield f"{where}: its figures are not those that were frozen"
        if hashlib.sha256(result.canonical.encode()).hexdigest() != result.hash:
            yield f"{where}: its text does not match its hash"
