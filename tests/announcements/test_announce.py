"""Telling: who gets it, when, and what the database refuses."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from propman.announcements.jobs import announce_due
from propman.announcements.models import Announcement, Audience, Reach, Reading
from propman.announcements.selectors import Places, counts_of, preview_of, readers_by_place
from propman.announcements.services import (
    clear_announcement,
    correct_announcement,
    note_reading,
    publish_announcement,
    remind_of_announcement,
    withdraw_announcement,
    write_announcement,
)
from propman.announcements.workflow import BadInput, MoveNotAllowed, State
from propman.community.models import Community, Occupancy
from propman.notify.delivery import sweep_outbox
from propman.notify.models import Message, Notice, Preference
from propman.tenancy.events import broken_links
from propman.tenancy.models import Event
from propman.tenancy.scope import company_scope
from tests.factories import make_community, make_household, make_resident

from .conftest import FIVE, NOON, TWO, home_in, new

DAY = timedelta(days=1)


def told(company) -> set[tuple[str, str]]:
    """Who has a notice of what."""
    with company_scope(company.pk):
        return {(notice.user.name, notice.event) for notice in Notice.objects.select_related("user")}


def test_only_households_of_the_place_are_told(company, community, household, owner, tell):
    make_resident(home_in(community, "2"), name="Building two")
    make_resident(make_household(make_community(company, "far")), name="Far away")
    tell(Places(buildings=frozenset({household.room.entrance.building_id})))
    assert told(company) == {("Owner", "announcement.published")}


def test_entrance_is_told_alone(company, community, owner, tell):
    home = home_in(community, "1", "2")
    make_resident(home, name="Second door")
    tell(Places(entrances=frozenset({home.room.entrance_id})))
    assert told(company) == {("Second door", "announcement.published")}


def test_whoever_moved_out_is_not_told(company, household, owner, tell):
    with company_scope(company.pk):
        Occupancy.objects.update(ends_on=NOON.date())
    tell()
    assert told(company) == set()


def test_one_person_with_two_homes_is_told_once(company, community, owner, tell):
    make_resident(make_household(community), user=owner, kind=Occupancy.Kind.TENANT)
    tell()
    assert told(company) == {("Owner", "announcement.published")}
    with company_scope(company.pk):
        assert Notice.objects.count() == 1


def test_households_without_account_are_counted(company, community, household, owner, tell):
    make_household(community)
    announcement = tell()
    with company_scope(company.pk):
        counts = counts_of([announcement], among=Community.objects.all())[announcement.pk]
    assert (counts.households, counts.reached, counts.unreached, counts.read) == (2, 1, 1, 0)
    assert announcement.accounts == 1


def test_preview_says_what_publishing_does(company, community, household, owner, tell):
    make_household(community)
    home_in(community, "2")
    with company_scope(company.pk):
        preview = preview_of(Places(communities=frozenset({community.pk})), on=NOON.date())
    announcement = tell()
    with company_scope(company.pk):
        reach = Reach.objects.filter(announcement=announcement)
        assert preview.households == sum(row.households for row in reach) == 4
        assert preview.without_account == sum(row.households - row.reached for row in reach) == 3
    assert (preview.buildings, preview.accounts) == (2, announcement.accounts)


def statements(tell, **fields) -> int:
    with CaptureQueriesContext(connection) as asked:
        tell(**fields)
    return len(asked)


def test_telling_more_households_costs_no_more_statements(community, household, owner, tell):
    few = statements(tell)
    for _number in range(30):
        make_resident(make_household(community))
    assert statements(tell) == few


def test_planned_announcement_is_told_at_its_time(company, owner, tell):
    planned = tell(publish_at=NOON + timedelta(minutes=30))
    assert told(company) == set()
    announce_due(NOON + timedelta(minutes=29))
    assert told(company) == set()
    announce_due(NOON + timedelta(minutes=30))
    announce_due(NOON + timedelta(minutes=31))
    assert told(company) == {("Owner", "announcement.published")}
    with company_scope(company.pk):
        assert Announcement.objects.get(pk=planned.pk).published_at == NOON + timedelta(minutes=30)
        assert Notice.objects.count() == 1


def test_publishing_twice_tells_once(company, owner, tell):
    announcement = tell()
    with company_scope(company.pk), pytest.raises(MoveNotAllowed):
        publish_announcement(announcement=announcement, at=NOON)
    with company_scope(company.pk):
        assert Notice.objects.count() == 1


def test_reminder_comes_once_before_it_begins(company, owner, tell):
    tell(remind_hours=1)
    announce_due(TWO - timedelta(minutes=61))
    assert told(company) == {("Owner", "announcement.published")}
    announce_due(TWO - timedelta(minutes=60))
    announce_due(TWO - timedelta(minutes=59))
    with company_scope(company.pk):
        assert Notice.objects.filter(event="announcement.reminded").count() == 1


def test_reminder_that_would_come_too_late_is_left_out(company, owner, tell):
    announcement = tell(remind_hours=1)
    announce_due(TWO)
    assert ("Owner", "announcement.reminded") not in told(company)
    with company_scope(company.pk), pytest.raises(MoveNotAllowed):
        remind_of_announcement(announcement=announcement, at=TWO)


def test_reminder_before_the_telling_is_none(tell):
    assert tell(remind_hours=3).remind_at is None


def test_what_was_over_before_the_clock_woke_is_not_told(company, owner, tell):
    planned = tell(publish_at=NOON + timedelta(minutes=30))
    announce_due(FIVE)
    assert told(company) == set()
    with company_scope(company.pk):
        assert Announcement.objects.get(pk=planned.pk).state_at(FIVE) == State.WITHDRAWN


def test_correction_replaces_and_says_why(company, community, owner, head, office, tell):
    first = tell(remind_hours=1)
    with company_scope(company.pk):
        second = correct_announcement(
            announcement=first,
            new=new(ends_at=FIVE + timedelta(hours=1)),
            to=Places(communities=frozenset({community.pk})),
            correction="It takes an hour longer.",
            department=office,
            by=head,
            at=NOON,
        )
        first.refresh_from_db()
        assert (first.state_at(NOON), second.state_at(NOON)) == (State.CORRECTED, State.COMING)
        assert list(Announcement.objects.current(NOON)) == [second]
    assert told(company) == {("Owner", "announcement.published"), ("Owner", "announcement.corrected")}
    announce_due(TWO - timedelta(minutes=59))  # nobody is reminded of what was wrong
    assert ("Owner", "announcement.reminded") not in told(company)


def test_correction_must_reach_whoever_was_told(company, community, household, head, office, tell):
    first = tell()
    part = Places(buildings=frozenset({household.room.entrance.building_id}))
    with company_scope(company.pk), pytest.raises(BadInput, match="told before") as refused:
        correct_announcement(announcement=first, new=new(), to=part, correction="x", department=office, by=head, at=NOON)
    assert refused.value.field == "places"


def test_announcement_is_corrected_once(company, community, head, office, tell):
    first, everybody = tell(), Places(communities=frozenset({community.pk}))
    given = {
        "announcement": first,
        "new": new(),
        "to": everybody,
        "correction": "x",
        "department": office,
        "by": head,
        "at": NOON,
    }
    with company_scope(company.pk):
        correct_announcement(**given)
        with pytest.raises(MoveNotAllowed):
            correct_announcement(**given)


def test_all_clear_ends_it_and_its_withdrawal_resumes_it(company, owner, head, office, tell):
    first = tell()
    with company_scope(company.pk):
        clear = clear_announcement(announcement=first, text="Water runs.", department=office, by=head, at=TWO)
        first.refresh_from_db()
        assert first.state_at(TWO) == State.CLEARED
        assert list(Announcement.objects.current(TWO)) == [clear]
        withdraw_announcement(announcement=clear, reason="It stopped again.", by=head, at=TWO)
        first.refresh_from_db()
        assert first.state_at(TWO) == State.HOLDING
        clear_announcement(announcement=first, text="Now it runs.", department=office, by=head, at=TWO)
        assert not list(broken_links("announcement:"))
    assert {event for _name, event in told(company)} == {
        "announcement.published",
        "announcement.cleared",
        "announcement.withdrawn",
    }


def test_withdrawn_announcement_tells_why(company, owner, head, tell):
    announcement = tell()
    with company_scope(company.pk):
        withdraw_announcement(announcement=announcement, reason="The pump came early.", by=head, at=NOON)
        notice = Notice.objects.get(event="announcement.withdrawn")
        assert notice.words["reason"] == "The pump came early."
        assert not Announcement.objects.current(NOON).exists()
        with pytest.raises(MoveNotAllowed):
            withdraw_announcement(announcement=announcement, reason="Again.", by=head, at=NOON)


def test_planned_announcement_is_withdrawn_in_silence(company, owner, head, tell):
    planned = tell(publish_at=NOON + timedelta(minutes=30))
    with company_scope(company.pk):
        withdraw_announcement(announcement=planned, reason="Not needed.", by=head, at=NOON)
    announce_due(NOON + DAY)
    assert told(company) == set()


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("kind", {"kind": "meteor"}),
        ("title", {"title": " \u200f "}),
        ("title", {"title": "x" * 81}),
        ("text", {"text": "\0"}),
        ("text", {"text": "x" * 2001}),
        ("ends_at", {"ends_at": TWO}),
        ("ends_at", {"starts_at": NOON - DAY, "ends_at": NOON}),
        ("ends_at", {"ends_at": NOON + 400 * DAY}),
        ("starts_at", {"starts_at": NOON + 400 * DAY, "ends_at": None}),
        ("remind_hours", {"remind_hours": 7}),
    ],
)
def test_bad_input_is_named(tell, field, fields):
    with pytest.raises(BadInput) as refused:
        tell(**fields)
    assert refused.value.field == field


def test_announcement_to_nobody_is_refused(scope, office, head):
    with pytest.raises(BadInput) as refused:
        write_announcement(new=new(), to=Places(), department=office, by=head, at=NOON)
    assert refused.value.field == "places"


def test_urgent_announcement_passes_quiet_hours_and_others_wait(company, owner, tell, settings, tmp_path):
    settings.SMS_FOLDER = tmp_path
    owner.phone = "13800000001"
    owner.save(update_fields=["phone"])
    night = NOON + timedelta(hours=11)  # 23:00
    with company_scope(company.pk):
        Preference.objects.create(user=owner)
    tell(at=night, starts_at=night, ends_at=night + timedelta(hours=9))
    sweep_outbox(night + timedelta(minutes=2))
    with company_scope(company.pk):
        assert not Message.objects.filter(sent_at__isnull=False).exists()
    tell(at=night, starts_at=night, ends_at=night + timedelta(hours=9), is_urgent=True, title="Burst pipe")
    sweep_outbox(night + timedelta(minutes=4))
    with company_scope(company.pk):
        assert set(Message.objects.filter(sent_at__isnull=False).values_list("channel", flat=True)) == {"email", "sms"}
    [text] = [file.read_text() for file in tmp_path.glob("*.json")]
    assert "Burst pipe" in text


def test_several_announcements_at_once_become_one_message(company, owner, tell):
    for number in range(5):
        tell(title=f"Number {number}")
    sweep_outbox(NOON + timedelta(minutes=2))
    with company_scope(company.pk):
        assert Message.objects.count() == 1


def test_reading_counts_the_household_once(company, community, household, owner, tell):
    family = make_resident(household, Occupancy.Kind.FAMILY_MEMBER)
    announcement = tell()
    with company_scope(company.pk):
        for user in (owner, family, owner):
            note_reading(announcement=announcement, user=user, homes=[household], at=NOON)
        assert Reading.objects.count() == 2
        assert counts_of([announcement], among=Community.objects.all())[announcement.pk].read == 1
        [place] = readers_by_place(announcement, among=Community.objects.all())
        assert (place.counts.read, place.counts.households) == (1, 1)


def test_first_reading_stays(company, household, owner, tell):
    announcement = tell()
    with company_scope(company.pk):
        note_reading(announcement=announcement, user=owner, homes=[household], at=NOON)
        note_reading(announcement=announcement, user=owner, homes=[household], at=FIVE)
        assert Reading.objects.get().at == NOON


def test_household_that_moved_in_later_is_not_counted(company, community, household, owner, tell):
    announcement = tell()
    late = make_household(community, started_on=(NOON + DAY).date())
    user = make_resident(late, name="Late")
    with company_scope(company.pk):
        note_reading(announcement=announcement, user=user, homes=[late], at=NOON + DAY)
        counts = counts_of([announcement], among=Community.objects.all())[announcement.pk]
    assert (counts.read, counts.households) == (0, 1)


def test_office_counts_only_its_own_households(company, community, household, tell):
    far = make_community(company, "far")
    make_household(far)
    announcement = tell(Places(communities=frozenset({community.pk, far.pk})))
    with company_scope(company.pk):
        own = Community.objects.filter(pk=community.pk)
        assert counts_of([announcement], among=own)[announcement.pk].households == 1
        assert [place.name for place in readers_by_place(announcement, among=own)] == [community.name]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE announcements_announcement SET title = 'x'",
        "UPDATE announcements_announcement SET ends_at = NULL",
        "UPDATE announcements_announcement SET written_by_id = NULL",
        "DELETE FROM announcements_announcement",
        "UPDATE announcements_audience SET building_id = NULL",
        "UPDATE announcements_reach SET households = 99",
        "UPDATE announcements_reading SET at = now()",
        "DELETE FROM announcements_reading",
    ],
)
def test_nothing_that_was_told_can_be_rewritten(company, household, owner, tell, change):
    announcement = tell()
    with company_scope(company.pk):
        note_reading(announcement=announcement, user=owner, homes=[household], at=NOON)
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(change)


@pytest.mark.django_db(transaction=True)
def test_owner_of_the_tables_cannot_rewrite_it_either(company, tell, owner_sql):
    tell()
    with pytest.raises(Exception, match="announcements_announcement"):
        owner_sql("UPDATE announcements_announcement SET text = 'x'")


def test_rival_company_sees_nothing(company, rival_company, household, tell):
    tell()
    with company_scope(rival_company.pk):
        for model in (Announcement, Audience, Reach, Reading):
            assert not model.unscoped.exists()


def test_events_tell_webhooks_what_happened(company, owner, tell):
    announcement = tell()
    with company_scope(company.pk):
        names = (
            Event.objects.filter(stream=f"announcement:{announcement.pk}").order_by("position").values_list("name", flat=True)
        )
        assert list(names) == ["announcement.written", "announcement.published"]
        assert not list(broken_links("announcement:"))
