import threading
import time
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db import connection, connections

from cards import issuer, services
from cards.selectors import cards_in_hand, look_into_box
from cards.workflow import Card
from propman.tenancy.models import Event
from propman.tenancy.scope import company_scope
from tests.factories import make_household
from tests.factories.cards import DURING, cast, make_round, serial_of

pytestmark = pytest.mark.django_db


def places(round, household):
    with company_scope(round.company_id):
        return {held.card: held.place for held in cards_in_hand(round, household)}


def test_card_lies_in_the_box(round, household):
    cast(round, household, Card.COMPANY_BLUE, Card.COMMITTEE_RED)
    assert [card for card, place in places(round, household).items() if place == "cast"] == [
        Card.COMPANY_BLUE,
        Card.COMMITTEE_RED,
    ]


def test_receipt_can_be_checked_with_the_public_key(round, household):
    (receipt,) = cast(round, household, Card.COMPANY_BLUE)
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(round.public_key))
    key.verify(bytes.fromhex(receipt.signature), issuer.receipt_text(round.name, bytes.fromhex(receipt.hash)).encode())
    assert receipt.round == "lanting/willow-garden/2026-02"


def test_casting_again_returns_the_same_receipt(round, household, owner_sql):
    first, again = cast(round, household, Card.COMPANY_YELLOW, Card.COMPANY_YELLOW, opinion="The lift.")
    (third,) = cast(round, household, Card.COMPANY_YELLOW, opinion="Something else.")
    assert first == again == third


def test_unknown_serial_is_refused(round, company):
    with pytest.raises(services.CardRefused) as refused:
        services.cast_card(company_id=company.pk, serial="ab" * 32, at=DURING)
    assert refused.value.reason == "unknown"


@pytest.mark.parametrize("serial", ["", "1", "zz" * 32, "ab" * 33, "ab" * 31, "é" * 64])
def test_text_that_is_no_serial_is_refused(round, company, serial):
    with pytest.raises(ValueError):  # noqa: PT011
        services.cast_card(company_id=company.pk, serial=serial, at=DURING)


def test_other_company_cannot_cast_it(round, household, rival_company):
    with pytest.raises(services.CardRefused) as refused:
        services.cast_card(company_id=rival_company.pk, serial=serial_of(round, household, Card.COMPANY_BLUE), at=DURING)
    assert refused.value.reason == "unknown"


def test_card_is_early_before_it_is_delivered(community, committee, household):
    round = make_round(community, is_open=False)
    with pytest.raises(services.CardRefused) as refused:
        cast(round, household, Card.COMPANY_BLUE)
    assert refused.value.reason == "early"


def test_card_is_late_from_the_count_on(round, household):
    cast(round, household, Card.COMPANY_BLUE, at=round.closes_at - timedelta(microseconds=1))
    with pytest.raises(services.CardRefused) as refused:
        cast(round, household, Card.COMPANY_RED, at=round.closes_at)
    assert refused.value.reason == "late"


def test_receipt_is_repeated_after_the_close(round, household, scope):
    (first,) = cast(round, household, Card.COMPANY_BLUE)
    services.close_round(round=round, at=round.closes_at)
    (again,) = cast(round, household, Card.COMPANY_BLUE, at=round.closes_at + timedelta(days=1))
    assert first == again
    with pytest.raises(services.CardRefused, match="late"):
        cast(round, household, Card.COMPANY_RED, at=round.closes_at + timedelta(days=1))


def test_opinion_of_1001_letters_is_refused(round, household):
    with pytest.raises(services.OpinionTooLong):
        cast(round, household, Card.COMPANY_BLUE, opinion="嗯" * 1001)
    cast(round, household, Card.COMPANY_BLUE, opinion="嗯" * 1000)


def test_casting_records_no_event(round, household, scope):
    before = Event.objects.count()
    cast(round, household, Card.COMPANY_BLUE)
    assert Event.objects.count() == before


