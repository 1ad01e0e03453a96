from typing import Any

from rest_framework import serializers

from .models import LONGEST_TEXT, Case
from .selectors import evidence_of
from .workflow import Measure, Verdict


class EvidenceSerializer(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    what = serializers.CharField()
    text = serializers.CharField()
    fingerprint = serializers.CharField()


class CaseSerializer(serializers.ModelSerializer[Case]):
    """A case; amounts are minor units of the company's currency."""

    employee = serializers.CharField(source="accused.number")
    name = serializers.CharField(source="accused.name")
    department = serializers.CharField(source="department.name")
    head = serializers.CharField(source="head.name", default=None)
    decider = serializers.CharField(source="decider.name", default=None)
    reviewer = serializers.CharField(source="reviewer.name", default=None)
    evidence = serializers.SerializerMethodField()

    class Meta:
        model = Case
        fields = [
            "id", "source", "ground", "employee", "name", "department", "about", "subject_kind", "subject", "occurred_at",
            "drafted_at", "state", "due_at", "is_serious", "head", "decider", "reviewer", "judged_at", "judgement",
            "replied_at", "reply", "decided_at", "measure", "amount", "clause", "reason", "appealed_at", "appeal",
            "reviewed_at", "verdict", "review_reason", "closed_at", "final_measure", "final_amount", "evidence",
        ]  # fmt: skip

    def get_evidence(self, case: Case) -> list[dict[str, Any]]:
        view = self.context.get("view")
        if view is None or view.action == "list":
            return []
        return list(EvidenceSerializer(evidence_of(case), many=True).data)


class CaseTextSerializer(serializers.Serializer[Any]):
    text = serializers.CharField(max_length=LONGEST_TEXT)


class SeriousSerializer(CaseTextSerializer):
    is_serious = serializers.BooleanField(default=False)


class DecideSerializer(CaseTextSerializer):
    measure = serializers.ChoiceField(choices=Measure.choices)
    amount = serializers.IntegerField(min_value=0, default=0)
    clause = serializers.CharField(max_length=120, default="", allow_blank=True)


class ReviewSerializer(DecideSerializer):
    verdict = serializers.ChoiceField(choices=Verdict.choices)
    measure = serializers.ChoiceField(choices=Measure.choices, required=False, default="", allow_blank=True)
