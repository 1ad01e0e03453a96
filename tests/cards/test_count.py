import time
from datetime import timedelta

import pytest
from allauth.core.context import request_context
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db import DatabaseError, connection, transaction

from cards import services
from cards.bulletin import statement, written
from cards.models import Count, CountSignature, Round, Tally
from cards.workflow import Card, MoveNotAllowed, State
from propman.accounts.roles import Role
from propman.tenancy.models import Event
from tests.factories import make_member
from tests.factories.cards import DURING, cast, count_round, serial_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def closed(round, household, company, scope):
    """Three cards cast (one with words), one void."""
    cast(round, household, Card.COMPANY_BLUE, Card.COMMITTEE_RED)
    cast(round, household, Card.COMPANY_YELLOW, opinion="The lift stops.")
    services.declare_absence(company_id=company.pk, serials=[serial_of(round, household, Card.COMMITTEE_BLUE)], at=DURING)
    return services.close_round(round=round, at=round.closes_at)


@pytest.fixture
def count(closed, official, government_official):
    """Opened by the Association's official, witnessed by the government's."""
    services.open_count(round=closed, by=official, hall=12, at=closed.closes_at)
    return services.join_count(round=closed, by=government_official, at=closed.closes_at)


def deal(count, number=1):
    return services.deal_cards(round=count.round, by=count.dealer, after=count.dealt, number=number, at=DURING)


def test_close_before_its_time_is_refused(round, scope):
    with pytest.raises(services.NotClosable):
        services.close_round(round=round, at=round.closes_at - timedelta(seconds=1))


def test_close_happens_once(closed):
    with pytest.raises(MoveNotAllowed):
        services.close_round(round=closed, at=closed.closes_at)


def test_close_copies_in_the_order_of_the_hashes(closed):
    with connection.cursor() as cursor:
        cursor.execute("SELECT encode(hash, 'hex'), xmin FROM cards_counted ORDER BY ctid")
        rows = cursor.fetchall()
    assert [digest for digest, _xmin in rows] == sorted(digest for digest, _xmin in rows)
    assert len(rows) == 4
    assert len({xmin for _digest, xmin in rows}) == 1


@pytest.mark.parametrize("sql", ["UPDATE cards_counted SET card = 1", "DELETE FROM cards_counted"])
def test_counted_list_cannot_be_altered(closed, owner_sql, sql):
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def test_count_before_the_close_is_refused(round, official, scope):
    with pytest.raises(MoveNotAllowed):
        services.open_count(round=round, by=official, at=round.closes_at)


def test_manager_cannot_open_the_count(closed, manager):
    with pytest.raises(services.NotAtTheCount):
        services.open_count(round=closed, by=manager, at=closed.closes_at)


def test_two_officials_of_one_kind_do_not_do(closed, company, official):
    services.open_count(round=closed, by=official, at=closed.closes_at)
    colleague = make_member(company, Role.ASSOCIATION_OFFICIAL)
    with pytest.raises(services.SecondPersonNeeded):
        services.join_count(round=closed, by=colleague, at=closed.closes_at)


def test_cards_are_dealt_one_by_one(count):
    dealt = [count.last_card]
    while not count.finished_at:
        count = deal(count)
        dealt.append(count.last_card)
    assert sorted(dealt[1:3]) == [Card.COMPANY_BLUE, Card.COMPANY_YELLOW]
    assert dealt[3:] == [Card.COMMITTEE_RED]
    figures = {tally.card: (tally.dealt, tally.void) for tally in Tally.objects.exclude(dealt=0, void=0)}
    assert figures == {
        Card.COMPANY_BLUE: (1, 0),
        Card.COMPANY_YELLOW: (1, 0),
        Card.COMMITTEE_BLUE: (0, 1),
        Card.COMMITTEE_RED: (1, 0),
    }
    assert Round.objects.get().state == State.COUNTED


def test_press_that_arrives_twice_deals_once(count):
    for _press in range(3):
        again = services.deal_cards(round=count.round, by=count.dealer, after=0, at=DURING)
    assert again.dealt == 1


