"""The clocks against an oracle that counts seconds, written from the rulebook's two tables and nothing else."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from complaints.clocks import LEVELS, Clock, Moment, read_clocks
from complaints.workflow import ALLOWED_MOVES, State, Verb

BEGIN = datetime(2026, 3, 2, tzinfo=UTC)
ANSWERS = {Verb.ANSWER, Verb.RESOLVE}
MESSAGES = {Verb.ANSWER, Verb.WAIT, Verb.DEFER, Verb.RESOLVE}

# Rulebook 2.2, column "runs in".
RUNS = {
    Clock.ACCEPT: {"received"},
    Clock.FIRST_ANSWER: {"received", "accepted", "waiting", "deferred"},
    Clock.NEXT_UPDATE: {"accepted"},
    Clock.RESOLVE: {"received", "accepted"},
}
OVER = {"closed", "merged", "withdrawn"}

limits = st.fixed_dictionaries({clock: st.integers(1, 900).map(lambda s: timedelta(seconds=s)) for clock in Clock})


@st.composite
def histories(draw) -> list[tuple[int, Moment]]:
    """Seconds and moments of 10 to 60 moves, each allowed by the table; a gap of zero seconds is one of them."""
    state, second = "received", 0
    moments = [(0, Moment(BEGIN, state, limits=draw(limits)))]
    for _step in range(draw(st.integers(10, 60))):
        second += draw(st.one_of(st.just(0), st.integers(1, 60), st.integers(1, 400)))
        verb = draw(st.sampled_from([verb for verb, (froms, _to) in ALLOWED_MOVES.items() if state in froms]))
        by_company = verb in MESSAGES or (verb == Verb.REPLY and draw(st.booleans()))
        state = str(ALLOWED_MOVES[verb][1] or state)
        at = BEGIN + timedelta(seconds=second)
        new_limits = draw(limits) if verb in {Verb.RECATEGORISE, Verb.LENGTHEN} else None
        moments.append((second, Moment(at, state, by_company, verb in ANSWERS, new_limits)))
    return moments


class Oracle:
    """Counts every second of every clock by hand."""

    def __init__(self) -> None:
        self.elapsed = dict.fromkeys(Clock, 0)
        self.started = dict.fromkeys(Clock, 0)
        self.stopped = dict.fromkeys(Clock, False)

    def second(self, state: str) -> None:
        for clock in Clock:
            if self.started[clock] and not self.stopped[clock] and state in RUNS[clock]:
                self.elapsed[clock] += 1

    def start(self, clock: Clock) -> None:
        self.started[clock] += 1
        self.elapsed[clock], self.stopped[clock] = 0, False

    def moment(self, before: str | None, moment: Moment) -> None:
        if before is None:
            for clock in (Clock.ACCEPT, Clock.FIRST_ANSWER, Clock.RESOLVE):
                self.start(clock)
            return
        if before == "received" and moment.state != "received":
            self.stopped[Clock.ACCEPT] = True
            if moment.state == "accepted":
                self.start(Clock.NEXT_UPDATE)
        elif before in {"resolved", "closed"} and moment.state == "accepted":
            self.start(Clock.NEXT_UPDATE)
            self.stopped[Clock.RESOLVE] = False
        elif moment.is_public_message and self.started[Clock.NEXT_UPDATE] and moment.state not in OVER | {"resolved"}:
            self.start(Clock.NEXT_UPDATE)
        if moment.is_answer:
            self.stopped[Clock.FIRST_ANSWER] = True
        if moment.state == "resolved":
            self.stopped[Clock.NEXT_UPDATE] = self.stopped[Clock.RESOLVE] = True
        if moment.state in OVER:
            self.stopped = dict.fromkeys(Clock, True)


@settings(max_examples=150, deadline=None)
@given(histories(), st.integers(0, 300))
def test_clocks_agree_with_counting_seconds(history, later):
    oracle, now, before = Oracle(), 0, None
    for second, moment in history:
        while now < second:
            oracle.second(before)
            now += 1
        oracle.moment(before, moment)
        before = moment.state
    for _second in range(later):
        oracle.second(before)
    at = BEGIN + timedelta(seconds=now + later)
    for clock, reading in read_clocks([moment for _second, moment in history]).items():
        assert reading.epoch == oracle.started[clock], clock
        if reading.epoch == 0:
            continue
        assert reading.elapsed_at(at) == timedelta(seconds=oracle.elapsed[clock]), clock
        runs = not oracle.stopped[clock] and before in RUNS[clock]
        assert (reading.running_since is not None) == runs, clock
        for level in LEVELS:
            due_at = reading.due_at(level)
            assert (due_at is not None) == runs
            if due_at is not None:
                left = reading.limit * level / 100 - timedelta(seconds=oracle.elapsed[clock])
                assert due_at == at + left


@pytest.mark.parametrize("state", State.values)
@pytest.mark.parametrize("clock", list(Clock))
def test_every_state_and_clock(state, clock):
    """Every cell of the table: does the clock run in that state, reached from accepted (or at receipt)?"""
    hour = timedelta(hours=1)
    moments = [Moment(BEGIN, "received", limits=dict.fromkeys(Clock, hour))]
    if state != "received":
        moments += [Moment(BEGIN + hour / 4, "accepted"), Moment(BEGIN + hour / 2, state, is_answer=state == "resolved")]
    reading = read_clocks(moments)[clock]
    expected = state in RUNS[clock] and not (clock == Clock.ACCEPT and state != "received")
    if clock == Clock.NEXT_UPDATE and state == "received":
        expected = False
    assert (reading.running_since is not None) == expected


def moments(*given: tuple[int, str]) -> list[Moment]:
    first, *rest = given
    begin = Moment(BEGIN, first[1], limits={clock: timedelta(minutes=60) for clock in Clock})
    return [begin, *(Moment(BEGIN + timedelta(minutes=minute), state) for minute, state in rest)]


def test_pause_of_zero_length_changes_nothing():
    with_pause = read_clocks(moments((0, "received"), (5, "accepted"), (20, "waiting"), (20, "accepted")))
    without = read_clocks(moments((0, "received"), (5, "accepted")))
    assert with_pause[Clock.RESOLVE].due_at() == without[Clock.RESOLVE].due_at()


def test_pause_across_the_due_time_moves_it():
    reading = read_clocks(moments((0, "received"), (5, "accepted"), (50, "waiting"), (500, "accepted")))[Clock.RESOLVE]
    assert reading.due_at() == BEGIN + timedelta(minutes=510)


def test_reopening_after_days_resumes_the_resolve_clock():
    day = 24 * 60
    reading = read_clocks(moments((0, "received"), (5, "accepted"), (30, "resolved"), (9 * day, "accepted")))[Clock.RESOLVE]
    assert reading.elapsed == timedelta(minutes=30)
    assert reading.due_at() == BEGIN + timedelta(minutes=9 * day + 30)


def test_recategorising_keeps_the_elapsed_time():
    history = moments((0, "received"), (5, "accepted"))
    history.append(Moment(BEGIN + timedelta(minutes=40), "accepted", limits={Clock.RESOLVE: timedelta(minutes=30)}))
    reading = read_clocks(history)[Clock.RESOLVE]
    assert reading.due_at() == BEGIN + timedelta(minutes=30)
