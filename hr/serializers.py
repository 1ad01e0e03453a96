from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from .models import Appraisal, AppraisalResult
from .workflow import UnitState, Verdict


class ResultSerializer(serializers.ModelSerializer[AppraisalResult]):
    """Where somebody stood when the quarter was locked; means and adjusted are left out in units of fewer than five."""

    adjusted = serializers.SerializerMethodField()

    class Meta:
        model = AppraisalResult
        fields = ["total", "adjusted", "unit_n", "unit_rank", "company_rank"]

    def get_adjusted(self, result: AppraisalResult) -> str | None:
        return f"{result.numerator}/{result.denominator}" if result.unit_rank is not None else None


class AppraisalSerializer(serializers.ModelSerializer[Appraisal]):
    """One row; scores are empty until the sheet is submitted."""

    quarter = serializers.CharField(source="quarter.key")
    employee = serializers.CharField(source="employee.number")
    name = serializers.CharField(source="employee.name")
    department = serializers.CharField(source="department.name")
    state = serializers.CharField(source="unit.state")
    answers_until = serializers.DateTimeField(source="unit.answers_until")
    scores = serializers.SerializerMethodField()
    total = serializers.SerializerMethodField()
    fact = serializers.SerializerMethodField()
    result = serializers.SerializerMethodField()

    class Meta:
        model = Appraisal
        fields = [
            "id", "quarter", "employee", "name", "department", "post", "state", "reason", "days", "contacts", "verified",
            "on_time", "reopened", "breaches", "scores", "total", "fact", "answer", "answers_until", "result",
        ]  # fmt: skip

    def get_scores(self, row: Appraisal) -> list[int | None]:
        return list(row.scores) if row.unit.state != UnitState.OPEN else [None] * 5

    def get_total(self, row: Appraisal) -> int | None:
        return row.total if row.unit.state != UnitState.OPEN else None

    def get_fact(self, row: Appraisal) -> str:
        return row.fact if row.unit.state != UnitState.OPEN else ""

    def get_result(self, row: Appraisal) -> dict[str, Any] | None:
        result = next(iter(row.results.all()), None)
        return ResultSerializer(result).data if result else None


class NothingSerializer(serializers.Serializer[Any]):
    """Takes nothing."""


class ObjectSerializer(serializers.Serializer[Any]):
    words = serializers.CharField(max_length=2000)


@extend_schema_serializer(component_name="AnswerToAppraisal")
class AnswerSerializer(serializers.Serializer[Any]):
    verdict = serializers.ChoiceField(choices=Verdict.choices)
    reply = serializers.CharField(max_length=2000)
    scores = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=5), min_length=5, max_length=5, required=False
    )
