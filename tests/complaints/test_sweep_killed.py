"""No escalation lost, none twice, whatever is killed: real workers, real kills."""

import subprocess
import sys
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection

from complaints import services
from complaints.models import Timer
from propman.notify.models import Notice
from propman.tenancy.events import broken_links, facts_of
from propman.tenancy.models import Event
from propman.tenancy.scope import company_scope
from tests.factories.complaints import START, make_complaint, make_policy

COMPLAINTS = 30
AT = START + timedelta(days=40)  # every level of every clock is due: several batches after each other


@pytest.fixture
def overdue(company, household, owner, office, agent, head, manager):
    with company_scope(company.pk):
        make_policy()
        for _one in range(COMPLAINTS):
            make_complaint(household=household)
    return company


def work(*statements: int) -> list[int]:
    """Let workers sweep side by side, each killed before its statement; gives their exit codes."""
    name = connection.settings_dict["NAME"]
    command = [sys.executable, "-m", "tests.complaints.sweep_worker", name, AT.isoformat()]
    workers = [subprocess.Popen([*command, str(statement)], stdout=subprocess.DEVNULL) for statement in statements]
    return [worker.wait(timeout=300) for worker in workers]


def firings(company) -> Counter:
    with company_scope(company.pk):
        events = Event.objects.filter(name="complaint.escalated")
        return Counter((event.stream, (facts := facts_of(event))["clock"], facts["level"]) for event in events)


def check(company) -> None:
    services.fire_due_timers(AT)
    found = firings(company)
    with company_scope(company.pk):
        assert set(found.values()) == {1}
        assert len(found) == COMPLAINTS * 3 * 4  # accept, first answer and resolve at four levels
        assert Timer.objects.filter(fired_at=None, cancelled_at=None).count() == 0
        assert Timer.objects.exclude(fired_at=None).count() == len(found)
        told = Notice.objects.filter(event__startswith="complaint.escalated").count()
        assert told == len(found)
        assert list(broken_links("complaint:")) == []


@pytest.mark.django_db(transaction=True)
def test_four_workers_killed_fire_each_level_once(overdue):
    codes = work(6, 11, 23, 0)
    assert sum(code == -9 for code in codes) >= 2, codes
    check(overdue)


@pytest.mark.long
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("first", range(1, 41, 4))
def test_killed_at_each_statement_fires_each_level_once(overdue, first):
    work(first, first + 1, first + 2, first + 3)
    work(first + 3, first + 2, first + 1, first)
    check(overdue)
