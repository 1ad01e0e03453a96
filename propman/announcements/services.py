"""Telling residents: write, publish, remind, correct, withdraw, give the all-clear, and note who has read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import BooleanField, Count, ExpressionWrapper, Q
from django.utils.translation import gettext as _

from propman.accounts.models import User
from propman.common.text import legible
from propman.community.models import Building, Department, Entrance, Household
from propman.notify.services import queue_notice_to
from propman.tenancy.events import record_event
from propman.tenancy.models import Company
from propman.tenancy.scope import current_company_id

from .models import Announcement, Audience, Reach, Reading
from .selectors import Places, covers, has_account, places_of
from .workflow import (
    CLEAR_SHOWN,
    LONGEST_REASON,
    LONGEST_TEXT,
    LONGEST_TITLE,
    BadInput,
    Kind,
    Lead,
    MoveNotAllowed,
    State,
    Verb,
    ensure_allowed,
    remind_at,
)

FARTHEST = timedelta(days=366)


@dataclass(frozen=True)
class NewAnnouncement:
    """What somebody wants to tell: it holds in [starts_at, ends_at), without an end until further notice.

    `remind_hours` before it begins everybody is told once more; `is_urgent` passes quiet hours and daily messages.
    """

    kind: str
    title: str
    text: str
    starts_at: datetime
    ends_at: datetime | None = None
    is_urgent: bool = False
    remind_hours: int = Lead.NONE


@transaction.atomic
def write_announcement(
    *,
    new: NewAnnouncement,
    to: Places,
    department: Department,
    by: User | None,
    at: datetime,
    publish_at: datetime | None = None,
) -> Announcement:
    """Tell the households of those places, now or at a later moment; the words cannot be changed afterwards.

    The caller has checked that the writer may speak to those places. Raises BadInput.
    """
    moment = publish_at if publish_at and publish_at > at else at
    ensure_sound(new, to, told_at=moment, at=at)
    announcement = _create(new, to, department=department, by=by, at=at, publish_at=moment)
    return publish_announcement(announcement=announcement, at=at) if moment == at else announcement


def ensure_sound(new: NewAnnouncement, to: Places, *, told_at: datetime, at: datetime) -> None:
    """Raises BadInput for what cannot be told, or to nobody."""
    if not to:
        raise BadInput("places", _("Choose who is told."))
    if new.kind not in Kind.values:
        raise BadInput("kind", _("Choose what it is about."))
    for name, text, longest in (("title", new.title, LONGEST_TITLE), ("text", new.text, LONGEST_TEXT)):
        _cleaned(text, field=name, longest=longest)
    if new.remind_hours not in Lead.values:
        raise BadInput("remind_hours", _("Choose one of the times."))
    if not at - FARTHEST <= new.starts_at <= at + FARTHEST:
        raise BadInput("starts_at", _("Choose a moment within a year."))
    if new.ends_at is not None and new.ends_at <= new.starts_at:
        raise BadInput("ends_at", _("It ends before it begins."))
    if new.ends_at is not None and new.ends_at <= told_at:
        raise BadInput("ends_at", _("It would be over when residents are told."))
    if new.ends_at is not None and new.ends_at > at + FARTHEST:
        raise BadInput("ends_at", _("Choose a moment within a year."))
    if told_at > at + FARTHEST:
        raise BadInput("publish_at", _("Choose a moment within a year."))


def _cleaned(text: str, *, field: str, longest: int) -> str:
    text = legible(text)
    if field != "text":
        text = " ".join(text.split())
    if not text:
        raise BadInput(field, _("Write something here."))
    if len(text) > longest:
        raise BadInput(field, _("%(longest)s characters at most.") % {"longest": longest})
    return text


def _create(
    new: NewAnnouncement,
    to: Places,
    *,
    department: Department,
    by: User | None,
    at: datetime,
    publish_at: datetime,
    **rest: Any,
) -> Announcement:
    announcement = Announcement(
        company_id=current_company_id(),
        kind=new.kind,
        title=_cleaned(new.title, field="title", longest=LONGEST_TITLE),
        text=_cleaned(new.text, field="text", longest=LONGEST_TEXT),
        starts_at=new.starts_at,
        ends_at=new.ends_at,
        is_urgent=new.is_urgent,
        publish_at=publish_at,
        remind_at=remind_at(new.starts_at, new.remind_hours, publish_at=publish_at),
        written_by=by,
        written_at=at,
        department=department,
        due_at=publish_at,
        **rest,
    )
    announcement.save(force_insert=True)
    Audience.objects.bulk_create(_audience(announcement, to))
    record_event(
        "announcement.written",
        announcement,
        by=by,
        at=at,
        facts={
            "kind": new.kind,
            "starts_at": new.starts_at.isoformat(),
            "ends_at": new.ends_at.isoformat() if new.ends_at else None,
            "publish_at": publish_at.isoformat(),
            "is_urgent": new.is_urgent,
            "communities": sorted(to.communities),
            "buildings": sorted(to.buildings),
            "entrances": sorted(to.entrances),
        },
        texts={"title": announcement.title, "text": announcement.text},
    )
    return announcement


def _audience(announcement: Announcement, to: Places) -> Iterable[Audience]:
    company_id = announcement.company_id
    for community in to.communities:
        yield Audience(company_id=company_id, announcement=announcement, community_id=community)
    for building in Building.objects.filter(pk__in=to.buildings):
        yield Audience(company_id=company_id, announcement=announcement, community_id=building.community_id, building=building)
    for entrance in Entrance.objects.filter(pk__in=to.entrances).select_related("building"):
        yield Audience(
            company_id=company_id,
            announcement=announcement,
            community_id=entrance.building.community_id,
            entrance=entrance,
        )


@transaction.atomic
def publish_announcement(*, announcement: Announcement, at: datetime) -> Announcement:
    """Tell everybody: counts households and notices by set-based statements, whatever their number.

    Raises MoveNotAllowed if it was told before, or withdrawn.
    """
    announcement = _locked(announcement)
    if announcement.published_at or announcement.withdrawn_at:
        raise MoveNotAllowed(_("This was told before, or withdrawn."))
    before = announcement.corrects or announcement.clears
    to, on = places_of(announcement), _today(at)
    reach = _count_reach(announcement, to, on=on)
    event = "announcement.corrected" if announcement.corrects_id else "announcement.published"
    if announcement.clears_id:
        event = "announcement.cleared"
    announcement.published_at = at
    announcement.accounts = _tell(announcement, event, to, at=at)
    announcement.due_at = announcement.remind_at
    announcement.save(update_fields=["published_at", "accounts", "due_at"])
    if before is not None:
        _end(before, "replaced_at" if announcement.corrects_id else "cleared_at", at=at)
    facts = {"households": reach[0], "reached": reach[1], "accounts": announcement.accounts}
    if before is not None:
        facts["before"] = before.pk
    record_event(event, announcement, by=announcement.written_by, at=at, facts=facts)
    return announcement


def _end(announcement: Announcement, column: str, *, at: datetime) -> None:
    announcement = _locked(announcement)
    setattr(announcement, column, at)
    announcement.due_at = None  # nobody is reminded of what no longer holds
    announcement.save(update_fields=["due_at", column])
    record_event("announcement.ended", announcement, by=None, at=at, facts={"how": column.removesuffix("_at")})


def _count_reach(announcement: Announcement, to: Places, *, on: Any) -> tuple[int, int]:
    counted = (
        to.households(on=on)
        .annotate(has_account=ExpressionWrapper(has_account(on), output_field=BooleanField()))
        .values("community", "room__entrance__building", "room__entrance")
        .annotate(households=Count("pk"), reached=Count("pk", filter=Q(has_account=True)))
        .order_by()
    )
    rows = Reach.objects.bulk_create(
        Reach(
            company_id=announcement.company_id,
            announcement=announcement,
            community_id=row["community"],
            building_id=row["room__entrance__building"],
            entrance_id=row["room__entrance"],
            households=row["households"],
            reached=row["reached"],
        )
        for row in counted
    )
    return sum(row.households for row in rows), sum(row.reached for row in rows)


def _tell(announcement: Announcement, event: str, to: Places, *, at: datetime, **more: Any) -> int:
    words: Mapping[str, Any] = {
        "title": announcement.title,
        "text": announcement.text,
        "starts_at": announcement.starts_at,
        **({"ends_at": announcement.ends_at} if announcement.ends_at else {}),
        "department": announcement.department.name,
        "phone": announcement.department.phone,
        "correction": announcement.correction,
        **more,
    }
    if announcement.is_urgent:
        event = f"{event}_urgently"
    return queue_notice_to(
        to.readers(on=_today(at)), event=event, words=words, path=f"/announcements/{announcement.pk}/", at=at
    )


@transaction.atomic
def remind_of_announcement(*, announcement: Announcement, at: datetime) -> Announcement:
    """Tell everybody once more that it begins soon. Raises MoveNotAllowed if that was done, or it no longer holds."""
    announcement = _locked(announcement)
    if announcement.due_at is None or announcement.reminded_at or announcement.state_at(at) != State.COMING:
        raise MoveNotAllowed(_("Nobody is reminded of this any more."))
    announcement.reminded_at, announcement.due_at = at, None
    announcement.save(update_fields=["reminded_at", "due_at"])
    count = _tell(announcement, "announcement.reminded", places_of(announcement), at=at)
    record_event("announcement.reminded", announcement, by=None, at=at, facts={"accounts": count})
    return announcement


@transaction.atomic
def correct_announcement(
    *,
    announcement: Announcement,
    new: NewAnnouncement,
    to: Places,
    correction: str,
    department: Department,
    by: User | None,
    at: datetime,
) -> Announcement:
    """Another announcement takes its place, says what was wrong and reaches at least everybody who was told before.

    Raises MoveNotAllowed, and BadInput for a place that is left out.
    """
    announcement = _locked(announcement)
    _ensure(announcement, Verb.CORRECT, at=at)
    correction = _cleaned(correction, field="correction", longest=LONGEST_REASON)
    ensure_sound(new, to, told_at=at, at=at)
    if not covers(to, places_of(announcement)):
        raise BadInput("places", _("Whoever was told before is told of the correction too."))
    corrected = _create(
        new, to, department=department, by=by, at=at, publish_at=at, corrects=announcement, correction=correction
    )
    return publish_announcement(announcement=corrected, at=at)


@transaction.atomic
def clear_announcement(
    *, announcement: Announcement, text: str, department: Department, by: User | None, at: datetime
) -> Announcement:
    """Tell the same households that it is over: water runs, the lift works. Raises MoveNotAllowed, BadInput."""
    announcement = _locked(announcement)
    _ensure(announcement, Verb.CLEAR, at=at)
    new = NewAnnouncement(
        kind=announcement.kind,
        title=announcement.title,
        text=_cleaned(text, field="text", longest=LONGEST_TEXT),
        starts_at=at,
        ends_at=at + CLEAR_SHOWN,
    )
    cleared = _create(new, places_of(announcement), department=department, by=by, at=at, publish_at=at, clears=announcement)
    return publish_announcement(announcement=cleared, at=at)


@transaction.atomic
def withdraw_announcement(*, announcement: Announcement, reason: str, by: User | None, at: datetime) -> Announcement:
    """It does not hold; whoever was told is told why. What an all-clear had ended holds again.

    Raises MoveNotAllowed, BadInput without a reason.
    """
    announcement = _locked(announcement)
    _ensure(announcement, Verb.WITHDRAW, at=at)
    announcement.withdrawal = _cleaned(reason, field="reason", longest=LONGEST_REASON)
    announcement.withdrawn_at, announcement.withdrawn_by, announcement.due_at = at, by, None
    announcement.save(update_fields=["withdrawn_at", "withdrawn_by", "withdrawal", "due_at"])
    if announcement.clears is not None:
        _resume(announcement.clears, by=by, at=at)
    if announcement.published_at:
        _tell(announcement, "announcement.withdrawn", places_of(announcement), at=at, reason=announcement.withdrawal)
    record_event("announcement.withdrawn", announcement, by=by, at=at, texts={"reason": announcement.withdrawal})
    return announcement


def _resume(announcement: Announcement, *, by: User | None, at: datetime) -> None:
    announcement = _locked(announcement)
    announcement.cleared_at = None
    announcement.save(update_fields=["cleared_at"])
    record_event("announcement.resumed", announcement, by=by, at=at)


def _ensure(announcement: Announcement, verb: Verb, *, at: datetime) -> None:
    if announcement.clears_id and verb != Verb.WITHDRAW:
        raise MoveNotAllowed(_("An all-clear can only be withdrawn."))
    ensure_allowed(announcement.state_at(at), verb)


def note_reading(*, announcement: Announcement, user: User, homes: Iterable[Household], at: datetime) -> None:
    """Somebody of these households has read it; the first time counts, and stays."""
    Reading.objects.bulk_create(
        (
            Reading(company_id=announcement.company_id, announcement=announcement, user=user, household=home, at=at)
            for home in homes
        ),
        ignore_conflicts=True,
    )


def _locked(announcement: Announcement) -> Announcement:
    found: Announcement = (
        Announcement.objects.select_for_update(of=("self",))
        .select_related("department", "corrects", "clears", "written_by")
        .get(pk=announcement.pk)
    )
    return found


def _today(at: datetime) -> Any:
    return Company.objects.get(pk=current_company_id()).today(at)
