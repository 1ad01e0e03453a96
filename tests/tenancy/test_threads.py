import threading

import pytest
from django.db import connection

from propman.community.models import Community
from propman.tenancy.scope import company_scope
from tests.factories import make_community, make_company


@pytest.mark.django_db(transaction=True)
def test_eight_threads_never_read_across():
    companies = [make_company(f"company-{number}") for number in range(4)]
    for company in companies:
        for number in range(5):
            make_community(company, f"{company.address}-{number}")
    wrong: list[str] = []
    barrier = threading.Barrier(8)

    def work(start: int) -> None:
        try:
            barrier.wait()
            for turn in range(60):
                company = companies[(start + turn) % len(companies)]
                with company_scope(company.pk):
                    seen = set(Community.objects.values_list("company_id", flat=True))
                    with connection.cursor() as cursor:
                        cursor.execute("SELECT DISTINCT company_id FROM community_community")
                        seen |= {row[0] for row in cursor.fetchall()}
                if seen != {company.pk}:
                    wrong.append(f"{company.pk} saw {seen}")
        except Exception as error:  # a thread's failure must reach the test
            wrong.append(repr(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
