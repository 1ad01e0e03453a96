"""The days that a head has for a draft: set by the administrator, binding what is drafted afterwards."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction

from propman.accounts.roles import Role
from propman.cases import services
from propman.cases.models import CasePolicy
from propman.cases.services.clock import advance_cases_of
from propman.cases.workflow import BadInput, State
from tests.cases.conftest import DAY, START, draft
from tests.factories import make_employee

PAGE = "/lanting/cases/settings/"


def test_three_days_where_nothing_is_set(court):
    assert draft(court).due_at == START + 3 * DAY


def test_new_version_binds_only_what_is_drafted_afterwards(court):
    before = draft(court)
    services.publish_case_policy(judge_days=10, by=None, at=START + timedelta(minutes=1))
    before.refresh_from_db()
    assert before.due_at == START + 3 * DAY
    assert services.judge_within(drafted_at=START) == 3 * DAY
    assert services.judge_within(drafted_at=START + DAY) == 10 * DAY


def test_draft_lapses_when_the_days_that_were_set_are_over(court):
    services.publish_case_policy(judge_days=5, by=None, at=START)
    case = draft(court)
    advance_cases_of(court.company.pk, START + 4 * DAY)
    case.refresh_from_db()
    assert case.state == State.DRAFTED
    advance_cases_of(court.company.pk, START + 5 * DAY)
    case.refresh_from_db()
    assert case.state == State.OPENED


@pytest.mark.parametrize("days", [0, 31])
def test_days_outside_the_bounds_are_refused(court, days):
    with pytest.raises(BadInput):
        services.publish_case_policy(judge_days=days, by=None, at=START)
    with pytest.raises(DatabaseError), transaction.atomic():
        CasePolicy.objects.create(version=9, valid_from=START, judge_days=days)


def test_version_cannot_be_rewritten(court):
    services.publish_case_policy(judge_days=5, by=None, at=START)
    with pytest.raises(DatabaseError), transaction.atomic():
        CasePolicy.objects.update(judge_days=6)


def test_administrator_publishes_a_version_and_nobody_else(court, client_of):
    administrator = make_employee(court.office, Role.COMPANY_ADMINISTRATOR, name="Administrator")
    client = client_of(administrator)
    assert client.post(PAGE, {"judge_days": "31"}).status_code == 422
    assert client.post(PAGE, {"judge_days": "7"}).status_code == 302
    assert "7 days" in client.get(PAGE).content.decode()
    for other in (court.head, court.manager, court.clerk):
        assert client_of(other).post(PAGE, {"judge_days": "1"}).status_code == 403
    assert CasePolicy.objects.get().judge_days == 7
