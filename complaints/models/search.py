from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models

from propman.tenancy.base import CompanyModel, Link, company_constraints

from .complaint import Complaint


class SearchEntry(CompanyModel):
    """The words of a complaint as pairs of characters, so that two Chinese characters are found as well as a part of a word.

    Written by triggers, read by the function complaints_search alone; the application reaches neither.
    """

    complaint = Link(Complaint, related_name="+")
    lexemes = SearchVectorField()

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "complaint"], name="complaints_searchentry_of"),
            *company_constraints(
                "complaints_searchentry",
                references={"complaint_id": "complaints_complaint"},
                insert=False,
                update=False,
                select=False,
            ),
        ]
        indexes = [GinIndex(fields=["lexemes"], name="complaints_search")]
