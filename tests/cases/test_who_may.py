"""Role x state x action: every cell is asked for and asserted, on the pages and in the API."""

import pytest
from django.db import transaction
from django.test import Client

from propman.accounts.roles import Role
from propman.cases import services
from propman.cases.models import Case
from propman.tenancy.models import Event
from propman.tenancy.scope import company_scope
from tests.conftest import signed_in
from tests.factories import make_employee, make_member

from .conftest import HOUR, START, breach, bring, draft, make_court

STATES = ("drafted", "dropped", "opened", "ready", "decided", "appealed", "closed")
ROLES = (
    "accused",
    "colleague",  # of the same unit
    "head",  # of the unit
    "other_head",
    "decider",  # the general manager
    "reviewer",  # the HR officer, who hears the appeal
    "administrator",
    "agent",
    "resident",
    "official",
    "rival",  # manager of another company
)
KNOWN = {"opened", "ready", "decided", "appealed", "closed"}
SEE = {state: {"head", "decider", "reviewer"} | ({"accused"} if state in KNOWN else set()) for state in STATES}
VERBS = {
    "confirm": ("drafted", "head"),
    "drop": ("drafted", "head"),
    "add": ("opened", "decider"),
    "reply": ("opened", "accused"),
    "decide": ("ready", "decider"),
    "appeal": ("decided", "accused"),
    "review": ("appealed", "reviewer"),
}
POSTS = {
    "decide": {"measure": "warning"},
    "review": {"verdict": "lifted"},
}

# action -> state -> who may; everybody else is refused
MAY: dict[str, dict[str, set[str]]] = {
    "page": SEE,
    "list": SEE,
    "api": SEE,
    "api_list": SEE,
    **{verb: {state: {who} if state == when else set() for state in STATES} for verb, (when, who) in VERBS.items()},
    **{f"api_{verb}": {state: {who} if state == when else set() for state in STATES} for verb, (when, who) in VERBS.items()},
}


class World:
    """A company with a case in some state, and a client for every role."""

    def __init__(self, state: str) -> None:
        court = self.court = make_court()
        with company_scope(court.company.pk):
            self.case = bring(court, state)
        people = {
            "accused": court.clerk,
            "colleague": court.colleague,
            "head": court.head,
            "other_head": court.other_head,
            "decider": court.manager,
            "reviewer": court.officer,
            "administrator": make_employee(court.office, Role.COMPANY_ADMINISTRATOR, name="Administrator Lu"),
            "agent": make_employee(court.office, Role.CENTRE_AGENT, name="Agent Mu"),
            "resident": make_member(court.company, Role.OWNER, name="Owner"),
            "official": make_member(court.company, Role.ASSOCIATION_OFFICIAL, name="Official"),
            "rival": make_court("rival").manager,
        }
        self.clients: dict[str, Client] = {name: signed_in(user) for name, user in people.items()}

    def ask(self, role: str, action: str) -> int:
        """200 for a page shown or a thing done, otherwise the refusal."""
        client, page, api = self.clients[role], f"/lanting/cases/{self.case.pk}/", f"/lanting/api/v1/cases/{self.case.pk}/"
        verb = action.removeprefix("api_")
        if verb in VERBS:
            return self.do(client, f"{api if action.startswith('api_') else page}{verb}/", verb)
        match action:
            case "page":
                return client.get(page).status_code
            case "api":
                return client.get(api).status_code
            case "list":
                response = client.get("/lanting/cases/")
                return 200 if f"/cases/{self.case.pk}/" in response.content.decode() else 404
            case _:
                rows = client.get("/lanting/api/v1/cases/").json().get("results", [])
                return 200 if self.case.pk in [row["id"] for row in rows] else 404

    def do(self, client: Client, path: str, verb: str) -> int:
        with transaction.atomic():
            before = self.events()
            status = client.post(path, {"text": "Words", **POSTS.get(verb, {})}).status_code
            done = self.events() != before
            transaction.set_rollback(True)
        return 200 if done else max(status, 400)

    def events(self) -> int:
        with company_scope(self.court.company.pk):
            return Event.objects.filter(stream=f"case:{self.case.pk}").count()


@pytest.mark.parametrize("state", STATES)
def test_who_may_do_what(state, db, monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: START + 6 * HOUR)
    world = World(state)
    wrong = []
    for action, by_state in MAY.items():
        for role in ROLES:
            may = role in by_state[state]
            status = world.ask(role, action)
            if (status == 200) != may or (not may and status not in {400, 403, 404, 409, 422}):
                wrong.append((role, action, status, "may" if may else "may not"))
    assert wrong == []


def test_the_table_has_every_cell():
    assert all(set(by_state) == set(STATES) for by_state in MAY.values())


@pytest.mark.parametrize("role", ["colleague", "other_head", "administrator", "agent", "resident", "official", "rival"])
def test_a_foreign_case_looks_like_none(role, db):
    world = World("ready")
    there = world.clients[role].get(f"/lanting/cases/{world.case.pk}/")
    nowhere = world.clients[role].get("/lanting/cases/999999999/")
    assert there.status_code == nowhere.status_code
    assert there.status_code in {403, 404}
    assert "Clerk Tao" not in there.content.decode()


def test_a_reader_sees_no_draft_against_himself(db):
    court = make_court()
    with company_scope(court.company.pk):
        case = draft(court, court.officer)
    client = signed_in(court.officer)
    assert client.get(f"/lanting/cases/{case.pk}/").status_code == 404
    assert f"/cases/{case.pk}/" not in client.get("/lanting/cases/").content.decode()


def test_failed_form_keeps_what_was_typed(db, monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: START + 6 * HOUR)
    world = World("ready")
    sent = {"measure": "pay", "amount": "a lot", "clause": "4.2", "text": "Because of the rota"}
    response = world.clients["decider"].post(f"/lanting/cases/{world.case.pk}/decide/", sent)
    shown = response.content.decode()
    assert response.status_code == 422
    assert all(words in shown for words in ("a lot", "4.2", "Because of the rota", "such as 200.00"))


def test_words_written_too_late_come_back(db, monkeypatch):
    world = World("opened")
    monkeypatch.setattr("django.utils.timezone.now", lambda: world.case.due_at)
    response = world.clients["accused"].post(f"/lanting/cases/{world.case.pk}/reply/", {"text": "I was alone"})
    assert response.status_code == 409
    assert "I was alone" in response.content.decode()


def test_manager_filters_the_list_by_measure_and_name(db, monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: START + 6 * HOUR)
    world = World("closed")
    manager = world.clients["decider"]

    def found(query: str) -> bool:
        return f"/cases/{world.case.pk}/" in manager.get(f"/lanting/cases/?{query}").content.decode()

    assert [found("measure=pay"), found("q=tao"), found("state=closed&q=2026-000001")] == [True] * 3
    assert [found("measure=warning"), found("q=hua"), found("state=drafted")] == [False] * 3
    assert found("state=everything&department=x&after=nonsense")


def test_list_costs_the_same_with_thirty_cases(db, django_assert_max_num_queries):
    court = make_court()
    client = signed_in(court.manager)
    with company_scope(court.company.pk):
        clerk = court.employee(court.clerk)
        services.draft_cases(breaches=[breach(clerk, f"complaint:{n}:accept") for n in range(40)], at=START)
        assert Case.objects.count() == 40
    with django_assert_max_num_queries(30):
        assert client.get("/lanting/cases/").status_code == 200
