"""What the clock starts: issue, delivery, reminder, close, the bulletins' files."""

import logging
from collections.abc import Callable, Iterator
from datetime import datetime

from django.db import connection

from propman.community.models import Community
from propman.tenancy.jobrun import Job, Period
from propman.tenancy.models import Company
from propman.tenancy.scope import company_scope

from . import services
from .archive import write_archive
from .calendar import CardMonth, months_from, parse_month
from .models import Round
from .selectors import month_of_cards
from .workflow import State

log = logging.getLogger(__name__)


def _periods(due: Callable[[CardMonth], datetime]) -> Callable[[Company, datetime, datetime], Iterator[Period]]:
    """The months whose moment `due` lies in (since, at]."""

    def periods(company: Company, since: datetime, at: datetime) -> Iterator[Period]:
        for first in months_from(company.today(since)):
            month = month_of_cards(company, first)
            moment = due(month)
            if moment > at:
                return
            if moment > since:
                yield Period(month.name, moment)

    return periods


def issue_cards(company: Company, period: str, at: datetime) -> int:
    """Issue the month's cards to every community that has households; returns how many rounds there are."""
    month = month_of_cards(company, parse_month(period))
    rounds = 0
    for community in Community.objects.order_by("pk"):
        try:
            services.issue_round(community=community, month=month, at=at)
            rounds += 1
        except services.NotIssuable as problem:
            log.info("%s %s: %s", company.address, period, problem)
    return rounds


def _issue(company: Company, period: str, at: datetime) -> None:
    issue_cards(company, period, at)


def deliver_cards(company: Company, period: str, at: datetime) -> None:
    """Open the month's rounds, however late, unless their count has begun."""
    for round in Round.objects.filter(month=parse_month(period), state=State.ISSUED, closes_at__gt=at).order_by("pk"):
        services.open_round(round=round, at=at)


def remind(company: Company, period: str, at: datetime) -> None:
    for round in Round.objects.filter(month=parse_month(period), state=State.OPEN, closes_at__gt=at).order_by("pk"):
        services.remind_households(round=round, at=at)


JOBS = [
    Job("cards.issue", _periods(lambda month: month.issued_at), _issue),
    Job("cards.deliver", _periods(lambda month: month.delivered_at), deliver_cards),
    Job("cards.remind", _periods(lambda month: month.reminded_at), remind),
]


def _companies(what: str, at: datetime) -> list[int]:
    """The companies with rounds to close, or with counts whose files are not written."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT cards_companies_with_work(%s, %s)", [what, at])
        return [row[0] for row in cursor.fetchall()]


def close_due_rounds(at: datetime) -> int:
    """End casting in every round whose count has begun: each in its own transaction."""
    closed = 0
    for company_id in _companies("close", at):
        with company_scope(company_id):
            due = list(Round.objects.filter(state__in=[State.ISSUED, State.OPEN], closes_at__lte=at).order_by("pk"))
        for round in due:
            with company_scope(company_id):
                services.close_round(round=round, at=at)
                closed += 1
    return closed


def archive_bulletins(at: datetime) -> int:
    """Write the files of every published count that has none."""
    written = 0
    for company_id in _companies("archive", at):
        with company_scope(company_id):
            due = Round.objects.filter(state=State.PUBLISHED, archived_at=None).order_by("pk")
            for round in due.select_for_update(skip_locked=True):
                write_archive(round, at=at)
                written += 1
    return written
