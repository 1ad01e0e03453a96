"""Every write of the cards: the round's life, casting, and the open count."""

from .box import CardRefused, OpinionTooLong, Receipt, cast_card, declare_absence
from .count import (
    CodeRefused,
    NotAtTheCount,
    SecondPersonNeeded,
    deal_cards,
    join_count,
    open_count,
    pause_count,
    sign_count,
    sign_count_with_code,
)
from .rounds import NotClosable, NotIssuable, close_round, issue_round, open_round, remind_households
from .settings import change_card_settings

__all__ = [
    "CardRefused",
    "CodeRefused",
    "NotAtTheCount",
    "NotClosable",
    "NotIssuable",
    "OpinionTooLong",
    "Receipt",
    "SecondPersonNeeded",
    "cast_card",
    "change_card_settings",
    "close_round",
    "deal_cards",
    "declare_absence",
    "issue_round",
    "join_count",
    "open_count",
    "open_round",
    "pause_count",
    "remind_households",
    "sign_count",
    "sign_count_with_code",
]
