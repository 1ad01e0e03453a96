"""Random histories through the services, with a database, against an oracle that counts seconds.

Every move, allowed or not, happens at a random second: also at the one at which a clock runs out or a pause ends. After
each the complaint, its clocks and its timers are compared with tests/complaints/oracle.py.
"""

import copy
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, note, seed, settings
from hypothesis import strategies as st

from complaints import services
from complaints.clocks import Clock
from complaints.models import Complaint, Offer, Severity, Timer
from complaints.services.timing import read
from complaints.workflow import Refused
from propman.accounts.roles import Role
from propman.community.models import DutyShift, Employee
from propman.tenancy.events import broken_links, facts_of
from propman.tenancy.models import Event
from tests.complaints.oracle import ASKER, CLOCKS, DAY, FROM, OF_ASKER, WAIT, Oracle, Person
from tests.factories import make_employee
from tests.factories.complaints import START, make_category, make_complaint

pytestmark = pytest.mark.django_db

CATEGORIES = ("leak", "lift")
minutes = st.integers(1, 15)
limits = st.fixed_dictionaries({(category, severity): st.fixed_dictionaries(dict.fromkeys(CLOCKS, minutes))
                                for category in CATEGORIES for severity in ("normal", "urgent")})  # fmt: skip


@dataclass(frozen=True)
class Step:
    """One move, as far as it can be drawn before the history is known."""

    gap: str
    seconds: int
    is_allowed: bool  # choose among what the rules allow now, or among everything
    choice: int
    detail: int
    minutes: int


steps = st.builds(
    Step,
    gap=st.sampled_from(["none", "short", "short", "long", "due", "due", "wakes", "days"]),
    seconds=st.integers(-1, 400),
    is_allowed=st.sampled_from([True, True, True, False]),
    choice=st.integers(0, 997),
    detail=st.integers(0, 997),
    minutes=st.integers(1, 40),
)
histories = st.fixed_dictionaries(
    {
        "rules": limits,
        "later_rules": limits,
        "first_asked": st.sampled_from([None, None, "head", "fitter", "agent"]),
        "steps": st.lists(steps, min_size=10, max_size=60),
    }
)


@dataclass
class Town:
    """The people of the company and what was filed before anything happens."""

    staff: dict[str, Employee]
    household: Any
    duty: str = "agent"

    def oracle(self, rules: dict, first_asked: str | None) -> Oracle:
        people = {
            name: Person(name, one.department.name, one.department.kind == "service_centre") for name, one in self.staff.items()
        }
        asked_in = self.staff[first_asked or "head"].department
        return Oracle(
            people, {people["head"].unit: "head"}, self.duty, "manager", rules, "leak", "normal", first_asked, asked_in.name
        )

    def name_of(self, employee_id: int | None) -> str | None:
        return next((name for name, one in self.staff.items() if one.pk == employee_id), None)


@pytest.fixture
def town(scope, household, owner, office, centre, agent, head, manager) -> Town:
    users = {
        "agent": agent,
        "second agent": make_employee(centre, Role.CENTRE_AGENT, name="Second agent"),
        "head": head,
        "fitter": make_employee(office, name="Fitter"),
        "manager": manager,
    }
    staff = {name: Employee.objects.select_related("department").get(user=user) for name, user in users.items()}
    years = timedelta(days=3650)
    DutyShift.objects.create(department=centre, employee=staff["agent"], starts_at=START, ends_at=START + years, is_lead=True)
    return Town(staff, household)


def published(rules: dict, at: datetime) -> None:
    """A version of the limits for both categories; the rest never matters here."""
    categories = {code: make_category(code, code, code) for code in CATEGORIES}
    table = {(None, severity, clock): 60 for severity in Severity.values for clock in Clock}
    for (category, severity), of_clock in rules.items():
        table |= {(categories[category], severity, Clock(clock)): minutes for clock, minutes in of_clock.items()}
    services.publish_policy(rules=table, by=None, at=at)


