"""What a published count says in figures, for pages and API."""

from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet

from .models import Round, Tally
from .workflow import Card, Colour, State, Subject

TREND_MONTHS = 12


@dataclass(frozen=True)
class Lane:
    """One colour of one subject."""

    colour: Colour
    cast: int
    percent: float


@dataclass(frozen=True)
class Result:
    """One subject's cards."""

    subject: Subject
    cast: int
    lanes: list[Lane]

    @property
    def satisfied(self) -> float:
        """Share of blue cards among those cast, in per cent."""
        return self.lanes[0].percent


@dataclass(frozen=True)
class Figures:
    """A whole round: every card was issued, and then cast, void or an abstention."""

    issued: int
    cast: int
    void: int
    results: list[Result]

    @property
    def abstained(self) -> int:
        return self.issued - self.cast - self.void

    @property
    def turnout(self) -> float:
        """Cast of the cards that could be cast, in per cent."""
        return percent(self.cast, self.issued - self.void)


def percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 1) if whole else 0.0


def figures_of(round: Round, tallies: list[Tally]) -> Figures:
    """The round's figures from its tallies."""
    by_card = {Card(tally.card): tally for tally in tallies}
    results = []
    for subject in round.subjects:
        cast = {card.colour: by_card[card].dealt for card in round.cards if card.subject == subject}
        whole = sum(cast.values())
        lanes = [Lane(colour, number, percent(number, whole)) for colour, number in cast.items()]
        results.append(Result(subject, whole, lanes))
    return Figures(
        issued=sum(tally.issued for tally in tallies),
        cast=sum(tally.dealt for tally in tallies),
        void=sum(tally.void for tally in tallies),
        results=results,
    )


def figures_by_round(rounds: list[Round], *, tallies: QuerySet[Tally] | None = None) -> dict[int, Figures]:
    """The figures of many published rounds by round id, with one query; of others there are none.

    `tallies` is where to look; officials look into those of all companies that they supervise.
    """
    found: dict[int, list[Tally]] = {}
    published = {round.pk: round for round in rounds if round.is_published}
    for tally in (Tally.objects.all() if tallies is None else tallies).filter(round__in=published):
        found.setdefault(tally.round_id, []).append(tally)
    return {pk: figures_of(published[pk], lines) for pk, lines in found.items()}


@dataclass(frozen=True)
class TrendPoint:
    """A month of the trend; what no committee was asked is missing, not zero."""

    month: date
    month_name: str
    turnout: float
    company: float
    committee: float | None


def trend(round: Round) -> list[TrendPoint]:
    """The share of blue cards in the published rounds of the community, this month's and the eleven before."""
    rounds = list(
        Round.objects.filter(community=round.community_id, state=State.PUBLISHED, month__lte=round.month).order_by("-month")[
            :TREND_MONTHS
        ]
    )[::-1]
    figures = figures_by_round(rounds)
    return [
        TrendPoint(
            month=one.month,
            month_name=one.month_name,
            turnout=figures[one.pk].turnout,
            company=figures[one.pk].results[0].satisfied,
            committee=figures[one.pk].results[1].satisfied if one.has_committee else None,
        )
        for one in rounds
    ]


def polyline(values: list[float | None], *, width: int = 600, height: int = 200) -> str:
    """The points of an SVG line over 0 to 100 per cent; months without a value are left out."""
    step = width / max(1, len(values) - 1)
    return " ".join(
        f"{n * step:.1f},{height - value * height / 100:.1f}" for n, value in enumerate(values) if value is not None
    )
