"""An attack: join households to cards by order, xmin, ctid, time, logs, notices, API and exports, as each role.

The attacker has everything that the application stores and shows but the key of the environment. He succeeds when what he
finds tells more about who cast what than guessing does.
"""

import json
import logging
import re
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from cards import box, issuer, jobs, services
from cards.bulletin import write_bulletin
from cards.models import RollEntry, RoundKey
from cards.workflow import Card
from propman.accounts.roles import Role
from propman.tenancy.scope import company_scope
from tests.conftest import owner_connection
from tests.factories import make_household, make_member, make_resident
from tests.factories.cards import count_round, make_round, serial_of

pytestmark = pytest.mark.django_db(transaction=True)
HOUSEHOLDS = 20


@pytest.fixture
def voters(community, committee):
    households = [make_household(community) for _number in range(HOUSEHOLDS)]
    return [(household, make_resident(household, name=f"Voter {number}")) for number, household in enumerate(households)]


@pytest.fixture
def truth(voters, community, client, caplog):
    """Every household casts one card over HTTP in the order of the roll: who cast which hash, known to the test alone."""
    round = make_round(community)
    clock = SimpleNamespace(at=round.closes_at - timedelta(days=2))
    old, box.timezone = box.timezone, SimpleNamespace(now=lambda: clock.at, override=box.timezone.override)
    cast = {}
    try:
        with caplog.at_level(logging.DEBUG):
            for number, (household, _user) in enumerate(voters):
                serial = serial_of(round, household, list(Card)[number % 3])
                clock.at += timedelta(minutes=1)
                response = client.post("/lanting/box/", {"serial": serial}, headers={"accept": "application/json"})
                cast[household.pk] = response.json()["receipt"]["hash"]
    finally:
        box.timezone = old
    return round, cast


def every_row(tables_like="public"):
    """Everything stored, read as the owner of the tables: (table, xmin, ctid, row as text)."""
    owner = owner_connection()
    found = []
    with owner, owner.cursor() as cursor:
        cursor.execute(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        )
        for schema, table in cursor.fetchall():
            cursor.execute(f'SELECT xmin::text, ctid::text, t::text FROM "{schema}"."{table}" AS t ORDER BY ctid')
            found += [(f"{schema}.{table}", *row) for row in cursor.fetchall()]
    owner.close()
    return found


def ranks(values):
    order = sorted(values)
    return [order.index(value) for value in values]


def follows(one, two):
    """How far two orders of the same things agree: near 1 for the same order, near 0 for none (Spearman)."""
    n = len(one)
    return 1 - 6 * sum((a - b) ** 2 for a, b in zip(ranks(one), ranks(two), strict=True)) / (n * (n * n - 1))


def test_box_holds_hashes_and_nothing_beside(truth, owner_sql):
    round, _cast = truth
    columns = owner_sql(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = 'box' AND table_name = %s", f"round_{round.pk}"
    )
    assert {name for (name,) in columns} == {"hash", "void", "opinion"}
    for table in ("cards_issued", "cards_counted"):
        columns = owner_sql("SELECT column_name FROM information_schema.columns WHERE table_name = %s", table)
        assert {name for (name,) in columns} <= {"company_id", "round_id", "hash", "card", "void", "opinion"}


def test_issued_list_does_not_follow_the_roll(truth, owner_sql):
    """By ctid and by xmin: a list written household after household would be joined to the roll at once."""
    round, _cast = truth
    with company_scope(round.company_id):
        key = issuer.decrypted(RoundKey.objects.get(round=round).issuing)
        roll = list(RollEntry.objects.filter(round=round).order_by("pk").values_list("household_id", flat=True))
    rows = owner_sql("SELECT encode(hash, 'hex'), ctid, xmin FROM cards_issued WHERE round_id = %s ORDER BY ctid", round.pk)
    assert len({xmin for _hash, _ctid, xmin in rows}) == 1
    place = {digest: number for number, (digest, _ctid, _xmin) in enumerate(rows)}
    assert list(place) == sorted(place)
    mine = [place[issuer.serial_hash(issuer.serial(key, household, Card.COMPANY_BLUE)).hex()] for household in roll]
    assert abs(follows(mine, list(range(len(mine))))) < 0.7


