import pytest

from propman.accounts.roles import Role
from tests.factories import make_member
from tests.factories.cards import make_committee, make_round


@pytest.fixture
def committee(community):
    return make_committee(community)


@pytest.fixture
def government_official(company):
    return make_member(company, Role.GOVERNMENT_OFFICIAL, name="Government official")


@pytest.fixture
def round(community, committee, household, owner, rival_owner):
    """An open round of two households, each with six cards."""
    return make_round(community)
