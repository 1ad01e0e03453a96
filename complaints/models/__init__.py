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

__all__ = [
    "CHANNELS",
    "MAX_SILENCE",
    "MIN_SILENCE",
    "Attachment",
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
    "Reader",
    "SavedView",
    "SearchEntry",
    "Severity",
    "ShiftHandOver",
    "SilenceCheck",
    "Skip",
    "Timer",
]
