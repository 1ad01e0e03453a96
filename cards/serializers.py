from typing import Any

from rest_framework import serializers

from .bulletin import bulletin_of
from .models import Round
from .results import Figures, figures_of
from .selectors import HeldCard


class RoundSerializer(serializers.ModelSerializer[Round]):
    """A round as everybody may know it: nothing of it is counted before the bulletin."""

    community = serializers.CharField(source="community.address")
    month = serializers.CharField(source="month_name")
    cards = serializers.IntegerField(source="issued")

    class Meta:
        model = Round
        fields = [
            "id", "name", "community", "month", "state", "has_committee", "households", "cards", "closes_at", "issued_at",
            "opened_at", "closed_at", "published_at", "issued_root", "public_key",
        ]  # fmt: skip


class ResultSerializer(serializers.Serializer[Any]):
    """The figures of a published round."""

    issued = serializers.IntegerField()
    cast = serializers.IntegerField()
    void = serializers.IntegerField()
    abstained = serializers.IntegerField()
    turnout = serializers.FloatField(help_text="cast of the cards that were not void, in per cent")


class BulletinSerializer(serializers.Serializer[Round]):
    """A published count: its figures and bulletin.json."""

    id = serializers.IntegerField()
    round = serializers.CharField(source="name")
    community = serializers.CharField(source="community.address")
    month = serializers.CharField(source="month_name")
    published_at = serializers.DateTimeField()
    figures = serializers.SerializerMethodField()
    bulletin = serializers.SerializerMethodField()

    def get_figures(self, round: Round) -> dict[str, Any]:
        figures: Figures = figures_of(round, list(round.tallies.all()))
        return dict(ResultSerializer(figures).data)

    def get_bulletin(self, round: Round) -> dict[str, Any]:
        return bulletin_of(round)


class CardSerializer(serializers.Serializer[HeldCard]):
    """A card of one's own household; `place` is hand, cast or void, asked of the box at this moment."""

    round = serializers.CharField()
    household = serializers.IntegerField()
    subject = serializers.CharField(source="held.card.subject.value")
    colour = serializers.CharField(source="held.card.colour.value")
    serial = serializers.CharField(source="held.serial")
    place = serializers.CharField(source="held.place")


class HallSerializer(serializers.Serializer[Any]):
    hall = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=100_000)


class CodeSerializer(serializers.Serializer[Any]):
    code = serializers.CharField(max_length=40, help_text="a code of one's own second factor")


class CountSerializer(serializers.Serializer[Any]):
    """How far a count is."""

    round = serializers.CharField(source="round.name")
    state = serializers.CharField(source="round.state")
    dealer = serializers.CharField()
    witness = serializers.CharField(allow_null=True)
    dealt = serializers.IntegerField()
    finished_at = serializers.DateTimeField(allow_null=True)
