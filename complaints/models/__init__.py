from .attachment import Attachment
from .complaint import Complaint, Offer
from .contact import Contact, ContactWords
from .counting import (
    CHANNELS,
    CallBack,
    CallBackDraw,
    CountingPolicy,
    DailyHead,
    HeadLine,
    LogEntry,
    LogEntryWords,
    LogImport,
    LogMapping,
    LogSource,
    SilenceCheck,
)
from .export import Export
from .history import ImportedComplaint
from .policy import MAX_SILENCE, MIN_SILENCE, Category, ClockPolicy, ClockRule, Severity
from .queue import BulkRow, BulkRun, Macro, Reader, SavedView, ShiftHandOver, Skip
from .search import SearchEntry
from .timer import Timer
from .work_order import Budget, OrderedPerson, WorkOrder

__all__ = [
    "CHANNELS",
    "MAX_SILENCE",
    "MIN_SILENCE",
    "Attachment",
    "Budget",
    "BulkRow",
    "BulkRun",
    "CallBack",
    "CallBackDraw",
    "Category",
    "ClockPolicy",
    "ClockRule",
    "Complaint",
    "Contact",
    "ContactWords",
    "CountingPolicy",
    "DailyHead",
    "Export",
    "HeadLine",
    "ImportedComplaint",
    "LogEntry",
    "LogEntryWords",
    "LogImport",
    "LogMapping",
    "LogSource",
    "Macro",
    "Offer",
    "OrderedPerson",
    "Reader",
    "SavedView",
    "SearchEntry",
    "Severity",
    "ShiftHandOver",
    "SilenceCheck",
    "Skip",
    "Timer",
    "WorkOrder",
]