def test_counted_list_does_not_follow_the_casting(truth, owner_sql):
    round, cast = truth
    with company_scope(round.company_id):
        services.close_round(round=round, at=round.closes_at)
    rows = owner_sql("SELECT encode(hash, 'hex'), xmin FROM cards_counted WHERE round_id = %s ORDER BY ctid", round.pk)
    assert [digest for digest, _xmin in rows] == sorted(cast.values())
    assert len({xmin for _digest, xmin in rows}) == 1
    order = [digest for digest, _xmin in rows]
    assert abs(follows([order.index(digest) for digest in cast.values()], list(range(len(cast))))) < 0.7
    assert owner_sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'box' AND tablename = %s", f"round_{round.pk}") == [
        (0,)
    ]


def test_no_stored_row_names_household_and_card_together(truth, voters):
    """In every table: no row holds a hash or serial beside anything of a household or a person."""
    round, cast = truth
    serials = {serial_of(round, household, card) for household, _user in voters for card in Card}
    with company_scope(round.company_id):
        services.close_round(round=round, at=round.closes_at)
    hashes = set(cast.values())
    for table, _xmin, _ctid, row in every_row():
        held = {digest for digest in hashes if digest in row or f"\\\\x{digest}" in row}
        assert not serials & set(re.findall(r"[0-9a-f]{64}", row)), table
        if held:
            assert table in ("public.cards_issued", "public.cards_counted")


def test_no_row_was_written_beside_a_cast(community, committee, client_of, monkeypatch):
    """Time and xmin: whatever else a request of a signed-in owner would write or touch could be joined to the card."""
    household = make_household(community)
    client = client_of(make_resident(household))
    round = make_round(community)
    serial = serial_of(round, household, Card.COMPANY_RED)
    moment = SimpleNamespace(now=lambda: round.closes_at - timedelta(days=1), override=box.timezone.override)
    monkeypatch.setattr(box, "timezone", moment)
    before = {(table, ctid, row) for table, _xmin, ctid, row in every_row()}
    assert client.post("/lanting/box/", {"serial": serial}, headers={"accept": "application/json"}).status_code == 200
    new = {(table, ctid, row) for table, _xmin, ctid, row in every_row()} - before
    assert [table for table, _ctid, _row in new] == [f"box.round_{round.pk}"]


def test_logs_of_casting_hold_neither_serial_nor_hash(truth, caplog):
    _round, cast = truth
    for digest in cast.values():
        assert digest not in caplog.text
    assert not re.findall(r"\b[0-9a-f]{64}\b", caplog.text)


def test_application_cannot_look_into_the_live_box(truth):
    round, _cast = truth
    for sql in (
        f"SELECT * FROM box.round_{round.pk}",
        f"SELECT count(*) FROM box.round_{round.pk}",
        f"COPY box.round_{round.pk} TO STDOUT",
        f"LOCK TABLE box.round_{round.pk}",
        "CREATE TABLE box.mine (hash bytea)",
    ):
        with company_scope(round.company_id), pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)


def test_officials_role_reads_neither_box_nor_lists(truth):
    from propman.tenancy.scope import oversight_scope

    round, _cast = truth
    for sql in (
        f"SELECT * FROM box.round_{round.pk}",
        "SELECT * FROM cards_issued",
        "SELECT * FROM cards_counted",
        "SELECT * FROM cards_roundkey",
        "SELECT * FROM cards_rollentry",
        "SELECT * FROM cards_box_look(1, ARRAY[]::bytea[])",
    ):
        with (
            pytest.raises(DatabaseError),
            transaction.atomic(),
            oversight_scope([round.company_id]),
            connection.cursor() as cursor,
        ):
            cursor.execute(sql)


