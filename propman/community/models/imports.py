from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from propman.tenancy.base import CompanyModel, Link, company_constraints

from .places import Community


class Import(CompanyModel):
    """A file that somebody brought: previewed, confirmed or discarded, undone as long as nothing refers to its rows."""

    class Kind(models.TextChoices):
        ROOMS = "rooms", _("Rooms and owners")
        STAFF = "staff", _("Staff")

    kind = models.CharField(max_length=10, choices=Kind.choices)
    community = Link(Community, null=True, related_name="imports")
    file_name = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)  # SHA-256 of the file
    content = models.BinaryField(null=True)  # until it is confirmed or discarded: it holds people's data
    area = models.DecimalField(max_digits=8, decimal_places=2, null=True)  # of rooms whose row names none
    plan = models.JSONField()  # what the preview shows
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False)
    uploaded_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    discarded_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)

    class Meta(CompanyModel.Meta):
        constraints = [
            models.CheckConstraint(condition=Q(undone_at=None) | Q(confirmed_at__isnull=False), name="community_import_undone"),
            models.CheckConstraint(condition=Q(confirmed_at=None) | Q(content=None), name="community_import_forgets"),
            *company_constraints(
                "community_import",
                references={"community_id": "community_community"},
                update=["content", "plan", "confirmed_at", "discarded_at", "undone_at"],
            ),
        ]
        indexes = [models.Index(fields=["company", "uploaded_at"], name="community_import_time")]

    def __str__(self) -> str:
        return self.file_name


class ImportedRows(CompanyModel):
    """Which rows an import made, and what those that it changed said before: what undoing needs."""

    of = Link(Import, related_name="batches")
    noun = models.CharField(max_length=20)
    ids = ArrayField(models.BigIntegerField(), default=list)
    changed = models.JSONField(default=dict)  # id -> [before, after]

    class Meta(CompanyModel.Meta):
        constraints = company_constraints("community_importedrows", references={"of_id": "community_import"}, update=False)
