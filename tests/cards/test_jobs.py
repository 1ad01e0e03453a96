import json
from datetime import datetime, timedelta
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command

from cards import integrity, recount
from cards.models import Round
from cards.workflow import Card, State
from propman.notify.models import Notice
from propman.tenancy.jobrun import run_everything_due
from propman.tenancy.scope import company_scope
from tests.factories import make_community, make_company, make_household
from tests.factories.cards import cast, count_round, make_round

pytestmark = pytest.mark.django_db
SHANGHAI = ZoneInfo("Asia/Shanghai")


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def states(company):
    with company_scope(company.pk):
        return {round.month_name: round.state for round in Round.objects.order_by("month")}


def events(company):
    with company_scope(company.pk):
        return list(Notice.objects.filter(event__startswith="cards.").order_by("pk").values_list("event", flat=True))


def test_clock_issues_delivers_reminds_and_closes(company, household, owner):
    run_everything_due(at("2026-01-29T23:59"))
    assert states(company) == {}
    run_everything_due(at("2026-01-30T00:00"))
    assert states(company) == {"2026-02": State.ISSUED}
    run_everything_due(at("2026-02-01T08:00"))
    assert states(company) == {"2026-02": State.OPEN}
    assert events(company) == ["cards.delivered"]
    run_everything_due(at("2026-02-25T08:00"))
    assert events(company) == ["cards.delivered", "cards.reminder"]
    run_everything_due(at("2026-02-28T08:59"))
    assert states(company) == {"2026-02": State.OPEN, "2026-03": State.ISSUED}
    for _again in range(3):
        run_everything_due(at("2026-02-28T09:00"))
    assert states(company) == {"2026-02": State.CLOSED, "2026-03": State.ISSUED}
    assert events(company) == ["cards.delivered", "cards.reminder"]


def test_downtime_is_caught_up(company, household, owner):
    run_everything_due(at("2026-02-05T12:00"))  # nobody was there on the 30th and the 1st
    assert states(company) == {"2026-02": State.OPEN}
    run_everything_due(at("2026-05-15T12:00"))  # three months later: what can still be held is
    assert states(company) == {"2026-02": State.CLOSED, "2026-05": State.OPEN}


def test_settings_of_the_round_bind_its_close(company, household, administrator):
    from datetime import time

    from cards import services

    run_everything_due(at("2026-02-01T08:00"))
    with company_scope(company.pk):
        services.change_card_settings(count_time=time(8), remind_days=3, by=administrator, at=at("2026-02-02T08:00"))
    run_everything_due(at("2026-02-28T08:30"))
    assert states(company)["2026-02"] == State.OPEN
    run_everything_due(at("2026-02-28T09:00"))
    assert states(company)["2026-02"] == State.CLOSED


def test_zone_of_the_company_decides(household, company):
    far = make_company("far", zone="America/New_York")
    make_household(make_community(far, "elm"))
    run_everything_due(at("2026-01-30T12:59"))
    assert (states(company), states(far)) == ({"2026-02": State.ISSUED}, {})
    run_everything_due(at("2026-01-30T13:00"))
    assert states(far) == {"2026-02": State.ISSUED}


def test_notice_names_no_card(company, household, owner):
    run_everything_due(at("2026-02-01T08:00"))
    with company_scope(company.pk):
        assert set(Notice.objects.get().words) == {"place", "month", "cards", "closes_at"}


def run(*arguments):
    out = StringIO()
    call_command(*arguments, "--json", stdout=out)
    return json.loads(out.getvalue().splitlines()[-1])


def test_card_calendar_lists_the_months(community):
    rows = run("card_calendar", "lanting", "willow-garden", "--from", "2026-02", "--months", "2")
    assert rows[0] == {
        "month": "2026-02",
        "issued_on": "2026-01-30",
        "opens_on": "2026-02-01",
        "counted_at": "2026-02-28T09:00:00+08:00",
    }
    assert rows[1]["issued_on"] == "2026-02-28"


@pytest.mark.parametrize(
    "arguments",
    [
        ("card_calendar", "nobody", "willow-garden", "--from", "2026-02"),
        ("card_calendar", "lanting", "nowhere", "--from", "2026-02"),
        ("card_calendar", "lanting", "willow-garden", "--from", "2026-02", "--months", "0"),
        ("card_calendar", "lanting", "willow-garden", "--from", "soon"),
        ("issue_cards", "nobody", "--month", "2026-02"),
        ("issue_cards", "lanting", "--month", "2020-02"),
        ("export_bulletin", "lanting", "willow-garden", "2026-02", "never"),
    ],
)
def test_bad_argument_fails_clearly(community, arguments):
    with pytest.raises(CommandError):
        call_command(*arguments, stdout=StringIO())


def test_issue_cards_twice_changes_nothing(community, committee, household):
    first = run("issue_cards", "lanting", "--month", "2026-02")
    assert (first["issued_now"], first["cards"], first["households"]) == (1, 6, 1)
    again = run("issue_cards", "lanting", "--month", "2026-02")
    assert again["issued_now"] == 0
    assert again["rounds"] == first["rounds"]


def test_export_bulletin_can_be_recounted(round, household, official, government_official, tmp_path):
    cast(round, household, Card.COMPANY_BLUE)
    with pytest.raises(CommandError, match="not published"):
        call_command("export_bulletin", "lanting", "willow-garden", "2026-02", str(tmp_path / "x"), stdout=StringIO())
    assert not (tmp_path / "x").exists()
    published = count_round(round, official, government_official)
    said = run("export_bulletin", "lanting", "willow-garden", "2026-02", str(tmp_path / "x"))
    assert said["root"] == published.root
    assert recount.main([str(tmp_path / "x")]) == 0


def test_integrity_check_finds_nothing_in_a_true_round(round, household, official, government_official, company):
    cast(round, household, Card.COMPANY_BLUE, opinion="Words.")
    count_round(round, official, government_official)
    with company_scope(company.pk):
        assert list(integrity.broken_rounds(company)) == []


@pytest.mark.parametrize(
    ("sql", "named"),
    [
        ("DELETE FROM cards_issued WHERE hash = (SELECT min(hash) FROM cards_issued)", "cards issued for"),
        ("UPDATE cards_counted SET card = 3 WHERE NOT void", "were never issued"),
        ("UPDATE cards_counted SET opinion = 'Other words.'", "opinions list"),
        ("UPDATE cards_tally SET dealt = 2 WHERE card = 1", "the tally is"),
        ("DELETE FROM cards_countsignature", "without two signatures"),
    ],
)
@pytest.mark.django_db(transaction=True)
def test_integrity_check_names_what_was_altered(
    community, committee, household, rival_owner, official, government_official, company, owner_sql, sql, named
):
    round = make_round(community)
    cast(round, household, Card.COMPANY_BLUE, opinion="Words.")
    count_round(round, official, government_official)
    owner_sql(f"SET session_replication_role = replica; {sql}")
    owner_sql("RESET session_replication_role")
    with company_scope(company.pk):
        assert any(named in sentence for sentence in integrity.broken_rounds(company))


def test_reminder_goes_to_all_whether_or_not_they_cast(round, household, owner, rival_owner, company):
    from cards import services

    cast(round, household, *Card)
    with company_scope(company.pk):
        services.remind_households(round=round, at=round.closes_at - timedelta(days=3))
        reminded = set(Notice.objects.filter(event="cards.reminder").values_list("user", flat=True))
    assert reminded == {owner.pk, rival_owner.pk}
