"""What a complaint should be, told by the rulebook: one byte for each second of its life, and the two tables.

Nothing here is taken from the clocks, the services or the table of moves of the product: sections 1.7 (who may do what
from which state) and 2.2 (in which states a clock runs) are written down once more, and time is counted in seconds.
"""

from dataclasses import dataclass, field
from typing import Any

# Section 1.7, column "from"; "to" is in `Oracle.do`.
OPEN = {"received", "accepted", "waiting", "deferred"}
FROM = {
    "accept": {"received"},
    "take_next": {"received"},
    "hand_over": {"accepted"},
    "take": {"accepted"},
    "refuse": {"accepted"},
    "answer": OPEN,
    "reply": OPEN | {"resolved"},
    "ask_back": OPEN | {"resolved"},  # a reply of the asker
    "note": OPEN | {"resolved", "closed", "merged", "withdrawn"},
    "wait": {"accepted"},
    "defer": {"accepted"},
    "resolve": {"accepted", "waiting", "deferred"},
    "confirm": {"resolved"},
    "reopen": {"resolved", "closed"},
    "half_fix": {"resolved", "closed"},
    "urge": OPEN,
    "rate": {"resolved", "closed"},
    "withdraw": OPEN,
    "merge": OPEN,
    "gather": OPEN,  # the other one is merged into this one
    "take_over": OPEN,
    "recategorise": OPEN,
    "lengthen": OPEN,
    "correct": OPEN | {"resolved", "closed", "merged", "withdrawn"},
}
ASKER = "asker"
OF_ASKER = {"ask_back", "confirm", "reopen", "half_fix", "urge", "rate", "withdraw"}
OF_CENTRE = {"take_next", "merge", "gather", "take_over", "lengthen"}
OF_HANDLER = {"hand_over", "answer", "wait", "resolve"}
OF_HANDLER_OR_CENTRE = {"reply", "defer", "recategorise", "correct"}

# Section 2.2, column "runs in".
ACCEPT, FIRST_ANSWER, NEXT_UPDATE, RESOLVE = CLOCKS = ("accept", "first_answer", "next_update", "resolve")
RUNS = {
    ACCEPT: {"received"},
    FIRST_ANSWER: {"received", "accepted", "waiting", "deferred"},
    NEXT_UPDATE: {"accepted"},
    RESOLVE: {"received", "accepted"},
}
LEVELS = (80, 100, 150, 200)  # section 2.4
DAY = 24 * 60 * 60
WAIT, SILENCE, REOPEN = 3 * DAY, 7 * DAY, 30 * DAY
CODES = {name: number for number, name in enumerate(["received", "accepted", "waiting", "deferred", "resolved", "closed"])}


@dataclass(frozen=True)
class Person:
    """Somebody of the company, as far as the rules care."""

    name: str
    unit: str
    is_centre: bool = False


@dataclass
class Offer:
    to: str | None  # None: anybody of the unit
    unit: str


