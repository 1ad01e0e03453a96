"""A draft against a clerk of a unit that nobody of the cast works in."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from propman.accounts.roles import Role
from propman.cases.actions import VERBS
from propman.cases.services import Breach, draft_cases
from propman.cases.workflow import Ground, Source
from propman.community.models import Department, Employee
from propman.tenancy.scope import company_scope
from tests.factories import make_department, make_employee

OUTSIDERS = ["owner", "rival_owner", "agent", "head", "administrator", "official"]
FORBIDDEN = {
    "cases:case": OUTSIDERS,
    **{f"cases:{verb.value}": [*OUTSIDERS, "manager"] for verb in VERBS},
    "api-case-detail": OUTSIDERS,
    **{f"api-case-{verb.value}": [*OUTSIDERS, "manager"] for verb in VERBS},
}


def samples(cast: SimpleNamespace) -> dict[str, dict[str, Any]]:
    unit = make_department(cast.company, Department.Kind.OTHER, name="Garage")
    make_employee(unit, Role.DEPARTMENT_HEAD, name="Garage head")
    clerk = make_employee(unit, name="Garage clerk")
    at = datetime(2026, 3, 2, tzinfo=UTC)
    with company_scope(cast.company.pk):
        accused = Employee.objects.get(user=clerk)
        found = Breach("complaint:0:accept", Source.CLOCK, Ground.INDIFFERENT, accused.pk, at)
        [key] = draft_cases(breaches=[found], at=at)
    return {
        "cases:case": {"key": key},
        **{f"cases:{verb.value}": {"key": key} for verb in VERBS},
        **{f"api-case-{name}": {"pk": key} for name in ("detail", *(verb.value for verb in VERBS))},
    }
