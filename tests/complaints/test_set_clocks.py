"""The administrator's settings of complaints: limits of the clocks, categories."""

from datetime import timedelta

import pytest

from complaints import jobs, services
from complaints.clocks import Clock
from complaints.models import Category, ClockPolicy, ClockRule, Severity
from complaints.services.policies import default_rules
from complaints.workflow import State
from propman.community.selectors import employee_of
from tests.factories.complaints import make_category, make_complaint

CLOCKS, CATEGORIES = "/lanting/settings/clocks/", "/lanting/settings/categories/"


@pytest.fixture
def admin(administrator, client_of):
    return client_of(administrator)


def typed(**changed):
    fields = {f"*-{severity}-{clock}": minutes for (_category, severity, clock), minutes in default_rules().items()}
    return fields | {"silence_days": 7} | {name.replace("__", "-"): value for name, value in changed.items()}


def test_published_limits_are_a_new_version(admin, scope):
    leak = make_category()
    assert admin.post(CLOCKS, typed(leak__normal__accept=15)).status_code == 302
    policy = ClockPolicy.objects.order_by("-version").first()
    rule = ClockRule.objects.get(policy=policy, category=leak)
    assert (rule.severity, rule.clock, rule.minutes) == (Severity.NORMAL, Clock.ACCEPT, 15)
    assert admin.post(CLOCKS, typed(leak__normal__accept=20)).status_code == 302
    assert ClockPolicy.objects.count() == 2
    assert ClockRule.objects.get(pk=rule.pk).minutes == 15


@pytest.mark.parametrize("wrong", ["", "0", "-5", "soon", "1.5", "9" * 100_000, "\0", "٣٠x"])
def test_wrong_limit_is_said_beside_its_field_and_nothing_is_published(admin, scope, wrong):
    response = admin.post(CLOCKS, typed(**{"*__normal__accept": wrong}))
    assert response.status_code == 422
    assert response.context["form"].errors["*-normal-accept"]
    assert not ClockPolicy.objects.exists()


def test_category_is_added_and_retired(admin, scope):
    admin.post(CATEGORIES, {"code": "mould", "name": "Mould", "name_zh": "霉斑"})
    assert Category.objects.get(code="mould").retired_at is None
    admin.post(CATEGORIES, {"retire": "mould"})
    assert Category.objects.get(code="mould").retired_at is not None


@pytest.mark.parametrize(
    "wrong", [{"code": "Two words"}, {"code": "leak"}, {"name": ""}, {"name_zh": "x" * 100_000}, {"name": "\0"}]
)
def test_wrong_category_is_said_and_what_was_typed_stays(admin, scope, wrong):
    make_category()
    response = admin.post(CATEGORIES, {"code": "mould", "name": "Mould", "name_zh": "霉斑"} | wrong)
    assert response.status_code == 422
    assert Category.objects.count() == 1
    assert response.context["form"].data["code"] == ({"code": "mould"} | wrong)["code"]


def test_category_that_does_not_exist_is_not_retired(admin, scope):
    make_category()
    assert admin.post(CATEGORIES, {"retire": "nothing\0"}).status_code in {302, 404}
    assert Category.objects.get().retired_at is None


def test_silence_lasts_as_long_as_the_policy_says(admin, scope, household, agent):
    admin.post(CLOCKS, typed(silence_days=3))
    at = ClockPolicy.objects.get().valid_from + timedelta(hours=1)
    complaint = make_complaint(household=household, at=at)
    complaint = services.accept_complaint(complaint=complaint, by=employee_of(agent), at=at)
    complaint = services.resolve_complaint(complaint=complaint, by=employee_of(agent), at=at, text="Mended.")
    jobs.wake_complaints(at + timedelta(days=3) - timedelta(seconds=1))
    complaint.refresh_from_db()
    assert complaint.state == State.RESOLVED
    jobs.wake_complaints(at + timedelta(days=3))
    complaint.refresh_from_db()
    assert (complaint.state, complaint.closed_as) == (State.CLOSED, "silent")


@pytest.mark.parametrize("wrong", ["", "1", "61", "soon", "9" * 100_000])
def test_wrong_silence_is_said(admin, scope, wrong):
    assert admin.post(CLOCKS, typed(silence_days=wrong)).status_code == 422
    assert not ClockPolicy.objects.exists()