def test_paused_count_deals_nothing(count, government_official):
    services.pause_count(round=count.round, by=government_official, is_paused=True)
    assert deal(count).dealt == 0
    services.pause_count(round=count.round, by=government_official, is_paused=False)
    assert deal(count).dealt == 1


def test_stranger_to_the_count_cannot_deal(count, company):
    stranger = make_member(company, Role.GOVERNMENT_OFFICIAL)
    with pytest.raises(services.NotAtTheCount):
        services.deal_cards(round=count.round, by=stranger, after=0, at=DURING)


def test_sign_before_the_last_card_is_refused(count, official):
    deal(count)
    with pytest.raises(MoveNotAllowed):
        services.sign_count(round=count.round, by=official, at=DURING)


def test_sign_without_witness_is_refused(closed, official):
    count = services.open_count(round=closed, by=official, at=closed.closes_at)
    while not count.finished_at:
        count = deal(count)
    with pytest.raises(services.SecondPersonNeeded):
        services.sign_count(round=closed, by=official, at=DURING)


def test_second_signature_publishes(closed, round, official, government_official):
    round = count_round_from(closed, official, government_official)
    assert round.state == State.PUBLISHED
    assert Event.objects.filter(name="round.published").count() == 1
    for signed in CountSignature.objects.all():
        text = statement(round, role=signed.role, name=signed.name, at=written(signed))
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(round.public_key)).verify(
            bytes.fromhex(signed.signature), text.encode()
        )


def count_round_from(closed, dealer, witness):
    count = services.open_count(round=closed, by=dealer, at=closed.closes_at)
    services.join_count(round=closed, by=witness, at=closed.closes_at)
    while not count.finished_at:
        count = deal(count, number=None)
    for user in (dealer, dealer, witness):
        services.sign_count(round=closed, by=user, at=closed.closes_at)
    return Round.objects.get(pk=closed.pk)


def test_signing_asks_for_the_second_factor_again(count, official, government_official, rf):
    secret = generate_totp_secret()
    TOTP.activate(official, secret)
    while not count.finished_at:
        count = deal(count)
    code = format_hotp_value(hotp_value(secret, int(time.time()) // 30))
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    with request_context(rf.post("/")):  # the limit of tries is the request's
        with pytest.raises(services.CodeRefused):
            services.sign_count_with_code(round=count.round, by=official, code=wrong, at=DURING)
        assert not CountSignature.objects.exists()
        services.sign_count_with_code(round=count.round, by=official, code=code, at=DURING)
        assert CountSignature.objects.get().user == official
        with pytest.raises(services.CodeRefused):  # without a second factor nobody signs
            services.sign_count_with_code(round=count.round, by=government_official, code=code, at=DURING)


def test_round_without_a_cast_card_is_counted(round, official, government_official):
    assert count_round(round, official, government_official).state == State.PUBLISHED


def test_count_lives_in_the_database(count):
    deal(count)
    found = Count.objects.get(round=count.round)
    assert (found.dealt, found.hall, found.subject) == (1, 12, "company")


@pytest.mark.parametrize("column", ["root", "cast_root", "opinions"])
def test_roots_are_written_once(closed, official, government_official, column):
    round = count_round_from(closed, official, government_official)
    setattr(round, column, 99)
    with pytest.raises(DatabaseError), transaction.atomic():
        round.save(update_fields=[column])


def test_tally_of_a_counted_round_is_final(closed, official, government_official):
    round = count_round_from(closed, official, government_official)
    with pytest.raises(DatabaseError), transaction.atomic():
        Tally.objects.filter(round=round).update(dealt=0)


def test_round_cannot_begin_published(round, scope):
    copy = Round(community=round.community, month=round.month.replace(year=2027), name="x", place="x", has_committee=False)
    copy.state, copy.closes_at, copy.public_key = State.PUBLISHED, round.closes_at, round.public_key
    with pytest.raises(DatabaseError), transaction.atomic():
        copy.save()
