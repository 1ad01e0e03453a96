"""Role x state x action: every cell is asked for and asserted."""

from datetime import date

import pytest
from django.db import transaction
from django.test import Client

from hr.models import AppraisalObjection, AppraisalUnit, OfficeResult
from hr.services import advance_quarter, answer_objection, lock_quarter, object_to_appraisal, open_quarter, record_span
from propman.accounts.roles import STAFF, Role
from propman.tenancy.models import Event
from propman.tenancy.scope import company_scope
from tests.conftest import signed_in
from tests.factories import make_employee, make_member, make_user

from .conftest import KEY, OPENING, make_staff, row_of, shanghai, submit, submit_all

STATES = ("open", "passed_on", "submitted", "objected", "answered", "missed", "locked")
ROLES = (
    "employee",  # whose row it is
    "colleague",  # of the same unit
    "head",  # who scores it first
    "other_head",
    "deputy",  # who scores when the head is late, else reviews
    "officer",
    "manager",
    "staff",  # an employee of the department who holds all other roles of staff
    "outsider",  # who holds all roles of residents, committees, unions and officials: what he may not, none of them may
    "operator",  # of the platform
    "nobody",  # who has not signed in
    "rival",  # manager of another company
)
OTHER_STAFF = STAFF - {Role.EMPLOYEE, Role.DEPARTMENT_HEAD, Role.HR_OFFICER, Role.GENERAL_MANAGER}
OUTSIDERS = frozenset(Role) - STAFF
WORKS_HERE = set(ROLES) - {"outsider", "operator", "nobody", "rival"}
READERS = {"officer", "manager"}
LOOKERS = {"head"} | READERS

SCORER = {"open": {"head"}, "passed_on": {"deputy"}}
ROW = {
    "open": {"employee"},
    "passed_on": {"employee"},
    "submitted": {"employee"} | LOOKERS,
    "missed": {"employee"} | LOOKERS,
    **{state: {"employee", "deputy"} | LOOKERS for state in ("objected", "answered", "locked")},
}


def only(states: dict[str, set[str]]) -> dict[str, set[str]]:
    return {state: states.get(state, set()) for state in STATES}


def always(roles: set[str]) -> dict[str, set[str]]:
    return dict.fromkeys(STATES, roles)


# action -> state -> who may; everybody else is refused
MAY: dict[str, dict[str, set[str]]] = {
    "home": always(WORKS_HERE),
    "sheet": {state: SCORER.get(state, LOOKERS) for state in STATES},
    "save": only(SCORER),
    "submit": only(SCORER),
    "row": ROW,
    "facts": {state: ROW[state] | SCORER.get(state, set()) for state in STATES},
    "api": ROW,
    "api_list": ROW,
    "api_agree": only({"submitted": {"employee"}}),
    "api_object": only({"submitted": {"employee"}}),
    "api_answer": only({"objected": {"deputy"}}),
    "agree": only({"submitted": {"employee"}}),
    "object": only({"submitted": {"employee"}}),
    "objection": only({state: {"deputy"} | READERS for state in ("objected", "answered", "locked")}),
    "answer": only({"objected": {"deputy"}}),
    "reviewer": only({"objected": READERS}),
    "form": only({"locked": LOOKERS}),
    "board": always(READERS),
    "rankings": always(READERS),
    "export": only({"locked": READERS}),
    "office_facts": only({"locked": READERS}),
    "staff": always({"officer"}),
    "record_leave": always({"officer"}),
    "end_leave": always({"officer"}),
    "publish": always({"officer"}),
    "fairness": always(WORKS_HERE),
    "standards": always(WORKS_HERE),
}


