"""The silence alarm: offices from which far fewer contacts came in a week than were to be expected."""

from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from complaints.models import SilenceCheck
from complaints.selectors.counting import counting_policy
from complaints.silence import HISTORY_WEEKS, expected_contacts, probability_of_at_most
from propman.accounts.models import Membership
from propman.accounts.roles import Role
from propman.notify.services import NewNotice, queue_notices
from propman.tenancy.models import Company
from propman.tenancy.scope import current_company_id

A_WEEK = timedelta(days=7)

# By office: this week's contacts, those of its weeks before, how many such weeks there were, and its households now.
COUNT = """
    SELECT office.id, office.name, community.name,
        count(contact.id) FILTER (WHERE contact.received_at >= %(since)s),
        count(contact.id) FILTER (WHERE contact.received_at < %(since)s),
        CASE WHEN min(contact.received_at) < %(since)s
            THEN floor(extract(epoch FROM %(since)s - min(contact.received_at)) / 604800)::int ELSE 0 END,
        (SELECT count(*) FROM community_household AS household
         WHERE household.company_id = office.company_id AND household.community_id = office.community_id
         AND household.ended_on IS NULL)
    FROM community_department AS office
    JOIN community_community AS community
        ON community.company_id = office.company_id AND community.id = office.community_id
    LEFT JOIN complaints_contact AS contact ON contact.company_id = office.company_id AND contact.office_id = office.id
        AND contact.received_at >= %(first)s AND contact.received_at < %(until)s AND contact.channel <> 'import'
    WHERE office.company_id = %(company)s AND office.kind = 'management_office' AND office.closed_on IS NULL
    GROUP BY office.company_id, office.id, office.name, community.name, office.community_id ORDER BY office.id
"""


def week_begins_at(company: Company, week: date) -> datetime:
    return datetime.combine(week, datetime.min.time(), company.timezone)


@transaction.atomic
def check_silence(*, company: Company, week: date, at: datetime) -> list[SilenceCheck]:
    """Check every office for the week that begins on that Monday; once, and with a notice for each alarm.

    The formulas and their sources stand in complaints/silence.py. Returns what was checked now.
    """
    if SilenceCheck.objects.filter(week=week).exists():
        return []
    since = week_begins_at(company, week)
    values: dict[str, Any] = {
        "company": current_company_id(),
        "first": since - A_WEEK * HISTORY_WEEKS,
        "since": since,
        "until": since + A_WEEK,
    }
    with connection.cursor() as cursor:
        cursor.execute(COUNT, values)
        rows = cursor.fetchall()
    household_weeks = sum(weeks * households for *_row, weeks, households in rows)
    contacts = sum(own for _pk, _name, _place, _received, own, weeks, _households in rows if weeks)
    limit = counting_policy().alarm_per_mille
    before = dict(SilenceCheck.objects.filter(week=week - A_WEEK, is_alarm=True).values_list("office_id", "weeks_in_a_row"))
    checks, notices = [], []
    for office, _name, place, received, own, weeks, households in rows:
        own = own if weeks else 0  # less than a week says nothing about weeks
        expected = expected_contacts(
            households=households,
            own_contacts=own,
            own_weeks=weeks,
            company_contacts=contacts,
            company_household_weeks=household_weeks,
        )
        probability = probability_of_at_most(received, expected)
        is_alarm = probability * 1000 < limit
        checks.append(
            SilenceCheck(
                company_id=company.pk,
                office_id=office,
                week=week,
                checked_at=at,
                received=received,
                households=households,
                own_contacts=own,
                own_weeks=weeks,
                company_contacts=contacts,
                company_household_weeks=household_weeks,
                expected=expected,
                probability=probability,
                alarm_per_mille=limit,
                is_alarm=is_alarm,
                weeks_in_a_row=before.get(office, 0) + 1 if is_alarm else 0,
            )
        )
        if is_alarm:
            notices.append({"place": place, "received": received, "expected": f"{expected:.0f}", "week_on": week})
    SilenceCheck.objects.bulk_create(checks)
    told = Membership.objects.filter(role__in=[Role.DUTY_MANAGER, Role.GENERAL_MANAGER], ended_at=None).order_by("user_id")
    users = list(told.values_list("user_id", flat=True).distinct())
    queue_notices(
        [
            NewNotice(event="complaint.silence", user_id=user, words=words, path="/complaints/silence/")
            for words in notices
            for user in users
        ],
        at=at,
    )
    return checks


def in_words(check: SilenceCheck) -> str:
    """The probability as people say it: once in so many weeks."""
    if check.probability >= 0.5:
        return _("nothing unusual")
    weeks = 1 / max(check.probability, 1e-9)
    if weeks < 1000:
        return _("so few once in %(weeks)s weeks") % {"weeks": f"{weeks:.0f}"}
    return _("so few less than once in a thousand weeks")
