from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from propman.community.models import Building, Community, Room
from propman.community.services.places import (
    NameTaken,
    NewRoom,
    add_building,
    add_entrance,
    add_room,
    add_rooms,
    change_room,
    label_of,
    open_community,
    rename_building,
    rename_community,
    rename_entrance,
)
from propman.tenancy.models import Event

AT = datetime(2026, 3, 2, 2, tzinfo=UTC)
ACT = {"by": None, "at": AT}


@pytest.fixture
def willow(scope):
    return open_community(address="willow", name="Willow Court", street="1 Willow Road", **ACT)


def names_of_events():
    return list(Event.objects.order_by("pk").values_list("name", flat=True))


def test_opened_community_is_in_the_journal(willow):
    assert Community.objects.get().street == "1 Willow Road"
    assert names_of_events() == ["community.opened"]


@pytest.mark.parametrize(("address", "name"), [("willow", "Another"), ("another", "Willow Court")])
def test_taken_address_or_name_is_refused(willow, address, name):
    with pytest.raises(NameTaken):
        open_community(address=address, name=name, **ACT)
    assert Community.objects.count() == 1
    assert names_of_events() == ["community.opened"]


@pytest.mark.parametrize("name", ["", "   ", "a\x07b", "Will\u202eow", "W" * 121, "\ud800"])
def test_unusable_name_is_refused(scope, name):
    with pytest.raises(ValidationError):
        open_community(address="willow", name=name, **ACT)
    assert not Community.objects.exists()


@pytest.mark.parametrize("address", ["", "Willow Court", "../etc", "w" * 61, "垂柳"])
def test_unusable_address_is_refused(scope, address):
    with pytest.raises(ValidationError):
        open_community(address=address, name="Willow Court", **ACT)


def test_renamed_community_keeps_its_address(willow):
    renamed = rename_community(community=willow, name="垂柳小区 🌿", street="", **ACT)
    assert (renamed.address, renamed.name) == ("willow", "垂柳小区 🌿")


def test_room_gets_a_label_that_follows_renaming(willow):
    building = add_building(community=willow, name="3栋", **ACT)
    entrance = add_entrance(building=building, name="2单元", **ACT)
    room = add_room(entrance=entrance, name="1201室", area=Decimal("94.6"), **ACT)
    assert room.label == "3-2-1201"
    rename_building(building=building, name="5栋", **ACT)
    rename_entrance(entrance=entrance, name="1单元", **ACT)
    room.refresh_from_db()
    assert room.label == "5-1-1201"
    assert change_room(room=room, name="1202室", area=Decimal(90), **ACT).label == "5-1-1202"


@pytest.mark.parametrize("area", ["0", "-1", "NaN", "Infinity", "0.001", "1000000"])
def test_impossible_area_is_refused(willow, area):
    entrance = add_entrance(building=add_building(community=willow, name="1", **ACT), name="1", **ACT)
    with pytest.raises(ValidationError):
        add_room(entrance=entrance, name="101", area=Decimal(area), **ACT)
    assert not Room.objects.exists()


def test_label_of_a_building_without_entrances(db):
    assert label_of("12 King St", "", "0007") == "12 King St-0007"
    assert label_of("栋", "1", "室") == "栋-1-室"


def test_added_rooms_twice_change_nothing(willow):
    rooms = [NewRoom(str(b), "1", f"{floor}0{n}", Decimal(80)) for b in (1, 2) for floor in (1, 2) for n in (1, 2)]
    first = add_rooms(community=willow, rooms=rooms, **ACT)
    assert (len(first.new_rooms), len(first.new_entrances), len(first.new_buildings)) == (8, 2, 2)
    before = names_of_events()
    second = add_rooms(community=willow, rooms=rooms, **ACT)
    assert (second.new_rooms, second.before, second.rooms.keys()) == ([], {}, first.rooms.keys())
    assert names_of_events() == before


def test_added_rooms_put_another_area_right(willow):
    add_rooms(community=willow, rooms=[NewRoom("1", "", "101", Decimal(80))], **ACT)
    added = add_rooms(community=willow, rooms=[NewRoom("1", "", "101", Decimal("81.5"))], **ACT)
    assert (list(added.before.values()), added.new_rooms) == ([Decimal(80)], [])
    assert Room.objects.get().area == Decimal("81.5")


def test_many_rooms_take_few_statements(willow, django_assert_max_num_queries):
    rooms = [NewRoom(str(n % 40), "1", f"{n:05}", Decimal(80)) for n in range(2000)]
    with django_assert_max_num_queries(14):
        add_rooms(community=willow, rooms=rooms, **ACT)
    assert (Room.objects.count(), Building.objects.count()) == (2000, 40)
