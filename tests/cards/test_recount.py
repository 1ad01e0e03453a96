"""The published bulletin, as it is and altered in each way, through the script itself."""

import json
import shutil
import subprocess
import sys
from datetime import date, timedelta

import pytest

from cards import recount, services
from cards.bulletin import write_bulletin
from cards.workflow import Card
from propman.tenancy.scope import company_scope
from tests.factories import make_household
from tests.factories.cards import cast, count_round, make_round, serial_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def voters(community, committee):
    return [make_household(community) for _number in range(8)]


def hold_month(community, voters, month, officials):
    """Half of the cards are cast, two with words; the last household is absent."""
    round = make_round(community, month)
    for number, household in enumerate(voters[:-1]):
        cast(round, household, *list(Card)[number % 3 :: 2], opinion="电梯又停了。" if number < 2 else "")
    serials = [serial_of(round, voters[-1], card) for card in Card]
    services.declare_absence(company_id=round.company_id, serials=serials, at=round.closes_at.replace(hour=0))
    return count_round(round, *officials)


@pytest.fixture
def month(community, voters, official, government_official):
    return hold_month(community, voters, date(2026, 2, 1), (official, government_official))


@pytest.fixture
def folder(month, tmp_path):
    with company_scope(month.company_id):
        write_bulletin(month, tmp_path / "bulletin")
    return tmp_path / "bulletin"


