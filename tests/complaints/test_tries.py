"""Guessing is limited for each visitor, also behind the proxy through which all of them come."""

import pytest

from complaints.views.follow import TRIES
from complaints.views.register import TRIES as NUMBERS
from tests.factories.complaints import make_complaint

pytestmark = pytest.mark.django_db
FOLLOW, REGISTER = "/lanting/follow/", "/lanting/public/willow-garden/register/"


@pytest.fixture(autouse=True)
def behind_a_proxy(settings):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1


@pytest.fixture
def guess(client, policy, household, owner, office):
    number = make_complaint(household=household).number

    def guess(path: str, visitor: str) -> int:
        """The status of one try; the proxy writes the visitor's address behind whatever he claims himself."""
        asked = {"number": number, "code": "AAAAA BBBBB"} if path == FOLLOW else {"number": "2026-999999"}
        send = client.post if path == FOLLOW else client.get
        return send(path, asked, headers={"X-Forwarded-For": visitor}).status_code

    return guess


@pytest.mark.parametrize(("path", "most"), [(FOLLOW, TRIES), (REGISTER, NUMBERS)])
def test_visitor_who_guesses_too_often_is_stopped_and_nobody_else(guess, path, most):
    assert {guess(path, f"198.51.100.{n}, 203.0.113.7") for n in range(most)} == {422}
    assert guess(path, "198.51.100.99, 203.0.113.7") == 429
    assert guess(path, "203.0.113.8") == 422
