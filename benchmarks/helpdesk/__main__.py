"""Lays out the tickets, then answers each line `list` or `search` with the milliseconds and queries that it took, as JSON.

The list is what an agent opens: the page of open tickets and the rows that it fetches. The search is the same for two words.
"""

import json
import os
import sys
from datetime import timedelta

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.helpdesk.settings"
django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext, setup_databases, teardown_databases  # noqa: E402
from django.utils import timezone  # noqa: E402
from helpdesk.models import Queue, Ticket  # noqa: E402
from helpdesk.query import query_to_base64  # noqa: E402

from benchmarks.measure import seconds  # noqa: E402

TICKETS, ONE_OPEN_OF = 100_000, 25
WORDS = ("卫生间顶棚漏水", "二号电梯停运", "夜间施工噪声", "楼道照明不亮", "车库大门不关")


def lay_out() -> Client:
    agents = [
        get_user_model().objects.create_user(f"agent{n}", f"agent{n}@example.com", "only for benchmarks", is_staff=True)
        for n in range(32)
    ]
    queues = [Queue.objects.create(title=f"Office {n}", slug=f"office-{n}") for n in range(8)]
    now = timezone.now()
    Ticket.objects.bulk_create(
        (
            Ticket(
                queue=queues[n % 8],
                title=f"{WORDS[n % 5]} {n % 5000}",
                description=f"今天早上发现的，请尽快派人来看，编号 {n % 5000}",
                created=now - timedelta(minutes=n),
                due_date=now + timedelta(minutes=n % 20_000 - 300),
                submitter_email=f"owner{n % 2000}@example.com",
                status=Ticket.OPEN_STATUS if n % ONE_OPEN_OF == 0 else Ticket.CLOSED_STATUS,
                assigned_to=agents[n % 32],
            )
            for n in range(TICKETS)
        ),
        batch_size=5000,
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    client = Client()
    client.force_login(agents[0])
    return client


def get(client: Client, *paths: str) -> None:
    for path in paths:
        answer = client.get(path)
        if answer.status_code != 200:
            raise RuntimeError(f"{path} answered {answer.status_code}")


def rows(**wanted: object) -> str:
    query = {"filtering": {"status__in": [1, 2]}, "sorting": "created", "sortreverse": False, "search_string": "", **wanted}
    return f"/datatables_ticket_list/{query_to_base64(query)}?draw=1&start=0&length=30"


def main() -> None:
    databases = setup_databases(verbosity=0, interactive=False)
    try:
        client = lay_out()
        works = {
            "list": ("/tickets/", rows()),
            "search": ("/tickets/?q=漏水 4990", rows(filtering={}, search_string="漏水 4990")),
        }
        print(json.dumps({"ready": TICKETS}), flush=True)
        for line in sys.stdin:
            paths = works[line.strip()]
            spent = seconds(lambda paths=paths: get(client, *paths)) * 1000
            with CaptureQueriesContext(connection) as caught:
                get(client, *paths)
            print(json.dumps({"ms": spent, "queries": len(caught)}), flush=True)
    finally:
        teardown_databases(databases, verbosity=0)


if __name__ == "__main__":
    main()
