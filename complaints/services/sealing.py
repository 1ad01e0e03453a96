"""The daily head: made once a day, mailed out of the database to those who watch the company."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from django.db import connection, transaction

from complaints.heads import GENESIS, Line, head_hash, head_text
from complaints.models import DailyHead, HeadLine
from propman.accounts.models import Membership
from propman.accounts.roles import Role
from propman.notify.services import NewNotice, Word, queue_notices
from propman.tenancy.models import Company
from propman.tenancy.scope import current_company_id

WATCHERS = (Role.COMMITTEE_MEMBER, Role.ASSOCIATION_OFFICIAL)

WENT_ON = """
    SELECT complaint.id, complaint.number, last.position, last.hash,
        NOT EXISTS (SELECT FROM complaints_headline AS line
                    WHERE line.company_id = complaint.company_id AND line.complaint_id = complaint.id)
    FROM complaints_complaint AS complaint CROSS JOIN LATERAL (
        SELECT event.position, event.hash FROM tenancy_event AS event
        WHERE event.company_id = complaint.company_id AND event.stream = 'complaint:' || complaint.id
        ORDER BY event.position DESC LIMIT 1) AS last
    WHERE complaint.company_id = %(company)s AND complaint.number IS NOT NULL AND NOT EXISTS (
        SELECT FROM complaints_headline AS line WHERE line.company_id = complaint.company_id
        AND line.complaint_id = complaint.id AND line.position >= last.position)
    ORDER BY complaint.number COLLATE "C"
"""
WRITE_LINES = """
    INSERT INTO complaints_headline (company_id, head_id, complaint_id, position, hash)
    SELECT %s, %s, complaint, position, hash
    FROM unnest(%s::bigint[], %s::int[], %s::text[]) AS line (complaint, position, hash)
"""


def day_ends_at(company: Company, day: date) -> datetime:
    """The end of the day in the company's zone."""
    return datetime.combine(day + timedelta(days=1), datetime.min.time(), company.timezone)


@transaction.atomic
def make_head(*, company: Company, day: date, at: datetime) -> DailyHead | None:
    """The head of that day over everything that is recorded by now; None when a head of that day or a later one is there.

    Lines are read and written in one transaction each, so a chain that goes on meanwhile stands in the next head.
    """
    before = DailyHead.objects.order_by("-day").first()
    if before is not None and before.day >= day:
        return None
    with connection.cursor() as cursor:
        cursor.execute(WENT_ON, {"company": current_company_id()})
        rows = cursor.fetchall()
        complaints = (before.complaints if before else 0) + sum(is_new for *_line, is_new in rows)
        previous = before.hash if before else GENESIS
        text = head_text(
            company=company.address,
            day=day,
            made_at=at,
            complaints=complaints,
            previous=previous,
            lines=((number, position, digest) for _pk, number, position, digest, _is_new in rows),
        )
        head: DailyHead = DailyHead.objects.create(
            day=day, made_at=at, complaints=complaints, changed=len(rows), previous_hash=previous, hash=head_hash(text)
        )
        columns = [[row[place] for row in rows] for place in (0, 2, 3)]
        cursor.execute(WRITE_LINES, [current_company_id(), head.pk, *columns])
    if day + timedelta(days=2) > company.today(at):
        mail_head(head, at=at)  # of days that were missed the newest head is enough: it holds the others
    return head


def mail_head(head: DailyHead, *, at: datetime) -> None:
    """The head to every committee member and every official of the Association: out of the database, into their mail."""
    members = Membership.objects.filter(role__in=WATCHERS, ended_at=None).order_by("user_id")
    words: dict[str, Word] = {"head": head.hash, "before": head.previous_hash, "count": head.complaints, "day_on": head.day}
    queue_notices(
        [
            NewNotice(event="complaint.daily_head", user_id=user, words=words, path="/public/heads/")
            for user in members.values_list("user_id", flat=True).distinct()
        ],
        at=at,
    )


def lines_of(head: DailyHead) -> Iterator[Line]:
    """The lines of a head, in the order of the numbers."""
    lines = HeadLine.objects.filter(head=head).select_related("complaint")
    for line in sorted(lines, key=lambda one: one.complaint.number or ""):
        yield line.complaint.number or "", line.position, line.hash


def text_of(head: DailyHead, company: Company) -> str:
    """The text of a head that was made, from its lines."""
    return head_text(
        company=company.address,
        day=head.day,
        made_at=head.made_at,
        complaints=head.complaints,
        previous=head.previous_hash,
        lines=lines_of(head),
    )
