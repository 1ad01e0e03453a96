"""Dispatch: the centre orders any department of the company to act, several at once. Rulebook section 2.5.

An order is not a hand-over: the complaint's handler and clocks stay as they are. Every move of an order is an event in the
complaint's own chain, under the complaint's lock: that chain goes into the company's daily head, so that an order can no more
vanish than the complaint itself.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from complaints.models import Attachment, Budget, Complaint, OrderedPerson, Severity, WorkOrder
from complaints.order_workflow import FINISHED, UNFINISHED, OrderState, OrderVerb, OverBudget, next_order_state
from complaints.permissions import SEES_ALL, is_ordered
from complaints.selectors.costs import used_by_line
from complaints.workflow import BadInput, MoveNotAllowed, NotYours, Verb, ensure_allowed
from propman.accounts.models import Membership
from propman.accounts.roles import Role
from propman.common.money import in_figures
from propman.common.uploads import NewFile
from propman.community.models import Department, Employee
from propman.community.selectors import general_manager
from propman.notify.services import NewNotice, queue_notices
from propman.tenancy.events import stream_of
from propman.tenancy.models import Company, Event
from propman.tenancy.scope import current_company_id

from .attaching import facts_of_files, keep_files, texts_of_files
from .moving import cleaned, is_centre, locked, move, tell_asker

LONGEST_WHAT = 500
LONGEST_TIME = timedelta(days=366)
LARGEST_SUM = 10**14  # of minor units
MOST_AT_ONCE = 10


@dataclass(frozen=True)
class NewOrder:
    """What one department is to do: `estimate` in minor units of the company's currency.

    `place` is where it stands among what was typed; the names of fields in BadInput end in it.
    """

    department: Department
    what: str
    due_at: datetime
    estimate: int
    budget: Budget | None = None
    people: Sequence[Employee] = ()
    place: int = 0


def ensure_may_order(by: Employee) -> None:
    """Raises NotYours unless the employee works in the service centre or is duty or general manager."""
    if not is_centre(by) and not _has_role(by, *SEES_ALL):
        raise NotYours(_("Only the service centre and the general manager order work."))


def _has_role(employee: Employee, *roles: str) -> bool:
    return Membership.objects.filter(user=employee.user_id, role__in=roles, ended_at=None).exists()


@transaction.atomic
def order_work(
    *,
    complaint: Complaint,
    orders: Sequence[NewOrder],
    by: Employee,
    at: datetime,
    gives_room: bool = False,
    is_over_allowed: bool = False,
) -> list[WorkOrder]:
    """Order one or more departments to act for the complaint; all of them or none.

    Of a confidential complaint the departments learn neither name nor phone, and the room only when `gives_room` says so.
    An order that runs over its budget line is made only with `is_over_allowed`, and then waits for the general manager,
    unless he orders it himself or there is danger to life or home.

    Raises NotYours, MoveNotAllowed when the complaint is no longer open, OverBudget, and BadInput for what was typed.
    """
    ensure_may_order(by)
    if not 1 <= len(orders) <= MOST_AT_ONCE:
        raise BadInput("orders", _("Order from one to %(most)d departments at once.") % {"most": MOST_AT_ONCE})
    currency = Company.objects.get(pk=current_company_id()).currency
    complaint = locked(complaint, at=at)
    ensure_allowed(complaint.state, Verb.ORDER_WORK)
    is_confidential = complaint.contact.is_confidential
    gives_room = gives_room or not is_confidential
    texts = [_checked(one, complaint, at=at, gives_room=gives_room) for one in orders]
    overs = _overs(orders, _locked_lines(orders, at=at))
    if any(overs) and not is_over_allowed:
        raise OverBudget(_over_in_words(orders, overs, currency))
    is_manager = _has_role(by, Role.GENERAL_MANAGER)
    goes_out = is_manager or complaint.severity == Severity.EMERGENCY
    taken = WorkOrder.objects.filter(complaint=complaint).count()
    made = []
    for number, (one, what, over) in enumerate(zip(orders, texts, overs, strict=True), taken + 1):
        order = WorkOrder(
            complaint=complaint,
            number=f"{complaint.number}-{number}",
            department=one.department,
            budget=one.budget,
            ordered_by=by,
            ordered_at=at,
            gives_room=gives_room,
            currency=currency,
            state=OrderState.ORDERED if not over or goes_out else OrderState.HELD,
            due_at=one.due_at,
            estimate=one.estimate,
            over_by=over,
            allowed_at=at if over and is_manager else None,
            reminds_at=one.due_at,
        )
        facts = {**facts_of_order(order), "people": sorted(person.pk for person in one.people)}
        move(complaint, Verb.ORDER_WORK, "work_order.ordered", by=by.user, at=at, facts=facts, texts={"what": what})
        order.event = Event.objects.get(stream=stream_of(complaint), position=complaint.event_position)
        order.event_position = complaint.event_position
        order.what = what
        order.save(force_insert=True)
        _name_people(order, one.people)
        made.append(order)
    for order in made:
        if order.state == OrderState.ORDERED:
            _tell(order, "work_order.ordered", _receivers(order), at=at)
        if order.waits_for_manager:
            over_by = in_figures(order.over_by, order.currency)
            _tell(order, "work_order.over_budget", [general_manager()], at=at, over_by=over_by, name=by.name)
    return made


def _checked(one: NewOrder, complaint: Complaint, *, at: datetime, gives_room: bool) -> str:
    """The words of an order whose other parts are right. Raises BadInput."""
    what = cleaned(one.what, field=f"what_{one.place}", longest=LONGEST_WHAT)
    if one.department.closed_on is not None:
        raise BadInput(f"department_{one.place}", _("%(name)s is closed.") % {"name": one.department})
    _check_people(one.department, one.people, field=f"people_{one.place}")
    _check_due(one.due_at, at=at, field=f"due_at_{one.place}")
    _check_sum(one.estimate, field=f"estimate_{one.place}")
    if complaint.contact.is_confidential:
        _check_discretion(what, complaint, gives_room=gives_room, field=f"what_{one.place}")
    return what


def _check_people(department: Department, people: Sequence[Employee], *, field: str) -> None:
    for person in people:
        if person.department_id != department.pk or person.left_on is not None:
            raise BadInput(field, _("%(name)s does not work in %(unit)s.") % {"name": person, "unit": department})


def _check_due(due_at: datetime, *, at: datetime, field: str) -> None:
    if not at < due_at <= at + LONGEST_TIME:
        raise BadInput(field, _("Give a time in the future, within a year."))


def _check_sum(amount: int, *, field: str) -> None:
    if not 0 <= amount <= LARGEST_SUM:
        raise BadInput(field, _("Write an amount such as 654.47."))


def _check_discretion(what: str, complaint: Complaint, *, gives_room: bool, field: str) -> None:
    """The department reads these words: of a confidential asker they say neither name nor phone, nor the room unasked."""
    words, digits = complaint.words, re.sub(r"\D", "", what)
    phone = re.sub(r"\D", "", words.asker_phone) if words else ""
    room = complaint.room.label if complaint.room and not gives_room else ""
    names = [words.asker_name if words else "", room]
    if (len(phone) >= 5 and phone in digits) or any(_names(what, name) for name in names):
        raise BadInput(field, _("The asker is confidential: leave out name, phone and room."))


def _names(what: str, name: str) -> bool:
    """Whether the name stands in the text: as a word of its own, or anywhere when it is Chinese."""
    if len(name) < 2:
        return False
    said = re.escape(name.casefold())
    return re.search(rf"(?<!\w){said}(?!\w)" if name.isascii() else said, what.casefold()) is not None


def _locked_lines(orders: Sequence[NewOrder], *, at: datetime) -> dict[int, Budget]:
    """The budget lines of the orders, locked in one order for everybody. Raises BadInput for a line of somebody else."""
    year = Company.objects.get(pk=current_company_id()).today(at).year
    wanted = {one.budget.pk for one in orders if one.budget}
    lines = {line.pk: line for line in Budget.objects.select_for_update().filter(pk__in=wanted).order_by("pk")}
    without = {one.department.pk for one in orders if one.budget is None}
    with_lines = set(Budget.objects.filter(department__in=without, year=year).values_list("department_id", flat=True))
    for one in orders:
        line = lines.get(one.budget.pk) if one.budget else None
        if line is not None and (line.department_id != one.department.pk or line.year != year):
            raise BadInput(f"budget_{one.place}", _("Choose a line of %(unit)s for this year.") % {"unit": one.department})
        if line is None and one.department.pk in with_lines:
            raise BadInput(f"budget_{one.place}", _("Choose a line of %(unit)s for this year.") % {"unit": one.department})
    return lines


def _overs(orders: Sequence[NewOrder], lines: Mapping[int, Budget]) -> list[int]:
    """By how much each order runs over its line, the ones before it counted."""
    used = used_by_line(lines)
    overs = []
    for one in orders:
        if one.budget is None or not one.estimate:
            overs.append(0)
            continue
        used[one.budget.pk] = used.get(one.budget.pk, 0) + one.estimate
        overs.append(max(0, used[one.budget.pk] - lines[one.budget.pk].amount))
    return overs


def _over_in_words(orders: Sequence[NewOrder], overs: Sequence[int], currency: str) -> str:
    return " ".join(
        _("%(unit)s, %(line)s: %(amount)s over the line.")
        % {"unit": one.department, "line": one.budget, "amount": in_figures(over, currency)}
        for one, over in zip(orders, overs, strict=True)
        if over
    )


def facts_of_order(order: WorkOrder) -> dict[str, Any]:
    """Where the order stands, as each of its events tells it."""
    return {
        "order": order.number,
        "order_state": str(order.state),
        "to_department": order.department_id,
        "budget": order.budget_id,
        "gives_room": order.gives_room,
        "due_at": order.due_at.isoformat(),
        "estimate": order.estimate,
        "actual_cost": order.actual_cost,
        "currency": order.currency,
        "over_by": order.over_by,
        "is_allowed": order.allowed_at is not None,
        "accepted_by": order.accepted_by_id,
    }


def _locked_order(order: WorkOrder, *, at: datetime) -> WorkOrder:
    """The order as it is now; its complaint's lock keeps everybody else from it until the transaction ends."""
    complaint = locked(Complaint(pk=order.complaint_id), at=at)
    related = ("department__head", "budget", "ordered_by", "accepted_by")
    found: WorkOrder = WorkOrder.objects.select_related(*related).with_words().get(pk=order.pk)
    found.complaint = complaint
    return found


