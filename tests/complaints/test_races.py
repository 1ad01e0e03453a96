"""Two at the same moment, on real connections: each is done or refused in words, none is lost or ends in a deadlock."""

import time
from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection, transaction
from django.utils import timezone

from complaints import services
from complaints.models import Complaint, LogEntry
from complaints.services import reconciling
from complaints.services.shifts import hand_over_shift, take_shift
from complaints.workflow import Refused, State
from propman.accounts.roles import Role
from propman.community.models import Employee
from propman.tenancy.events import broken_links
from propman.tenancy.scope import company_scope
from tests.complaints.test_reconcile import bring_in
from tests.factories import make_employee
from tests.factories.complaints import make_complaint, make_policy

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def now():
    return timezone.now().replace(microsecond=0)


@pytest.fixture
def agents(company, household, owner, office, centre, now) -> list[Employee]:
    """Three agents of the centre."""
    with company_scope(company.pk):
        make_policy(now - timedelta(days=3))
        users = [make_employee(centre, Role.CENTRE_AGENT, name=name) for name in ("Cai Yu", "Dai Hong", "Fei Ran")]
        return [Employee.objects.select_related("department").get(user=user) for user in users]


def at_once(company, *acts: Callable[[], object]) -> list[str]:
    """What came of each: "done", the name of its refusal, or that of an error."""
    start, outcomes = Barrier(len(acts)), [""] * len(acts)

    def carry_out(place: int) -> None:
        start.wait()
        outcomes[place] = outcome_of(company, acts[place])

    threads = [Thread(target=carry_out, args=[place]) for place in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def outcome_of(company, act: Callable[[], object]) -> str:
    try:
        with company_scope(company.pk):
            act()
    except Refused as problem:
        return type(problem).__name__
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    finally:
        connection.close()
    return "done"


def while_another_waits(company, first: Callable[[], object], second: Callable[[], object]) -> str:
    """What comes of the second, which begins before the first is committed and waits for it."""
    outcome: list[str] = []
    thread = Thread(target=lambda: outcome.append(outcome_of(company, second)))
    with company_scope(company.pk), transaction.atomic():
        first()
        thread.start()
        with connection.cursor() as cursor:
            for _try in range(200):
                cursor.execute(
                    "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
                )
                if cursor.fetchone()[0]:
                    break
                time.sleep(0.05)
            else:
                pytest.fail("the second does not wait for the first")
    thread.join()
    return outcome[0]


def test_merges_that_cross_each_other_end_in_one_that_is_open(company, household, agents, now):
    for _round in range(4):
        with company_scope(company.pk):
            first, second, third = (make_complaint(household=household, at=now) for _n in range(3))
            services.merge_complaint(complaint=first, into=second, by=agents[0], at=now)

        def merge(one: Complaint, into: Complaint) -> Callable[[], object]:
            return lambda: services.merge_complaint(complaint=one, into=into, by=agents[0], at=now)

        outcomes = at_once(company, merge(second, third), merge(third, first), merge(third, second), merge(third, first))
        assert set(outcomes) <= {"done", "BadInput", "MoveNotAllowed"}
        assert outcomes.count("done") == 1
        with company_scope(company.pk):
            left = Complaint.objects.exclude(state=State.MERGED).get(pk__in=[first.pk, second.pk, third.pk])
            assert Complaint.objects.filter(merged_into=left).count() == 2
    with company_scope(company.pk):
        assert not list(broken_links())


def test_shift_that_is_offered_and_taken_at_once_ends_in_no_deadlock(company, household, agents, now):
    giver, receiver, other = agents
    for _round in range(3):
        with company_scope(company.pk):
            # the newest are due last, so that the order of their ids is not that of their clocks
            held = [make_complaint(household=household, at=now - timedelta(minutes=n)) for n in range(12)]
            for complaint in held:
                services.accept_complaint(complaint=complaint, by=giver, at=now)
            handed = hand_over_shift(by=giver, to=receiver, note="", at=now)
            for complaint in held:
                services.refuse_complaint(complaint=complaint, by=receiver, reason="Not yet.", at=now)
        outcomes = at_once(
            company,
            lambda: hand_over_shift(by=giver, to=other, note="", at=now),
            lambda handed=handed: take_shift(hand_over=handed, by=receiver, at=now),
        )
        assert set(outcomes) <= {"done", "BadInput", "MoveNotAllowed", "NotYours"}
    with company_scope(company.pk):
        assert not list(broken_links())


@pytest.fixture
def two_gaps(company, agents, now) -> list[LogEntry]:
    """Two calls that nobody logged."""
    with company_scope(company.pk):
        moment = now.astimezone(company.timezone).strftime("%Y-%m-%d %H:%M:%S")
        calls = [f"{moment},13800{n}38000,,willow-garden,60," for n in range(2)]
        bring_in(company, *calls, at=now + timedelta(minutes=1))
        return list(LogEntry.objects.filter(state="open").order_by("line"))


def test_two_agents_cannot_match_two_calls_to_one_contact(company, household, two_gaps, agents, now):
    at = now + timedelta(minutes=2)
    with company_scope(company.pk):
        complaint = make_complaint(household=household, first_asked=agents[0], at=now)

    def match(place: int) -> Callable[[], object]:
        entry, by = two_gaps[place], agents[place]
        return lambda: reconciling.match_entry(entry=entry, complaint=complaint, by=by, at=at, reason="The same.")

    assert while_another_waits(company, match(0), match(1)) == "BadInput"
    with company_scope(company.pk):
        assert list(LogEntry.objects.order_by("line").values_list("state", flat=True)) == ["matched", "open"]


def test_rule_leaves_alone_what_an_agent_is_deciding(company, household, two_gaps, agents, now):
    at = now + timedelta(minutes=2)
    with company_scope(company.pk):
        asker = services.Asker(name="Li Na", phone="13800038000")
        make_complaint(household=household, first_asked=agents[0], at=now, asker=asker)
    explained = while_another_waits(
        company,
        lambda: reconciling.explain_entry(entry=two_gaps[0], by=agents[0], at=at, reason="other", text="A wrong number."),
        lambda: reconciling.match_entries(source="phone", at=at),
    )
    assert explained == "done"
    with company_scope(company.pk):
        assert LogEntry.objects.get(pk=two_gaps[0].pk).state == LogEntry.State.EXPLAINED
