from .attachment import Attachment
from .complaint import Complaint, Offer
from .contact import Contact, ContactWords
from .export import Export
from .policy import MAX_SILENCE, MIN_SILENCE, Category, ClockPolicy, ClockRule, Severity
from .queue import BulkRow, BulkRun, Macro, Reader, SavedView, ShiftHandOver, Skip
from .search import SearchEntry
from .timer import Timer

__all__ = [
    "MAX_SILENCE",
    "MIN_SILENCE",
    "Attachment",
    "BulkRow",
    "BulkRun",
    "Category",
    "ClockPolicy",
    "ClockRule",
    "Complaint",
    "Contact",
    "ContactWords",
    "Export",
    "Macro",
    "Offer",
    "Reader",
    "SavedView",
    "SearchEntry",
    "Severity",
    "ShiftHandOver",
    "Skip",
    "Timer",
]
