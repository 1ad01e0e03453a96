"""Complaints of a town: filed, accepted, handed over, refused, answered, solved, confirmed, reopened, forgotten, escalated.

Each complaint is a story: a generator that waits until its next step is due, does it through the services as whoever has
the complaint by then, and goes on. All stories of a town live on one agenda in the order of time, and the clocks run in
between: what nobody does in time escalates by itself.
"""

import heapq
from collections.abc import Generator, Iterator
from datetime import date, datetime, timedelta
from itertools import count
from random import Random

from django.db.models import Min

from complaints import services
from complaints.models import Category, ClockPolicy, Complaint, Contact, Severity, Timer
from complaints.services.escalation import fire_timers_of, wake_complaints_of
from complaints.services.handling import Responsible
from complaints.services.policies import default_rules
from complaints.services.reminding import remind_of_late_orders_of
from complaints.workflow import OPEN, Refused, State
from propman.common.uploads import NewFile
from propman.community.models import Employee, Household

from . import dispatch
from .pictures import RECENT, photos_of
from .texts import ANSWERS, CATEGORIES, REASONS, STILL_WRONG, TROUBLES, Trouble
from .town import Place, Town, next_month

PER_HOUSEHOLD = 0.06  # complaints a month
BUSY = 9  # complaints of each community in the last forty hours: whoever opens the queue sees a centre at work
JUST_IN = 3  # of them in the last minutes: most wait for somebody to take them
MOST_PER_MONTH = 12  # of one community: a town is a sample
Story = Iterator[datetime]
Part = Generator[datetime, None, datetime]

serial = count()


