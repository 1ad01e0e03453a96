"""The open count: officials deal the cards in the order of their hashes, then both sign."""

from datetime import datetime

from allauth.mfa.base.internal.flows import check_rate_limit
from allauth.mfa.models import Authenticator
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import F

from cards import issuer
from cards.bulletin import opinion_lines, root_of, statement, summary, written
from cards.models import Count, CountSignature, Round, RoundKey, Tally
from cards.recount import summary_root
from cards.selectors import cast_lines, tally_cards, void_lines
from cards.workflow import Card, State, Subject, ensure_allowed
from propman.accounts.models import User
from propman.accounts.permissions import current_roles
from propman.accounts.roles import Role
from propman.tenancy.events import record_event

COUNTING_ROLES = (Role.ASSOCIATION_OFFICIAL, Role.GOVERNMENT_OFFICIAL)
CARDS_OF = {
    Subject.COMPANY: (Card.COMPANY_BLUE, Card.COMPANY_RED),
    Subject.COMMITTEE: (Card.COMMITTEE_BLUE, Card.COMMITTEE_RED),
}


class NotAtTheCount(Exception):
    """Only who deals and who witnesses may do this."""


class SecondPersonNeeded(Exception):
    """The Association and the government department count together: one of each."""


class CodeRefused(Exception):
    """The code of the second factor is wrong, used up, or was tried too often."""


@transaction.atomic
def open_count(*, round: Round, by: User, hall: int | None = None, at: datetime) -> Count:
    """Begin dealing the cards of a closed round; who begins deals. Again, it returns the count as it stands.

    `hall` is how many owners are present. Raises MoveNotAllowed before the close and NotAtTheCount for others than officials.
    """
    round = Round.objects.select_for_update().get(pk=round.pk)
    if (count := Count.objects.filter(round=round).first()) is not None:
        return count
    ensure_allowed(round.state, State.COUNTING)
    if not _counting_roles(by):
        raise NotAtTheCount
    count = Count.objects.create(round=round, started_at=at, dealer=by, hall=hall)
    _move(round, State.COUNTING, "round.count_opened", by=by, at=at)
    return _finished_if_dealt(round, count, at=at)


@transaction.atomic
def join_count(*, round: Round, by: User, at: datetime) -> Count:
    """Take the witness's place. Raises SecondPersonNeeded when the two would not be one of each kind."""
    round, count = _locked(round)
    if by.pk in (count.dealer_id, count.witness_id):
        return count
    if count.witness_id is not None:
        raise NotAtTheCount
    ensure_two_kinds(count.dealer, by)
    count.witness = by
    count.save(update_fields=["witness"])
    record_event("round.witnessed", round, by=by, at=at)
    return count


@transaction.atomic
def pause_count(*, round: Round, by: User, is_paused: bool) -> Count:
    """Stop dealing, or go on. Raises NotAtTheCount."""
    _round, count = _locked(round)
    _ensure_present(count, by)
    count.is_paused = is_paused
    count.save(update_fields=["is_paused"])
    return count


@transaction.atomic
def deal_cards(*, round: Round, by: User, after: int, number: int | None = 1, at: datetime) -> Count:
    """Deal the next cards of the subject that is being counted, or all that are left of it (`number` None).

    `after` is how many cards the caller saw dealt: a press that arrives twice or late deals nothing. Raises NotAtTheCount.
    """
    round, count = _locked(round)
    _ensure_present(count, by)
    if count.dealt != after or count.is_paused or count.finished_at:
        return count
    dealt = _deal(round, count, number)
    count.dealt += sum(dealt.values())
    for card, cards in dealt.items():
        Tally.objects.filter(round=round, card=card).update(dealt=F("dealt") + cards)
    count.save(update_fields=["dealt", "subject", "last_hash", "last_card"])
    return _finished_if_dealt(round, count, at=at)


def _deal(round: Round, count: Count, number: int | None) -> dict[int, int]:
    """The next cards by card; the count's place moves behind them, to the next subject when none are left of this one."""
    with connection.cursor() as cursor:
        for subject in round.subjects[round.subjects.index(Subject(count.subject)) :]:
            if subject != count.subject:
                count.subject, count.last_hash = subject, None
            cursor.execute(
                """
                WITH dealt AS (
                    SELECT hash, card FROM cards_counted
                    WHERE company_id = %s AND round_id = %s AND hash > %s AND card BETWEEN %s AND %s AND NOT void
                    ORDER BY hash LIMIT %s
                )
                SELECT card, count(*), max(encode(hash, 'hex')) FROM dealt GROUP BY card
                """,
                [round.company_id, round.pk, bytes(count.last_hash or b""), *CARDS_OF[subject], number],
            )
            if rows := cursor.fetchall():
                last = max(rows, key=lambda row: row[2])
                count.last_hash, count.last_card = bytes.fromhex(last[2]), last[0]
                return {card: cards for card, cards, _hash in rows}
    return {}


