"""The six cards and the life of a round, readable by an official."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Subject(models.TextChoices):
    COMPANY = "company", _("Property company")
    COMMITTEE = "committee", _("Owners' committee")


class Colour(models.TextChoices):
    BLUE = "blue", _("Satisfied")
    YELLOW = "yellow", _("Warning")
    RED = "red", _("Refuses")


class Card(models.IntegerChoices):
    """A card is its colour and the subject that it is about; the number is what the tables keep."""

    COMPANY_BLUE = 1, _("Blue card, property company")
    COMPANY_YELLOW = 2, _("Yellow card, property company")
    COMPANY_RED = 3, _("Red card, property company")
    COMMITTEE_BLUE = 4, _("Blue card, owners' committee")
    COMMITTEE_YELLOW = 5, _("Yellow card, owners' committee")
    COMMITTEE_RED = 6, _("Red card, owners' committee")

    @property
    def subject(self) -> Subject:
        return Subject.COMPANY if self <= 3 else Subject.COMMITTEE

    @property
    def colour(self) -> Colour:
        return list(Colour)[(self - 1) % 3]

    @property
    def text(self) -> str:
        """What the published lists write after the hash."""
        return f"{self.subject},{self.colour}"


def cards_of(*, has_committee: bool) -> list[Card]:
    """The cards that a household holds: six, or three where there is no owners' committee."""
    return [card for card in Card if has_committee or card.subject == Subject.COMPANY]


class State(models.TextChoices):
    ISSUING = "issuing", _("Being issued")
    ISSUED = "issued", _("Issued")
    OPEN = "open", pgettext_lazy("round", "Open")
    CLOSED = "closed", _("To count")
    COUNTING = "counting", _("Being counted")
    COUNTED = "counted", _("To sign")
    PUBLISHED = "published", _("Published")


ALLOWED_MOVES: dict[State, set[State]] = {
    State.ISSUING: {State.ISSUED},
    State.ISSUED: {State.OPEN, State.CLOSED},  # closed unopened: nobody was there to deliver before the count
    State.OPEN: {State.CLOSED},
    State.CLOSED: {State.COUNTING},
    State.COUNTING: {State.COUNTED},
    State.COUNTED: {State.PUBLISHED},
    State.PUBLISHED: set(),
}


class MoveNotAllowed(Exception):
    """The round is not in a state from which this can be done."""

    def __init__(self, state: str, to: State) -> None:
        super().__init__(f"A round that is {state} cannot become {to.value}.")
        self.state, self.to = state, to


def ensure_allowed(state: str, to: State) -> None:
    """Raises MoveNotAllowed."""
    if to not in ALLOWED_MOVES[State(state)]:
        raise MoveNotAllowed(state, to)
