from .answers import agree_to_appraisal, answer_objection, appoint_reviewer, object_to_appraisal
from .clock import advance_quarter
from .lock import QuarterNotReady, lock_quarter
from .opening import open_quarter
from .sheet import RowScores, SheetIncomplete, save_sheet, submit_sheet
from .staff import NotOutside, appoint_deputy, end_span, record_span, transfer_employee
from .standards import NewCriterion, publish_standard

__all__ = [
    "NewCriterion",
    "NotOutside",
    "QuarterNotReady",
    "RowScores",
    "SheetIncomplete",
    "advance_quarter",
    "agree_to_appraisal",
    "answer_objection",
    "appoint_deputy",
    "appoint_reviewer",
    "end_span",
    "lock_quarter",
    "object_to_appraisal",
    "open_quarter",
    "publish_standard",
    "record_span",
    "save_sheet",
    "submit_sheet",
    "transfer_employee",
]
