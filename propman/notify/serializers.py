from typing import Any

from rest_framework import serializers

from .models import Notice
from .selectors import words_of


class NoticeSerializer(serializers.ModelSerializer[Notice]):
    subject = serializers.CharField(read_only=True)
    body = serializers.CharField(read_only=True)
    url = serializers.CharField(read_only=True)

    class Meta:
        model = Notice
        fields = ["id", "event", "subject", "body", "url", "at", "read_at"]
        read_only_fields = fields

    def to_representation(self, instance: Notice) -> dict[str, Any]:
        told = words_of(instance, self.context["request"].company)
        instance.subject, instance.body, instance.url = told.subject, told.body, told.url  # type: ignore[attr-defined]
        shown: dict[str, Any] = super().to_representation(instance)
        return shown


class ReadSerializer(serializers.Serializer[Any]):
    """How many notices were read for the first time."""

    read = serializers.IntegerField(read_only=True)