def _move(
    order: WorkOrder,
    verb: OrderVerb,
    event: str,
    *,
    by: Employee | None,
    at: datetime,
    facts: Mapping[str, Any] | None = None,
    texts: Mapping[str, str] | None = None,
    files: Sequence[NewFile] = (),
    **columns: Any,
) -> WorkOrder:
    """Carry out the verb on a locked order: the event in the complaint's chain with its files, and the order with it."""
    columns = {"state": next_order_state(order.state, verb), **columns}
    if columns["state"] in FINISHED:
        columns |= {"finished_at": order.finished_at or at, "reminds_at": None}
    for name, value in columns.items():
        setattr(order, name, value)
    told = {**facts_of_order(order), **(facts or {}), **facts_of_files(files)}
    said = {**(texts or {}), **texts_of_files(files)}
    user = by.user if by else None
    move(order.complaint, Verb.NOTE, event, by=user, at=at, facts=told, texts=said)  # keeps the complaint's state
    order.event_position = order.complaint.event_position
    if files:
        recorded = Event.objects.get(stream=stream_of(order.complaint), position=order.event_position)
        keep_files(complaint=order.complaint, event=recorded, side=Attachment.Side.NOTE, files=files, work_order=order)
    order.save(update_fields=[*columns, "event_position"])
    return order


