"""Gapless numbers, taken by the last statement of the service that needs one.

The row of the series stays locked until the transaction ends, so whatever runs after the taking makes every other filing wait.
"""

from django.db import connection

from .scope import current_company_id

TAKE = """
    INSERT INTO tenancy_numberseries AS series (company_id, series, year, last) {counts}
    ON CONFLICT (company_id, series, year) DO UPDATE SET last = series.last + excluded.last
    RETURNING last
"""
TAKE_ONE = TAKE.format(counts="VALUES (%s, %s, %s, 1)")


def take_number(series: str, year: int) -> int:
    """The next number of the series in that year; 1 is the first."""
    with connection.cursor() as cursor:
        cursor.execute(TAKE_ONE, [current_company_id(), series, year])
        return int(cursor.fetchone()[0])


def block_sql(counts: str) -> str:
    """SQL that takes a block of numbers in a row and returns the last of them, for a CTE of an INSERT..SELECT.

    `counts` is a constant SELECT of company id, series, year and how many (more than 0): counting and using them in one
    statement leaves no moment in which the rows could become more or fewer.
    """
    return TAKE.format(counts=counts)


def formatted(year: int, number: int) -> str:
    """YYYY-NNNNNN."""
    return f"{year}-{number:06d}"


def parsed(reference: str) -> tuple[int, int] | None:
    """Year and number of YYYY-NNNNNN, or None for anything else."""
    year, dash, number = reference.partition("-")
    if not (dash and year.isascii() and year.isdigit() and number.isascii() and number.isdigit()) or len(number) > 12:
        return None
    return int(year[:9]), int(number)