class World:
    """A company brought to a state, with a client for every role."""

    def __init__(self, state: str) -> None:
        self.staff = make_staff()
        company = self.staff.company
        others = make_employee(self.staff.engineering, *OTHER_STAFF, name="Finance Lin")
        with company_scope(company.pk):
            self.leave = record_span(
                employee=self.staff.employee(self.staff.few[0]),
                kind="leave",
                starts_on=date(2026, 10, 1),
                ends_on=date(2027, 1, 1),
                by=None,
                at=OPENING,
            )
            self.quarter = open_quarter(key=KEY, at=OPENING)
            self.unit = AppraisalUnit.objects.get(quarter=self.quarter, department=self.staff.engineering)
            self.row = row_of(self.quarter, self.staff.people[5])
            self._reach(state)
        rival = make_staff("rival")
        people = {
            "employee": self.staff.people[5],
            "colleague": self.staff.people[0],
            "head": self.staff.head,
            "other_head": self.staff.small_head,
            "deputy": self.staff.deputy,
            "officer": self.staff.officer,
            "manager": self.staff.manager,
            "staff": others,
            "outsider": make_member(company, *OUTSIDERS, name="Owner"),
            "operator": make_user("Operator", is_operator=True),
            "rival": rival.manager,
        }
        self.clients: dict[str, Client] = {name: signed_in(user) for name, user in people.items()} | {"nobody": Client()}
        self.address, self.data = self.addresses(), self.posted()

    def _reach(self, state: str) -> None:
        if state in {"passed_on", "missed"}:
            late = (
                [shanghai(10, 10, 18)] if state == "passed_on" else [shanghai(10, 10, 18), shanghai(10, 15), shanghai(10, 21)]
            )
            for at in late:
                advance_quarter(quarter=self.quarter, at=at)
            self.unit.refresh_from_db()
            return
        if state == "open":
            return
        if state == "locked":
            OfficeResult.objects.create(
                quarter=self.quarter, period=self.quarter.period, department=self.staff.engineering, contacts=4, on_time=3,
                verified=2, reopened=1, ratings=1, rating_sum=5, people=6, company_numerator=1, company_denominator=2,
                numerator=1, denominator=2, rank=1,
            )  # fmt: skip
            submit_all(self.quarter, shanghai(10, 8))
        else:
            submit(self.unit, shanghai(10, 8))
        if state in {"objected", "answered", "locked"}:
            self.row.refresh_from_db()
            objection = object_to_appraisal(appraisal=self.row, words="Not so", by=self.row.employee, at=shanghai(10, 9))
            if state != "objected":
                answer_objection(objection=objection, verdict="kept", reply="It is", by=objection.reviewer, at=shanghai(10, 12))
        if state == "locked":
            lock_quarter(quarter=self.quarter, at=shanghai(10, 24, 0))

    def addresses(self) -> dict[str, str]:
        """The page or the end point of each action."""
        with company_scope(self.staff.company.pk):
            objection = getattr(AppraisalObjection.objects.filter(appraisal=self.row).first(), "pk", 1)
            office = getattr(OfficeResult.objects.first(), "pk", 1)
        base = "/lanting/hr"
        sheet, row, answer = (
            f"{base}/sheets/{self.unit.pk}/",
            f"{base}/appraisals/{self.row.pk}/",
            f"{base}/objections/{objection}/",
        )
        api = f"/lanting/api/v1/appraisals/{self.row.pk}/"
        return {
            "home": f"{base}/", "sheet": sheet, "save": f"{sheet}save/", "submit": sheet, "row": row,
            "facts": f"{row}facts/verified/", "api": api, "api_list": "/lanting/api/v1/appraisals/?page_size=200",
            "api_agree": f"{api}agree/", "api_object": f"{api}object/", "api_answer": f"{api}answer/", "agree": f"{row}agree/",
            "object": f"{row}object/", "objection": answer, "answer": answer, "reviewer": f"{answer}reviewer/",
            "form": f"{sheet}form/", "board": f"{base}/board/", "rankings": f"{base}/rankings/",
            "export": f"{base}/rankings/export/", "office_facts": f"{base}/rankings/offices/{office}/on_time/",
            "staff": f"{base}/staff/", "record_leave": f"{base}/staff/",
            "end_leave": f"{base}/staff/spans/{self.leave.pk}/end/",
            "publish": f"{base}/standards/", "fairness": f"{base}/fairness/", "standards": f"{base}/standards/",
        }  # fmt: skip

    def posted(self) -> dict[str, dict]:
        """What is sent; an action that is not here only looks."""
        with company_scope(self.staff.company.pk):
            somebody_else = self.staff.employee(self.staff.manager).pk
        leave = {"employee": self.row.employee_id, "kind": "leave", "starts_on": "2027-02-01", "ends_on": "2027-03-01"}
        criteria = {f"name{place}": f"N{place}" for place in range(1, 6)} | {f"meaning{place}": "x" for place in range(1, 6)}
        return {
            "save": {f"s{self.row.pk}-1": "4"},
            "submit": {**self.filled(), "act": "submit"},
            "api_agree": {},
            "api_object": {"words": "No"},
            "api_answer": {"verdict": "kept", "reply": "Because"},
            "agree": {},
            "object": {"words": "No"},
            "answer": {"verdict": "kept", "reply": "Because"},
            "reviewer": {"reviewer": somebody_else},
            "record_leave": {"act": "span", **leave},
            "end_leave": {},
            "publish": criteria,
        }

    def ask(self, role: str, action: str) -> int:
        """Whether it worked: 200 for a page shown or a thing done, otherwise the refusal."""
        client, address = self.clients[role], self.address[action]
        if action not in self.data:
            response = client.get(address)
            if action == "api_list" and response.status_code == 200:
                return 200 if self.row.pk in [one["id"] for one in response.json()["results"]] else 404
            b"".join(getattr(response, "streaming_content", ()))
            return response.status_code
        with transaction.atomic():
            before = self.fingerprint()
            kind = {"content_type": "application/json"} if action.startswith("api_") else {}
            response = client.post(address, self.data[action], **kind)
            done = self.fingerprint() != before
            transaction.set_rollback(True)
        return 200 if done else max(response.status_code, 400)

    def filled(self) -> dict[str, str]:
        with company_scope(self.staff.company.pk):
            rows = self.unit.appraisals.values_list("pk", flat=True)
            scores = {f"s{row}-{place}": "3" for row in rows for place in range(1, 6)}
            return scores | {f"f{row}": "Seen in the log" for row in rows}

    def fingerprint(self) -> tuple:
        """What the actions change."""
        with company_scope(self.staff.company.pk):
            scores = AppraisalUnit.objects.filter(pk=self.unit.pk).values_list("appraisals__score1", flat=True)
            return Event.objects.count(), sorted(scores, key=str)


