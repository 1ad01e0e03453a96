from datetime import timedelta

import pytest

from complaints import integrity, services
from propman.community.models import Employee
from propman.tenancy.models import Company
from propman.tenancy.scope import company_scope
from tests.factories.complaints import START, make_complaint, make_policy

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def everything(company: Company) -> list[str]:
    names = ("chains", "facts", "states", "numbers", "timers")
    return [line for name in names for line in getattr(integrity, f"complaint_{name}")(company)]


def test_untouched_complaint_is_clean(complaint, company):
    assert everything(company) == []


def test_complaint_that_was_urged_reopened_and_rated_is_clean(complaint, company, owner, agent, staff):
    by_asker = {"complaint": complaint, "by": owner}
    services.take_over_complaint(complaint=complaint, by=staff(agent), at=START)
    services.accept_complaint(complaint=complaint, by=staff(agent), at=START)
    services.urge_complaint(**by_asker, at=START)
    services.defer_complaint(complaint=complaint, by=staff(agent), at=START, reason="A part.", until=START + HOUR)
    for verb in (services.reopen_complaint, services.half_fix_complaint):
        services.resolve_complaint(complaint=complaint, by=staff(agent), at=START + 2 * HOUR, text="Done.")
        verb(**by_asker, at=START + 2 * HOUR, text="Not yet.")
    services.resolve_complaint(complaint=complaint, by=staff(agent), at=START + 3 * HOUR, text="Done.")
    for rating in (2, 5):
        services.rate_complaint(**by_asker, at=START + 3 * HOUR, rating=rating)
    complaint.refresh_from_db()
    assert (complaint.urges, complaint.reopenings, complaint.half_fixes, complaint.deferrals, complaint.rating) == (
        1,
        1,
        1,
        1,
        5,
    )
    assert everything(company) == []


@pytest.mark.django_db(transaction=True)
def test_merge_led_elsewhere_by_the_owner_is_named(company, household, owner, office, agent, owner_sql):
    with company_scope(company.pk):
        make_policy()
        merged, into, other = (make_complaint(household=household) for _ in range(3))
        services.merge_complaint(complaint=merged, into=into, by=Employee.objects.get(user=agent), at=START + HOUR)
        assert everything(company) == []
    aside = "UPDATE complaints_complaint SET merged_into_id = %s WHERE id = %s"
    owner_sql(f"SET LOCAL session_replication_role = replica; {aside}", other.pk, merged.pk)
    with company_scope(company.pk):
        assert everything(company) == [f"complaint {merged.number}: merged_into was altered"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("sql", "named"),
    [
        ("UPDATE complaints_complaint SET received_at = received_at - interval '1 day'", "time of receipt was altered"),
        ("UPDATE complaints_contact SET channel = 'phone'", "channel was altered"),
        ("UPDATE complaints_contactwords SET text = 'nothing'", "words were altered"),
        ("UPDATE complaints_complaint SET state = 'withdrawn'", "its events say received"),
        *(
            (f"UPDATE complaints_complaint SET {name} = 3", f"{name} was altered")
            for name in ("urges", "reopenings", "half_fixes", "refusals", "deferrals", "rating")
        ),
        ("UPDATE complaints_complaint SET severity = 'emergency'", "severity was altered"),
        ("UPDATE complaints_complaint SET category_id = category_id + 1", "category was altered"),
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
