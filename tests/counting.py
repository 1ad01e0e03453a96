"""A list costs the same number of queries with one row and with thirty.

def test_list_of_complaints_holds_its_query_count(client_of, agent):
    queries_hold(client_of(agent), "/lanting/complaints/", lambda: make_complaint())
"""

from collections.abc import Callable

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext


def queries_hold(client: Client, path: str, add_row: Callable[[], object], *, rows: int = 30) -> None:
    """Fail when the page at `path` needs more queries with `rows` rows than with one; `add_row` makes one row."""
    add_row()
    client.get(path)  # what is read once only: the session, the catalogue
    one = queries_of(client, path)
    for _row in range(rows - 1):
        add_row()
    many = queries_of(client, path)
    assert len(many) <= len(one), "\n".join(["With more rows there were more queries, for example:", *extra(one, many)])


def queries_of(client: Client, path: str) -> list[str]:
    with CaptureQueriesContext(connection) as caught:
        response = client.get(path)
    assert response.status_code == 200, (path, response.status_code)
    return [query["sql"] for query in caught.captured_queries]


def extra(one: list[str], many: list[str]) -> list[str]:
    return [query for query in many if query not in one][:5]
