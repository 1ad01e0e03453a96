"""What check_integrity asks: locked orders follow from the stored scores, byte for byte."""

from collections.abc import Iterator

from .models import Appraisal, AppraisalQuarter, AppraisalResult
from .scoring import Scored, Standing, digest_of, standings


def broken_results() -> Iterator[str]:
    """A sentence for every locked quarter whose stored order, or whose digest, does not follow from the stored scores."""
    for quarter in AppraisalQuarter.objects.filter(locked_at__isnull=False).order_by("period"):
        expected = digest_of(recomputed(quarter))
        if expected != quarter.digest:
            yield f"Appraisal {quarter}: the digest does not follow from the scores"
        if digest_of(stored(quarter)) != expected:
            yield f"Appraisal {quarter}: the stored order does not follow from the scores"


def recomputed(quarter: AppraisalQuarter) -> list[Standing]:
    """The order from the stored scores alone."""
    columns = ("pk", "unit_id", "unit__department_id", "unit__state", "reason", *(f"score{place}" for place in range(1, 6)))
    people: dict[bool, list[Scored]] = {True: [], False: []}
    for key, unit, department, state, reason, *scores in Appraisal.objects.filter(quarter=quarter).values_list(*columns):
        people[department is None].append(Scored(key, unit, tuple(scores), counts=not reason and state == "submitted"))
    return [*standings(people[False]), *standings(people[True])]


def stored(quarter: AppraisalQuarter) -> list[Standing]:
    columns = ("appraisal_id", "total", "unit_n", "unit_sum", "company_n", "company_sum", "numerator", "denominator")
    results = AppraisalResult.objects.filter(quarter=quarter).values_list(*columns, "unit_rank", "company_rank")
    return [Standing(*row) for row in results]
