"""Role x state x action: every cell is asked for and asserted."""

import pytest
from django.db import transaction
from django.test import Client

from hr.models import AppraisalObjection, AppraisalUnit
from hr.services import answer_objection, lock_quarter, object_to_appraisal, open_quarter
from propman.accounts.roles import Role
from propman.tenancy.models import Event
from propman.tenancy.scope import company_scope
from tests.conftest import signed_in
from tests.factories import make_employee, make_member

from .conftest import KEY, OPENING, make_staff, row_of, shanghai, submit, submit_all

STATES = ("open", "submitted", "objected", "answered", "locked")
ROLES = (
    "employee",  # whose row it is
    "colleague",  # of the same unit
    "head",  # who scored it
    "other_head",
    "deputy",  # who reviews
    "officer",
    "manager",
    "administrator",
    "finance",
    "resident",
    "rival",  # manager of another company
)
LOOKERS = {"head", "officer", "manager"}

# action -> state -> who may; everybody else gets 404, or 403 where `BY_ROLE` says that a role decides
MAY: dict[str, dict[str, set[str]]] = {
    "sheet": {state: ({"head"} if state == "open" else LOOKERS) for state in STATES},
    "save": {state: ({"head"} if state == "open" else set()) for state in STATES},
    "row": {
        "open": {"employee"},
        "submitted": {"employee"} | LOOKERS,
        **{state: {"employee", "deputy"} | LOOKERS for state in ("objected", "answered", "locked")},
    },
    "facts": {
        "open": {"employee", "head"},
        "submitted": {"employee"} | LOOKERS,
        **{state: {"employee", "deputy"} | LOOKERS for state in ("objected", "answered", "locked")},
    },
    "api": {
        "open": {"employee"},
        "submitted": {"employee"} | LOOKERS,
        **{state: {"employee", "deputy"} | LOOKERS for state in ("objected", "answered", "locked")},
    },
    "api_list": {
        "open": {"employee"},
        "submitted": {"employee"} | LOOKERS,
        **{state: {"employee", "deputy"} | LOOKERS for state in ("objected", "answered", "locked")},
    },
    "api_agree": {state: ({"employee"} if state == "submitted" else set()) for state in STATES},
    "api_answer": {state: ({"deputy"} if state == "objected" else set()) for state in STATES},
    "agree": {state: ({"employee"} if state == "submitted" else set()) for state in STATES},
    "object": {state: ({"employee"} if state == "submitted" else set()) for state in STATES},
    "objection": {
        state: ({"deputy", "officer", "manager"} if state in {"objected", "answered", "locked"} else set()) for state in STATES
    },
    "answer": {state: ({"deputy"} if state == "objected" else set()) for state in STATES},
    "reviewer": {state: ({"officer", "manager"} if state == "objected" else set()) for state in STATES},
    "form": {state: (LOOKERS if state == "locked" else set()) for state in STATES},
    "board": {state: {"officer", "manager"} for state in STATES},
    "rankings": {state: {"officer", "manager"} for state in STATES},
    "export": {state: ({"officer", "manager"} if state == "locked" else set()) for state in STATES},
    "staff": {state: {"officer"} for state in STATES},
    "publish": {state: {"officer"} for state in STATES},
    "fairness": {state: set(ROLES) - {"resident", "rival"} for state in STATES},
    "standards": {state: set(ROLES) - {"resident", "rival"} for state in STATES},
}


