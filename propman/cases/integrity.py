"""What check_integrity asks of cases: their chains, their facts and words, and the second cases that had to open."""

import json
from collections.abc import Iterator

from django.db.models import Exists, OuterRef

from propman.tenancy.events import broken_links, facts_of, texts_of
from propman.tenancy.models import Company, Event

from .models import Case
from .workflow import UNFINISHED

# The words of a step, by its event: the text in the event and the column that shows it.
WORDS = {
    "case.confirmed": {"judgement": "judgement"},
    "case.dropped": {"judgement": "judgement"},
    "case.replied": {"reply": "reply"},
    "case.decided": {"reason": "reason"},
    "case.appealed": {"appeal": "appeal"},
    "case.reviewed": {"reason": "review_reason"},
}


def broken_cases(company: Company) -> Iterator[str]:
    """A sentence for every case whose row does not follow from its events."""
    yield from broken_links("case:")
    events: dict[str, list[Event]] = {}
    for event in Event.objects.filter(stream__startswith="case:").order_by("stream", "position").iterator(chunk_size=2000):
        events.setdefault(event.stream, []).append(event)
    for case in Case.objects.order_by("pk").iterator(chunk_size=1000):
        history = events.get(f"case:{case.pk}", [])
        if not history:
            yield f"case {case.pk}: its events are gone"
            continue
        yield from _altered_facts(case, history)
        yield from _altered_words(case, history)


def _altered_facts(case: Case, history: list[Event]) -> Iterator[str]:
    told = facts_of(history[0])
    columns = {"origin": case.origin, "source": case.source, "ground": case.ground, "accused": case.accused_id}
    for name, value in columns.items():
        if told.get(name) != value:
            yield f"case {case.pk}: {name} was altered"
    states = [facts_of(event)["state"] for event in history if "state" in facts_of(event)]
    if states[-1] != case.state:
        yield f"case {case.pk}: is {case.state}, its events say {states[-1]}"


def _altered_words(case: Case, history: list[Event]) -> Iterator[str]:
    texts = texts_of(history)
    for event in history:
        said = texts.get(event.pk, {})
        for key, column in WORDS.get(event.name, {}).items():
            if key in said and said[key] != getattr(case, column):
                yield f"case {case.pk}: the words of {event.name} were altered"
        if "decision" not in said:
            continue
        told = json.loads(said["decision"])
        if event.name == "case.decided" and told != [case.measure, case.amount, case.clause]:
            yield f"case {case.pk}: the measure was altered"
        if event.name == "case.reviewed" and told[:2] != [case.final_measure, case.final_amount]:
            yield f"case {case.pk}: the final measure was altered"


def missing_second_cases(company: Company) -> Iterator[str]:
    """Every draft that its head left lying has a case against that head, unless he has left; and nothing open lacks a time."""
    second = Case.objects.filter(about=OuterRef("pk"))
    lapsed = Case.objects.filter(judged_at__isnull=False, judged_by=None, about=None, head__isnull=False, head__left_on=None)
    for pk in lapsed.filter(~Exists(second)).values_list("pk", flat=True)[:100]:
        yield f"case {pk}: its head let it lie, and no case was opened against him"
    for pk in Case.objects.filter(state__in=UNFINISHED, due_at=None).values_list("pk", flat=True)[:100]:
        yield f"case {pk}: is open, but no time runs"