def people_of(order: WorkOrder) -> list[Employee]:
    """The people named for the order who still work here."""
    return list(Employee.objects.filter(pk__in=order.people.values("employee"), left_on=None).order_by("name", "pk"))


def ensure_receiver(order: WorkOrder, by: Employee) -> None:
    """Raises NotYours unless the order is the employee's to accept and to do."""
    if not is_ordered(by, order):
        raise NotYours(_("It was ordered from %(name)s: its head or whoever is named does it.") % {"name": order.department})


def _receivers(order: WorkOrder) -> list[Employee | None]:
    return [order.department.head, *people_of(order)]


def _name_people(order: WorkOrder, people: Sequence[Employee]) -> None:
    named = set(order.people.values_list("employee_id", flat=True))
    new = {person.pk for person in people} - named
    OrderedPerson.objects.bulk_create(
        OrderedPerson(company_id=order.company_id, order=order, employee_id=pk) for pk in sorted(new)
    )


@transaction.atomic
def allow_order(*, order: WorkOrder, by: Employee, at: datetime) -> WorkOrder:
    """The general manager says yes to an order over its budget line; one that was held goes out now.

    Raises NotYours, MoveNotAllowed when nothing waits for him.
    """
    if not _has_role(by, Role.GENERAL_MANAGER):
        raise NotYours(_("Only the general manager allows more than the budget."))
    order = _locked_order(order, at=at)
    if not order.waits_for_manager:
        raise MoveNotAllowed(_("Nothing about it waits for the general manager."))
    was_held = order.state == OrderState.HELD
    columns: dict[str, Any] = {"allowed_at": at}
    if was_held:
        columns["state"] = OrderState.ORDERED
    _move(order, OrderVerb.ALLOW, "work_order.allowed", by=by, at=at, **columns)
    if was_held:
        _tell(order, "work_order.ordered", _receivers(order), at=at)
    _tell(order, "work_order.allowed", [order.ordered_by], at=at, name=by.name)
    return order


