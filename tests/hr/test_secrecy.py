"""Nobody learns another's row by the ways around its page: notices, events and what webhooks make of them, the API."""

import json

import pytest

from hr.models import Appraisal
from hr.services import answer_objection, lock_quarter, object_to_appraisal
from propman.notify.models import Notice
from propman.notify.webhooks import body_of
from propman.tenancy.events import broken_links
from propman.tenancy.models import Event, EventText
from tests.conftest import signed_in

from .conftest import row_of, shanghai, submit_all

OBJECTION, REPLY = "I was at the other site.", "The rota shows it."
TOLD = {"name", "quarter", "unit", "until_at", "due_at", "ranked", "missed", "rows", "objections"}


@pytest.fixture
def lived(quarter, at_work):
    """A locked quarter with an objection whose scores were changed."""
    submit_all(quarter, shanghai(10, 8))
    row = row_of(quarter, at_work.people[5])
    objection = object_to_appraisal(appraisal=row, words=OBJECTION, by=row.employee, at=shanghai(10, 9))
    answer_objection(
        objection=objection, verdict="changed", reply=REPLY, scores=(4, 4, 4, 4, 3), by=objection.reviewer, at=shanghai(10, 12)
    )
    return lock_quarter(quarter=quarter, at=shanghai(10, 24, 0))


def numbers_in(value) -> list:
    """Lists of numbers, wherever they stand."""
    if isinstance(value, dict):
        return [found for one in value.values() for found in numbers_in(one)]
    if isinstance(value, list):
        numbers = [value] if value and all(isinstance(one, int | None) for one in value) else []
        return numbers + [found for one in value for found in numbers_in(one)]
    return []


def test_notices_name_their_reader_and_nobody_else(lived):
    notices = Notice.objects.filter(event__startswith="appraisal.").select_related("user")
    assert set(notices.values_list("event", flat=True)) >= {
        f"appraisal.{event}" for event in ("submitted", "answered", "locked")
    }
    everybody = set(Appraisal.objects.values_list("employee__name", flat=True))
    for notice in notices:
        assert set(notice.words) <= TOLD, notice.event
        assert notice.words["name"] == notice.user.name
        others = json.dumps({word: value for word, value in notice.words.items() if word != "name"}, ensure_ascii=False)
        assert not [name for name in everybody if name in others], notice.event


def test_webhooks_hear_no_score_and_no_word(lived, at_work):
    events = list(Event.objects.filter(stream__startswith="appraisal"))
    assert {"appraisal_unit.submitted", "appraisal.objected", "appraisal.answered"} <= {event.name for event in events}
    for event in events:
        body = body_of(at_work.company, event).decode()
        assert numbers_in(json.loads(body)) == [], event.name
        assert OBJECTION not in body
        assert REPLY not in body


def test_scores_are_kept_beside_the_chain_and_can_be_erased(lived):
    kept = EventText.objects.filter(field="scores", event__name="appraisal.answered").get()
    assert json.loads(kept.text) == {"before": [3, 3, 3, 3, 2], "after": [4, 4, 4, 4, 3]}
    EventText.objects.filter(field="scores").delete()
    assert list(broken_links("appraisal")) == []


def test_api_lists_a_colleague_only_his_own_row(lived, at_work):
    answer = signed_in(at_work.people[0]).get("/lanting/api/v1/appraisals/?page_size=200").json()
    assert [row["name"] for row in answer["results"]] == [at_work.people[0].name]
    assert at_work.people[5].name not in json.dumps(answer, ensure_ascii=False)


def test_filters_of_the_api_find_no_foreign_row(lived, at_work):
    other = at_work.employee(at_work.people[5])
    for query in (f"employee={other.number}", "department=Gardens", "quarter=2026Q3"):
        rows = signed_in(at_work.people[0]).get(f"/lanting/api/v1/appraisals/?{query}").json()["results"]
        assert [row for row in rows if row["employee"] != at_work.employee(at_work.people[0]).number] == []