def _finished_if_dealt(round: Round, count: Count, *, at: datetime) -> Count:
    """When the last card is dealt the roots are made and the count waits for its signatures."""
    counted = tally_cards(round)
    if count.dealt < sum(cast for cast, _void in counted.values()):
        return count
    tallies = list(Tally.objects.filter(round=round))
    for tally in tallies:
        cast, tally.void = counted[Card(tally.card)]
        if tally.dealt != cast:
            raise RuntimeError(f"{round.name}: the running tally is not what the list holds.")
    Tally.objects.bulk_update(tallies, ["void"])
    round.cast_root, _cards = root_of(cast_lines(round))
    round.void_root, _cards = root_of(void_lines(round))
    round.opinions_root, round.opinions = root_of(opinion_lines(round))
    round.root = summary_root(summary(round))
    round.save(update_fields=["cast_root", "void_root", "opinions_root", "opinions", "root"])
    count.finished_at = at
    count.save(update_fields=["finished_at"])
    _move(round, State.COUNTED, "round.counted", by=count.dealer, at=at, facts={"root": round.root})
    return count


def sign_count_with_code(*, round: Round, by: User, code: str, at: datetime) -> CountSignature:
    """Sign as `sign_count` does, after the official gave his second factor again. Raises CodeRefused besides."""
    try:
        forget_tries = check_rate_limit(by)
    except ValidationError as problem:
        raise CodeRefused from problem
    mine = Authenticator.objects.filter(user=by).exclude(type=Authenticator.Type.WEBAUTHN)
    if not any(authenticator.wrap().validate_code(code.strip()) for authenticator in mine):
        raise CodeRefused
    forget_tries()
    return sign_count(round=round, by=by, at=at)


@transaction.atomic
def sign_count(*, round: Round, by: User, at: datetime) -> CountSignature:
    """The server signs the count's root in the official's name; with the second signature the bulletin is published.

    Signing twice returns the first signature. Raises MoveNotAllowed before the last card is dealt, NotAtTheCount, and
    SecondPersonNeeded while there is no witness.
    """
    round, count = _locked(round)
    if (signed := CountSignature.objects.filter(round=round, user=by).first()) is not None:
        return signed
    ensure_allowed(round.state, State.PUBLISHED)
    _ensure_present(count, by)
    if count.witness is None:
        raise SecondPersonNeeded
    role = _role_at(count, by)
    signed = CountSignature(round=round, user=by, role=role, name=by.name, at=at.replace(microsecond=0))
    text = statement(round, role=role, name=by.name, at=written(signed))
    signed.signature = issuer.sign(RoundKey.objects.get(round=round).signing, text)
    signed.save()
    record_event("round.signed", round, by=by, at=at, facts={"root": round.root, "signature": signed.signature})
    if CountSignature.objects.filter(round=round).count() == 2:
        round.published_at = at
        round.save(update_fields=["published_at"])
        _move(round, State.PUBLISHED, "round.published", by=by, at=at)
    return signed


def ensure_two_kinds(dealer: User, witness: User) -> tuple[str, str]:
    """The roles in which the two count. Raises SecondPersonNeeded when they are not one of each kind."""
    for mine in _counting_roles(dealer):
        for theirs in _counting_roles(witness):
            if mine != theirs and dealer != witness:
                return mine, theirs
    raise SecondPersonNeeded


def _role_at(count: Count, by: User) -> str:
    dealing, witnessing = ensure_two_kinds(count.dealer, count.witness)  # type: ignore[arg-type]
    return dealing if by == count.dealer else witnessing


def _counting_roles(user: User) -> list[str]:
    held = current_roles(user)
    return [role.value for role in COUNTING_ROLES if role in held]


def _locked(round: Round) -> tuple[Round, Count]:
    round = Round.objects.select_for_update().get(pk=round.pk)
    count = Count.objects.select_related("dealer", "witness").filter(round=round).first()
    if count is None:
        raise NotAtTheCount
    return round, count


def _ensure_present(count: Count, by: User) -> None:
    if by.pk not in (count.dealer_id, count.witness_id):
        raise NotAtTheCount


def _move(
    round: Round, to: State, event: str, *, by: User | None, at: datetime, facts: dict[str, object] | None = None
) -> None:
    ensure_allowed(round.state, to)
    round.state = to
    round.save(update_fields=["state"])
    record_event(event, round, by=by, at=at, facts=facts)