def test_absence_makes_uncast_cards_void(round, household, company):
    cast(round, household, Card.COMPANY_BLUE)
    serials = [serial_of(round, household, card) for card in Card]
    assert services.declare_absence(company_id=company.pk, serials=serials, at=DURING) == 5
    assert places(round, household) == {card: "cast" if card == Card.COMPANY_BLUE else "void" for card in Card}


def test_void_card_cannot_be_cast(round, household, company):
    serial = serial_of(round, household, Card.COMPANY_BLUE)
    services.declare_absence(company_id=company.pk, serials=[serial], at=DURING)
    with pytest.raises(services.CardRefused, match="void"):
        cast(round, household, Card.COMPANY_BLUE)


def test_absence_after_the_close_is_refused(round, household, company):
    with pytest.raises(services.CardRefused, match="late"):
        services.declare_absence(
            company_id=company.pk, serials=[serial_of(round, household, Card.COMPANY_BLUE)], at=round.closes_at
        )


def at_once(*works):
    """Run the works on real connections of their own, at the same moment; returns what each returned or raised."""
    start, found = threading.Barrier(len(works)), [None] * len(works)

    def run(index, work):
        try:
            start.wait()
            found[index] = work()
        except Exception as problem:
            found[index] = problem
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(index, work)) for index, work in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def outcome_of(company, serial, at):
    try:
        services.cast_card(company_id=company.pk, serial=serial, at=at)
    except services.CardRefused as refused:
        return refused.reason
    return "cast"


@pytest.mark.django_db(transaction=True)
def test_twenty_connections_cast_one_row_each(round, household, company, owner_sql):
    serials = [serial_of(round, household, card) for card in Card]

    def cast_all():
        return [services.cast_card(company_id=company.pk, serial=serial, at=DURING) for serial in serials]

    receipts = at_once(*[cast_all] * 20)
    assert all(found == receipts[0] for found in receipts)
    assert len({receipt.hash for receipt in receipts[0]}) == 6
    assert owner_sql(f"SELECT count(*) FROM box.round_{round.pk}") == [(6,)]


@pytest.mark.django_db(transaction=True)
def test_void_against_cast_first_wins(round, household, rival_owner, company):
    serials = [serial_of(round, household, card) for card in Card]

    def absent():
        return services.declare_absence(company_id=company.pk, serials=serials, at=DURING)

    def cast_all():
        return [outcome_of(company, serial, DURING) for serial in serials]

    void, outcomes = at_once(absent, cast_all)
    taken = outcomes.count("cast")
    assert set(outcomes) <= {"cast", "void"}
    assert void + taken == 6
    assert sorted(places(round, household).values()) == ["cast"] * taken + ["void"] * void


@pytest.mark.django_db(transaction=True)
def test_casts_racing_the_close_are_counted_or_refused(community, committee, company, owner_sql):
    households = [make_household(community) for _number in range(15)]
    round = make_round(community)
    serials = [serial_of(round, household, card) for household in households for card in Card]
    before = round.closes_at - timedelta(microseconds=1)

    def cast_some(mine):
        return [(serial, outcome_of(company, serial, before)) for serial in mine]

    def close():
        time.sleep(0.03)
        with company_scope(company.pk):
            services.close_round(round=round, at=round.closes_at)
        return []

    found = at_once(close, *[lambda mine=serials[index::9]: cast_some(mine) for index in range(9)])
    outcomes = dict(pair for pairs in found for pair in pairs)
    assert set(outcomes.values()) <= {"cast", "late"}
    accepted = {issuer.serial_hash(serial).hex() for serial, outcome in outcomes.items() if outcome == "cast"}
    with company_scope(company.pk), connection.cursor() as cursor:
        cursor.execute("SELECT encode(hash, 'hex') FROM cards_counted WHERE round_id = %s", [round.pk])
        counted = {digest for (digest,) in cursor.fetchall()}
    assert counted == accepted
    assert owner_sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'box' AND tablename = %s", f"round_{round.pk}") == [
        (0,)
    ]


def test_box_answers_only_for_the_hashes_asked(round, household, scope):
    cast(round, household, Card.COMPANY_BLUE)
    assert look_into_box(round, [b"\0" * 32]) == {}
