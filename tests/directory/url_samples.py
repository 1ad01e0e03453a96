"""An office sees its own community; only the administrator and the office change it."""

from datetime import UTC, datetime

from propman.community.models import CommitteeMember, Import, Occupancy, OwnersCommittee

PAGES = ["rooms", "people", "committee"]
CHANGES = [
    "upload_rooms", "change_community", "add_building", "add_entrance", "add_room", "join_committee", "end_committee",
]  # fmt: skip
ROOM_CHANGES = ["change_room", "move_in"]
IMPORTS = ["import", "confirm_import", "discard_import", "undo_import"]
LOOKERS = ["manager", "agent"]  # see every community, change none

FORBIDDEN = {
    **{f"directory:{name}": LOOKERS for name in [*CHANGES, *ROOM_CHANGES, "move_out", "change_person", "leave_committee"]},
    **{f"directory:{name}": LOOKERS for name in IMPORTS},
    "api-household-detail": ["rival_owner", "official"],
    "api-community-list": [],
    "api-community-detail": [],
    "api-household-list": [],
}


def samples(cast) -> dict[str, dict]:
    community = {"address": cast.community.address}
    room = {**community, "pk": cast.household.room_id}
    occupancy = Occupancy.objects.filter(household=cast.household).order_by("pk")[0]
    committee, _created = OwnersCommittee.objects.get_or_create(
        company=cast.company, community=cast.community, ends_on=None, defaults={"elected_on": occupancy.starts_on}
    )
    member = CommitteeMember.objects.create(committee=committee, person=occupancy.person, starts_on=occupancy.starts_on)
    upload = Import.objects.create(
        kind=Import.Kind.ROOMS,
        community=cast.community,
        file_name="rooms.csv",
        digest="0" * 64,
        content=b"",
        plan={"problems": [], "refused": 0, "created": 0, "changed": 0, "left": 0, "examples": [], "unused": []},
        uploaded_at=datetime(2026, 3, 2, tzinfo=UTC),
    )
    return {
        **{f"directory:{name}": community for name in [*PAGES, *CHANGES]},
        **{f"directory:{name}": room for name in ["room", *ROOM_CHANGES]},
        **{f"directory:{name}": {"pk": upload.pk} for name in IMPORTS},
        "directory:export_rooms": {**community, "kind": "csv"},
        "directory:move_out": {**room, "occupancy": occupancy.pk},
        "directory:change_person": {**community, "pk": occupancy.person_id},
        "directory:leave_committee": {**community, "pk": member.pk},
        "api-community-detail": community,
        "api-household-detail": {"pk": cast.household.pk},
        "api-employee-detail": {"pk": cast.company_office.employees.first().pk},
    }
