"""What people type, before it is kept."""

import re
import unicodedata

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

# Marks that turn the direction of what follows: a name with them shows something else than it says.
DIRECTION_MARKS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")

UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


def legible(text: str) -> str:
    """A text of several lines, composed, without control characters and direction marks; tabs and new lines stay."""
    return UNSEEN.sub("", unicodedata.normalize("NFC", text.replace("\r\n", "\n"))).strip()


def tidy(text: str, *, longest: int) -> str:
    """The text on one line, composed, with single spaces.

    Raises ValidationError for control characters, direction marks and texts of more than `longest` characters.
    """
    text = unicodedata.normalize("NFC", re.sub(r"\s+", " ", text)).strip()
    if any(unicodedata.category(sign) in {"Cc", "Cs", "Cn"} for sign in text):
        raise ValidationError(_("“%(text)s” has a control character in it."), params={"text": printable(text)})
    if DIRECTION_MARKS.search(text):
        raise ValidationError(
            _("“%(text)s” has a mark in it that turns the writing direction."), params={"text": printable(text)}
        )
    if len(text) > longest:
        raise ValidationError(
            _("“%(text)s…” is %(length)d characters long; %(longest)d is the most."),
            params={"text": printable(text[:20]), "length": len(text), "longest": longest},
        )
    return text


def printable(text: str) -> str:
    """The text without what cannot be shown, shortened: for messages."""
    shown = "".join(sign if sign.isprintable() and not DIRECTION_MARKS.match(sign) else "�" for sign in text)
    return shown if len(shown) <= 60 else f"{shown[:57]}…"
