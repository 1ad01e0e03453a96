"""Appraisals of a town: standards before the first quarter, then every quarter as the calendar has it.

Heads are lenient or strict as people are, one in seven forgets the sheet, one employee in twelve objects. Who does what follows
from the town's seed and the employees' numbers, never from ids of the database.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from random import Random

from hr.models import Appraisal, AppraisalObjection, AppraisalQuarter, AppraisalStandard, AppraisalUnit
from hr.selectors import rows_of
from hr.services import (
    NewCriterion,
    RowScores,
    advance_quarter,
    agree_to_appraisal,
    answer_objection,
    appoint_deputy,
    object_to_appraisal,
    open_quarter,
    publish_standard,
    record_span,
    save_sheet,
    submit_sheet,
)
from hr.workflow import QuarterKey
from propman.accounts.roles import Role
from propman.community.models import Department, Employee
from propman.community.services.staff import name_head, open_department

from .town import Town, hire

CRITERIA = [
    ("Results 业绩", "Work done as agreed and in time. 按约定及时完成工作。"),
    ("Quality 质量", "Holds, clean, safe; nothing done twice. 细致耐用，干净安全，不返工。"),
    ("Attitude 态度", "Listens, explains, keeps his word. 倾听、解释、守信。"),
    ("Teamwork 协作", "Helps others, hands over completely. 帮助同事，交接完整。"),
    ("Discipline 纪律", "On time, follows safety rules. 准时，遵守安全规定。"),
]
FACTS = (
    "3 night call-outs 夜间出勤 3 次",
    "no repair came back 无返修",
    "late rounds 巡查迟到",
    "trained 2 apprentices 带教 2 人",
)
OBJECTION = "I was on the night shift that week. 那一周我上夜班。"
REPLY = "The rota shows it; the head did not have it. 排班表可以证明。"
FORGETS, OBJECTS, AGREES = 0.15, 0.08, 0.8


def live_month(town: Town, month: date) -> None:
    """Set up before the first month; in the first month of a quarter appraise the one that is over."""
    if not AppraisalStandard.objects.exists():
        set_up(town)
    if month.month % 3 == 1:
        appraise(town, QuarterKey.of(month - timedelta(days=1)))


def set_up(town: Town) -> None:
    """Standards that hung on the wall before the portal came, two more departments, deputies, somebody on leave."""
    before = town.begins_at - timedelta(days=70)
    publish_standard(criteria=[NewCriterion(*words) for words in CRITERIA], by=None, at=before)
    for place in town.places:
        place.staff += [hire(town, place.office, post) for post in ("Caretaker 楼管", "Gardener 绿化", "Electrician 电工")]
    for name, post in (("Engineering 工程部", "Technician 技工"), ("Greening 绿化部", "Gardener 园艺")):
        department = open_department(name=name, kind=Department.Kind.OTHER, phone="021-5550-0300", by=None, at=town.begins_at)
        head = hire(town, department, "Head 负责人", Role.DEPARTMENT_HEAD)
        name_head(department=department, head=head, by=None, at=town.begins_at)
        people = [hire(town, department, post) for _n in range(6)]
        appoint_deputy(department=department, employee=town.posts[Role.HR_OFFICER], by=None, at=town.begins_at)
        starts_on = town.company.today(town.begins_at) + timedelta(days=7)
        record_span(
            employee=people[0],
            kind="leave",
            starts_on=starts_on,
            ends_on=starts_on + timedelta(days=80),
            by=None,
            at=town.begins_at,
        )


def appraise(town: Town, key: QuarterKey) -> None:
    """One quarter from its opening to its lock, as far as the town has lived."""
    opens_at = town.at(key.after)
    if opens_at >= town.until or (quarter := open_quarter(key=key, at=opens_at)) is None:
        return
    for at in moments(town, quarter):
        quarter = advance_quarter(quarter=quarter, at=at)
        if quarter.is_locked:
            town.made["appraisals locked"] += 1
            return
        act(town, quarter, at)


def moments(town: Town, quarter: AppraisalQuarter) -> Iterator[datetime]:
    """Nine in the morning and nine in the evening."""
    at = quarter.opened_at + timedelta(hours=9)
    while at < town.until:
        yield at
        at += timedelta(hours=12)


def act(town: Town, quarter: AppraisalQuarter, at: datetime) -> None:
    """What people do at that moment: score, answer, review."""
    sheets = AppraisalUnit.objects.filter(quarter=quarter, state="open").select_related("scorer__user", "quarter", "department")
    for unit in sheets.order_by("pk"):
        if unit.scorer is not None and at >= scores_from(town, unit, unit.scorer):
            score(town, unit, unit.scorer, at)
    mine = Appraisal.objects.filter(quarter=quarter, answer="", unit__state="submitted", unit__answers_until__gt=at)
    for row in mine.select_related("employee__user", "quarter", "unit").order_by("pk"):
        answer(town, row, at)
    objections = AppraisalObjection.objects.filter(quarter=quarter, replied_at=None)
    for objection in objections.select_related("reviewer__user", "appraisal").order_by("pk"):
        if objection.reviewer is not None and at >= objection.filed_at + timedelta(days=2):
            review(town, objection, objection.reviewer, at)


def habit_of(town: Town, *of: object) -> Random:
    """Chance that stays the same for the same person."""
    return Random("-".join(map(str, (town.seed, *of))))  # noqa: S311 - a town is no secret


def scores_from(town: Town, unit: AppraisalUnit, scorer: Employee) -> datetime:
    """A head scores on one of the first eight days, one in seven not at all; whoever takes over scores on the next day."""
    if unit.stage != "head":
        return unit.due_at - timedelta(days=2)
    habit = habit_of(town, unit.quarter, scorer.number)
    if habit.random() < FORGETS:
        return unit.due_at
    return unit.quarter.opened_at + timedelta(days=habit.randrange(1, 9))


def score(town: Town, unit: AppraisalUnit, scorer: Employee, at: datetime) -> None:
    """Everybody's merit stays, chance moves it a little; how lenient the scorer is moves all of the unit."""
    lenient = habit_of(town, "lenient", scorer.number).choice((-0.7, -0.35, 0, 0.35, 0.7))
    rows = {}
    for row in rows_of(unit):
        if row.is_ranked:
            merit = habit_of(town, "merit", row.employee.number).uniform(-1.1, 1.1)
            scores = tuple(
                max(1, min(5, round(3.3 + lenient + merit + town.random.gauss(0, 0.6)))) for _criterion in range(len(CRITERIA))
            )
            rows[row.pk] = RowScores(scores, town.random.choice(FACTS))
    save_sheet(unit=unit, rows=rows, by=scorer)
    submit_sheet(unit=unit, by=scorer, at=at)
    town.made["appraisal sheets"] += 1


def answer(town: Town, row: Appraisal, at: datetime) -> None:
    habit = habit_of(town, row.quarter, "answers", row.employee.number)
    chance, days = habit.random(), habit.randrange(4)
    if row.unit.submitted_at is None or at < row.unit.submitted_at + timedelta(days=days):
        return
    if chance < OBJECTS:
        object_to_appraisal(appraisal=row, words=OBJECTION, by=row.employee, at=at)
        town.made["objections"] += 1
    elif chance < OBJECTS + AGREES:
        agree_to_appraisal(appraisal=row, by=row.employee, at=at)


def review(town: Town, objection: AppraisalObjection, reviewer: Employee, at: datetime) -> None:
    row = objection.appraisal
    changes = row.is_ranked and min(score or 5 for score in row.scores) < 5 and town.random.random() < 0.5
    scores = [min(5, (score or 0) + 1) for score in row.scores] if changes else None
    verdict = "changed" if changes else "kept"
    answer_objection(objection=objection, verdict=verdict, reply=REPLY, scores=scores, by=reviewer, at=at)
