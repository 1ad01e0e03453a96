"""What the counting is checked by in a town: nights that are sealed, askers who are called back, a phone log with gaps."""

import csv
import io
from collections.abc import Iterator
from datetime import date, datetime, timedelta

from complaints import services
from complaints.models import CallBack, Contact, ContactWords, LogEntry
from complaints.services.counting import publish_counting_policy
from complaints.services.drawing import draw_call_backs, record_not_reached
from complaints.services.listening import A_WEEK, check_silence
from complaints.services.reconciling import explain_entry, match_entries, reconcile_file, see_explanations
from complaints.services.sealing import make_head
from complaints.workflow import Refused
from propman.community.models import Employee

from .complaints import agent_at, begin, is_silent
from .town import Town, next_month

A_DAY = timedelta(days=1)
SEALED_DAYS = 35
LOGGED_DAYS = 7
CHECKED_WEEKS = 4
ALARM_PER_MILLE = 100  # a sample town is small: three contacts a week are usual, none is one week in twenty
OTHERS = ("silent", "wrong_number", "internal", "offer")


def live_month(town: Town, month: date) -> None:
    """Plan the nights and mornings of the town's last weeks among its complaints."""
    today = town.company.today(town.until)
    first = max(today - SEALED_DAYS * A_DAY, town.company.today(town.begins_at))
    if not month.replace(day=1) <= first < next_month(month):
        return
    publish_counting_policy(call_back_percent=10, match_minutes=60, alarm_per_mille=ALARM_PER_MILLE, by=None, at=town.at(month))
    begin_if_any(town, nights(town, today))
    begin_if_any(town, mornings(town, today))
    begin_if_any(town, weeks(town, today))


def begin_if_any(town: Town, story: Iterator[datetime]) -> None:
    try:
        begin(town, story)
    except StopIteration:
        return


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def nights(town: Town, today: date) -> Iterator[datetime]:
    """Each night the day's head and its draw; by day an agent calls."""
    for n in range(SEALED_DAYS, 0, -1):
        day = today - n * A_DAY
        at = town.at(day + A_DAY, 0.2)
        if at < town.begins_at or at >= town.until:
            continue
        yield at
        head = make_head(company=town.company, day=day, at=at)
        if head is not None:
            draw_call_backs(company=town.company, head=head, at=at)
        if n > 3:  # the newest are still to be called
            at = town.at(day + A_DAY, 10.5)
            yield at
            call(town, at)


def call(town: Town, at: datetime) -> None:
    """Most answer: it is put right; a few say that it is not, a few do not answer."""
    agent = agent_at(town, at)
    for one in CallBack.objects.filter(outcome="").select_related("complaint").order_by("pk")[:6]:
        chance = town.random.random()
        try:
            if chance < 0.25:
                record_not_reached(call_back=one, by=agent, at=at)
            elif chance < 0.35:
                services.record_call_back(
                    complaint=one.complaint,
                    by=agent,
                    at=at,
                    helped="no_guidance",
                    fixed="no",
                    text="问题又出现了。",
                )
            else:
                services.record_call_back(complaint=one.complaint, by=agent, at=at, helped="yes", fixed="yes")
        except Refused:
            continue


def weeks(town: Town, today: date) -> Iterator[datetime]:
    """Each Monday the week before is looked at."""
    for n in range(CHECKED_WEEKS, -1, -1):
        monday = monday_of(today) - n * A_WEEK
        at = town.at(monday, 6)
        if monday - A_WEEK < town.company.today(town.begins_at) or at >= town.until:
            continue
        yield at
        check_silence(company=town.company, week=monday - A_WEEK, at=at)


def mornings(town: Town, today: date) -> Iterator[datetime]:
    """At six the phone system's list of the day before; most entries find their contact, a few do not."""
    for n in range(LOGGED_DAYS, -1, -1):
        day = today - n * A_DAY
        at = min(town.at(day + A_DAY, 6), town.until - timedelta(minutes=1))  # today's so far, just now
        if at < town.begins_at or town.at(day) >= at:
            continue
        yield at
        rows = list(calls_of(town, day, at, is_newest=n < 2))
        if rows:
            bring_in(town, day, rows, at)
            explain(town, at)


def calls_of(town: Town, day: date, until: datetime, *, is_newest: bool) -> Iterator[list[str]]:
    """The calls of the day that became contacts, and some that did not."""
    begins = town.at(day)
    words = ContactWords.objects.filter(
        version=1, contact__channel=Contact.Channel.PHONE, contact__received_at__gte=begins,
        contact__received_at__lt=begins + A_DAY,
    ).select_related("contact__community", "contact__first_asked")  # fmt: skip
    for said in words:
        asked = said.contact.first_asked
        yield row(town, said.contact.received_at, said.asker_phone, said.contact.community.address, asked)
    for place in town.places:
        extra = 2 if is_newest else 1 if town.random.random() < 0.3 else 0
        for _n in range(extra + (1 if is_silent(town, place, begins) else 0)):
            caller = town.random.choice([*place.owners.values()])
            phone = "" if town.random.random() < 0.2 else caller.phone
            ends = min(until, begins + timedelta(hours=21))
            at = begins + (ends - begins) * town.random.uniform(0.1, 0.95)
            yield row(town, at, phone, place.community.address, place.staff[1])


def row(town: Town, at: datetime, phone: str, line: str, by: Employee | None) -> list[str]:
    seen = at.astimezone(town.company.timezone) - timedelta(seconds=town.random.uniform(20, 240))
    talk = town.random.randrange(20, 420)
    return [f"{seen:%Y-%m-%d %H:%M:%S}", phone, line, f"{talk // 60}:{talk % 60:02}", by.name if by else ""]


def bring_in(town: Town, day: date, rows: list[list[str]], at: datetime) -> None:
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(["time", "phone", "line", "duration", "answered by"])
    writer.writerows(sorted(rows))
    reconcile_file(
        company=town.company,
        source="phone",
        file=io.BytesIO(file.getvalue().encode()),
        file_name=f"phone-log-{day}.csv",
        mapping="",
        by=agent_at(town, at).user,
        at=at,
    )
    town.made["calls"] += len(rows)


def explain(town: Town, at: datetime) -> None:
    """The agent on duty finds a reason for most of the older gaps; the duty manager reads them."""
    match_entries(source="phone", at=at)
    gaps = LogEntry.objects.filter(state=LogEntry.State.OPEN, occurred_at__lt=at - A_DAY).order_by("pk")
    for gap in gaps:
        if town.random.random() < 0.7:
            explain_entry(entry=gap, by=agent_at(town, at), at=at, reason=town.random.choice(OTHERS))
    explained = LogEntry.objects.filter(state=LogEntry.State.EXPLAINED, seen_at=None, decided_at__lt=at - A_DAY)
    see_explanations(
        entries=list(explained.values_list("pk", flat=True)), by=town.duty_managers[0], is_duty_manager=True, at=at
    )