@transaction.atomic
def accept_order(*, order: WorkOrder, by: Employee, at: datetime, people: Sequence[Employee] = ()) -> WorkOrder:
    """The department says that it will be done; its head may name who goes. The asker is told who comes and by when.

    Raises NotYours, MoveNotAllowed when somebody was first, BadInput for people of another department.
    """
    order = _locked_order(order, at=at)
    ensure_receiver(order, by)
    _check_people(order.department, people, field="people")
    facts = {"people": sorted(person.pk for person in people)} if people else {}
    _move(
        order, OrderVerb.ACCEPT, "work_order.accepted", by=by, at=at, facts=facts | {"accepted_by": by.pk},
        accepted_by=by, accepted_at=at,
    )  # fmt: skip
    before = {person.pk for person in people_of(order)}
    _name_people(order, people)
    _tell(order, "work_order.ordered", [one for one in people if one.pk not in before and one != by], at=at)
    _tell(order, "work_order.accepted", [order.ordered_by], at=at, name=by.name)
    tell_asker(order.done_for, "work_order.coming", at=at, department=order.department.name, due_at=order.due_at)
    return order


@transaction.atomic
def refuse_order(*, order: WorkOrder, by: Employee, at: datetime, reason: str) -> WorkOrder:
    """The department says with a reason that it will not; the centre has to find somebody else. Raises as accept_order."""
    reason = cleaned(reason, field="reason")
    order = _locked_order(order, at=at)
    ensure_receiver(order, by)
    _move(order, OrderVerb.REFUSE, "work_order.refused", by=by, at=at, texts={"text": reason})
    _tell(order, "work_order.refused", [order.ordered_by], at=at, name=by.name, reason=reason)
    return order


