"""What the API says of complaints and what its verbs take; every field is named."""

from datetime import datetime
from typing import Any

from rest_framework import serializers

from propman.common.uploads import UnfitFile, read_files
from propman.community.models import Community, Department, Employee, Household, Room

from .clocks import Clock
from .models import Category, Complaint, Contact, Severity
from .permissions import Viewer, may_know_asker
from .services.moving import LONGEST_TEXT
from .workflow import HELPED


class MomentField(serializers.DateTimeField):
    """A point in time; the first hours of the calendar, which have no UTC, are out of range like any other."""

    def enforce_timezone(self, value: datetime) -> datetime:
        try:
            return super().enforce_timezone(value)
        except OverflowError:
            self.fail("overflow")


class FilesField(serializers.ListField):
    """Photos (JPEG, PNG, WEBP) and PDFs of a multipart body; gives what is kept of each."""

    child = serializers.FileField(allow_empty_file=True)

    def to_internal_value(self, data: Any) -> Any:
        try:
            return read_files(super().to_internal_value(data))
        except UnfitFile as problem:
            raise serializers.ValidationError([str(line) for line in problem.args]) from problem


class PersonSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(source="pk")
    name = serializers.CharField()
    phone = serializers.CharField()


class ComplaintSerializer(serializers.ModelSerializer[Complaint]):
    """A complaint as the caller may see it; of a confidential one the office gets no room, name or phone."""

    title = serializers.SerializerMethodField()
    kind = serializers.CharField(source="contact.kind")
    channel = serializers.CharField(source="contact.channel")
    category = serializers.CharField(source="category.code")
    community = serializers.CharField(source="community.address", default=None)
    room = serializers.SerializerMethodField()
    asker_name = serializers.SerializerMethodField()
    asker_phone = serializers.SerializerMethodField()
    first_inquirer = PersonSerializer(allow_null=True)
    handler = PersonSerializer(allow_null=True)
    version = serializers.IntegerField(source="event_position")

    class Meta:
        model = Complaint
        fields = [
            "number", "kind", "channel", "title", "category", "severity", "state", "community", "room", "asker_name",
            "asker_phone", "first_inquirer", "handler", "received_at", "accepted_at", "first_answered_at", "resolved_at",
            "closed_at", "closed_as", "next_due_at", "next_due_clock", "urges", "reopenings", "half_fixes", "refusals",
            "rating", "version",
        ]  # fmt: skip

    def _knows(self, complaint: Complaint) -> bool:
        viewer: Viewer = self.context["viewer"]
        return may_know_asker(viewer, complaint)

    def get_title(self, complaint: Complaint) -> str:
        return complaint.words.title if complaint.words else ""

    def get_room(self, complaint: Complaint) -> str | None:
        return complaint.room.label if complaint.room and self._knows(complaint) else None

    def get_asker_name(self, complaint: Complaint) -> str | None:
        return complaint.words.asker_name if complaint.words and self._knows(complaint) else None

    def get_asker_phone(self, complaint: Complaint) -> str | None:
        return complaint.words.asker_phone if complaint.words and self._knows(complaint) else None


class AttachedSerializer(serializers.Serializer[Any]):
    """A photo or document; `event` is the position of the event that it came with, `name` as its sender called it or ours.

    `can_open` is false where only the service centre opens it.
    """

    id = serializers.IntegerField(source="attachment.pk")
    event = serializers.IntegerField()
    side = serializers.CharField(source="attachment.side")
    type = serializers.CharField(source="attachment.media_type")
    size = serializers.IntegerField(source="attachment.size")
    width = serializers.IntegerField(source="attachment.width", allow_null=True)
    height = serializers.IntegerField(source="attachment.height", allow_null=True)
    name = serializers.CharField(source="label")
    can_open = serializers.BooleanField()


class EntrySerializer(serializers.Serializer[Any]):
    """One line of a complaint's thread."""

    event = serializers.CharField(source="name")
    position = serializers.IntegerField()
    at = serializers.DateTimeField()
    who = serializers.CharField()
    says = serializers.CharField()
    text = serializers.CharField()


class FileSerializer(serializers.Serializer[Any]):
    """What a resident files; `household` may be left out when there is only one."""

    title = serializers.CharField(max_length=120)
    text = serializers.CharField(max_length=LONGEST_TEXT)
    category = serializers.SlugRelatedField(slug_field="code", queryset=Category.objects.filter(retired_at=None))
    severity = serializers.ChoiceField(Severity.choices, default=Severity.NORMAL)
    household = serializers.PrimaryKeyRelatedField(queryset=Household.objects.all(), required=False)
    phone = serializers.CharField(max_length=32, required=False, default="")
    is_confidential = serializers.BooleanField(default=False)
    files = FilesField(required=False, write_only=True)


