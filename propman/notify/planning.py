"""Which messages the waiting notices become: by whom, by which channel, and when."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Q

from propman.accounts.models import Membership, User
from propman.tenancy.models import Company
from propman.tenancy.scope import current_company_id

from .hours import next_time
from .kinds import KINDS, NoticeKind
from .models import Hours, Message, MessageLine, Notice, Pace, Preference
from .sms import sms_gateway

HOLD = timedelta(seconds=60)  # many notices for one person within a minute become one message
MANY = 2000
AT_ONCE = 3  # awaited notices for one person within a minute; those that follow wait and go together

Channel = Message.Channel
Key = tuple[str, int | None, str]
Whom = tuple[int | None, str, str]


@dataclass
class Reader:
    """Somebody to be told: where, and how soon on each channel."""

    user_id: int | None
    addresses: dict[str, str]
    paces: dict[str, str]

    def key(self, channel: str) -> Key:
        """At most one open message has it: an account's, or an address's."""
        return channel, self.user_id, "" if self.user_id else self.addresses[channel]


@dataclass
class Plan:
    """What one look finds: notices, and the messages that they go into."""

    company: Company
    hours: Hours
    readers: dict[int, Reader]  # by the notice's id
    open_messages: dict[Key, Message]
    told: Counter[Whom]  # how many awaited notices each was given in the minute before
    new: list[Message] = field(default_factory=list)
    hurried: set[int] = field(default_factory=set)
    lines: list[tuple[Message, Notice]] = field(default_factory=list)

    def add(self, notice: Notice, *, at: datetime) -> None:
        reader = self.readers.get(notice.pk)
        kind = KINDS.get(notice.event, NoticeKind(notice.event))
        if reader is None:
            return
        is_storm = kind.at_once and self.told[whom(notice)] >= AT_ONCE
        self.told[whom(notice)] += kind.at_once
        for channel, address in reader.addresses.items():
            due_at = due(notice.at, kind, reader.paces[channel], self.hours, self.company)
            if not address or due_at is None:
                continue
            if is_storm:
                due_at = notice.at + HOLD
            message = self.message(reader, channel, address, due_at, kind, at=at)
            self.lines.append((message, notice))

    def message(
        self, reader: Reader, channel: str, address: str, due_at: datetime, kind: NoticeKind, *, at: datetime
    ) -> Message:
        """The reader's open message on the channel, made sooner when this notice is; a new one when there is none."""
        is_urgent = kind.urgent or kind.at_once
        key = reader.key(channel)
        message = self.open_messages.get(key)
        if message is None:
            message = Message(
                company=self.company,
                channel=channel,
                user_id=reader.user_id,
                address=address,
                is_urgent=is_urgent,
                opened_at=at,
                due_at=due_at,
            )
            self.open_messages[key] = message
            self.new.append(message)
        elif message.due_at is None or due_at < message.due_at or (is_urgent and not message.is_urgent):
            message.due_at = min(due_at, message.due_at or due_at)
            message.is_urgent = message.is_urgent or is_urgent
            if message.pk:
                self.hurried.add(message.pk)
        return message


def whom(notice: Notice) -> Whom:
    return notice.user_id, notice.email, notice.phone


def due(noticed_at: datetime, kind: NoticeKind, pace: str, hours: Hours, company: Company) -> datetime | None:
    """When somebody of that pace is told; None for never. Quiet hours are looked at when the message is about to go."""
    if pace == Pace.NEVER or (pace == Pace.URGENT and not kind.urgent):
        return None
    if kind.at_once:
        return noticed_at
    if pace == Pace.DAILY and not kind.urgent:
        return next_time(noticed_at, hours.digest_at, company.timezone)
    return noticed_at + HOLD


def plan_notices(*, at: datetime) -> int:
    """Give the company's waiting notices to messages, and tell how many there were.

    In company scope. One worker at a time does it for a company, so that one person has one open message; a worker
    that finds another at it leaves.
    """
    if not _alone():
        return 0
    notices = list(Notice.objects.filter(planned_at=None, at__lte=at).order_by("pk")[:MANY])
    if not notices:
        return 0
    company = Company.objects.get(pk=current_company_id())
    readers = _readers(notices)
    plan = Plan(company, company_hours(company), readers, _open_messages(readers.values()), _told_at_once(notices))
    for notice in notices:
        plan.add(notice, at=at)
    Message.objects.bulk_create(plan.new)
    for message in plan.open_messages.values():
        if message.pk in plan.hurried:
            message.save(update_fields=["due_at", "is_urgent"])
    MessageLine.objects.bulk_create(
        MessageLine(company=company, message=message, notice=notice) for message, notice in plan.lines
    )
    Notice.objects.filter(pk__in=[notice.pk for notice in notices]).update(planned_at=at)
    return len(notices)


def company_hours(company: Company) -> Hours:
    return Hours.objects.first() or Hours(company=company)


def _alone() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [f"notices:{current_company_id()}"])
        return bool(cursor.fetchone()[0])


def _readers(notices: Sequence[Notice]) -> dict[int, Reader]:
    """Who is to be told each notice; people who have left the company are not in it."""
    ids = {notice.user_id for notice in notices if notice.user_id}
    members = set(Membership.objects.filter(user__in=ids, ended_at=None).values_list("user_id", flat=True))
    users = {user.pk: user for user in User.objects.filter(pk__in=members, is_active=True)}
    preferences = {preference.user_id: preference for preference in Preference.objects.filter(user__in=members)}
    has_sms = sms_gateway() is not None
    readers = {}
    for notice in notices:
        user = users.get(notice.user_id) if notice.user_id else None
        if notice.user_id and user is None:
            continue
        addresses: dict[str, str] = {Channel.EMAIL: notice.email or (user.email if user else "")}
        if has_sms:
            addresses[Channel.SMS] = notice.phone or (user.phone if user else "")
        preference = preferences.get(notice.user_id) or Preference()
        # Whoever has no e-mail address is told all by SMS.
        sms = preference.sms if addresses[Channel.EMAIL] else Pace.AT_ONCE
        paces: dict[str, str] = {Channel.EMAIL: preference.email, Channel.SMS: sms}
        readers[notice.pk] = Reader(notice.user_id, addresses, paces)
    return readers


def _told_at_once(notices: Sequence[Notice]) -> Counter[Whom]:
    """How many awaited notices the readers were given in the minute before these; looks at the newest notices only."""
    awaited = [event for event, kind in KINDS.items() if kind.at_once]
    first = min((notice for notice in notices if notice.event in awaited), key=lambda notice: notice.pk, default=None)
    if first is None:
        return Counter()
    newest = Notice.objects.filter(pk__range=(first.pk - MANY, first.pk - 1), at__gt=first.at - HOLD)
    return Counter(whom(notice) for notice in newest.filter(event__in=awaited, planned_at__isnull=False))


def _open_messages(readers: Iterable[Reader]) -> dict[Key, Message]:
    users: set[int] = set()
    addresses: dict[str, set[str]] = defaultdict(set)
    for reader in readers:
        if reader.user_id:
            users.add(reader.user_id)
        else:
            for channel, address in reader.addresses.items():
                addresses[channel].add(address)
    whose = Q(user__in=users)
    for channel, theirs in addresses.items():
        whose |= Q(user=None, channel=channel, address__in=theirs)
    found = Message.objects.open().filter(whose).select_for_update(of=("self",), skip_locked=True).order_by("pk")
    return {(message.channel, message.user_id, "" if message.user_id else message.address): message for message in found}