class World:
    """A company brought to a state, with a client for every role."""

    def __init__(self, state: str) -> None:
        self.staff = make_staff()
        company = self.staff.company
        finance = make_employee(self.staff.engineering, Role.FINANCE_OFFICER, name="Finance Lin")
        with company_scope(company.pk):
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
            "administrator": self.staff.administrator,
            "finance": finance,
            "resident": make_member(company, Role.OWNER, name="Owner"),
            "rival": rival.manager,
        }
        self.clients: dict[str, Client] = {name: signed_in(user) for name, user in people.items()}

    def _reach(self, state: str) -> None:
        place = STATES.index(state)
        if place == 0:
            return
        if state == "locked":
            submit_all(self.quarter, shanghai(10, 8))
        else:
            submit(self.unit, shanghai(10, 8))
        if place >= 2:
            self.row.refresh_from_db()
            objection = object_to_appraisal(appraisal=self.row, words="Not so", by=self.row.employee, at=shanghai(10, 9))
            if place >= 3:
                answer_objection(objection=objection, verdict="kept", reply="It is", by=objection.reviewer, at=shanghai(10, 12))
        if state == "locked":
            lock_quarter(quarter=self.quarter, at=shanghai(10, 24, 0))

    def ask(self, role: str, action: str) -> int:
        """Whether it worked: 200 for a page shown or a thing done, otherwise the refusal."""
        client, base = self.clients[role], "/lanting/hr"
        sheet, row = f"{base}/sheets/{self.unit.pk}/", f"{base}/appraisals/{self.row.pk}/"
        objection = AppraisalObjection.unscoped.filter(appraisal=self.row.pk)
        with company_scope(self.staff.company.pk):
            objection_key = getattr(objection.first(), "pk", 1)
            deputy = self.staff.employee(self.staff.manager).pk
        with transaction.atomic():
            before = self.fingerprint()
            match action:
                case "sheet":
                    return client.get(sheet).status_code
                case "save":
                    response = client.post(f"{sheet}save/", {f"s{self.row.pk}-1": "4"})
                case "row":
                    return client.get(row).status_code
                case "facts":
                    return client.get(f"{row}facts/verified/").status_code
                case "api":
                    return client.get(f"/lanting/api/v1/appraisals/{self.row.pk}/").status_code
                case "api_list":
                    listed = client.get("/lanting/api/v1/appraisals/?page_size=200").json().get("results", [])
                    return 200 if self.row.pk in [one["id"] for one in listed] else 404
                case "api_agree":
                    response = client.post(f"/lanting/api/v1/appraisals/{self.row.pk}/agree/")
                case "api_answer":
                    reply = {"verdict": "kept", "reply": "Because"}
                    response = client.post(
                        f"/lanting/api/v1/appraisals/{self.row.pk}/answer/", reply, content_type="application/json"
                    )
                case "agree":
                    response = client.post(f"{row}agree/")
                case "object":
                    response = client.post(f"{row}object/", {"words": "No"})
                case "objection":
                    return client.get(f"{base}/objections/{objection_key}/").status_code
                case "answer":
                    response = client.post(f"{base}/objections/{objection_key}/", {"verdict": "kept", "reply": "Because"})
                case "reviewer":
                    response = client.post(f"{base}/objections/{objection_key}/reviewer/", {"reviewer": deputy})
                case "form":
                    return client.get(f"{sheet}form/").status_code
                case "publish":
                    names = {f"name{place}": f"N{place}" for place in range(1, 6)}
                    response = client.post(f"{base}/standards/", {**names, **{f"meaning{place}": "x" for place in range(1, 6)}})
                case "export":
                    file = client.get(f"{base}/rankings/export/")
                    b"".join(getattr(file, "streaming_content", ()))
                    return file.status_code
                case _:
                    return client.get(f"{base}/{action}/").status_code
            done = self.fingerprint() != before
            transaction.set_rollback(True)
        return 200 if done else max(response.status_code, 400)

    def fingerprint(self) -> tuple:
        """What the actions change."""
        with company_scope(self.staff.company.pk):
            scores = AppraisalUnit.objects.filter(pk=self.unit.pk).values_list("appraisals__score1", flat=True)
            return Event.objects.count(), sorted(scores, key=str)


@pytest.mark.parametrize("state", STATES)
def test_who_may_do_what(state, db, monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: shanghai(10, 12) if state != "locked" else shanghai(10, 26))
    world = World(state)
    wrong = []
    for action, by_state in MAY.items():
        for role in ROLES:
            may = role in by_state[state]
            status = world.ask(role, action)
            if (status == 200) != may or (not may and status not in {302, 400, 403, 404, 405, 409, 422}):
                wrong.append((role, action, status, "may" if may else "may not"))
    assert wrong == []


def test_the_table_has_every_cell():
    assert all(set(by_state) == set(STATES) for by_state in MAY.values())


@pytest.mark.parametrize("role", ["resident", "rival", "colleague", "other_head", "finance", "administrator"])
def test_a_foreign_row_looks_like_none(role, db):
    world = World("submitted")
    client = world.clients[role]
    there = client.get(f"/lanting/hr/appraisals/{world.row.pk}/")
    nowhere = client.get("/lanting/hr/appraisals/999999999/")
    assert (there.status_code, nowhere.status_code) == (404, 404)
    assert world.row.employee.name not in there.content.decode()
