"""The outbox is swept: waiting notices become messages, due messages are claimed and sent, what fails is tried again.

A claim is a committed row before anything leaves, so that a worker killed in between is seen: its messages come due again
after LEASE and are sent once more. Delivery is therefore at least once; the Message-ID and the SMS reference stay the same,
by which a mailbox or a gateway knows the second copy.
"""

import hashlib
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from email.utils import parseaddr
from smtplib import SMTPRecipientsRefused, SMTPResponseException
from time import monotonic

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection
from django.db.models import F

from propman.accounts.models import Membership
from propman.accounts.roles import Role
from propman.tenancy.models import Company
from propman.tenancy.scope import company_scope, serving

from .hours import quiet_until
from .kinds import KINDS, NoticeKind
from .models import Message, MessageLine, Notice, Preference
from .planning import company_hours, plan_notices
from .rendering import MOST, Letter, for_reader, write_letter
from .services import NewNotice, forget_secrets, queue_notices
from .sms import SmsRefused, sms_gateway

log = logging.getLogger(__name__)

BATCH = 50
LEASE = timedelta(minutes=10)  # longer than a batch of time-outs
ATTEMPTS = 10
LONGEST_WAIT = timedelta(hours=6)
UNDELIVERABLE = "notice.undeliverable"


class Undeliverable(Exception):
    """The other side refused for good: there is no use in trying again."""


def sweep_outbox(at: datetime) -> int:
    """Deliver what is due at that moment, in turns of one batch per company; tells how many messages were dealt with."""
    done = 0
    while companies := companies_with_due_notices(at):
        turn = sum(deliver_due(company_id, at=at) for company_id in companies)
        if not turn:  # others are at it
            break
        done += turn
    return done


def companies_with_due_notices(at: datetime) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT notify_companies_with_due_notices(%s)", [at])
        return [row[0] for row in cursor.fetchall()]


def deliver_due(company_id: int, *, at: datetime) -> int:
    """Plan, claim and send one batch of one company; nothing may be in a transaction but the steps themselves."""
    planned = 0
    while found := _plan(company_id, at=at):  # all of them before the first message goes, so that a storm stays one
        planned += found
    with company_scope(company_id):
        company = Company.objects.get(pk=company_id)
        moved, claimed = claim_messages(company, at=at)
        letters = _contents(claimed)
    if claimed:
        with serving(company_id):
            _send_all(company, claimed, letters, at=at)
    return planned + moved + len(claimed)


def _plan(company_id: int, *, at: datetime) -> int:
    with company_scope(company_id):
        return plan_notices(at=at)


def claim_messages(company: Company, *, at: datetime) -> tuple[int, list[Message]]:
    """Take due messages that no other worker has, what is urgent before an announcement to thousands; those of people whose
    quiet hours hold wait until they end."""
    due = list(
        Message.objects.due_by(at)
        .select_for_update(of=("self",), skip_locked=True)
        .select_related("user")
        .order_by("-is_urgent", "due_at", "pk")[:BATCH]
    )
    waits = _quiet(company, due, at=at)
    claimed = []
    for message in due:
        if until := waits.get(message.pk):
            message.due_at = until
            continue
        message.attempts += 1
        message.claimed_at, message.due_at = at, at + LEASE
        claimed.append(message)
    Message.objects.bulk_update(due, ["due_at", "attempts", "claimed_at"])
    return len(waits), claimed


def _quiet(company: Company, messages: Sequence[Message], *, at: datetime) -> dict[int, datetime]:
    hours = company_hours(company)
    own = {
        preference.user_id: preference
        for preference in Preference.objects.filter(
            user__in={message.user_id for message in messages}, quiet_from__isnull=False
        )
    }
    waits = {}
    for message in messages:
        chosen = own.get(message.user_id, hours)
        until = quiet_until(at, starts=chosen.quiet_from, ends=chosen.quiet_until, zone=company.timezone)
        if until and not message.is_urgent:
            waits[message.pk] = until
    return waits


def _contents(messages: Sequence[Message]) -> dict[int, list[Notice]]:
    """The notices of each message, the oldest first."""
    contents: dict[int, list[Notice]] = {message.pk: [] for message in messages}
    lines = MessageLine.objects.filter(message__in=contents).select_related("notice").order_by("pk")
    for line in lines:
        contents[line.message_id].append(line.notice)
    return contents


def _send_all(company: Company, messages: Sequence[Message], contents: dict[int, list[Notice]], *, at: datetime) -> None:
    """Send claimed messages, each result recorded in a transaction of its own; outside any other transaction."""
    mail = get_connection()
    until = monotonic() + LEASE.total_seconds() / 2
    try:
        for place, message in enumerate(messages):
            if place and monotonic() > until:  # the other side is slow: nobody may take the rest for a killed worker's
                _give_back(company, messages[place:], at=at)
                break
            _send(company, message, contents[message.pk], mail, at=at)
    finally:
        mail.close()


