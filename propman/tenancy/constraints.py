"""Row-level security, grants and composite foreign keys as constraints, so that migrations carry them."""

from collections.abc import Sequence
from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import BaseConstraint, Model

APPLICATION = "propman_app"
OFFICIAL = "propman_official"


class SqlConstraint(BaseConstraint):
    """Something that only the database checks: `statements` create it, `remove_sql` removes it."""

    def statements(self, table: str) -> list[str]:
        raise NotImplementedError

    def constraint_sql(self, model: type[Model] | None, schema_editor: BaseDatabaseSchemaEditor | None) -> Any:
        # Never inline in CREATE TABLE: run when the migration ends.
        schema_editor.deferred_sql += self.statements(table_name(model, schema_editor))  # type: ignore[union-attr]
        return None

    def create_sql(self, model: Any, schema_editor: Any) -> Any:
        for statement in self.statements(table_name(model, schema_editor)):
            schema_editor.execute(statement)

    def validate(self, *args: Any, **kwargs: Any) -> None:
        pass

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.deconstruct() == other.deconstruct()

    __hash__ = None  # type: ignore[assignment]


def table_name(model: Any, schema_editor: Any) -> str:
    return str(schema_editor.quote_name(model._meta.db_table))


class CompanyPolicy(SqlConstraint):
    """The application role sees and writes only rows of the current company."""

    def statements(self, table: str) -> list[str]:
        own = "company_id = current_setting('app.company')::bigint"
        return [
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
            f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
            f"CREATE POLICY {self.name} ON {table} FOR ALL TO {APPLICATION} USING ({own}) WITH CHECK ({own})",
        ]

    def remove_sql(self, model: Any, schema_editor: Any) -> str:
        return f"DROP POLICY {self.name} ON {table_name(model, schema_editor)}"


class OfficialPolicy(SqlConstraint):
    """Officials may read the named columns of the companies that they supervise; nothing else, and never write."""

    def __init__(self, *, name: str, columns: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)
        self.columns = list(columns)

    def statements(self, table: str) -> list[str]:
        columns = f" ({', '.join(self.columns)})" if self.columns else ""
        supervised = "company_id = ANY(current_setting('app.companies')::bigint[])"
        return [
            f"GRANT SELECT{columns} ON {table} TO {OFFICIAL}",
            f"CREATE POLICY {self.name} ON {table} FOR SELECT TO {OFFICIAL} USING ({supervised})",
        ]

    def remove_sql(self, model: Any, schema_editor: Any) -> str:
        table = table_name(model, schema_editor)
        schema_editor.execute(f"REVOKE ALL ON {table} FROM {OFFICIAL}")
        return f"DROP POLICY {self.name} ON {table}"

    def deconstruct(self) -> Any:
        path, args, kwargs = super().deconstruct()
        return path, args, {**kwargs, "columns": self.columns}


class AppGrants(SqlConstraint):
    """What the application role may do with the table.

    SELECT and INSERT unless they are switched off; `update` is True for every column or a list of columns; `delete` only
    where rows may vanish. A column that is not listed can never be rewritten: `save(update_fields=...)` works, a plain
    `save()` is refused. A table without SELECT is reached by definer functions only.
    """

    def __init__(
        self,
        *,
        name: str,
        update: bool | Sequence[str] = False,
        delete: bool = False,
        insert: bool = True,
        select: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        self.update = update if isinstance(update, bool) else list(update)
        self.delete, self.insert, self.select = delete, insert, select

    def statements(self, table: str) -> list[str]:
        verbs = ["SELECT"] if self.select else []
        if self.insert:
            verbs.append("INSERT")
        if self.update is True:
            verbs.append("UPDATE")
        elif self.update:
            verbs.append(f"UPDATE ({', '.join(self.update)})")
        if self.delete:
            verbs.append("DELETE")
        closed = [f"REVOKE ALL ON {table} FROM PUBLIC, {APPLICATION}"]
        return [*closed, f"GRANT {', '.join(verbs)} ON {table} TO {APPLICATION}"] if verbs else closed

    def remove_sql(self, model: Any, schema_editor: Any) -> str:
        # The list of columns may have lost one since: everything goes, then what is still declared comes back.
        return f"REVOKE ALL ON {table_name(model, schema_editor)} FROM {APPLICATION}"

    def deconstruct(self) -> Any:
        path, args, kwargs = super().deconstruct()
        told = {"update": self.update, "delete": self.delete, "insert": self.insert}
        return path, args, {**kwargs, **told, **({} if self.select else {"select": False})}


class CompanyForeignKey(SqlConstraint):
    """(company_id, column) references (company_id, id): foreign-key checks themselves ignore row-level security."""

    def __init__(self, *, name: str, column: str, to: str, **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)
        self.column, self.to = column, to

    def statements(self, table: str) -> list[str]:
        return [
            f"ALTER TABLE {table} ADD CONSTRAINT {self.name} FOREIGN KEY (company_id, {self.column}) "
            f"REFERENCES {self.to} (company_id, id) DEFERRABLE INITIALLY IMMEDIATE"
        ]

    def create_sql(self, model: Any, schema_editor: Any) -> Any:
        # Run when the migration ends: the key referred to may be created later in the same migration.
        self.constraint_sql(model, schema_editor)

    def remove_sql(self, model: Any, schema_editor: Any) -> str:
        return f"ALTER TABLE {table_name(model, schema_editor)} DROP CONSTRAINT {self.name}"

    def deconstruct(self) -> Any:
        path, args, kwargs = super().deconstruct()
        return path, args, {**kwargs, "column": self.column, "to": self.to}


class ForbidRewriting(SqlConstraint):
    """Rows can only be added: UPDATE, DELETE and TRUNCATE raise, for the owner of the table as well.

    `columns` narrows it to those columns; then DELETE and TRUNCATE are refused and the other columns may move.
    """

    def __init__(self, *, name: str, columns: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)
        self.columns = list(columns)

    def statements(self, table: str) -> list[str]:
        when = ""
        if self.columns:
            old, new = (", ".join(f"{row}.{column}" for column in self.columns) for row in ("OLD", "NEW"))
            when = f" WHEN (ROW({old}) IS DISTINCT FROM ROW({new}))"
        refuse = "EXECUTE FUNCTION tenancy_forbid_rewriting()"
        return [
            f"CREATE TRIGGER {self.name}_update BEFORE UPDATE ON {table} FOR EACH ROW{when} {refuse}",
            f"CREATE TRIGGER {self.name}_delete BEFORE DELETE ON {table} FOR EACH ROW {refuse}",
            f"CREATE TRIGGER {self.name}_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {refuse}",
        ]

    def remove_sql(self, model: Any, schema_editor: Any) -> str:
        table = table_name(model, schema_editor)
        return "; ".join(f"DROP TRIGGER {self.name}_{verb} ON {table}" for verb in ("update", "delete", "truncate"))

    def deconstruct(self) -> Any:
        path, args, kwargs = super().deconstruct()
        return path, args, {**kwargs, "columns": self.columns}
