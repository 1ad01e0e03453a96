import pytest

from complaints import integrity
from propman.tenancy.models import Company
from propman.tenancy.scope import company_scope
from tests.factories.complaints import make_complaint, make_policy

pytestmark = pytest.mark.django_db


def everything(company: Company) -> list[str]:
    names = ("chains", "facts", "states", "numbers", "timers")
    return [line for name in names for line in getattr(integrity, f"complaint_{name}")(company)]


def test_untouched_complaint_is_clean(complaint, company):
    assert everything(company) == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("sql", "named"),
    [
        ("UPDATE complaints_complaint SET received_at = received_at - interval '1 day'", "time of receipt was altered"),
        ("UPDATE complaints_contact SET channel = 'phone'", "channel was altered"),
        ("UPDATE complaints_contactwords SET text = 'nothing'", "words were altered"),
        ("UPDATE complaints_complaint SET state = 'withdrawn'", "its events say received"),
        ("DELETE FROM complaints_timer; DELETE FROM complaints_complaint", "is missing"),
        ("UPDATE tenancy_event SET canonical = replace(canonical, 'web', 'phone')", "does not match its hash"),
        ("UPDATE tenancy_event SET at = at - interval '1 day'", "column at was altered"),
        ("DELETE FROM tenancy_event", "its events are gone"),
        ("UPDATE complaints_timer SET due_at = due_at + interval '1 day'", "does not follow from its history"),
    ],
)
def test_tampering_as_owner_is_named(company, household, owner, office, owner_sql, sql, named):
    with company_scope(company.pk):
        make_policy()
        make_complaint(household=household)
    owner_sql(f"SET LOCAL session_replication_role = replica; {sql}")
    with company_scope(company.pk):
        found = everything(company)
    assert any(named in line for line in found), found