@dataclass
class Oracle:
    people: dict[str, Person]
    heads: dict[str, str]
    duty: str
    manager: str
    rules: dict[tuple[str, str], dict[str, int]]  # category and severity: minutes of each clock
    category: str
    severity: str
    handler: str | None = None
    unit: str = ""

    state: str = "received"
    second: int = 0
    past: bytearray = field(default_factory=bytearray)  # the state in each second so far
    wakes: int | None = None
    first_inquirer: str | None = None
    offer: Offer | None = None
    is_with_centre: bool = False
    is_other_open: bool = True
    closed: int | None = None
    closed_as: str = ""
    counts: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(["deferrals", "urges", "reopenings", "half_fixes", "refusals"], 0)
    )
    rating: int | None = None
    first_answer: int | None = None
    updates: int = 0  # how often the next-update clock began
    update_began: int = 0
    fired: dict[tuple[str, int, int], str | None] = field(default_factory=dict)  # clock, its start, level: who was told

    def __post_init__(self) -> None:
        self.limits = dict(self.rules[self.category, self.severity])
        self.first_inquirer = self.handler

    # time

    def live_until(self, second: int) -> None:
        """Every second up to that one, with what time itself moves."""
        while self.wakes is not None and self.wakes <= second:
            self._spend(self.wakes)
            self.wakes = None
            if self.state == "resolved":
                self.state, self.closed, self.closed_as = "closed", self.second, "silent"
            else:
                self.state = "accepted"
        self._spend(second)

    def _spend(self, until: int) -> None:
        self.past.extend(bytes([CODES.get(self.state, 255)]) * (until - self.second))
        self.second = until

    # clocks

    def _counted(self, clock: str, begin: int, end: int) -> int:
        return sum(self.past.count(CODES[state], begin, end) for state in RUNS[clock])

    def elapsed(self, clock: str) -> int:
        """The seconds that the clock has run in its present start."""
        if clock == FIRST_ANSWER and self.first_answer is not None:
            return self._counted(clock, 0, self.first_answer)
        return self._counted(clock, self.update_began if clock == NEXT_UPDATE else 0, self.second)

    def starts(self, clock: str) -> int:
        return self.updates if clock == NEXT_UPDATE else 1

    def runs(self, clock: str) -> bool:
        if clock == FIRST_ANSWER and self.first_answer is not None:
            return False
        return self.starts(clock) > 0 and self.state in RUNS[clock]

    def due(self, clock: str, level: int = 100) -> int:
        return self.second + self.limits[clock] * 60 * level // 100 - self.elapsed(clock)

    def next_due(self) -> tuple[int, str] | None:
        return min(((self.due(clock), clock) for clock in CLOCKS if self.runs(clock)), default=None)

    def pending(self) -> dict[tuple[str, int, int], int]:
        """The next level of each running clock and the second at which it is due."""
        found = {}
        for clock in CLOCKS:
            left = [level for level in LEVELS if (clock, self.starts(clock), level) not in self.fired]
            if self.runs(clock) and left:
                found[clock, self.starts(clock), left[0]] = self.due(clock, left[0])
        return found

    def sweep(self) -> None:
        """Section 2.4: levels one after the other, each told to its person; at 150 % the centre takes over."""
        while batch := [key for key, due in self.pending().items() if due <= self.second]:
            told = {key: self._person(key[2]) for key in batch}
            if any(level == 150 for _clock, _start, level in batch) and not self.is_with_centre:
                self._to_centre(self.duty)
            self.fired |= told

    def _person(self, level: int) -> str:
        nobody_yet = self.state == "received" and self.handler is None
        return {
            80: self.handler or self.duty,
            100: self.duty if nobody_yet else self.heads.get(self.unit, self.duty),
            150: self.duty,
            200: self.manager,
        }[level]

    def _to_centre(self, name: str) -> None:
        self.handler, self.unit, self.is_with_centre, self.offer = name, self.people[name].unit, True, None

    # verbs

    def may(self, verb: str, who: str, **given: Any) -> bool:
        """Section 1.7: whether the verb is possible now for that person."""
        if self.state not in FROM[verb]:
            return False
        if verb in OF_ASKER:
            if who != ASKER:
                return False
            too_late = self.closed is not None and self.second > self.closed + REOPEN
            return not (verb in {"reopen", "half_fix"} and too_late)
        if who == ASKER:
            return False
        by = self.people[who]
        is_handler = who == self.handler
        if verb in OF_CENTRE and not by.is_centre:
            return False
        if verb in OF_HANDLER and not is_handler:
            return False
        if verb in OF_HANDLER_OR_CENTRE and not (is_handler or by.is_centre):
            return False
        return self._fits(verb, by, is_handler, **given)

    def _fits(self, verb: str, by: Person, is_handler: bool, **given: Any) -> bool:
        match verb:
            case "accept":
                return is_handler or (by.is_centre and (self.handler is None or self.is_with_centre))
            case "take_next":
                return self.handler is None
            case "hand_over":
                return self.offer is None and given["to"] != by.name
            case "take" | "refuse":
                return self.offer is not None and (self.offer.to == by.name if self.offer.to else self.offer.unit == by.unit)
            case "defer":
                return by.is_centre or not self.counts["deferrals"]
            case "merge" | "gather":
                return self.is_other_open
            case "recategorise":
                new = self.rules[given["category"], given["severity"]]
                return by.is_centre or all(new[clock] <= self.limits[clock] for clock in CLOCKS)
            case "lengthen":
                return bool(given["minutes"] > self.limits[given["clock"]])
        return True

    def do(self, verb: str, who: str, **given: Any) -> None:
        """Carry out a possible verb."""
        before = self.state
        if verb in {"accept", "take_next"}:
            self.state, self.handler, self.unit = "accepted", who, self.people[who].unit
            self.first_inquirer = self.first_inquirer or who
        elif verb == "hand_over":
            self.offer = Offer(given["to"], self.people[given["to"]].unit) if given["to"] else Offer(None, given["unit"])
        elif verb == "take":
            self.handler, self.unit, self.offer = who, self.people[who].unit, None
            self.is_with_centre = self.people[who].is_centre
        elif verb == "refuse":
            self.offer = None
            self.counts["refusals"] += 1
        elif verb == "answer":
            self.state, self.wakes = "accepted", None
            self.first_inquirer = self.first_inquirer or who
        elif verb == "ask_back":
            if before == "waiting":
                self.state, self.wakes = "accepted", None
            elif before == "resolved":
                self.wakes = self.second + SILENCE  # he is not silent
        elif verb in {"wait", "defer"}:
            self.state = "waiting" if verb == "wait" else "deferred"
            self.wakes = given["until"]
            self.counts["deferrals"] += verb == "defer"
        elif verb == "resolve":
            self.state, self.wakes, self.offer = "resolved", self.second + SILENCE, None
        elif verb == "confirm":
            self.state, self.wakes, self.closed, self.closed_as = "closed", None, self.second, "confirmed"
        elif verb in {"reopen", "half_fix"}:
            self.state, self.wakes, self.closed, self.closed_as = "accepted", None, None, ""
            self.counts["reopenings" if verb == "reopen" else "half_fixes"] += 1
        elif verb == "urge":
            self.counts["urges"] += 1
        elif verb == "rate":
            self.rating = given["rating"]
        elif verb in {"withdraw", "merge"}:
            self.state, self.wakes, self.offer = "withdrawn" if verb == "withdraw" else "merged", None, None
            self.closed = self.second
        elif verb == "gather":
            self.is_other_open = False
        elif verb == "take_over":
            self._to_centre(who)
        elif verb == "recategorise":
            self.category, self.severity = given["category"], given["severity"]
            self.limits = dict(self.rules[self.category, self.severity])
        elif verb == "lengthen":
            self.limits[given["clock"]] = given["minutes"]
        self._clocks_after(verb, before)

    def _clocks_after(self, verb: str, before: str) -> None:
        is_accepted_now = self.state == "accepted" and before in {"received", "resolved", "closed"}
        is_message = verb in {"answer", "reply", "wait", "defer"} and self.state not in {"received", "resolved"}
        if is_accepted_now or is_message:
            self.updates, self.update_began = self.updates + 1, self.second
        if verb in {"answer", "resolve"} and self.first_answer is None:
            self.first_answer = self.second