@transaction.atomic
def change_order(
    *,
    order: WorkOrder,
    by: Employee,
    at: datetime,
    reason: str,
    due_at: datetime | None = None,
    estimate: int | None = None,
    is_over_allowed: bool = False,
) -> WorkOrder:
    """Another time or estimate, with a reason; only the centre. Work that has begun goes on while the general manager thinks.

    A held order that fits into its line now goes out.

    Raises NotYours, MoveNotAllowed, OverBudget unless `is_over_allowed`, BadInput when nothing changes.
    """
    ensure_may_order(by)
    reason = cleaned(reason, field="reason")
    order = _locked_order(order, at=at)
    next_order_state(order.state, OrderVerb.CHANGE)
    columns: dict[str, Any] = {}
    if due_at is not None and due_at != order.due_at:
        _check_due(due_at, at=at, field="due_at")
        columns |= {"due_at": due_at, "reminds_at": due_at, "reminders": 0}
    if estimate is not None and estimate != order.estimate:
        _check_sum(estimate, field="estimate")
        columns |= {"estimate": estimate} | _over_anew(order, estimate, by=by, at=at, is_over_allowed=is_over_allowed)
    if not columns:
        raise BadInput("due_at", _("Change the time or the estimate."))
    if order.state == OrderState.HELD and columns.get("over_by") == 0:
        columns["state"] = OrderState.ORDERED  # it fits into the line now
    _move(order, OrderVerb.CHANGE, "work_order.changed", by=by, at=at, texts={"text": reason}, **columns)
    if "state" in columns:
        _tell(order, "work_order.ordered", _receivers(order), at=at)
    elif order.state != OrderState.HELD:
        _tell(order, "work_order.changed", _receivers(order), at=at, name=by.name, reason=reason)
    if "over_by" in columns and order.waits_for_manager:
        over_by = in_figures(order.over_by, order.currency)
        _tell(order, "work_order.over_budget", [general_manager()], at=at, over_by=over_by, name=by.name)
    return order


def _over_anew(order: WorkOrder, cost: int, *, by: Employee, at: datetime, is_over_allowed: bool) -> dict[str, Any]:
    """What a new estimate does to the order's place in its line. Raises OverBudget."""
    if order.budget is None:
        return {}
    line = Budget.objects.select_for_update().get(pk=order.budget_id)
    over = max(0, used_by_line([line.pk], but=order.pk).get(line.pk, 0) + cost - line.amount)
    if over > order.over_by and not is_over_allowed:
        told = {"unit": order.department, "line": line, "amount": in_figures(over, order.currency)}
        raise OverBudget(_("%(unit)s, %(line)s: %(amount)s over the line.") % told)
    if over <= order.over_by:  # what was allowed once stays allowed
        return {"over_by": over}
    return {"over_by": over, "allowed_at": at if _has_role(by, Role.GENERAL_MANAGER) else None}


@transaction.atomic
def finish_order(
    *, order: WorkOrder, by: Employee, at: datetime, text: str, actual_cost: int, files: Sequence[NewFile] = ()
) -> WorkOrder:
    """Done: what was done, what it cost in minor units, photos for colleagues. The complaint stays with its handler.

    Costing more than estimated, and more than the line has, is told to the general manager. Raises NotYours,
    MoveNotAllowed unless the order was accepted, BadInput.
    """
    text = cleaned(text, field="text")
    _check_sum(actual_cost, field="actual_cost")
    order = _locked_order(order, at=at)
    ensure_receiver(order, by)
    next_order_state(order.state, OrderVerb.FINISH)
    over: dict[str, Any] = {}
    if actual_cost > order.estimate:
        over = _over_anew(order, actual_cost, by=by, at=at, is_over_allowed=True)
    _move(
        order,
        OrderVerb.FINISH,
        "work_order.done",
        by=by,
        at=at,
        texts={"text": text},
        files=files,
        actual_cost=actual_cost,
        **over,
    )
    told: list[Employee | None] = [order.ordered_by, order.done_for.handler]
    _tell(order, "work_order.done", told, at=at, name=by.name, text=text)
    if over and order.waits_for_manager:
        over_by = in_figures(order.over_by, order.currency)
        _tell(order, "work_order.over_budget", [general_manager()], at=at, over_by=over_by, name=by.name)
    return order