def run(folder, *arguments):
    done = subprocess.run([sys.executable, "-I", str(folder / "recount.py"), *arguments], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def test_true_bulletin_agrees(folder, month):
    code, said = run(folder)
    assert code == 0, said
    assert said.endswith(f"AGREES: {month.name}\n")


def test_script_needs_only_the_standard_library(folder):
    assert "django" not in (folder / "recount.py").read_text()
    assert run(folder)[0] == 0  # -I: isolated from everything installed here


def lines(file):
    return file.read_text().splitlines()


def flip(folder):
    cast = lines(folder / "cast.csv")
    cast[3] = cast[3].replace("blue", "red") if "blue" in cast[3] else cast[3].replace("red", "blue").replace("yellow", "blue")
    (folder / "cast.csv").write_text("\n".join(cast) + "\n")


def drop(folder):
    (folder / "cast.csv").write_text("\n".join(lines(folder / "cast.csv")[1:]) + "\n")


def double(folder):
    cast = lines(folder / "cast.csv")
    (folder / "cast.csv").write_text("\n".join([cast[0], *cast]) + "\n")


def double_elsewhere(folder):
    cast = lines(folder / "cast.csv")
    (folder / "cast.csv").write_text("\n".join([*cast, cast[0]]) + "\n")


def foreign(folder):
    cast = [*lines(folder / "cast.csv"), "ab" * 32 + ",company,blue"]
    (folder / "cast.csv").write_text("\n".join(sorted(cast)) + "\n")


def foreign_last(folder):
    (folder / "cast.csv").write_text("\n".join([*lines(folder / "cast.csv"), "ff" * 32 + ",company,blue"]) + "\n")


def truncate(folder):
    whole = (folder / "cast.csv").read_bytes()
    (folder / "cast.csv").write_bytes(whole[: len(whole) // 2])


def truncate_issued(folder):
    (folder / "issued.csv").write_text("\n".join(lines(folder / "issued.csv")[:-1]) + "\n")


def void_to_cast(folder):
    void, cast = lines(folder / "void.csv"), lines(folder / "cast.csv")
    (folder / "cast.csv").write_text("\n".join(sorted([*cast, void[0]])) + "\n")


def unvoid(folder):
    (folder / "void.csv").write_text("")


def other_root(folder):
    bulletin = json.loads((folder / "bulletin.json").read_text())
    bulletin["root"] = "0" * 64
    (folder / "bulletin.json").write_text(json.dumps(bulletin))


def other_tally(folder):
    bulletin = json.loads((folder / "bulletin.json").read_text())
    bulletin["tally"]["company,blue"]["cast"] += 1
    (folder / "bulletin.json").write_text(json.dumps(bulletin))


def other_households(folder):
    bulletin = json.loads((folder / "bulletin.json").read_text())
    bulletin["households"] += 1
    (folder / "bulletin.json").write_text(json.dumps(bulletin))


def other_month_named(folder):
    """Everything recomputed by the forger but the signatures."""
    bulletin = json.loads((folder / "bulletin.json").read_text())
    bulletin["month"] = "2026-03"
    bulletin["root"] = recount.summary_root(bulletin)
    (folder / "bulletin.json").write_text(json.dumps(bulletin))


def unsigned(folder):
    bulletin = json.loads((folder / "bulletin.json").read_text())
    bulletin["signatures"] = []
    (folder / "bulletin.json").write_text(json.dumps(bulletin))


def other_signer(folder):
    bulletin = json.loads((folder / "bulletin.json").read_text())
    bulletin["signatures"][0]["name"] = "Somebody else"
    (folder / "bulletin.json").write_text(json.dumps(bulletin))


def other_words(folder):
    file = folder / "opinions.jsonl"
    file.write_text(file.read_text().replace("电梯", "花园", 1))


def words_dropped(folder):
    (folder / "opinions.jsonl").write_text("")


def missing_list(folder):
    (folder / "void.csv").unlink()


def no_such_card(folder):
    for name in ("issued.csv", "cast.csv", "void.csv"):
        file = folder / name
        file.write_text(file.read_text().replace("company,blue", "company,green"))


@pytest.mark.parametrize(
    ("alter", "named"),
    [
        (flip, "cast.csv: card"),
        (drop, "bulletin.json: tally of"),
        (double, "stands there twice"),
        (double_elsewhere, "not in the order"),
        (foreign, "was never issued"),
        (foreign_last, "was never issued"),
        (truncate, "cast.csv: truncated"),
        (truncate_issued, "was never issued"),
        (void_to_cast, "was cast too"),
        (unvoid, "void"),
        (other_root, "bulletin.json: the root is"),
        (other_tally, "tally of company,blue, cast"),
        (other_households, "cards for 9 households"),
        (other_month_named, "signature of"),
        (unsigned, "nobody has signed"),
        (other_signer, "signature of Somebody else"),
        (other_words, "opinions.jsonl: opinions_root"),
        (words_dropped, "opinions.jsonl: opinions is 0"),
        (missing_list, "void.csv: cannot be read"),
        (no_such_card, "no such card"),
    ],
)
def test_altered_bulletin_is_named(folder, alter, named):
    if alter is truncate_issued:
        last = lines(folder / "issued.csv")[-1]
        used = last in lines(folder / "cast.csv") + lines(folder / "void.csv")
        named = "issued.csv: issued_root is" if used else "issued.csv: 47 cards for 8 households"
    alter(folder)
    code, said = run(folder)
    assert code == 1, said
    assert "DOES NOT AGREE" in said
    assert named in said
    assert "Traceback" not in said


@pytest.mark.parametrize("name", ["issued.csv", "cast.csv", "void.csv"])
def test_list_of_another_month_is_named(folder, name, community, voters, official, government_official, tmp_path):
    other = hold_month(community, voters, date(2026, 3, 1), (official, government_official))
    with company_scope(other.company_id):
        write_bulletin(other, tmp_path / "other")
    shutil.copy(tmp_path / "other" / name, folder / name)
    code, said = run(folder)
    assert code == 1
    assert f"DOES NOT AGREE: {name}:" in said
    assert "Traceback" not in said


def test_summary_of_another_month_is_named(folder, community, voters, official, government_official, tmp_path):
    other = hold_month(community, voters, date(2026, 3, 1), (official, government_official))
    with company_scope(other.company_id):
        write_bulletin(other, tmp_path / "other")
    shutil.copy(tmp_path / "other" / "bulletin.json", folder)
    code, said = run(folder)
    assert code == 1
    assert "DOES NOT AGREE" in said
    assert "the bulletin says" in said


def test_community_without_committee_is_counted_and_recounted(community, official, government_official, tmp_path):
    households = [make_household(community) for _number in range(5)]
    round = make_round(community)
    cast(round, households[0], Card.COMPANY_RED)
    cast(round, households[1], Card.COMPANY_BLUE, opinion="Good.")
    serials = [serial_of(round, households[2], card) for card in round.cards]
    assert len(serials) == 3
    services.declare_absence(company_id=round.company_id, serials=serials, at=round.closes_at.replace(hour=0))
    round = count_round(round, official, government_official)
    with company_scope(round.company_id):
        write_bulletin(round, tmp_path)
    code, said = run(tmp_path)
    assert code == 0, said
    assert "committee" not in said
    bulletin = json.loads((tmp_path / "bulletin.json").read_text())
    assert sum(card["issued"] for card in bulletin["tally"].values()) == 15
    assert bulletin["tally"]["company,red"] == {"issued": 5, "cast": 1, "void": 1}
    bulletin["has_committee"] = True
    (tmp_path / "bulletin.json").write_text(json.dumps(bulletin))
    assert "15 cards for 5 households, not 30" in run(tmp_path)[1]


def test_noted_root_is_compared(folder, month):
    assert run(folder, "--root", month.issued_root)[0] == 0
    code, said = run(folder, "--root", "1" * 64)
    assert code == 1
    assert "as noted before the count" in said


def test_own_cards_are_in_or_not(folder, month, voters, tmp_path):
    used = serial_of(month, voters[0], Card.COMPANY_BLUE)
    unused = serial_of(month, voters[0], Card.COMPANY_YELLOW)
    mine = tmp_path / "mine.txt"
    mine.write_text(f"{used} used\n{unused} unused\n")
    assert run(folder, "--cards", str(mine))[0] == 0
    mine.write_text(f"{unused} used\n")
    assert "was used but is not in the cast list" in run(folder, "--cards", str(mine))[1]
    mine.write_text(f"{used} unused\n")
    assert "was not used but is in the cast list" in run(folder, "--cards", str(mine))[1]


def test_merkle_root_is_that_of_rfc_6962():
    def plain(leaves):
        if not leaves:
            return recount.sha256(b"").digest()
        if len(leaves) == 1:
            return recount.sha256(b"\0" + leaves[0]).digest()
        half = 1 << ((len(leaves) - 1).bit_length() - 1)
        return recount.sha256(b"\1" + plain(leaves[:half]) + plain(leaves[half:])).digest()

    for count in [*range(20), recount.CHUNK - 1, recount.CHUNK, recount.CHUNK + 1, 3 * recount.CHUNK + 5]:
        leaves = [str(number).encode() for number in range(count)]
        merkle = recount.Merkle()
        for at in range(0, count, 1000):
            merkle.add(leaves[at : at + 1000])
        assert merkle.root() == plain(leaves).hex()


def test_signature_check_is_that_of_the_library():
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from cards import issuer

    seed = bytes(range(32))
    signature = Ed25519PrivateKey.from_private_bytes(seed).sign(b"words").hex()
    assert recount.verify(issuer.public_key(seed), signature, b"words")
    assert not recount.verify(issuer.public_key(seed), signature, b"other words")
    assert not recount.verify(issuer.public_key(bytes(32)), signature, b"words")
    assert not recount.verify("nothing", signature, b"words")


def test_hundred_households_live_a_year(community, committee, official, government_official, tmp_path):
    households = [make_household(community) for _number in range(100)]
    issued = 0
    for number in range(1, 13):
        round = make_round(community, date(2026, number, 1))
        issued += round.issued
        before = round.closes_at - timedelta(days=5)
        for at, household in enumerate(households):
            if at % 7 == number % 7:
                serials = [serial_of(round, household, card) for card in Card]
                services.declare_absence(company_id=round.company_id, serials=serials[: 1 + at % 6], at=before)
            elif at % 3:
                cast(round, household, *list(Card)[(at + number) % 6 :])
        round = count_round(round, official, government_official)
        with company_scope(round.company_id):
            write_bulletin(round, tmp_path / round.month_name)
        bulletin = recount.recount(tmp_path / round.month_name)
        sums = {name: sum(card[name] for card in bulletin["tally"].values()) for name in ("issued", "cast", "void")}
        abstained = len(lines(tmp_path / round.month_name / "issued.csv")) - sums["cast"] - sums["void"]
        assert sums["issued"] == 600 == sums["cast"] + abstained + sums["void"]
        assert min(sums.values()) > 0 < abstained
    assert issued == 7200
