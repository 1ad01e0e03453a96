"""Commands that people read and scripts too."""

import json
from collections.abc import Mapping
from typing import Any, NoReturn

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.serializers.json import DjangoJSONEncoder


class ReportingCommand(BaseCommand):
    """A command with `--json`: its last line is then one JSON object, also when it fails (exit 1)."""

    as_json = False

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.add_argument("--json", action="store_true", help="print a machine-readable last line")
        return parser

    def execute(self, *args: Any, **options: Any) -> str | None:
        self.as_json = options.get("json", False)
        try:
            return super().execute(*args, **options)
        except ValidationError as error:
            self.refuse(" ".join(error.messages))

    def report(self, result: Mapping[str, Any], *lines: str) -> None:
        """Print the lines, then the result where --json asks for it."""
        for line in lines:
            self.stdout.write(line)
        if self.as_json:
            self.stdout.write(json.dumps(result, cls=DjangoJSONEncoder, ensure_ascii=False))

    def refuse(self, message: str, **result: Any) -> NoReturn:
        """Fail with exit code 1 and a clear message."""
        self.report({"error": message, **result})
        raise CommandError(message)
