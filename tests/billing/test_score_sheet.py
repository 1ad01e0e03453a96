"""One sheet per household, saved as it is filled in; and nobody of the company learns who answered."""

import json

import pytest
from django.db import DatabaseError, connection, transaction

from billing.models import Comment, ItemResult, Sheet, SheetAnswer, Survey, SurveyResult
from billing.selectors.surveys import Answer, items_of, open_sheets, own_sheet
from billing.services.surveys import NotYourSheet, SheetClosed, count_due_surveys, remind_due_surveys, save_sheet
from propman.community.models import Occupancy
from propman.notify.models import Notice
from propman.tenancy.models import Event
from tests.factories import make_resident
from tests.factories.billing import fill_sheet, local, make_agreement, make_survey

from .conftest import COUNTED

OPEN = local(2026, 3, 31, 12)


def test_owner_and_tenant_share_one_sheet(survey, household, owner, scope, owner_sql):
    tenant = make_resident(household, Occupancy.Kind.TENANT, name="Tenant")
    first, second, _third = items_of(survey)
    fill_sheet(survey, household, owner, 9, comment="clean")
    save_sheet(survey=survey, household=household, by=tenant, answers={second.pk: Answer(None)}, at=OPEN)
    assert own_sheet(survey, household, tenant, at=OPEN) == {first.pk: Answer(9, "clean"), second.pk: Answer(None, "")}


def test_later_score_replaces_the_earlier(survey, household, owner, scope):
    fill_sheet(survey, household, owner, 9, 9, 9)
    fill_sheet(survey, household, owner, 2)
    assert [answer.score for _item, answer in sorted(own_sheet(survey, household, owner, at=OPEN).items())] == [2, 9, 9]


def test_family_member_fills_no_sheet(survey, household, scope):
    child = make_resident(household, Occupancy.Kind.FAMILY_MEMBER, name="Child")
    with pytest.raises(NotYourSheet):
        fill_sheet(survey, household, child, 9)


def test_neighbour_neither_reads_nor_writes_the_sheet(survey, household, owner, rival_owner, scope):
    fill_sheet(survey, household, owner, 9)
    assert own_sheet(survey, household, rival_owner, at=OPEN) == {}
    with pytest.raises(NotYourSheet):
        fill_sheet(survey, household, rival_owner, 0)


def test_moved_out_owner_loses_the_sheet(survey, household, owner, scope):
    Occupancy.objects.filter(person__user=owner).update(ends_on=OPEN.date())
    assert open_sheets(owner, at=OPEN) == []
    with pytest.raises(NotYourSheet):
        fill_sheet(survey, household, owner, 9)


@pytest.mark.parametrize("at", [local(2026, 3, 26, 23, 59), local(2026, 4, 6), local(2026, 4, 6, 1)])
def test_sheet_outside_its_window_is_refused(survey, household, owner, scope, at):
    with pytest.raises(SheetClosed):
        fill_sheet(survey, household, owner, 9, at=at)


@pytest.mark.parametrize("at", [local(2026, 3, 27), local(2026, 4, 5, 23, 59, 59)])
def test_sheet_inside_its_window_is_saved(survey, household, owner, scope, at):
    fill_sheet(survey, household, owner, 9, at=at)


@pytest.mark.parametrize("table", ["billing_sheet", "billing_sheetanswer"])
@pytest.mark.parametrize(
    "sql", ["SELECT count(*) FROM {}", "SELECT 1 FROM {} LIMIT 1", "DELETE FROM {}", "UPDATE {} SET id = id", "TRUNCATE {}"]
)
def test_application_cannot_touch_sheets(survey, household, owner, scope, table, sql):
    fill_sheet(survey, household, owner, 9)
    with connection.cursor() as cursor, pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        cursor.execute(sql.format(table))


def test_models_of_sheets_are_closed_too(survey, scope):
    for model in (Sheet, SheetAnswer):
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            model.objects.exists()