class Play:
    """A complaint and its oracle, living the same history."""

    def __init__(self, town: Town, rules: dict, first_asked: str | None = None) -> None:
        published(rules, START)
        self.town = town
        self.second = 0
        self.story: list[str] = []
        self.oracle = town.oracle(rules, first_asked)
        self.complaint = make_complaint(household=town.household, first_asked=town.staff.get(first_asked))
        fitter = town.staff["fitter"]
        self.other = make_complaint(household=town.household, first_asked=fitter, title="The other one")
        services.accept_complaint(complaint=self.other, by=fitter, at=START)

    def at(self, second: int | None) -> datetime | None:
        return None if second is None else START + timedelta(seconds=second)

    @property
    def now(self) -> datetime:
        return START + timedelta(seconds=self.second)

    def live_until(self, second: int) -> None:
        self.second = max(self.second, second)
        self.oracle.live_until(self.second)

    def do(self, verb: str, who: str, **given: Any) -> bool:
        """Try the verb on both; whether it was possible. A refused one changes nothing."""
        self.story.append(f"{self.second}: {verb} by {who} {given or ''}")
        is_possible = self.oracle.may(verb, who, **given)
        before = self.kept()
        try:
            with transaction.atomic():
                was_done = self.call(verb, who, **given)
        except Refused as problem:
            was_done, why = False, str(problem)
        else:
            why = "nothing was to be done"
        assert why
        assert was_done == is_possible, f"{verb} by {who} in {self.oracle.state}: {why}"
        if is_possible:
            self.oracle.do(verb, who, **given)
            self.compare()
        else:
            assert self.kept() == before, f"{verb} was refused, but something was written"
        return is_possible

    def kept(self) -> tuple:
        rows = Complaint.objects.filter(pk__in=[self.complaint.pk, self.other.pk]).order_by("pk").values_list()
        timers = Timer.objects.order_by("pk").values_list("pk", "due_at", "fired_at", "cancelled_at", "limit_seconds")
        return list(rows), list(timers), Event.objects.count(), list(Offer.objects.order_by("pk").values_list("pk", "outcome"))

    def call(self, verb: str, who: str, **given: Any) -> bool:
        at, staff = self.now, self.town.staff
        one: dict[str, Any] = {"complaint": self.complaint, "at": at}
        if who == ASKER:
            one["by"] = self.complaint.asker
        else:
            one["by"] = staff[who]
        match verb:
            case "take_next":
                return services.take_next_complaint(by=staff[who], at=at) is not None
            case "accept" | "take" | "take_over" | "confirm":
                getattr(services, f"{verb}_complaint")(**one)
            case "hand_over":
                to = staff[given["to"]] if given["to"] else None
                unit = None if to else next(s.department for s in staff.values() if s.department.name == given["unit"])
                services.hand_over_complaint(**one, reason="It needs a fitter.", to_employee=to, to_department=unit)
            case "refuse":
                services.refuse_complaint(**one, reason="Not on duty.")
            case "answer" | "resolve" | "half_fix" | "reopen" | "urge" | "withdraw":
                getattr(services, f"{verb}_complaint")(**one, text="It is like this.")
            case "reply":
                services.reply_to_asker(**one, text="We look at it.")
            case "ask_back":
                services.reply_as_asker(**one, text="And when?")
            case "note":
                services.note_on_complaint(**one, text="Order a seal.")
            case "wait":
                services.wait_for_asker(**one, text="Are you at home?", until=self.at(given["until"]))
            case "defer":
                services.defer_complaint(**one, reason="The part is ordered.", until=self.at(given["until"]))
            case "rate":
                services.rate_complaint(**one, rating=given["rating"])
            case "merge":
                services.merge_complaint(**one, into=self.other)
            case "gather":
                services.merge_complaint(complaint=self.other, into=self.complaint, by=one["by"], at=at)
            case "recategorise":
                services.recategorise_complaint(**one, category=make_category(given["category"]), severity=given["severity"])
            case "lengthen":
                to = timedelta(minutes=given["minutes"])
                services.lengthen_clock(**one, clock=Clock(given["clock"]), to=to, reason="A part is missing.")
            case "correct":
                services.correct_complaint(**one, reason="Misheard.", asker_name="Li")
            case _:
                raise AssertionError(verb)
        return True

    def sweep(self) -> None:
        """What beat does every few seconds."""
        self.story.append(f"{self.second}: sweep")
        services.wake_complaints(self.now)
        services.fire_due_timers(self.now)
        self.oracle.sweep()
        self.compare()

    def compare(self) -> None:
        oracle = self.oracle
        row = Complaint.objects.get(pk=self.complaint.pk)
        due = oracle.next_due()
        told = {
            "state": oracle.state,
            "handler": oracle.handler,
            "first_inquirer": oracle.first_inquirer,
            "is_with_centre": oracle.is_with_centre,
            "wakes_at": self.at(oracle.wakes),
            "closed_at": self.at(oracle.closed),
            "closed_as": oracle.closed_as,
            "rating": oracle.rating,
            "first_answered_at": self.at(oracle.first_answer),
            "next_due_at": self.at(due[0]) if due else None,
            "next_due_clock": due[1] if due else "",
            **oracle.counts,
        }
        is_so = {name: getattr(row, name) for name in told}
        is_so |= {"handler": self.town.name_of(row.handler_id), "first_inquirer": self.town.name_of(row.first_inquirer_id)}
        assert is_so == told
        self.compare_clocks(row)
        self.compare_timers(row)
        offer = Offer.objects.filter(complaint=row, closed_at=None).first()
        assert (offer is not None) == (oracle.offer is not None)

    def compare_clocks(self, row: Complaint) -> None:
        for clock, reading in read(row).items():
            assert reading.epoch == self.oracle.starts(clock), clock
            assert (reading.running_since is not None) == self.oracle.runs(clock), clock
            if reading.epoch:
                assert reading.elapsed_at(self.now) == timedelta(seconds=self.oracle.elapsed(clock)), clock
                assert reading.limit == timedelta(minutes=self.oracle.limits[clock]), clock

    def compare_timers(self, row: Complaint) -> None:
        timers = list(Timer.objects.filter(complaint=row))
        pending = {(t.clock, t.epoch, t.level): t.due_at for t in timers if t.fired_at is None and t.cancelled_at is None}
        assert pending == {key: self.at(due) for key, due in self.oracle.pending().items()}
        assert {(t.clock, t.epoch, t.level) for t in timers if t.fired_at} == set(self.oracle.fired)
        events = [facts_of(e) for e in Event.objects.filter(stream=f"complaint:{row.pk}", name="complaint.escalated")]
        told = Counter((facts["clock"], facts["level"], self.town.name_of(facts["to"])) for facts in events)
        assert told == Counter((clock, level, person) for (clock, _start, level), person in self.oracle.fired.items())


