"""Results as residents, staff and the public see them: totals only."""

from collections.abc import Sequence
from dataclasses import dataclass

from billing.models import AgreementItem, Comment, ItemResult, Survey, SurveyResult

QUARTERS_SHOWN = 8


@dataclass(frozen=True)
class ItemLine:
    """One item of a result: its mean in tenths and answers, or nothing where the cell is hidden; what came before."""

    item: AgreementItem
    result: ItemResult
    history: Sequence[int]
    comments: Sequence[str]

    @property
    def mean(self) -> str:
        tenths = self.result.mean_tenths
        return "" if tenths is None else f"{tenths // 10}.{tenths % 10}"


@dataclass(frozen=True)
class Result:
    survey: Survey
    outcome: SurveyResult
    lines: Sequence[ItemLine]


def results_of(community_id: int) -> list[SurveyResult]:
    """The last results of a community, newest first."""
    return results_by_community([community_id]).get(community_id, [])


def results_by_community(communities: Sequence[int]) -> dict[int, list[SurveyResult]]:
    """The last results of many communities, newest first, with one query."""
    found: dict[int, list[SurveyResult]] = {}
    results = SurveyResult.objects.select_related("survey__agreement").filter(survey__community__in=communities)
    for result in results.order_by("-survey__quarter", "pk"):
        known = found.setdefault(result.survey.community_id, [])
        if len(known) < QUARTERS_SHOWN:
            known.append(result)
    return found


def result_of(community_id: int, quarter: str, *, with_comments: bool) -> Result | None:
    """One result with its items over time; comments only for members of the company's portal."""
    outcome = (
        SurveyResult.objects.select_related("survey__agreement", "survey__community")
        .filter(survey__community=community_id, survey__quarter=quarter)
        .first()
    )
    if outcome is None:
        return None
    history: dict[str, list[int]] = {}
    earlier = ItemResult.objects.select_related("item", "survey").filter(
        survey__community=community_id, survey__quarter__lte=quarter
    )
    for cell in earlier.order_by("survey__quarter"):
        if (mean := cell.mean_tenths) is not None:
            history.setdefault(cell.item.name, []).append(mean)
    comments: dict[int, list[str]] = {}
    if with_comments:
        for comment in Comment.objects.filter(survey=outcome.survey).order_by("pk"):
            comments.setdefault(comment.item_id, []).append(comment.text)
    cells = ItemResult.objects.select_related("item").filter(survey=outcome.survey).order_by("item__position")
    lines = [
        ItemLine(cell.item, cell, history.get(cell.item.name, [])[-QUARTERS_SHOWN:], comments.get(cell.item_id, []))
        for cell in cells
    ]
    return Result(outcome.survey, outcome, lines)
