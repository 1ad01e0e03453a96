import hashlib
import hmac
from datetime import date, timedelta

import pytest
from cryptography.fernet import InvalidToken
from django.db import DatabaseError, IntegrityError, connection, transaction

from cards import issuer, services
from cards.models import RollEntry, Round, RoundKey, Tally
from cards.recount import Merkle
from cards.selectors import cards_in_hand, issued_lines, month_of_cards
from cards.workflow import Card
from propman.community.models import Household, OwnersCommittee
from propman.tenancy.models import Event
from propman.tenancy.scope import company_scope
from tests.factories import make_community, make_household
from tests.factories.cards import MONTH, make_round

pytestmark = pytest.mark.django_db


def lines_of(round):
    return [line for page in issued_lines(round) for line in page]


def test_household_gets_six_cards(round, scope):
    lines = lines_of(round)
    assert len(lines) == round.issued == 12
    assert sorted(line.decode().partition(",")[2] for line in lines) == sorted(2 * [card.text for card in Card])
    assert {tally.card: tally.issued for tally in Tally.objects.filter(round=round)} == dict.fromkeys(Card, 2)


def test_community_without_committee_gets_three(company, household, scope):
    round = make_round(household.community)
    assert not round.has_committee
    assert [held.card for held in cards_in_hand(round, household)] == [Card.COMPANY_BLUE, Card.COMPANY_YELLOW, Card.COMPANY_RED]
    assert len(lines_of(round)) == round.issued == 3


def test_committee_elected_after_the_issue_day_waits(company, community, household, scope):
    OwnersCommittee.objects.create(community=community, elected_on=date(2026, 1, 31))
    assert not make_round(community, date(2026, 2, 1)).has_committee
    assert make_round(community, date(2026, 3, 1)).has_committee


def test_serial_is_the_hmac_of_household_subject_and_colour(round, household, scope):
    key = issuer.decrypted(RoundKey.objects.get(round=round).issuing)
    held = cards_in_hand(round, household)[0]
    assert held.serial == hmac.new(key, f"{household.pk}|company|blue".encode(), "sha256").hexdigest()
    digest = hashlib.sha256(bytes.fromhex(held.serial)).hexdigest()
    assert f"{digest},company,blue".encode() in lines_of(round)


def test_root_is_that_of_the_published_list(round, scope):
    merkle = Merkle()
    merkle.add(lines_of(round))
    assert round.issued_root == merkle.root()
    assert Event.objects.get(name="round.issued").canonical.count(round.issued_root) == 1


def test_key_is_useless_without_the_environment(round, scope, settings):
    stored = bytes(RoundKey.objects.get(round=round).issuing)
    settings.CARDS_ISSUER_KEY = "another"
    with pytest.raises(InvalidToken):
        issuer.decrypted(stored)


def test_issuing_again_changes_nothing(round, company, scope):
    calendar = month_of_cards(company, MONTH)
    again = services.issue_round(community=round.community, month=calendar, at=calendar.issued_at)
    assert again.pk == round.pk
    assert Round.objects.count() == 1
    assert RollEntry.objects.count() == 2


def test_roll_is_that_of_the_issue_day(company, community, household, scope):
    calendar = month_of_cards(company, MONTH)
    late = make_household(community, started_on=calendar.issued_on + timedelta(days=1))
    gone = make_household(community)
    Household.objects.filter(pk=gone.pk).update(ended_on=calendar.issued_on)
    round = services.issue_round(community=community, month=calendar, at=calendar.delivered_at + timedelta(days=3))
    assert list(RollEntry.objects.values_list("household", flat=True)) == [household.pk]
    assert cards_in_hand(round, late) == []


def test_issue_before_its_day_is_refused(company, household, scope):
    calendar = month_of_cards(company, MONTH)
    with pytest.raises(services.NotIssuable, match="2026-01-30"):
        services.issue_round(community=household.community, month=calendar, at=calendar.issued_at - timedelta(seconds=1))


def test_issue_after_the_count_is_refused(company, household, scope):
    calendar = month_of_cards(company, MONTH)
    with pytest.raises(services.NotIssuable, match="over"):
        services.issue_round(community=household.community, month=calendar, at=calendar.counted_at)


def test_empty_community_gets_no_round(company, scope):
    calendar = month_of_cards(company, MONTH)
    with pytest.raises(services.NotIssuable, match="no households"):
        services.issue_round(community=make_community(company, "empty"), month=calendar, at=calendar.issued_at)
    assert not Round.objects.exists()


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO cards_issued SELECT company_id, round_id, sha256(hash), card FROM cards_issued",
        "UPDATE cards_issued SET card = 1",
        "DELETE FROM cards_issued",
        "INSERT INTO cards_rollentry (company_id, round_id, household_id) "
        "SELECT company_id, (SELECT max(id) FROM cards_round), id FROM community_household",
        "INSERT INTO cards_rollentry (company_id, round_id, household_id) SELECT company_id, 0, id FROM community_household",
        "UPDATE cards_rollentry SET household_id = 1",
        "DELETE FROM cards_rollentry",
        "UPDATE cards_round SET issued_root = 'another'",
        "UPDATE cards_round SET households = 1",
        "UPDATE cards_round SET state = 'published'",
        "UPDATE cards_round SET name = 'another'",
        "DELETE FROM cards_round",
        "INSERT INTO cards_counted SELECT company_id, round_id, hash, card, false, NULL FROM cards_issued",
        "SELECT * FROM box.round_1",
    ],
)
def test_issued_list_cannot_be_altered(round, community, sql, scope):
    make_household(community)  # not on the roll
    with pytest.raises((DatabaseError, IntegrityError)), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def test_rival_company_sees_nothing(round, rival_company):
    with company_scope(rival_company.pk), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM cards_issued")
        assert cursor.fetchone() == (0,)
        assert not Round.objects.exists()
        cursor.execute("SELECT * FROM cards_box_look(%s, ARRAY[]::bytea[])", [round.pk])
        assert cursor.fetchall() == []
        with pytest.raises(DatabaseError), transaction.atomic():
            cursor.execute("SELECT cards_close_box(%s)", [round.pk])


def test_many_cards_are_listed_in_the_order_of_their_hashes(community, committee, scope, monkeypatch):
    for _number in range(40):
        make_household(community)
    monkeypatch.setattr("cards.services.rounds.IN_MEMORY", 10)
    monkeypatch.setattr("cards.services.rounds.HOUSEHOLDS_AT_ONCE", 7)
    round = make_round(community)
    lines = lines_of(round)
    assert len(lines) == 240
    assert RollEntry.objects.filter(round=round).count() == round.households == 40
    for entry in RollEntry.objects.filter(round=round).select_related("household"):
        cards = cards_in_hand(round, entry.household)
        assert {f"{issuer.serial_hash(held.serial).hex()},{held.card.text}".encode() for held in cards} <= set(lines)
    assert lines == sorted(lines)
    merkle = Merkle()
    merkle.add(lines)
    assert round.issued_root == merkle.root()
