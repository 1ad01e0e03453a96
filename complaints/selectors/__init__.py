"""What pages and API show of complaints, across several models."""

from .queue import VIEWS, grouped_by_due, in_view, labelled_views, offered_to, open_counts
from .rows import queue_rows
from .threads import (
    ClockFace,
    Entry,
    ShownFile,
    Thread,
    also_open,
    asker_name,
    categories,
    clock_faces,
    files_of,
    files_of_order,
    next_rungs,
    of_asker,
    thread_of,
)

__all__ = [
    "VIEWS",
    "ClockFace",
    "Entry",
    "ShownFile",
    "Thread",
    "also_open",
    "asker_name",
    "categories",
    "clock_faces",
    "files_of",
    "files_of_order",
    "grouped_by_due",
    "in_view",
    "labelled_views",
    "next_rungs",
    "of_asker",
    "offered_to",
    "open_counts",
    "queue_rows",
    "thread_of",
]