def second_of(play: Play, step: Step) -> int:
    """When the step happens: anywhere, or right at (or a second beside) what is due next."""
    near = step.seconds % 3 - 1
    match step.gap:
        case "none":
            return play.second
        case "short":
            return play.second + step.seconds % 60
        case "long":
            return play.second + max(step.seconds, 0)
        case "due":
            due = sorted(play.oracle.pending().values())
            return due[step.detail % len(due)] + near if due else play.second
        case "wakes":
            return play.oracle.wakes + near if play.oracle.wakes is not None else play.second
    return play.second + (step.seconds % 33) * DAY


def details(play: Play, step: Step, verb: str) -> dict[str, Any]:
    """What else the verb needs."""
    pick = step.detail
    match verb:
        case "hand_over":
            to = [*play.town.staff, None, None][pick % 7]
            return {"to": to, "unit": "" if to else ["Willow office", "Service centre"][pick % 2]}
        case "wait":
            return {"until": play.second + 1 + (step.seconds + 1) * (WAIT - 1) // 401}
        case "defer":
            return {"until": play.second + 1 + (step.seconds + 1) * (30 * DAY - 1) // 401}
        case "rate":
            return {"rating": pick % 5 + 1}
        case "recategorise":
            return {"category": CATEGORIES[pick % 2], "severity": ("normal", "urgent")[pick // 2 % 2]}
        case "lengthen":
            return {"clock": CLOCKS[pick % 4], "minutes": step.minutes}
    return {}


def play_history(town: Town, history: dict[str, Any]) -> None:
    with transaction.atomic():
        play = Play(town, history["rules"], history["first_asked"])
        try:
            play_steps(play, history["steps"], history["later_rules"])
        except AssertionError:
            note("\n".join(play.story))
            raise
        transaction.set_rollback(True)


def play_steps(play: Play, steps: list[Step], later_rules: dict) -> None:
    play.compare()
    for number, step in enumerate(steps):
        if number == len(steps) // 2:
            published(later_rules, play.now)  # binds what is received from now on, not this one
        play.live_until(second_of(play, step))
        if step.choice % 5 == 0:
            play.sweep()
        moves = [(verb, who, details(play, step, verb)) for verb in FROM for who in who_may_try(verb, play.town.staff)]
        if step.is_allowed:
            moves = [move for move in moves if play.oracle.may(move[0], move[1], **move[2])] or moves
        verb, who, given = moves[step.choice % len(moves)]
        play.do(verb, who, **given)
    play.live_until(play.second + 40 * DAY)
    play.sweep()
    assert list(broken_links("complaint:")) == []


def who_may_try(verb: str, staff: Iterable[str]) -> list[str]:
    """Pages and API ask first whether the verb is the asker's or an employee's: tests/complaints/test_api.py."""
    return [ASKER] if verb in OF_ASKER else list(staff)


# A history of sixty moves takes a second: a failing one is told by its notes, not shrunk for minutes.
PHASES = (Phase.explicit, Phase.generate)
common = settings(deadline=None, database=None, phases=PHASES, suppress_health_check=list(HealthCheck))


@settings(common, max_examples=6)
@given(history=histories)
def test_random_history_agrees_with_the_rulebook(town, history):
    play_history(town, history)


@pytest.mark.long
@pytest.mark.parametrize("part", range(8))
def test_many_random_histories_agree_with_the_rulebook(town, part):
    @seed(part)
    @settings(common, max_examples=300)
    @given(history=histories)
    def play(history):
        play_history(town, history)

    play()


# Named moments; minutes of the four clocks are 10 (accept), 20 (first answer), 30 (next update) and 60 (resolve).
TEN = dict(zip(CLOCKS, (10, 20, 30, 60), strict=True))
FIVE = dict(zip(CLOCKS, (5, 10, 15, 30), strict=True))
TWENTY = dict(zip(CLOCKS, (20, 40, 60, 120), strict=True))
RULES = {("leak", "normal"): TEN, ("leak", "urgent"): FIVE, ("lift", "normal"): TWENTY, ("lift", "urgent"): TEN}
MINUTE = 60


@pytest.fixture
def play(town) -> Play:
    """A complaint that the head was asked first, accepted at once."""
    played = Play(town, RULES, "head")
    assert played.do("accept", "head")
    return played


def due(play: Play, clock: str) -> datetime:
    reading = read(Complaint.objects.get(pk=play.complaint.pk))[Clock(clock)]
    at = reading.due_at()
    assert at is not None
    return at


def test_pause_of_zero_length_moves_no_due_time(play):
    before = due(play, "resolve")
    play.live_until(7 * MINUTE)
    assert play.do("wait", "head", until=play.second + MINUTE)
    assert play.do("ask_back", ASKER)
    assert due(play, "resolve") == before == START + timedelta(minutes=60)


def test_pause_across_the_due_time_moves_it_by_its_length(play):
    play.live_until(59 * MINUTE)
    assert play.do("defer", "head", until=play.second + DAY)
    play.live_until(60 * MINUTE)
    play.sweep()  # first answer and next update ran out; what pauses does not
    assert ("resolve", 1, 100) not in play.oracle.fired
    play.live_until(59 * MINUTE + DAY)
    play.sweep()
    assert due(play, "resolve") == START + timedelta(days=1, minutes=60)


def test_pause_that_ended_unnoticed_does_not_lengthen_a_clock(play):
    assert play.do("wait", "head", until=5 * MINUTE)
    play.live_until(50 * MINUTE)  # nothing swept for three quarters of an hour
    assert play.do("note", "fitter")
    assert due(play, "resolve") == START + timedelta(minutes=65)


def test_verdict_after_unnoticed_silence_comes_too_late(play):
    assert play.do("resolve", "head")
    play.live_until(7 * DAY)
    assert not play.do("confirm", ASKER)
    play.sweep()
    assert Complaint.objects.get(pk=play.complaint.pk).closed_as == "silent"


def test_asker_who_writes_is_not_silent(play):
    assert play.do("resolve", "head")
    play.live_until(6 * DAY)
    assert play.do("ask_back", ASKER)
    play.live_until(8 * DAY)
    assert play.do("confirm", ASKER)


def test_reopening_after_days_resumes_the_resolve_clock(play):
    play.live_until(25 * MINUTE)
    assert play.do("resolve", "head")
    play.live_until(25 * MINUTE + 20 * DAY)
    play.sweep()  # closed by silence
    assert play.do("reopen", ASKER)
    assert due(play, "resolve") == play.now + timedelta(minutes=35)
    assert due(play, "next_update") == play.now + timedelta(minutes=30)


@pytest.mark.parametrize(("late", "is_possible"), [(0, True), (1, False)])
def test_reopening_ends_thirty_days_after_closing(play, late, is_possible):
    assert play.do("resolve", "head")
    assert play.do("confirm", ASKER)
    play.live_until(30 * DAY + late)
    assert play.do("half_fix", ASKER) == is_possible


def test_new_policy_binds_only_what_comes_after_it(play):
    published(dict.fromkeys(RULES, FIVE), play.now)
    play.live_until(MINUTE)
    assert play.do("recategorise", "agent", category="lift", severity="normal")  # by the version of its receipt
    assert due(play, "resolve") == START + timedelta(minutes=120)
    later = make_complaint(household=play.town.household, at=play.now)
    assert later.next_due_at == play.now + timedelta(minutes=5)


def test_recategorising_keeps_the_elapsed_time(play):
    play.live_until(40 * MINUTE)
    assert play.do("recategorise", "head", category="leak", severity="urgent")
    assert due(play, "resolve") == START + timedelta(minutes=30)  # ten minutes ago
    play.sweep()
    assert ("resolve", 1, 100) in play.oracle.fired
    assert not play.do("recategorise", "fitter", category="leak", severity="normal")
    assert play.do("recategorise", "agent", category="leak", severity="normal")


@pytest.mark.parametrize("is_swept_first", [True, False])
def test_hand_over_at_the_due_second_changes_no_clock(play, is_swept_first):
    assert play.do("answer", "head")
    play.live_until(30 * MINUTE)
    assert play.do("hand_over", "head", to="fitter", unit="")
    if is_swept_first:
        play.sweep()
    assert play.do("take", "fitter")
    assert due(play, "next_update") == START + timedelta(minutes=30)
    play.sweep()
    warned = play.oracle.fired["next_update", 2, 80]
    assert warned == ("head" if is_swept_first else "fitter")
    assert ("next_update", 2, 100) in play.oracle.fired


# Every state and every clock: r runs, p is paused, s is stopped, - has not begun. Columns in the order of CLOCKS.
TABLE = {
    "received": "rr-r",
    "accepted": "srrr",
    "waiting": "srpp",
    "deferred": "srpp",
    "resolved": "ssss",
    "closed": "ssss",
    "merged": "ssss",
    "withdrawn": "ssss",
}
WAY_TO = {
    "received": [],
    "accepted": [("accept", "head", {})],
    "waiting": [("accept", "head", {}), ("wait", "head", {"until": DAY})],
    "deferred": [("accept", "head", {}), ("defer", "head", {"until": DAY})],
    "resolved": [("accept", "head", {}), ("resolve", "head", {})],
    "closed": [("accept", "head", {}), ("resolve", "head", {}), ("confirm", ASKER, {})],
    "merged": [("merge", "agent", {})],
    "withdrawn": [("withdraw", ASKER, {})],
}


@pytest.mark.parametrize("state", TABLE)
def test_clocks_stand_in_every_state_as_the_table_says(town, state):
    play = Play(town, RULES, "head")
    for verb, who, more in WAY_TO[state]:
        play.live_until(play.second + MINUTE)
        assert play.do(verb, who, **more)
    row = Complaint.objects.get(pk=play.complaint.pk)
    assert row.state == state
    readings = read(row)
    seen = ""
    for clock in CLOCKS:
        one = readings[Clock(clock)]
        seen += "-" if one.epoch == 0 else "s" if one.is_stopped else "r" if one.running_since else "p"
    begun = TABLE[state] if state not in {"merged", "withdrawn"} else TABLE[state][:2] + "-" + TABLE[state][3:]
    assert seen == begun


MORE = {
    "hand_over": {"to": "fitter", "unit": ""},
    "wait": {"until": DAY},
    "defer": {"until": 2 * DAY},
    "rate": {"rating": 4},
    "recategorise": {"category": "leak", "severity": "urgent"},
    "lengthen": {"clock": "resolve", "minutes": 600},
}


@pytest.mark.parametrize("state", TABLE)
def test_every_verb_goes_from_each_state_as_the_table_says(town, state):
    play = Play(town, RULES, "head")
    for verb, who, more in WAY_TO[state]:
        assert play.do(verb, who, **more)
    for verb in FROM:
        for who in who_may_try(verb, ["head", "fitter", "agent"]):
            before = copy.deepcopy(play.oracle)
            with transaction.atomic():
                play.do(verb, who, **MORE.get(verb, {}))
                transaction.set_rollback(True)
            play.oracle = before