@transaction.atomic
def cancel_order(*, order: WorkOrder, by: Employee, at: datetime, reason: str) -> WorkOrder:
    """Take the order back with a reason; only the centre and the general manager. Raises NotYours, MoveNotAllowed."""
    ensure_may_order(by)
    reason = cleaned(reason, field="reason")
    order = _locked_order(order, at=at)
    was_held = order.state == OrderState.HELD
    _move(order, OrderVerb.CANCEL, "work_order.cancelled", by=by, at=at, texts={"text": reason})
    receivers = [order.ordered_by] if was_held else [*_receivers(order), order.ordered_by]
    _tell(order, "work_order.cancelled", [one for one in receivers if one != by], at=at, name=by.name, reason=reason)
    return order


def drop_orders(complaint: Complaint, *, at: datetime) -> None:
    """A locked complaint was just withdrawn: what no department has accepted yet is cancelled by that, and they are told.

    Work that has begun is not taken out of anybody's hands: whoever accepted it is told, and finishes it, or has the centre
    cancel it, knowing.
    """
    for order in _unfinished_orders(complaint):
        was_held = order.state == OrderState.HELD
        if order.state == OrderState.ACCEPTED:
            _tell(order, "work_order.complaint_withdrawn", _concerned(order), at=at)
            continue
        _move(order, OrderVerb.CANCEL, "work_order.cancelled", by=None, at=at, facts={"because": complaint.state})
        _tell(order, "work_order.not_needed", [order.ordered_by] if was_held else _concerned(order), at=at)


def lead_orders_on(complaint: Complaint, *, at: datetime) -> None:
    """A locked complaint was just merged into another: the trouble is still there, so its orders go on, for that one.

    Whether two orders are for the same work only people know: everybody concerned is told, and the other complaint shows them.
    """
    number = complaint.merged_into.number if complaint.merged_into else ""
    for order in _unfinished_orders(complaint):
        people = [order.ordered_by] if order.state == OrderState.HELD else _concerned(order)
        _tell(order, "work_order.complaint_merged", [*people, order.done_for.handler], at=at, into=number or "")


def _unfinished_orders(complaint: Complaint) -> list[WorkOrder]:
    """The orders of a locked complaint that are not finished."""
    related = ("department__head", "ordered_by", "accepted_by")
    unfinished = WorkOrder.objects.filter(complaint=complaint, state__in=sorted(UNFINISHED))
    found = list(unfinished.select_related(*related).with_words().order_by("pk"))
    for order in found:
        order.complaint = complaint
    return found


def _concerned(order: WorkOrder) -> list[Employee | None]:
    return [*_receivers(order), order.accepted_by, order.ordered_by]


def _tell(order: WorkOrder, event: str, people: Sequence[Employee | None], *, at: datetime, **words: str) -> None:
    """A notice to each of them who signs in, once."""
    told = {person.user_id for person in people if person is not None and person.left_on is None and person.user_id}
    queue_notices([order_notice(order, event, user_id, **words) for user_id in sorted(told)], at=at)


def order_notice(order: WorkOrder, event: str, user_id: int, **words: str) -> NewNotice:
    """What one of its people is told of the order; its words are known."""
    said = {"number": order.number, "what": order.what, "department": order.department.name, "due_at": order.due_at, **words}
    return NewNotice(event, user_id, words=said, path=f"/complaints/work-orders/{order.number}/")
