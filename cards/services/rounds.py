"""The life of a round that the clock drives: issue, delivery, reminder, close."""

import tempfile
from array import array
from binascii import hexlify
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import date, datetime
from itertools import chain, islice
from typing import IO, Any

from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from cards import issuer
from cards.calendar import CardMonth
from cards.models import RollEntry, Round, RoundKey, Tally
from cards.recount import Merkle
from cards.workflow import Card, State, ensure_allowed
from propman.community.models import Community, Household, Occupancy, OwnersCommittee
from propman.notify.services import NewNotice, queue_notices
from propman.tenancy.events import record_event
from propman.tenancy.models import Company
from propman.tenancy.scope import current_company_id

RECORD = 33  # a hash and its card
BUCKETS = 256  # by the first byte of the hash
IN_MEMORY = 50_000  # so many cards are sorted at once
HOUSEHOLDS_AT_ONCE = 20_000
NOTICES_AT_ONCE = 5_000


class NotIssuable(Exception):
    """The cards of that month cannot be issued now; the message says why."""


@transaction.atomic
def issue_round(*, community: Community, month: CardMonth, at: datetime) -> Round:
    """Freeze the roll, make the keys, list the cards and publish the root of the list; the round is returned as it stands if
    it was issued before.

    Raises NotIssuable before the issue day, after the count, and for a community without households.
    """
    Community.objects.select_for_update().get(pk=community.pk)  # two issuers of the same month come one after the other
    if (issued := Round.objects.filter(community=community, month=month.month).first()) is not None:
        return issued
    if at < month.issued_at:
        raise NotIssuable(_("The cards of %(month)s are issued on %(day)s.") % {"month": month.name, "day": month.issued_on})
    if at >= month.counted_at:
        raise NotIssuable(_("The count of %(month)s is over.") % {"month": month.name})
    key, seed = issuer.new_key(), issuer.new_key()
    round = _new_round(community, month, issuer.public_key(seed))
    RoundKey.objects.create(round=round, issuing=issuer.encrypted(key), signing=issuer.encrypted(seed))
    roll = _roll_on(community, month.issued_on)
    if not roll:
        raise NotIssuable(_("%(community)s has no households.") % {"community": community.name})
    round.households = len(roll)
    round.issued_root = issue_list(round, key, roll)
    round.state, round.issued_at = State.ISSUED, at
    round.save(update_fields=["state", "issued_at", "households", "issued_root"])
    Tally.objects.bulk_create(
        Tally(company_id=round.company_id, round=round, card=card, issued=round.households) for card in round.cards
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT cards_open_box(%s)", [round.pk])
    record_event(
        "round.issued",
        round,
        by=None,
        at=at,
        facts={"round": round.name, "households": round.households, "root": round.issued_root, "public_key": round.public_key},
    )
    return round


def _new_round(community: Community, month: CardMonth, public_key: str) -> Round:
    company = Company.objects.get(pk=current_company_id())
    committees = OwnersCommittee.objects.filter(community=community, elected_on__lte=month.issued_on)
    return Round.objects.create(
        community=community,
        month=month.month,
        name=f"{company.address}/{community.address}/{month.name}",
        place=community.name,
        has_committee=committees.filter(Q(ends_on=None) | Q(ends_on__gt=month.issued_on)).exists(),
        closes_at=month.counted_at,
        public_key=public_key,
    )


def _roll_on(community: Community, day: date) -> Sequence[int]:
    """Every household that is there on the day, in random order, so that nothing anywhere keeps an order of theirs."""
    there = Household.objects.filter(community=community, started_on__lte=day).filter(Q(ended_on=None) | Q(ended_on__gt=day))
    return array("q", there.order_by("?").values_list("pk", flat=True).iterator(chunk_size=HOUSEHOLDS_AT_ONCE))


FREEZE_ROLL = """
    INSERT INTO cards_rollentry (company_id, round_id, household_id)
    SELECT %s, %s, household FROM unnest(%s::bigint[]) AS household ORDER BY household
"""
INSERT_CARDS = """
    INSERT INTO cards_issued (company_id, round_id, hash, card)
    SELECT %s, %s, substr(blob, i * 33 + 1, 32), get_byte(blob, i * 33 + 32)
    FROM (SELECT %s::bytea AS blob) AS records, generate_series(0, %s) AS i
"""


def issue_list(round: Round, key: bytes, roll: Sequence[int]) -> str:
    """Write the roll, and the issued list in the order of the hashes; return the list's Merkle root.

    The serials are made here and not in the database, which would see (and log) the key. Memory stays bounded: hashes wait in
    buckets on disk. The database writes while Python goes on: the roll during the hashing, each batch during the next one.
    """
    merkle = Merkle()
    suffixes = {int(card): b"," + card.text.encode() for card in Card}
    with _write_behind() as write:
        for records in _sorted_records(round, key, _frozen(round, roll, write)):
            blob = b"".join(records)
            write(INSERT_CARDS, [round.company_id, round.pk, blob, len(records) - 1])
            text = hexlify(blob)
            merkle.add([text[at : at + 64] + suffixes[blob[at // 2 + 32]] for at in range(0, len(text), 2 * RECORD)])
    return merkle.root()


Write = Callable[[str, list[Any]], None]


@contextmanager
def _write_behind() -> Iterator[Write]:
    """Gives a function that hands a statement to the database and returns while it runs; first it waits for the one before.

    All belong to the caller's transaction, and all have run at the end.
    """
    running: list[Future[None]] = []

    def wait() -> None:
        with connection.wrap_database_errors:
            while running:
                running.pop().result()

    with connection.cursor() as cursor, ThreadPoolExecutor(1) as thread:

        def write(sql: str, parameters: list[Any]) -> None:
            wait()
            running.append(thread.submit(cursor.cursor.execute, sql, parameters))

        yield write
        wait()


def _frozen(round: Round, roll: Sequence[int], write: Write) -> Iterator[int]:
    """The households in turn, a batch of them written to the roll first."""
    for at in range(0, len(roll), HOUSEHOLDS_AT_ONCE):
        batch = roll[at : at + HOUSEHOLDS_AT_ONCE]
        listed = ",".join(map(str, batch))
        write(FREEZE_ROLL, [round.company_id, round.pk, f"{{{listed}}}"])
        yield from batch


def _sorted_records(round: Round, key: bytes, households: Iterable[int]) -> Iterator[list[bytes]]:
    """All hashes with their cards as 33 bytes each, in rising order, a batch at a time."""
    made = issuer.records_of(key, households, round.cards)
    if round.issued <= IN_MEMORY:
        yield sorted(chain.from_iterable(made))
        return
    with ExitStack() as stack:
        files: list[IO[bytes]] = [stack.enter_context(tempfile.SpooledTemporaryFile(1 << 17)) for _ in range(BUCKETS)]
        buckets = [bytearray() for _ in range(BUCKETS)]
        while batch := list(islice(made, HOUSEHOLDS_AT_ONCE)):
            for record in chain.from_iterable(batch):
                buckets[record[0]] += record
            for bucket, file in zip(buckets, files, strict=True):
                file.write(bucket)
                bucket.clear()
        for file in files:
            file.seek(0)
            data = file.read()
            yield sorted([data[at : at + RECORD] for at in range(0, len(data), RECORD)])


@transaction.atomic
def open_round(*, round: Round, at: datetime) -> Round:
    """Let the cards reach the households: casting begins, and every owner and tenant of the roll with an account is told.

    Raises MoveNotAllowed when it is not waiting for that.
    """
    round = Round.objects.select_for_update().get(pk=round.pk)
    ensure_allowed(round.state, State.OPEN)
    round.state, round.opened_at = State.OPEN, at
    round.save(update_fields=["state", "opened_at"])
    record_event("round.opened", round, by=None, at=at)
    _tell_households(round, "cards.delivered", at=at)
    return round


@transaction.atomic
def remind_households(*, round: Round, at: datetime) -> None:
    """Remind every household of the roll, whether or not it has cast: who has is known to nobody."""
    if Round.objects.select_for_update().get(pk=round.pk).state == State.OPEN:
        record_event("round.reminded", round, by=None, at=at)
        _tell_households(round, "cards.reminder", at=at)


def _tell_households(round: Round, event: str, *, at: datetime) -> None:
    company = Company.objects.get(pk=round.company_id)
    today = company.today(at)
    users = (
        Occupancy.objects.filter(
            household__in=RollEntry.objects.filter(round=round).values("household_id"),
            kind__in=[Occupancy.Kind.OWNER, Occupancy.Kind.TENANT],
            starts_on__lte=today,
            person__user__isnull=False,
        )
        .filter(Q(ends_on=None) | Q(ends_on__gt=today))
        .order_by("person__user")
        .values_list("person__user", flat=True)
        .distinct()
    )
    words: dict[str, str | int | datetime | date] = {
        "place": round.place,
        "month": round.month_name,
        "cards": len(round.cards),
        "closes_at": round.closes_at,
    }
    batch: list[NewNotice] = []
    for user_id in users.iterator(chunk_size=NOTICES_AT_ONCE):
        batch.append(NewNotice(event=event, user_id=user_id, words=words, path="/cards/"))
        if len(batch) == NOTICES_AT_ONCE:
            queue_notices(batch, at=at)
            batch = []
    queue_notices(batch, at=at)


@transaction.atomic
def close_round(*, round: Round, at: datetime) -> Round:
    """End casting: the box is copied in the order of the hashes and its table dropped.

    Waits for casts that run and makes later ones fail. Raises MoveNotAllowed when it is closed already or before its time.
    """
    round = Round.objects.select_for_update().get(pk=round.pk)
    ensure_allowed(round.state, State.CLOSED)
    if at < round.closes_at:
        raise NotClosable(_("The cards can be cast until %(moment)s.") % {"moment": round.closes_at})
    with connection.cursor() as cursor:
        cursor.execute("SELECT cards_close_box(%s)", [round.pk])
    round.state, round.closed_at = State.CLOSED, at
    round.save(update_fields=["state", "closed_at"])
    record_event("round.closed", round, by=None, at=at)
    return round


class NotClosable(Exception):
    """The time for casting is not over."""