def test_sheets_cannot_be_counted_before_they_are_collected(survey, household, owner, scope):
    fill_sheet(survey, household, owner, 9)
    for function in ("billing_count_sheets(%s, %s)", "billing_destroy_sheets(%s, %s, '{}')"):
        with connection.cursor() as cursor, pytest.raises(DatabaseError, match="sheets are"), transaction.atomic():
            cursor.execute(f"SELECT {function}", [survey.pk, OPEN])


def test_second_sheet_of_a_household_is_refused(survey, household, owner, scope, owner_sql):
    fill_sheet(survey, household, owner, 9)
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        Sheet.objects.create(survey=survey, household=household)


@pytest.mark.parametrize("score", [-1, 11])
def test_score_outside_the_scale_is_refused(survey, household, owner, scope, score):
    with pytest.raises(DatabaseError, match="billing_sheetanswer_score"), transaction.atomic():
        fill_sheet(survey, household, owner, score)


def test_count_freezes_the_result_and_destroys_the_sheets(counted, household, owner, scope):
    result = SurveyResult.objects.get(survey=counted)
    assert (result.rate_points, result.rate_maximum, result.sheets, result.basis) == (259, 280, 7, "measured")
    assert own_sheet(counted, household, owner, at=OPEN) == {}
    assert len(result.hash) == 64
    ways = result.three_ways
    assert ways is not None
    assert {(share.points, share.maximum) for share in ways.values()} == {(259, 280)}


def test_cells_under_five_stay_hidden(survey, household, owner, neighbours, scope):
    """Five score cleaning and security, four score lifts: lifts is hidden, and one more, so that it cannot be worked out."""
    people = [(household, owner), *neighbours][:5]
    for number, (place, user) in enumerate(people):
        fill_sheet(survey, place, user, 8, 3 if number else None, 9, comment=f"word {number}")
    count_due_surveys(company=survey.company, at=COUNTED)
    cells = {cell.item.name: (cell.points, cell.answers) for cell in ItemResult.objects.select_related("item")}
    assert cells["Lifts"] == (None, None)
    assert list(cells.values()).count((None, None)) == 2
    assert "word" in "".join(Comment.objects.values_list("text", flat=True)) or cells["Cleaning"] == (None, None)


def test_comments_of_hidden_cells_are_not_kept(survey, household, owner, neighbours, scope):
    for place, user in [(household, owner), *neighbours][:4]:
        fill_sheet(survey, place, user, 8, 8, 8, comment="only four of us")
    count_due_surveys(company=survey.company, at=COUNTED)
    result = SurveyResult.objects.get(survey=survey)
    assert (result.basis, result.three_ways) == ("agreed_default", None)
    assert not Comment.objects.exists()


def test_comments_come_in_the_order_of_their_hashes(survey, household, owner, neighbours, scope):
    from hashlib import sha256

    for number, (place, user) in enumerate([(household, owner), *neighbours]):
        fill_sheet(survey, place, user, 8, 8, 8, comment=f"said {number}")
    count_due_surveys(company=survey.company, at=COUNTED)
    texts = list(Comment.objects.order_by("pk").values_list("text", flat=True))
    assert len(texts) == 7
    assert texts == sorted(texts, key=lambda text: sha256(text.encode()).digest())


def test_counting_twice_changes_nothing(counted, scope):
    before = SurveyResult.objects.values().get()
    assert count_due_surveys(company=counted.company, at=COUNTED) == []
    assert SurveyResult.objects.values().get() == before


def test_extend_once_collects_longer_then_the_agreed_rate(community, household, owner, scope):
    make_agreement(community, below_minimum="extend_once", default_bp=8500)
    survey = make_survey(community, "2026Q1")
    assert count_due_surveys(company=survey.company, at=COUNTED) == []
    survey.refresh_from_db()
    assert (survey.closes_at, survey.counted_at) == (local(2026, 4, 16), None)
    fill_sheet(survey, household, owner, 9, at=local(2026, 4, 15, 23))
    count_due_surveys(company=survey.company, at=local(2026, 4, 16))
    assert SurveyResult.objects.get().rate_points == 8500