class ContactSerializer(serializers.Serializer[Any]):
    """What an employee logs of somebody who phoned, came by or wrote."""

    kind = serializers.ChoiceField(Contact.Kind.choices, default=Contact.Kind.COMPLAINT)
    channel = serializers.ChoiceField(["phone", "visit", "letter", "email"])
    asker_name = serializers.CharField(max_length=80)
    asker_phone = serializers.CharField(max_length=32, required=False, default="")
    asker_email = serializers.EmailField(required=False, default="")
    community = serializers.SlugRelatedField(slug_field="address", queryset=Community.objects.all(), required=False)
    room = serializers.PrimaryKeyRelatedField(queryset=Room.objects.all(), required=False)
    category = serializers.SlugRelatedField(slug_field="code", queryset=Category.objects.filter(retired_at=None))
    severity = serializers.ChoiceField(Severity.choices, default=Severity.NORMAL)
    title = serializers.CharField(max_length=120)
    text = serializers.CharField(max_length=LONGEST_TEXT)
    received_at = MomentField(required=False, default=None)
    is_confidential = serializers.BooleanField(default=False)
    files = FilesField(required=False, write_only=True)


class FiledSerializer(serializers.Serializer[Any]):
    number = serializers.CharField()
    tracking_code = serializers.CharField()


class NothingSerializer(serializers.Serializer[Any]):
    """A verb that needs no words."""


class TextSerializer(serializers.Serializer[Any]):
    """Words; with `version`, they are refused with 409 when somebody else wrote after that version of the thread."""

    text = serializers.CharField(max_length=LONGEST_TEXT)
    version = serializers.IntegerField(min_value=0, max_value=2**31 - 1, required=False)
    files = FilesField(required=False, write_only=True)


class OptionalTextSerializer(serializers.Serializer[Any]):
    text = serializers.CharField(max_length=LONGEST_TEXT, required=False, default="", allow_blank=True)


class HelpedSerializer(OptionalTextSerializer):
    """`helped` is "yes" or the breach; `asked` is the name of who was asked first."""

    helped = serializers.ChoiceField(choices=HELPED)
    asked = serializers.CharField(max_length=80, required=False, allow_blank=True)


class CalledSerializer(HelpedSerializer):
    """`fixed` is "yes", "no" (it is reopened while it can be) or empty when it was not asked."""

    fixed = serializers.ChoiceField(choices=["yes", "no"], required=False, allow_blank=True)


class ReasonSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=LONGEST_TEXT)


class AnswerSerializer(TextSerializer):
    """A solution, or with kind `responsible` who solves it, with phone and time."""

    kind = serializers.ChoiceField(["solution", "responsible"], default="solution")
    responsible_name = serializers.CharField(max_length=80, required=False)
    responsible_phone = serializers.CharField(max_length=32, required=False)
    responsible_by = MomentField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["kind"] == "responsible":
            missing = [name for name in ("responsible_name", "responsible_phone", "responsible_by") if not attrs.get(name)]
            if missing:
                raise serializers.ValidationError(dict.fromkeys(missing, "Say who, how to reach them, and by when."))
        return attrs


class HandOverSerializer(ReasonSerializer):
    to_employee = serializers.PrimaryKeyRelatedField(queryset=Employee.objects.filter(left_on=None), required=False)
    to_department = serializers.PrimaryKeyRelatedField(queryset=Department.objects.filter(closed_on=None), required=False)


class WaitSerializer(TextSerializer):
    until = MomentField(required=False)


class DeferSerializer(ReasonSerializer):
    until = MomentField()


class RateSerializer(serializers.Serializer[Any]):
    rating = serializers.IntegerField(min_value=1, max_value=5)


class MergeSerializer(serializers.Serializer[Any]):
    into = serializers.CharField(max_length=20)


class RecategoriseSerializer(serializers.Serializer[Any]):
    category = serializers.SlugRelatedField(slug_field="code", queryset=Category.objects.filter(retired_at=None))
    severity = serializers.ChoiceField(Severity.choices)


class LengthenSerializer(ReasonSerializer):
    clock = serializers.ChoiceField(Clock.choices)
    hours = serializers.IntegerField(min_value=1, max_value=8784)


class CorrectSerializer(ReasonSerializer):
    asker_name = serializers.CharField(max_length=80, required=False, default="")
    asker_phone = serializers.CharField(max_length=32, required=False, default="")
