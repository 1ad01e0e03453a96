"""The first contact: who asked, how, about what, and who was asked first."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from complaints.clocks import next_due, read_clocks
from complaints.models import Attachment, Category, Complaint, Contact, ContactWords, Severity, Timer
from complaints.models.complaint import number_sql
from complaints.workflow import BadInput
from propman.accounts.models import User
from propman.common.uploads import NewFile
from propman.community.models import Community, Employee, Household, Person, Room
from propman.community.selectors import office_of
from propman.notify.services import NewNotice, queue_notices
from propman.tenancy.events import commitment, record_event
from propman.tenancy.numbers import TAKE
from propman.tenancy.scope import current_company_id

from .attaching import ensure_few, facts_of_files, keep_files, texts_of_files
from .moving import cleaned
from .timing import Moment, current_policy, first_timers, limits_as_facts, limits_for

SERIES = "complaint"
CODE_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # none that are mistaken for another
LATEST = timedelta(minutes=5)  # how far a clock beside ours may run ahead

YEAR = """
    SELECT id, extract(year FROM %s::timestamptz AT TIME ZONE zone)::int AS year FROM tenancy_company WHERE id = %s
"""
# The last statement but the notice: the series stays locked from here to the end of the transaction.
TAKE_NUMBER = f"""
    WITH filed AS ({YEAR}), taken AS ({TAKE.format(counts="SELECT id, %s, year, 1 FROM filed")})
    UPDATE complaints_complaint SET number = filed.year || '-' || {number_sql("taken.last")} FROM filed, taken
    WHERE company_id = filed.id AND complaints_complaint.id = %s RETURNING number
"""  # noqa: S608 (constants)


@dataclass(frozen=True)
class Asker:
    """Who asks: a resident with an account, or a caller or visitor of whom a name and a phone are known."""

    user: User | None = None
    person: Person | None = None
    name: str = ""
    phone: str = ""
    email: str = ""


@dataclass(frozen=True)
class Filed:
    """What the asker is given: the complaint with its number, and the code by which it can be followed without an account."""

    complaint: Complaint
    tracking_code: str


def new_tracking_code() -> str:
    """Ten letters and digits, 50 bits: read out on the phone in two groups of five."""
    return "".join(secrets.choice(CODE_LETTERS) for _letter in range(10))


def tracking_code_of(key: str) -> str:
    """A code that the same key gives again, and nothing but this installation's secret can: for a form that is sent twice."""
    digest = salted_hmac("complaints.tracking_code", key, algorithm="sha256").digest()
    return "".join(CODE_LETTERS[byte % len(CODE_LETTERS)] for byte in digest[:10])


def tracking_digest(code: str) -> str:
    """What is kept of a tracking code, however it was typed."""
    return salted_hmac("complaints.tracking", code.upper().replace(" ", "").replace("-", ""), algorithm="sha256").hexdigest()