def live_month(town: Town, month: date) -> None:
    """File the month's complaints and let all that are open go on until its end."""
    if not ClockPolicy.objects.exists():
        set_up(town)
    for place in town.places:
        for _n in range(count_for(town, place)):
            at = moment_in(town, month)
            if not is_silent(town, place, at):
                begin(town, story(town, place, at))
        if next_month(month) > town.company.today(town.until):
            for _n in range(min(BUSY, len(place.households) // 10)):
                at = town.until - timedelta(hours=town.random.triangular(0.05, 40, 1))
                if not is_silent(town, place, at):
                    begin(town, story(town, place, at))
            for _n in range(min(JUST_IN, len(place.households) // 10)):
                begin(town, story(town, place, town.until - timedelta(minutes=town.random.uniform(0.5, 8))))
    live_until(town, min(town.at(next_month(month)), town.until))
    if town.at(next_month(month)) >= town.until:
        dispatch.order_over_budget(town, agent_at(town, town.until), town.until - timedelta(minutes=20))


def is_talkative(town: Town, place: Place) -> bool:
    """The last community of several complains twice as much as the others."""
    return len(town.places) > 1 and place is town.places[-1]


def is_silent(town: Town, place: Place, at: datetime) -> bool:
    """One office writes nothing down in the whole week before the last Monday; the phone log and the alarm tell of it."""
    today = town.company.today(town.until)
    monday = town.at(today - timedelta(days=today.weekday()))
    return is_talkative(town, place) and monday - timedelta(days=7) <= at < monday


def set_up(town: Town) -> None:
    Category.objects.bulk_create(
        Category(company_id=town.company.pk, code=code, name=name, name_zh=name_zh, icon=icon, position=position)
        for position, (code, name, name_zh, icon) in enumerate(CATEGORIES)
    )
    services.publish_policy(rules=default_rules(), by=None, at=town.begins_at)
    dispatch.set_up(town)


def count_for(town: Town, place: Place) -> int:
    expected = min(MOST_PER_MONTH, len(place.households) * PER_HOUSEHOLD * (2 if is_talkative(town, place) else 1))
    return int(expected) + (town.random.random() < expected % 1)


def moment_in(town: Town, month: date) -> datetime:
    """A moment of the month, by day more often than at night."""
    day = month + timedelta(days=town.random.randrange((next_month(month) - month).days))
    hour = town.random.triangular(0, 24, 19)
    return town.at(day, hour)


def begin(town: Town, story: Story) -> None:
    at = next(story, None)
    if at is not None:
        plan(town, at, story)


def plan(town: Town, at: datetime, story: Story) -> None:
    heapq.heappush(town.agenda, (at, next(serial), story))


def live_until(town: Town, end: datetime) -> None:
    """Let every story go on, and the clocks with them, up to that moment."""
    while town.agenda and town.agenda[0][0] < end:
        at, _step, story = heapq.heappop(town.agenda)
        town.moment = at
        run_clocks(town, at)
        try:
            plan(town, max(next(story), at), story)
        except (StopIteration, Refused):
            continue  # told to its end, or somebody was faster, as in life
    run_clocks(town, end)
    remind_of_late_orders_of(town.company.pk, end)


def run_clocks(town: Town, end: datetime) -> None:
    """Escalate and wake at the very moments at which that is due."""
    while (at := next_tick()) and at <= end:
        town.made["escalations"] += fire_timers_of(town.company.pk, at)
        wake_complaints_of(town.company.pk, at)


def next_tick() -> datetime | None:
    timer = Timer.objects.filter(fired_at=None, cancelled_at=None).aggregate(at=Min("due_at"))["at"]
    waking = Complaint.objects.aggregate(at=Min("wakes_at"))["at"]
    return min((at for at in (timer, waking) if at), default=None)


def story(town: Town, place: Place, at: datetime) -> Story:
    """One complaint from its first contact to its end; where somebody was faster, whoever has it by then ends it."""
    yield at
    trouble = town.random.choice(TROUBLES)
    complaint = file(town, place, trouble, at)
    try:
        yield from course(town, place, complaint, trouble, at)
    except Refused:
        yield from rescue(town, complaint, trouble)


def rescue(town: Town, complaint: Complaint, trouble: Trouble) -> Story:
    """Nothing lies open for months: the one who has it puts it right within a day or two."""
    for _try in range(4):
        at = (town.moment or town.begins_at) + hours(town, 3, 20)
        yield at
        now = current(complaint)
        if now.state not in OPEN:
            return
        try:
            if now.state == State.RECEIVED:
                taker = now.handler if now.handler and not now.is_with_centre else agent_at(town, at)
                services.accept_complaint(complaint=complaint, by=taker, at=at)
            text = trouble.say(town.random.choice(ANSWERS))
            services.resolve_complaint(complaint=complaint, by=handler_of(complaint), at=at, text=text)
            return
        except Refused:
            continue


def course(town: Town, place: Place, complaint: Complaint, trouble: Trouble, at: datetime) -> Story:
    """What happens to it when all goes as people do."""
    chance, pick = town.random.random, town.random.choice
    pace = 0.25 if trouble.is_urgent else 1  # what is urgent goes four times as fast
    if chance() < 0.04:
        yield (at := at + hours(town, 0.2, 3))
        services.withdraw_complaint(complaint=complaint, by=complaint.asker, at=at)
        return
    yield (at := at + (hours(town, 0.05, 0.8) * pace if chance() < 0.9 else hours(town, 1, 5)))
    if complaint.handler is None or current(complaint).is_with_centre:
        services.accept_complaint(complaint=complaint, by=agent_at(town, at), at=at)
    else:
        services.accept_complaint(complaint=complaint, by=complaint.handler, at=at)
    for _n in range(3):
        if handler_of(complaint).department_id == place.office.pk:
            break
        yield (at := at + hours(town, 0.1, 0.6) * pace)
        at = yield from hand_over(town, place, complaint, at)
    yield (at := at + hours(town, 0.2, 2) * pace)
    answer(town, complaint, trouble, at)
    begin(town, dispatch.story(town, place, complaint, trouble, agent_at(town, at), at))
    if chance() < 0.15:
        yield (at := at + hours(town, 4, 20))
        services.urge_complaint(complaint=complaint, by=complaint.asker, at=at)
    if chance() < 0.15:
        yield (at := at + hours(town, 1, 8))
        at = yield from pause(town, complaint, trouble, at)
    for _n in range(3):
        if chance() < 0.7:
            yield (at := at + hours(town, 3, 16) * pace)
            said = trouble.say(("We are still on it.", "我们仍在处理，有进展会告诉您。"))
            services.reply_to_asker(complaint=complaint, by=handler_of(complaint), at=at, text=said)
        yield (at := at + (hours(town, 1, 18) * pace if chance() < 0.9 else hours(town, 60, 120)))
        if current(complaint).state not in OPEN:
            return
        text, files = trouble.say(pick(ANSWERS)), photos(town, trouble, at, is_right=True)
        services.resolve_complaint(complaint=complaint, by=handler_of(complaint), at=at, text=text, files=files)
        verdict = chance()
        if verdict > 0.75:
            return  # silence: it closes itself
        yield (at := at + hours(town, 1, 60))
        if verdict < 0.6:
            services.confirm_complaint(complaint=complaint, by=complaint.asker, at=at)
            services.rate_complaint(complaint=complaint, by=complaint.asker, at=at, rating=pick([3, 4, 4, 5, 5, 5]))
            tell(town, complaint, at)
            return
        come_back = services.half_fix_complaint if verdict < 0.68 else services.reopen_complaint
        come_back(complaint=complaint, by=complaint.asker, at=at, text=trouble.say(pick(STILL_WRONG)))
    yield from rescue(town, complaint, trouble)


def tell(town: Town, complaint: Complaint, at: datetime) -> None:
    """Some askers say whom they asked first and whether they were helped; few were not."""
    habit = Random(f"{town.seed}:{complaint.number}")  # noqa: S311 - a town is no secret
    if habit.random() < 0.3:
        helped = habit.choice(["yes"] * 7 + ["indifferent", "no_guidance", "deceived"])
        services.tell_first_asked(complaint=complaint, by=complaint.asker, at=at, helped=helped)


def file(town: Town, place: Place, trouble: Trouble, at: datetime) -> Complaint:
    household: Household = town.random.choice(place.households)
    person = place.tenants.get(household.pk) or place.owners[household.pk]
    channel = town.random.choices(["web", "phone", "visit", "letter", "email"], [50, 25, 15, 3, 7])[0]
    asked = {"phone": agent_at(town, at), "email": agent_at(town, at), "visit": place.staff[1], "letter": place.staff[1]}
    filed = services.file_complaint(
        channel=channel,
        kind=Contact.Kind.COMPLAINT,
        category=Category.objects.get(code=trouble.category),
        severity=Severity.URGENT if trouble.is_urgent else Severity.NORMAL,
        title=trouble.title,
        text=trouble.text,
        asker=services.Asker(user=person.user, person=person, name=person.name, phone=person.phone),
        household=household,
        first_asked=asked.get(channel),
        is_confidential=town.random.random() < 0.08,
        files=photos(town, trouble, at),
        at=at,
    )
    town.made["complaints"] += 1
    return filed.complaint


def photos(town: Town, trouble: Trouble, at: datetime, *, is_right: bool = False) -> list[NewFile]:
    """Photos of the trouble, or of how it was put right."""
    if at < town.until - RECENT:
        return []
    return photos_of(trouble, Random(f"{town.seed}:photo:{at.isoformat()}"), is_right=is_right)  # noqa: S311 - as above


def hand_over(town: Town, place: Place, complaint: Complaint, at: datetime) -> Part:
    """Offered to the office; every sixth time refused with a reason. Returns when it was answered."""
    refuses = town.random.random() < 0.16
    receiver = town.random.choice(place.staff)
    reason = "本小区的事，请管理处处理。" if town.random.random() < 0.5 else "It is the office’s to solve."
    services.hand_over_complaint(complaint=complaint, by=handler_of(complaint), at=at, reason=reason, to_employee=receiver)
    yield (at := at + hours(town, 0.05, 0.5))
    if refuses:
        services.refuse_complaint(complaint=complaint, by=receiver, at=at, reason=town.random.choice(REASONS))
    else:
        services.take_complaint(complaint=complaint, by=receiver, at=at)
    return at


def answer(town: Town, complaint: Complaint, trouble: Trouble, at: datetime) -> None:
    handler = handler_of(complaint)
    by = at + timedelta(hours=town.random.choice([4, 8, 24, 48]))
    responsible = Responsible(handler.name, handler.phone, by) if town.random.random() < 0.7 else None
    said = trouble.say(("We know what it is and are on it.", "我们已查明原因，正在处理。"))
    services.answer_complaint(complaint=complaint, by=handler, at=at, text=said, responsible=responsible)


def pause(town: Town, complaint: Complaint, trouble: Trouble, at: datetime) -> Part:
    """Wait for the asker, who writes back or not, or put it off for a part. Returns when it goes on."""
    handler = handler_of(complaint)
    if town.random.random() < 0.5:
        text = trouble.say(("When can we come in?", "请问什么时候方便上门？"))
        services.wait_for_asker(complaint=complaint, by=handler, at=at, text=text)
        yield (at := at + hours(town, 1, 60))
        if current(complaint).state == State.WAITING:
            text = trouble.say(("Tomorrow after six, please.", "明天晚上六点以后可以。"))
            services.reply_as_asker(complaint=complaint, by=complaint.asker, at=at, text=text)
    else:
        until = at + timedelta(days=town.random.randrange(2, 9))
        reason = trouble.say(("The part has been ordered.", "配件已订购，到货后更换。"))
        services.defer_complaint(complaint=complaint, by=handler, at=at, reason=reason, until=until)
        yield (at := until + timedelta(hours=1))
    return at


def current(complaint: Complaint) -> Complaint:
    found: Complaint = Complaint.objects.select_related("handler__department").get(pk=complaint.pk)
    return found


def handler_of(complaint: Complaint) -> Employee:
    handler: Employee = current(complaint).handler
    return handler


def agent_at(town: Town, at: datetime) -> Employee:
    return town.agents[int(at.timestamp() // 28800) % len(town.agents)]


def hours(town: Town, least: float, most: float) -> timedelta:
    return timedelta(hours=town.random.uniform(least, most))
