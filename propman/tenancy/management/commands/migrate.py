from typing import Any

from django.core.management.commands import migrate

from propman.tenancy.roles import as_owner


class Command(migrate.Command):
    """Django's migrate, signed in as the owner of the tables."""

    def handle(self, *args: Any, **options: Any) -> None:
        with as_owner(options["database"]):
            super().handle(*args, **options)
