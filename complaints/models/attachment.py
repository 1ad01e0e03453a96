from pathlib import PurePosixPath

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from propman.common.uploads import MEDIA_TYPES, PHOTO_KINDS
from propman.tenancy.base import CompanyModel, Link, company_constraints
from propman.tenancy.models import Event

from .complaint import Complaint


class Attachment(CompanyModel):
    """A photo or document that came with an event, which holds its commitment (of salt and SHA-256) and its given name.

    The file lies in the storage under a name of ours. Erasing deletes row and file and leaves the chain valid.
    """

    class Side(models.TextChoices):
        ASKER = "asker", _("The asker's")
        STAFF = "staff", _("For the asker")
        NOTE = "note", _("For colleagues only")

    class Kind(models.TextChoices):
        JPEG = "jpeg", "JPEG"
        PNG = "png", "PNG"
        WEBP = "webp", "WEBP"
        PDF = "pdf", "PDF"

    complaint = Link(Complaint, related_name="attachments")
    event = Link(Event, related_name="+")
    work_order = Link("complaints.WorkOrder", null=True, related_name="attachments")  # of which it shows what was done
    position = models.IntegerField()  # among the files of its event, from 1
    side = models.CharField(_("side"), max_length=10, choices=Side.choices)
    kind = models.CharField(_("type"), max_length=10, choices=Kind.choices)
    size = models.IntegerField(_("size"))  # in bytes
    width = models.IntegerField(null=True)  # in pixels, of photos
    height = models.IntegerField(null=True)
    sha256 = models.CharField(max_length=64)
    salt = models.CharField(max_length=32)
    file = models.CharField(max_length=100)  # in the storage

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "event", "position"], name="complaints_attachment_key"),
            models.UniqueConstraint(fields=["company", "file"], name="complaints_attachment_file"),
            models.CheckConstraint(condition=Q(side__in=["asker", "staff", "note"]), name="complaints_attachment_side"),
            models.CheckConstraint(condition=Q(kind__in=["jpeg", "png", "webp", "pdf"]), name="complaints_attachment_kind"),
            models.CheckConstraint(condition=Q(size__gt=0) & Q(position__gt=0), name="complaints_attachment_size"),
            models.CheckConstraint(
                condition=Q(kind="pdf", width=None, height=None) | (~Q(kind="pdf") & Q(width__gt=0) & Q(height__gt=0)),
                name="complaints_attachment_pixels",
            ),
            *company_constraints(
                "complaints_attachment",
                references={
                    "complaint_id": "complaints_complaint",
                    "event_id": "tenancy_event",
                    "work_order_id": "complaints_workorder",
                },
                update=False,
                delete=True,
            ),
        ]
        indexes = [
            models.Index(fields=["company", "complaint"], name="complaints_attachment_of"),
            models.Index(
                fields=["company", "work_order"], name="complaints_attachment_order", condition=Q(work_order__isnull=False)
            ),
        ]

    @property
    def is_photo(self) -> bool:
        return self.kind in PHOTO_KINDS

    @property
    def media_type(self) -> str:
        return MEDIA_TYPES[self.kind]

    @property
    def name_field(self) -> str:
        return name_field(self.position)

    @property
    def preview(self) -> str:
        """Where the small picture of a photo lies."""
        return preview_of(self.file)


def name_field(position: int) -> str:
    """The text of an event that holds the given name of its nth file."""
    return f"file_{position}"


def preview_of(file: str) -> str:
    path = PurePosixPath(file)
    return str(path.with_name(f"{path.stem}-small.jpg"))
