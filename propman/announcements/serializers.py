from typing import Any

from rest_framework import serializers

from .models import Announcement
from .workflow import LONGEST_REASON, LONGEST_TEXT, LONGEST_TITLE, Kind, Lead, State


class AnnouncementSerializer(serializers.ModelSerializer[Announcement]):
    """An announcement: it holds in [starts_at, ends_at).

    `read_at` is when the caller first read it; the counts of households are shown to employees only.
    """

    state = serializers.ChoiceField(choices=State.choices, read_only=True)
    department = serializers.CharField(source="department.name", read_only=True)
    phone = serializers.CharField(source="department.phone", read_only=True)
    places = serializers.ListField(child=serializers.CharField(), read_only=True)
    read_at = serializers.DateTimeField(read_only=True, allow_null=True)
    households = serializers.IntegerField(read_only=True, allow_null=True)
    households_read = serializers.IntegerField(read_only=True, allow_null=True)
    households_unreached = serializers.IntegerField(read_only=True, allow_null=True)

    class Meta:
        model = Announcement
        fields = [
            "id", "kind", "title", "text", "starts_at", "ends_at", "is_urgent", "state", "places", "department", "phone",
            "publish_at", "published_at", "remind_at", "reminded_at", "corrects", "correction", "clears", "replaced_at",
            "cleared_at", "withdrawn_at", "withdrawal", "read_at", "households", "households_read", "households_unreached",
        ]  # fmt: skip
        read_only_fields = fields


class AnnouncementWordsSerializer(serializers.Serializer[Any]):
    """What to tell whom; places by their ids."""

    kind = serializers.ChoiceField(choices=Kind.choices)
    title = serializers.CharField(max_length=LONGEST_TITLE)
    text = serializers.CharField(max_length=LONGEST_TEXT)
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField(required=False, allow_null=True, default=None)
    is_urgent = serializers.BooleanField(default=False)
    remind_hours = serializers.ChoiceField(choices=Lead.choices, default=Lead.NONE)
    communities = serializers.ListField(child=serializers.SlugField(), default=list, max_length=1000)
    buildings = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1), default=list, max_length=5000
    )
    entrances = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1), default=list, max_length=5000
    )


class PublishAnnouncementSerializer(AnnouncementWordsSerializer):
    publish_at = serializers.DateTimeField(required=False, allow_null=True, default=None)


class CorrectAnnouncementSerializer(AnnouncementWordsSerializer):
    correction = serializers.CharField(max_length=LONGEST_REASON)


class WithdrawAnnouncementSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=LONGEST_REASON)


class ClearAnnouncementSerializer(serializers.Serializer[Any]):
    text = serializers.CharField(max_length=LONGEST_TEXT)
