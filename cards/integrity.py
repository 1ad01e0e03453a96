"""What `check_integrity` asks of the cards."""

from collections.abc import Iterator

from django.db import connection

from propman.tenancy.models import Company

from .bulletin import opinion_lines, root_of, summary
from .models import CountSignature, Round, Tally
from .recount import summary_root
from .selectors import cast_lines, issued_lines, void_lines
from .workflow import State


def broken_rounds(company: Company) -> Iterator[str]:
    """A sentence for every round whose lists, roots, tally or signatures do not agree."""
    for round in Round.objects.exclude(state=State.ISSUING).order_by("pk"):
        root, cards = root_of(issued_lines(round))
        if cards != round.issued:
            yield f"{round.name}: {cards} cards issued for {round.households} households"
        if root != round.issued_root:
            yield f"{round.name}: the issued list has the root {root}, not {round.issued_root}"
        yield from _foreign(round)
        if round.root:
            yield from _broken_count(round)


def _foreign(round: Round) -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT count(*) FROM cards_counted AS counted
            LEFT JOIN cards_issued AS issued ON issued.company_id = counted.company_id
                AND issued.round_id = counted.round_id AND issued.hash = counted.hash AND issued.card = counted.card
            WHERE counted.company_id = %s AND counted.round_id = %s AND issued.hash IS NULL
            """,
            [round.company_id, round.pk],
        )
        if foreign := cursor.fetchone()[0]:
            yield f"{round.name}: {foreign} counted cards were never issued"


def _broken_count(round: Round) -> Iterator[str]:
    for name, pages in (("cast", cast_lines), ("void", void_lines), ("opinions", opinion_lines)):
        root, _lines = root_of(pages(round))
        if root != getattr(round, f"{name}_root"):
            yield f"{round.name}: the {name} list has another root than the one signed"
    cast = sum(tally.dealt for tally in Tally.objects.filter(round=round))
    if cast != root_of(cast_lines(round))[1]:
        yield f"{round.name}: the tally is {cast} cards, the list has another number"
    if summary_root(summary(round)) != round.root:
        yield f"{round.name}: the bulletin does not have the root that was signed"
    if round.is_published and CountSignature.objects.filter(round=round).count() != 2:
        yield f"{round.name}: published without two signatures"
