from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from propman.tenancy.base import CompanyModel, company_constraints


class Export(CompanyModel):
    """A file of figures, of complaints or of costs, written in the background for whoever asked; kept for a day."""

    class What(models.TextChoices):
        FIGURES = "figures", _("Figures")
        ROWS = "rows", _("Complaints")
        COSTS = "costs", _("Costs")

    class Kind(models.TextChoices):
        CSV = "csv", "CSV"
        XLSX = "xlsx", "XLSX"

    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    what = models.CharField(max_length=8, choices=What.choices)
    kind = models.CharField(max_length=4, choices=Kind.choices)
    query = models.CharField(max_length=500, blank=True)  # what stood in the address
    language = models.CharField(max_length=10)
    asked_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True)  # by a worker, which says again and again that it is there
    total = models.IntegerField(default=0)
    done = models.IntegerField(default=0)
    content = models.BinaryField(null=True)
    refusal = models.CharField(max_length=300, blank=True)
    finished_at = models.DateTimeField(null=True)

    class Meta(CompanyModel.Meta):
        constraints = [
            models.CheckConstraint(condition=Q(what__in=["figures", "rows", "costs"]), name="complaints_export_what"),
            models.CheckConstraint(condition=Q(kind__in=["csv", "xlsx"]), name="complaints_export_kind"),
            models.CheckConstraint(
                condition=Q(finished_at__isnull=False) | Q(content=None, refusal=""), name="complaints_export_whole"
            ),
            *company_constraints(
                "complaints_export",
                update=["claimed_at", "total", "done", "content", "refusal", "finished_at"],
            ),
        ]
        indexes = [
            models.Index(fields=["asked_at"], name="complaints_export_open", condition=Q(finished_at=None)),
            models.Index(fields=["finished_at"], name="complaints_export_kept", condition=Q(content__isnull=False)),
        ]
