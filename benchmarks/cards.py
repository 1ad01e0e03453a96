"""Cards: issue to a million households, cast over HTTP, tally, recount. BENCH_HOUSEHOLDS makes it smaller."""

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlencode

from django.db import connection
from django.utils import timezone

from benchmarks.measure import Figure, median_ms, seconds
from benchmarks.scratch import analyze, owner_cursor
from benchmarks.serving import CONNECTIONS, posts, rate_of
from cards import issuer, services
from cards.bulletin import write_bulletin
from cards.calendar import next_month
from cards.models import Round, RoundKey
from cards.selectors import month_of_cards, tally_cards
from propman.accounts.roles import Role
from propman.community.models import Community
from propman.tenancy.scope import company_scope
from tests.factories import make_community, make_company, make_member
from tests.factories.cards import make_committee

HOUSEHOLDS = int(os.environ.get("BENCH_HOUSEHOLDS", "1000000"))
VOTERS = 2_000  # households that cast over HTTP

LAY_OUT = """
    INSERT INTO community_household (company_id, community_id, room_id, started_on)
    SELECT %s, %s, n, '2020-01-01' FROM generate_series(%s, %s) AS n
"""


def big_community(address: str, households: int, first_room: int) -> Community:
    company = make_company(address)
    community = make_community(company, "tower")
    make_committee(community)
    with owner_cursor() as cursor:
        cursor.execute(LAY_OUT, [company.pk, community.pk, first_room, first_room + households - 1])
    analyze()
    return community


def issue(community: Community) -> Round:
    """The next month's round, issued on its day and opened."""
    with company_scope(community.company_id):
        month = month_of_cards(community.company, next_month(timezone.localdate()))
        round = services.issue_round(community=community, month=month, at=month.issued_at)
        return services.open_round(round=round, at=month.delivered_at)


def issuing(community: Community) -> tuple[Figure, Figure, Round]:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    rounds: list[Round] = []
    value = seconds(lambda: rounds.append(issue(community)))
    memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    round = rounds[0]
    with tempfile.TemporaryFile() as rows, owner_cursor() as cursor:
        cursor.copy_expert("COPY cards_issued TO STDOUT (FORMAT binary)", rows)
        rows.seek(0)
        cursor.execute("CREATE TABLE bench_issued (LIKE cards_issued INCLUDING ALL)")
        floor = seconds(lambda: cursor.copy_expert("COPY bench_issued FROM STDIN (FORMAT binary)", rows))
        cursor.execute("DROP TABLE bench_issued")
    cards = f"{round.issued:,} cards of {round.households:,} households"
    return (
        Figure(f"issue {cards}", value, "s", floor, "4 x COPY or less", value <= 4 * floor, "roll, keys, list, root"),
        Figure(f"issue {cards}: memory added", memory, "MB", None, "bounded: 200 MB or less", memory <= 200),
        round,
    )


def tallying(round: Round) -> Figure:
    """Cast three in five of the cards, close, and count."""
    with owner_cursor() as cursor:
        cursor.execute(
            f"INSERT INTO box.round_{round.pk} SELECT hash, get_byte(hash, 5) < 8, NULL FROM cards_issued "
            "WHERE round_id = %s AND get_byte(hash, 4) < 160",
            [round.pk],
        )
    with company_scope(round.company_id):
        closing = seconds(lambda: services.close_round(round=round, at=round.closes_at))
    analyze()
    with company_scope(round.company_id), connection.cursor() as cursor:
        value = median_ms(lambda: tally_cards(round), times=3) / 1000
        floor = (
            median_ms(
                lambda: cursor.execute(
                    "SELECT count(*) FROM cards_counted WHERE company_id = %s AND round_id = %s", [round.company_id, round.pk]
                ),
                times=3,
            )
            / 1000
        )
        cards = sum(cast + void for cast, void in tally_cards(round).values())
    name = f"tally of {cards:,} cards"
    return Figure(name, value, "s", floor, "3 x count(*) or less", value <= 3 * floor, f"closing took {closing:.1f} s")


def recounting(round: Round) -> tuple[Figure, Figure]:
    """Deal, sign, export, and run the published script in a process of its own."""
    dealer = make_member(round.company, Role.ASSOCIATION_OFFICIAL)
    witness = make_member(round.company, Role.GOVERNMENT_OFFICIAL)
    with tempfile.TemporaryDirectory() as folder:
        with company_scope(round.company_id):
            count = services.open_count(round=round, by=dealer, at=round.closes_at)
            services.join_count(round=round, by=witness, at=round.closes_at)
            while not count.finished_at:
                count = services.deal_cards(round=round, by=dealer, after=count.dealt, number=None, at=round.closes_at)
            for official in (dealer, witness):
                services.sign_count(round=round, by=official, at=round.closes_at)
            write_bulletin(Round.objects.get(pk=round.pk), Path(folder))
        measured = (
            "import runpy, sys, time; begin = time.perf_counter(); sys.argv = [sys.argv[1]]\n"
            "try:\n    runpy.run_path(sys.argv[0], run_name='__main__')\n"
            "except SystemExit as ended:\n    assert ended.code == 0, ended.code\n"
            # not ru_maxrss: a child inherits that of the process it was forked from
            "peak = next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM'))\n"
            "print(time.perf_counter() - begin, int(peak) / 1024)"
        )
        done = subprocess.run(
            [sys.executable, "-c", measured, f"{folder}/recount.py"], capture_output=True, text=True, check=True
        )
    took, memory = map(float, done.stdout.splitlines()[-1].split())
    name = f"recount.py over {round.issued:,} cards"
    return (
        Figure(name, took, "s", None, "30 s or less", took <= 30),
        Figure(f"{name}: memory", memory, "MB", None, "under 100 MB", memory < 100),
    )


def casting() -> Figure:
    """Cards cast over HTTP, beside a bare view with one INSERT served by the same server."""
    round = issue(big_community("voters", VOTERS, 10_000_000))
    with company_scope(round.company_id):
        key = issuer.decrypted(RoundKey.objects.get(round=round).issuing)
        households = list(round.roll.values_list("household_id", flat=True))
    bodies = [urlencode({"serial": issuer.serial(key, household, card)}) for household in households for card in round.cards]
    with owner_cursor() as cursor:
        cursor.execute("CREATE TABLE bench_bare (hash bytea PRIMARY KEY); GRANT INSERT ON bench_bare TO propman_app")
    half = len(bodies) // 2
    rates: dict[str, list[float]] = {"propman.wsgi": [], "benchmarks.bare": []}
    for part in (bodies[:half], bodies[half:]):
        rates["propman.wsgi"].append(rate_of("propman.wsgi", posts("/voters/box/", part)))
        rates["benchmarks.bare"].append(rate_of("benchmarks.bare", posts("/", part)))
    with owner_cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM box.round_{round.pk}")
        counted = cursor.fetchone()[0]
        cursor.execute("DROP TABLE bench_bare")
    value, floor = max(rates["propman.wsgi"]), max(rates["benchmarks.bare"])
    return Figure(
        f"cast over HTTP, {CONNECTIONS} connections",
        value,
        "/s",
        floor,
        "0.5 or more of a bare view with one INSERT",
        value >= 0.5 * floor and counted == len(bodies),
    )


def run() -> list[Figure]:
    cast = casting()
    issued, memory, round = issuing(big_community("million", HOUSEHOLDS, 1))
    tally = tallying(round)
    return [issued, memory, cast, tally, *recounting(round)]
