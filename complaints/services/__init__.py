"""Every write: one function per verb. Pages, API and the clock all call these."""

from .asking import (
    confirm_complaint,
    half_fix_complaint,
    rate_complaint,
    reopen_complaint,
    reply_as_asker,
    urge_complaint,
    withdraw_complaint,
)
from .attaching import erase_attachment, sweep_files
from .budgets import set_budget
from .calling_back import record_call_back, tell_first_asked
from .centre import (
    correct_complaint,
    lengthen_clock,
    merge_complaint,
    recategorise_complaint,
    take_next_complaint,
    take_over_complaint,
)
from .dispatch import (
    NewOrder,
    accept_order,
    allow_order,
    cancel_order,
    change_order,
    finish_order,
    order_work,
    people_of,
    refuse_order,
)
from .erasing import FileGone, erase_file
from .escalation import fire_due_timers, wake_complaints
from .filing import Asker, Filed, file_complaint
from .handling import (
    Responsible,
    accept_complaint,
    answer_complaint,
    defer_complaint,
    note_on_complaint,
    reply_to_asker,
    resolve_complaint,
    wait_for_asker,
)
from .handover import hand_over_complaint, refuse_complaint, take_complaint
from .policies import add_category, publish_policy, retire_category, set_up_complaints
from .reading import note_reader, remove_view, save_view, skip_complaint
from .reminding import remind_of_late_orders

__all__ = [
    "Asker",
    "FileGone",
    "Filed",
    "NewOrder",
    "Responsible",
    "accept_complaint",
    "accept_order",
    "add_category",
    "allow_order",
    "answer_complaint",
    "cancel_order",
    "change_order",
    "confirm_complaint",
    "correct_complaint",
    "defer_complaint",
    "erase_attachment",
    "erase_file",
    "file_complaint",
    "finish_order",
    "fire_due_timers",
    "half_fix_complaint",
    "hand_over_complaint",
    "lengthen_clock",
    "merge_complaint",
    "note_on_complaint",
    "note_reader",
    "order_work",
    "people_of",
    "publish_policy",
    "rate_complaint",
    "recategorise_complaint",
    "record_call_back",
    "refuse_complaint",
    "refuse_order",
    "remind_of_late_orders",
    "remove_view",
    "reopen_complaint",
    "reply_as_asker",
    "reply_to_asker",
    "resolve_complaint",
    "retire_category",
    "save_view",
    "set_budget",
    "set_up_complaints",
    "skip_complaint",
    "sweep_files",
    "take_complaint",
    "take_next_complaint",
    "take_over_complaint",
    "tell_first_asked",
    "urge_complaint",
    "wait_for_asker",
    "wake_complaints",
    "withdraw_complaint",
]
