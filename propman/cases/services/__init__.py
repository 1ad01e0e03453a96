from .clock import advance_cases
from .drafting import Breach, Found, draft_cases
from .leaving import take_cases_from_leaver
from .policies import judge_within, publish_case_policy
from .steps import (
    Decision,
    add_evidence,
    appeal_decision,
    confirm_case,
    decide_case,
    drop_case,
    reply_to_case,
    review_appeal,
)

__all__ = [
    "Breach",
    "Decision",
    "Found",
    "add_evidence",
    "advance_cases",
    "appeal_decision",
    "confirm_case",
    "decide_case",
    "draft_cases",
    "drop_case",
    "judge_within",
    "publish_case_policy",
    "reply_to_case",
    "review_appeal",
    "take_cases_from_leaver",
]