PAGES = [
    "/lanting/",
    "/lanting/cards/",
    "/lanting/api/v1/cards/",
    "/lanting/api/v1/rounds/",
    "/lanting/api/v1/bulletins/",
    "/lanting/public/willow-garden/cards/",
    "/lanting/public/willow-garden/cards/2026-02/",
    "/lanting/public/willow-garden/cards/2026-02/cast.csv",
    "/lanting/public/willow-garden/cards/2026-02/bulletin.json",
    "/oversight/",
    "/oversight/?month=2026-03",
]


def shown_to(client, round):
    text = ""
    for path in [*PAGES, f"/oversight/cards/lanting/{round.pk}/", f"/oversight/cards/lanting/{round.pk}/stage/"]:
        response = client.get(path)
        text += b"".join(response.streaming_content).decode() if response.streaming else response.content.decode()
    return text


RESIDENTS = {Role.OWNER: "owner", Role.TENANT: "tenant", Role.FAMILY_MEMBER: "family_member"}


def somebody(role, company, community):
    """Somebody of the company who holds the role, of a household of his own if he is a resident."""
    if role in RESIDENTS:
        return make_resident(make_household(community), RESIDENTS[role])
    return make_member(company, role)


@pytest.mark.parametrize("role", Role)
def test_no_role_is_shown_what_a_household_cast(truth, voters, company, community, role, client_of):
    """Before the count no page or answer names a hash or a serial of others; after it the published hashes, still no serial."""
    round, cast = truth
    serials = {serial_of(round, household, card) for household, _user in voters for card in Card}
    client = client_of(somebody(role, company, community))
    found = set(re.findall(r"[0-9a-f]{64}", shown_to(client, round)))
    assert not found & set(cast.values())
    assert not found & serials
    dealer, witness = (make_member(company, official) for official in (Role.ASSOCIATION_OFFICIAL, Role.GOVERNMENT_OFFICIAL))
    count_round(round, dealer, witness)
    jobs.archive_bulletins(round.closes_at)
    found = set(re.findall(r"[0-9a-f]{64}", shown_to(client, round)))
    assert set(cast.values()) <= found  # the published list: the attack looks where it should
    assert not found & serials


@pytest.mark.parametrize("outsider", ["rival_manager", "rival_administrator"])
def test_other_company_is_shown_nothing(truth, voters, outsider, rival_company, client_of):
    round, cast = truth
    role = Role.GENERAL_MANAGER if outsider == "rival_manager" else Role.COMPANY_ADMINISTRATOR
    serials = {serial_of(round, household, card) for household, _user in voters for card in Card}
    found = set(re.findall(r"[0-9a-f]{64}", shown_to(client_of(make_member(rival_company, role)), round)))
    assert not found & (serials | set(cast.values()))


def test_published_files_name_no_household(truth, voters, official, government_official, tmp_path):
    round, _cast = truth
    published = count_round(round, official, government_official)
    with company_scope(round.company_id):
        write_bulletin(published, tmp_path)
    whole = "".join(file.read_text() for file in tmp_path.iterdir() if file.name not in ("recount.py", "README.txt"))
    for household, user in voters:
        assert household.room.label not in whole
        assert user.name not in whole
    assert "household_id" not in whole
    assert set(json.loads((tmp_path / "bulletin.json").read_text())) >= {"root", "signatures", "tally"}


def test_notices_are_the_same_for_all(truth, voters):
    round, _cast = truth
    with company_scope(round.company_id):
        services.remind_households(round=round, at=round.closes_at)
    rows = [row for table, _xmin, _ctid, row in every_row() if table == "public.notify_notice" and "cards." in row]
    assert len(rows) == 2 * HOUSEHOLDS
    assert len({re.sub(r"\(\d+,|,\d+,", ",", row.partition("{")[2].partition("}")[0]) for row in rows}) == 1


def test_backup_of_rows_without_the_key_gives_no_serial(truth):
    """The stored key is a token of the environment's key; without it no serial can be made again."""
    round, _cast = truth
    with company_scope(round.company_id):
        key = RoundKey.objects.get(round=round)
        raw = issuer.decrypted(key.issuing)
    for _table, _xmin, _ctid, row in every_row():
        assert raw.hex() not in row
    call_command("check", verbosity=0)
