"""The base of every company's row."""

from typing import Any, ClassVar, Self

from django.db import models

from .constraints import AppGrants, CompanyForeignKey, CompanyPolicy, SqlConstraint
from .scope import current_company_id


class CurrentCompany(models.Expression):
    """The current company's id, asked for when the query runs: raises NoCompany then, never when the query is built."""

    output_field = models.BigIntegerField()

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        return "%s", [current_company_id()]


class CompanyManager(models.Manager[Any]):
    """Only the current company's rows."""

    def get_queryset(self) -> models.QuerySet[Any]:
        return super().get_queryset().filter(company_id=CurrentCompany())


class CompanyModel(models.Model):
    """A row of one company."""

    company = models.ForeignKey("tenancy.Company", models.PROTECT, related_name="+", db_index=False)

    objects: ClassVar[models.Manager[Any]] = CompanyManager()
    unscoped = models.Manager[Self]()  # still under row-level security

    class Meta:
        abstract = True
        base_manager_name = "unscoped"
        default_manager_name = "objects"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.company_id is None:
            self.company_id = current_company_id()
        super().save(*args, **kwargs)


class Link(models.ForeignKey[Any, Any]):
    """A reference inside one company: the database checks (company_id, column) by a CompanyForeignKey."""

    def __init__(self, to: Any, on_delete: Any = models.PROTECT, **kwargs: Any) -> None:
        kwargs.setdefault("db_constraint", False)
        kwargs.setdefault("db_index", False)
        super().__init__(to, on_delete, **kwargs)


def company_constraints(
    table: str,
    *,
    references: dict[str, str] | None = None,
    update: bool | list[str] = True,
    delete: bool = False,
    insert: bool = True,
    select: bool = True,
    index: bool = True,
) -> list[models.BaseConstraint]:
    """What every company table needs: policy, grants, a key to refer to, and composite foreign keys.

    `table` is the table's name, `references` maps a column to the table that it refers to; `update`, `delete`, `insert`
    and `select` say what the application may do with the rows (see AppGrants).
    """
    constraints: list[models.BaseConstraint | SqlConstraint] = [
        CompanyPolicy(name=f"{table}_policy"),
        AppGrants(name=f"{table}_grants", update=update, delete=delete, insert=insert, select=select),
    ]
    if index:
        constraints.insert(0, models.UniqueConstraint(fields=["company", "id"], name=f"{table}_company_id"))
    for column, to in (references or {}).items():
        constraints.append(CompanyForeignKey(name=f"{table}_{column}_fk", column=column, to=to))
    return constraints
