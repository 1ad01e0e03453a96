from .access import Invitee, RoomClaim, RoomCode
from .imports import Import, ImportedRows
from .places import Building, Community, Entrance, Household, Room
from .residents import CommitteeMember, Occupancy, OwnersCommittee, Person
from .staff import Department, DutyShift, Employee

__all__ = [
    "Building",
    "CommitteeMember",
    "Community",
    "Department",
    "DutyShift",
    "Employee",
    "Entrance",
    "Household",
    "Import",
    "ImportedRows",
    "Invitee",
    "Occupancy",
    "OwnersCommittee",
    "Person",
    "Room",
    "RoomClaim",
    "RoomCode",
]