def test_last_quarters_rate_holds_for_too_few_sheets(counted, scope):
    survey = make_survey(counted.community, "2026Q2")
    count_due_surveys(company=counted.company, at=local(2026, 7, 6))
    second = SurveyResult.objects.get(survey=survey)
    assert (second.rate_points, second.rate_maximum, second.basis) == (259, 280, "last_quarter")


def test_nothing_of_the_company_tells_who_answered(
    survey, household, owner, neighbours, finance, manager, agent, client_of, scope
):
    """Two towns that differ only in who answered look the same to every role, page, notice and event."""
    answered = [(household, owner), *neighbours][:3]
    before = events_and_notices()
    for place, user in answered:
        fill_sheet(survey, place, user, 1, 1, 1, comment="SECRETWORD")
    remind_due_surveys(at=local(2026, 4, 4, 9))
    new = events_and_notices() - before
    told = [json.loads(one) for one in new]
    assert {one["event"] for one in told} == {"survey.ends_soon"}
    assert len({one["user"] for one in told}) == 7, "every household is reminded, not those who have not answered"
    pages = [
        "billing/runs/", "billing/results/", "billing/arrears/", "billing/trial-balance/", "billing/counter/?q=Owner",
        "api/v1/surveys/", "api/v1/sheets/", "api/v1/bills/",
    ]  # fmt: skip
    for user in (finance, manager, agent):
        client = client_of(user)
        for page in pages:
            text = client.get(f"/lanting/{page}").content.decode()
            assert "SECRETWORD" not in text
            assert '"sheets":3' not in text.replace(" ", "")


def events_and_notices() -> set[str]:
    events = [{"event": event.name, "stream": event.stream} for event in Event.objects.all()]
    notices = [{"event": notice.event, "user": notice.user_id} for notice in Notice.objects.all()]
    return {json.dumps(one, sort_keys=True) for one in [*events, *notices]}


def test_saving_by_page_leaves_no_trace_but_the_sheet(survey, household, owner, client_of, owner_sql, scope, monkeypatch):
    """Rows of every other table are the same before and after: nothing in the database tells that somebody answered."""
    client = client_of(owner)
    page = f"/lanting/billing/sheets/{survey.pk}/{household.pk}/"
    from django.utils import timezone

    monkeypatch.setattr(timezone, "now", lambda: OPEN)
    assert client.get(page).status_code == 200
    before = counts()
    first = items_of(survey)[0]
    answer = client.post(page, {f"score-{first.pk}": "7", f"comment-{first.pk}": "fine"})
    assert answer.status_code == 302
    assert counts() == before
    shown = client.get(f"{page}?saved=1").content.decode()
    assert "fine" in shown
    assert "Saved" in shown


def counts() -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' "
            "AND has_table_privilege(oid, 'SELECT')"
        )
        found = {}
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT count(*) FROM "{table}"')
            found[table] = cursor.fetchone()[0]
    return found


@pytest.mark.parametrize("score", ["11", "-1", "nine", "1e1", "９", "\0", "5.5", "9" * 50])
def test_bad_score_gets_an_answer_and_the_rest_is_saved(survey, household, owner, client_of, scope, monkeypatch, score):
    from django.utils import timezone

    client = client_of(owner)
    monkeypatch.setattr(timezone, "now", lambda: OPEN)
    first, second, _third = items_of(survey)
    answer = client.post(
        f"/lanting/billing/sheets/{survey.pk}/{household.pk}/", {f"score-{first.pk}": score, f"score-{second.pk}": "8"}
    )
    assert answer.status_code == 422
    assert own_sheet(survey, household, owner, at=OPEN) == {second.pk: Answer(8, "")}


def test_closed_sheet_says_so(counted, household, owner, client_of, scope, monkeypatch):
    from django.utils import timezone

    client = client_of(owner)
    monkeypatch.setattr(timezone, "now", lambda: COUNTED)
    page = f"/lanting/billing/sheets/{counted.pk}/{household.pk}/"
    assert "collected" in client.get(page).content.decode()
    assert client.post(page, {}).status_code == 409


def test_open_twice_is_the_same_survey(survey, scope):
    again = make_survey(survey.community, "2026Q1")
    assert again.pk == survey.pk
    assert Survey.objects.count() == 1