@pytest.mark.parametrize("state", STATES)
def test_who_may_do_what(state, db, monkeypatch, caplog):
    caplog.set_level("CRITICAL", "django.request")  # every refusal is logged, and most cells are refusals
    now = {"missed": shanghai(10, 21, 12), "locked": shanghai(10, 26)}.get(state, shanghai(10, 12))
    monkeypatch.setattr("django.utils.timezone.now", lambda: now)
    world = World(state)
    wrong = []
    for action, by_state in MAY.items():
        for role in ROLES:
            may = role in by_state[state]
            status = world.ask(role, action)
            if (status == 200) != may or (not may and status not in {302, 400, 401, 403, 404, 405, 409, 422}):
                wrong.append((role, action, status, "may" if may else "may not"))
    assert wrong == []


def test_the_table_has_every_cell():
    assert all(set(by_state) == set(STATES) for by_state in MAY.values())


def test_every_role_stands_in_the_table():
    assert OTHER_STAFF | OUTSIDERS | {Role.EMPLOYEE, Role.DEPARTMENT_HEAD, Role.HR_OFFICER, Role.GENERAL_MANAGER} == set(Role)


@pytest.mark.parametrize("role", ["outsider", "operator", "rival", "colleague", "other_head", "staff"])
def test_a_foreign_row_looks_like_none(role, db):
    world = World("submitted")
    client = world.clients[role]
    there = client.get(f"/lanting/hr/appraisals/{world.row.pk}/")
    nowhere = client.get("/lanting/hr/appraisals/999999999/")
    assert (there.status_code, nowhere.status_code) == (404, 404)
    assert world.row.employee.name not in there.content.decode()