def _give_back(company: Company, messages: Sequence[Message], *, at: datetime) -> None:
    with company_scope(company.pk):
        keys = [message.pk for message in messages]
        Message.objects.filter(pk__in=keys).update(due_at=at, attempts=F("attempts") - 1)


def _send(company: Company, message: Message, notices: list[Notice], mail: BaseEmailBackend, *, at: datetime) -> None:
    try:
        user = message.user
        if user is not None and not user.is_active:
            raise Undeliverable("The account is closed.")
        with for_reader(company, user.language if user else ""):
            letter = write_letter(
                notices[:MOST],
                count=len(notices),
                company=company,
                name=user.name if user else "",
                has_account=user is not None,
            )
        if message.channel == Message.Channel.EMAIL:
            send_email(company, message, letter, mail)
        else:
            send_sms(company, message, letter)
    except Exception as error:  # whatever it is, the others of the batch are sent
        _record_failure(message, error, at=at)
    else:
        message.sent_at, message.due_at, message.error = at, None, ""
        _record(message)
        _forget_secrets(message, notices)


def send_email(company: Company, message: Message, letter: Letter, mail: BaseEmailBackend) -> None:
    """Hand one e-mail to the mail server, marked so that no machine answers it. Raises Undeliverable."""
    _name, sender = parseaddr(settings.DEFAULT_FROM_EMAIL)
    email = EmailMultiAlternatives(
        subject=letter.line,
        body=letter.text,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[message.address],
        connection=mail,
        headers={
            "Message-ID": f"<notice-{company.pk}-{message.pk}@{sender.partition('@')[2] or 'localhost'}>",
            "Auto-Submitted": "auto-generated",
            "X-Auto-Response-Suppress": "All",
        },
    )
    email.attach_alternative(letter.html, "text/html")
    try:
        email.send()
    except SMTPRecipientsRefused as error:
        mail.close()
        code, _words = next(iter(error.recipients.values()))
        if code >= 500:
            raise Undeliverable(f"The mail server refuses the address ({code}).") from error
        raise
    except SMTPResponseException as error:
        mail.close()
        if error.smtp_code >= 500 and error.smtp_code not in {530, 535}:  # a wrong password of ours will be put right
            raise Undeliverable(f"The mail server refuses the message ({error.smtp_code}).") from error
        raise
    except OSError:
        mail.close()
        raise


def send_sms(company: Company, message: Message, letter: Letter) -> None:
    """Hand one text message to the gateway, under a reference of its own for each number. Raises Undeliverable."""
    gateway = sms_gateway()
    if gateway is None:
        raise Undeliverable("No SMS gateway is set up.")
    text = f"{company.name}: {letter.line} {letter.url}".strip()
    try:
        gateway.send(phone=message.address, text=text, reference=sms_reference(message))
    except SmsRefused as error:
        raise Undeliverable(str(error)) from error


def sms_reference(message: Message) -> str:
    """The same when it is tried again, another one for a number put right: a gateway leaves out what it knows already."""
    number = hashlib.sha256(message.address.encode()).hexdigest()[:8]
    return f"{message.company_id}-{message.pk}-{number}"


def _record_failure(message: Message, error: Exception, *, at: datetime) -> None:
    message.error = f"{type(error).__name__}: {error}"[:500]
    is_dead = isinstance(error, Undeliverable) or message.attempts >= ATTEMPTS
    if is_dead:
        log.warning("message %s is undeliverable: %s", message.pk, message.error)
        message.dead_at, message.due_at = at, None
    else:
        log.info("message %s failed, attempt %s: %s", message.pk, message.attempts, message.error)
        message.due_at = at + back_off(message.attempts)
    _record(message, tell=is_dead)


def back_off(attempts: int) -> timedelta:
    """How long to wait after that many attempts: 1, 2, 4, ... minutes, six hours at most."""
    return min(timedelta(minutes=2 ** (attempts - 1)), LONGEST_WAIT)


def _record(message: Message, *, tell: bool = False) -> None:
    with company_scope(message.company_id):
        message.save(update_fields=["sent_at", "dead_at", "due_at", "error"])
        if tell:
            _tell_administrators(message)


def _forget_secrets(message: Message, notices: Sequence[Notice]) -> None:
    """Codes and links that open something are not kept once they are sent."""
    told = [notice for notice in notices if KINDS.get(notice.event, NoticeKind("")).secrets]
    if not told:
        return
    with company_scope(message.company_id):
        for notice in told:
            forget_secrets(notice)


def _tell_administrators(message: Message) -> None:
    lost = Notice.objects.filter(lines__message=message)
    if not lost.exclude(event=UNDELIVERABLE).exists():  # no notices about notices about notices
        return
    administrators = Membership.objects.filter(role=Role.COMPANY_ADMINISTRATOR, ended_at=None).values_list("user_id", flat=True)
    words = {"channel": message.channel, "address": message.address, "error": message.error}
    assert message.dead_at is not None
    queue_notices(
        [NewNotice(UNDELIVERABLE, user_id, words=words, path="/notices/deliveries/?state=dead") for user_id in administrators],
        at=message.dead_at,
    )