def file_complaint(
    *,
    channel: str,
    category: Category,
    title: str,
    text: str,
    asker: Asker,
    at: datetime,
    received_at: datetime | None = None,
    kind: str = Contact.Kind.COMPLAINT,
    severity: str = Severity.NORMAL,
    community: Community | None = None,
    household: Household | None = None,
    room: Room | None = None,
    first_asked: Employee | None = None,
    is_confidential: bool = False,
    files: Sequence[NewFile] = (),
    tracking_code: str = "",
) -> Filed:
    """Record the contact and what it became; gives the number and the tracking code.

    `first_asked` is the employee who was asked first and owns it from now on; on the web nobody was, and the agent who
    takes it from the centre's queue becomes the first inquirer. `received_at` is when the asker asked, if that was
    before `at`, the time of recording; `files` are the asker's photos and documents; `tracking_code` is
    the code to give, a new one unless said. Raises BadInput (with the field)
    and NoPolicy.
    """
    title = cleaned(title, field="title", longest=120)
    text = cleaned(text, field="text")
    ensure_few(files)
    received_at = received_at or at
    if received_at > at + LATEST:
        raise BadInput("received_at", _("This time lies in the future."))
    received_at = min(received_at, at)
    room = room or (household.room if household else None)
    community = community or (room.community if room else None)
    office = office_of(community) if community else None

    policy = current_policy()
    limits = limits_for(policy.pk, category.pk, severity)
    words = ContactWords(
        title=title,
        text=text,
        asker_name=cleaned(asker.name, field="name", longest=80, required=False),
        asker_phone=cleaned(asker.phone, field="phone", longest=32, required=False),
        asker_email=cleaned(asker.email, field="email", longest=254, required=False),
        salt=secrets.token_hex(16),
    )
    # No savepoint: whatever was wrong has been said, and what fails from here on undoes the request.
    with transaction.atomic(savepoint=False):
        contact = Contact.objects.create(
            kind=kind,
            channel=channel,
            received_at=received_at,
            recorded_at=at,
            community=community,
            room=room,
            household=household,
            person=asker.person,
            user=asker.user,
            first_asked=first_asked,
            office=office,
            logged_by=first_asked.user if first_asked else asker.user,
            is_confidential=is_confidential,
            words_commitment=commitment(words.salt, words.committed_text()),
        )
        words.contact = contact
        words.save(force_insert=True)

        readings = read_clocks([Moment(at=received_at, state="received", limits=limits)])
        due = next_due(readings)
        code = tracking_code or new_tracking_code()
        complaint = Complaint.objects.create(
            contact=contact,
            words=words,
            tracking_digest=tracking_digest(code),
            community=community,
            office=office,
            asker=asker.user,
            policy=policy,
            received_at=received_at,
            room=room,
            category=category,
            severity=severity,
            handler=first_asked,
            first_inquirer=first_asked,
            department=first_asked.department if first_asked else office,
            next_due_at=due[0] if due else None,
            next_due_clock=due[1] if due else "",
            event_position=1,
        )
        facts = receipt_facts(contact, complaint) | {"limits": limits_as_facts(limits)} | facts_of_files(files)
        received = record_event(
            "complaint.received", complaint, by=contact.logged_by, at=received_at, facts=facts, texts=texts_of_files(files)
        )
        keep_files(complaint=complaint, event=received, side=Attachment.Side.ASKER, files=files)
        Timer.objects.bulk_create(first_timers(complaint, readings))
        with connection.cursor() as cursor:
            cursor.execute(TAKE_NUMBER, [at, current_company_id(), SERIES, complaint.pk])
            complaint.number = cursor.fetchone()[0]
        _give_receipt(complaint, words, code, at=at)
    return Filed(complaint, code)


def receipt_facts(contact: Contact, complaint: Complaint) -> dict[str, object]:
    """What the first event says; the words and the person stay in the side row, here only their commitment."""
    return {
        "state": complaint.state,
        "contact": contact.pk,
        "kind": contact.kind,
        "channel": contact.channel,
        "recorded_at": contact.recorded_at.isoformat(),
        "community": contact.community_id,
        "room": contact.room_id,
        "household": contact.household_id,
        "person": contact.person_id,
        "user": contact.user_id,
        "logged_by": contact.logged_by_id,
        "policy": complaint.policy_id,
        "imported": complaint.is_imported,
        "office": contact.office_id,
        "first_asked": contact.first_asked_id,
        "category": complaint.category_id,
        "severity": complaint.severity,
        "confidential": contact.is_confidential,
        "words": contact.words_commitment,
        "tracking": hashlib.sha256(complaint.tracking_digest.encode()).hexdigest(),
    }


def _give_receipt(complaint: Complaint, words: ContactWords, code: str, *, at: datetime) -> None:
    if not (complaint.asker_id or words.asker_email or words.asker_phone):
        return
    receipt = NewNotice(
        event="complaint.received",
        user_id=complaint.asker_id,
        email="" if complaint.asker_id else words.asker_email,
        phone="" if complaint.asker_id else words.asker_phone,
        words={"number": complaint.number or "", "title": words.title, "code": code},
        path=f"/complaints/{complaint.number}/" if complaint.asker_id else "/follow/",
    )
    queue_notices([receipt], at=at)
