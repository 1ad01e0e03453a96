from types import SimpleNamespace
from typing import Any

import pytest

from propman.tenancy.scope import company_scope
from tests import url_samples

PEOPLE = ["owner", "rival_owner", "agent", "head", "manager", "administrator", "official"]


@pytest.fixture
def cast(request: pytest.FixtureRequest) -> SimpleNamespace:
    names = [
        *PEOPLE,
        "rival_manager",
        "company",
        "rival_company",
        "community",
        "household",
        "centre",
        "office",
        "company_office",
    ]
    return SimpleNamespace(**{name: request.getfixturevalue(name) for name in names})


@pytest.fixture
def samples(cast: SimpleNamespace) -> dict[str, dict[str, Any]]:
    with company_scope(cast.company.pk):
        return url_samples.all_samples(cast)
