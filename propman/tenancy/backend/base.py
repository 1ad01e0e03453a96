"""PostgreSQL, with the company bound whenever a transaction begins."""

from typing import Any

from django.db.backends.postgresql import base

from propman.tenancy import scope


class DatabaseWrapper(base.DatabaseWrapper):
    def set_autocommit(self, autocommit: bool, *args: Any, **kwargs: Any) -> None:
        super().set_autocommit(autocommit, *args, **kwargs)
        if not autocommit and scope.has_company():
            scope.bind(self)
