"""What the API says of bills, payments, surveys and sheets; amounts are minor units beside their currency."""

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from billing.formula import HIGHEST_SCORE
from billing.models import Bill, CreditNote, ItemResult, Payment, Survey, SurveyResult

LARGEST = 10**12


class BillSerializer(serializers.ModelSerializer[Bill]):
    number = serializers.CharField(source="reference")
    community = serializers.CharField(source="community.address")
    room = serializers.CharField(source="room_label")
    payer = serializers.CharField(source="payer.name", default=None)
    owed = serializers.IntegerField()
    rate = serializers.SerializerMethodField()

    class Meta:
        model = Bill
        fields = [
            "number", "quarter", "community", "room", "payer", "issued_at", "due_on", "currency", "area", "price", "months",
            "days", "quarter_days", "whole_base", "base", "rate", "amount", "settled", "credited", "owed", "cancelled_at",
        ]  # fmt: skip

    def get_rate(self, bill: Bill) -> list[int]:
        """Points and maximum of the satisfaction rate."""
        return [bill.run.rate_points, bill.run.rate_maximum]


class CreditSerializer(serializers.Serializer[Any]):
    amount = serializers.IntegerField(min_value=1, max_value=LARGEST)
    reason = serializers.CharField(max_length=300)


@extend_schema_serializer(component_name="BillReason")
class ReasonSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=300)


class CreditNoteSerializer(serializers.ModelSerializer[CreditNote]):
    number = serializers.CharField(source="reference")
    bill = serializers.CharField(source="bill.reference")

    class Meta:
        model = CreditNote
        fields = ["number", "bill", "amount", "reason", "issued_at"]


class PaymentSerializer(serializers.ModelSerializer[Payment]):
    number = serializers.CharField(source="receipt")
    community = serializers.CharField(source="community.address")
    room = serializers.CharField(source="household.room.label")
    payer = serializers.CharField(source="payer.name", default=None)

    reversed_at = serializers.DateTimeField(source="reversal.reversed_at", default=None)

    class Meta:
        model = Payment
        fields = [
            "number", "community", "room", "payer", "amount", "currency", "method", "reference", "taken_at", "reversed_at",
        ]  # fmt: skip


class NewPaymentSerializer(serializers.Serializer[Any]):
    """Money for a household: `payer` is an owner of it, by id, or null for nobody by name."""

    household = serializers.IntegerField(min_value=1, max_value=2**62)
    payer = serializers.IntegerField(min_value=1, max_value=2**62, allow_null=True)
    amount = serializers.IntegerField(min_value=1, max_value=LARGEST)
    method = serializers.ChoiceField(Payment.Method.choices)
    reference = serializers.CharField(max_length=80, required=False, allow_blank=True, default="")


class ItemResultSerializer(serializers.ModelSerializer[ItemResult]):
    name = serializers.CharField(source="item.name")
    weight = serializers.IntegerField(source="item.weight")

    class Meta:
        model = ItemResult
        fields = ["name", "weight", "points", "answers"]


class ResultSerializer(serializers.ModelSerializer[SurveyResult]):
    rate = serializers.SerializerMethodField()
    rates = serializers.SerializerMethodField()

    class Meta:
        model = SurveyResult
        fields = ["sheets", "rate", "rates", "basis", "hash", "counted_at"]

    def get_rate(self, result: SurveyResult) -> list[int]:
        """Points and maximum of what the quarter is billed with."""
        return [result.rate_points, result.rate_maximum]

    def get_rates(self, result: SurveyResult) -> dict[str, list[int]] | None:
        """All three ways of counting non-answers; null while it stays hidden."""
        ways = result.three_ways
        return {way: [share.points, share.maximum] for way, share in ways.items()} if ways else None


class SurveySerializer(serializers.ModelSerializer[Survey]):
    community = serializers.CharField(source="community.address")
    result = serializers.SerializerMethodField()
    items = serializers.SerializerMethodField()

    class Meta:
        model = Survey
        fields = ["id", "community", "quarter", "opens_at", "closes_at", "extended_at", "households", "result", "items"]

    def get_result(self, survey: Survey) -> dict[str, Any] | None:
        """The frozen result; null before the count."""
        found = self.context["results"].get(survey.pk)
        return ResultSerializer(found).data if found else None

    def get_items(self, survey: Survey) -> list[dict[str, Any]]:
        """What came in by service; null where a cell is hidden."""
        return [ItemResultSerializer(cell).data for cell in self.context["cells"].get(survey.pk, [])]


@extend_schema_serializer(component_name="ItemAnswer")
class AnswerSerializer(serializers.Serializer[Any]):
    item = serializers.IntegerField()
    score = serializers.IntegerField(min_value=0, max_value=HIGHEST_SCORE, allow_null=True)
    comment = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")


class SaveSheetSerializer(serializers.Serializer[Any]):
    """Some or all answers of one's own household's sheet."""

    survey = serializers.IntegerField(min_value=1, max_value=2**62)
    household = serializers.IntegerField(min_value=1, max_value=2**62)
    answers = AnswerSerializer(many=True)


class SheetSerializer(serializers.Serializer[Any]):
    survey = serializers.IntegerField()
    household = serializers.IntegerField()
    quarter = serializers.CharField()
    closes_at = serializers.DateTimeField()
    items = serializers.ListField()
