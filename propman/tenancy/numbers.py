"""Gapless numbers, taken by the last statement of the service that needs one.

The row of the series stays locked until the transaction ends, so whatever runs after the taking makes every other filing wait.
"""

from django.db import connection

from .scope import current_company_id

TAKE = """
    INSERT INTO tenancy_numberseries AS series (company_id, series, year, last) VALUES (%s, %s, %s, 1)
    ON CONFLICT (company_id, series, year) DO UPDATE SET last = series.last + 1
    RETURNING last
"""


def take_number(series: str, year: int) -> int:
    """The next number of the series in that year; 1 is the first."""
    with connection.cursor() as cursor:
        cursor.execute(TAKE, [current_company_id(), series, year])
        return int(cursor.fetchone()[0])


def formatted(year: int, number: int) -> str:
    """YYYY-NNNNNN."""
    return f"{year}-{number:06d}"
