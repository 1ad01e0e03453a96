"""What the API reads."""

from collections.abc import Mapping
from typing import IO, Any

from django.utils.translation import gettext as _
from rest_framework import parsers
from rest_framework.exceptions import ParseError

DEEPEST = 20


class JSONParser(parsers.JSONParser):
    """JSON, but neither nested beyond all sense nor with half a surrogate pair, which no database can keep.

    Python's parser takes both: the first ends in RecursionError, at the latest in whoever walks what was parsed, and the
    second cannot be encoded again, not even in the message that refuses it.
    """

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        try:
            parsed: dict[str, Any] = super().parse(stream, media_type, parser_context)
        except RecursionError:
            raise _too_deep() from None
        level: list[Any] = [parsed]
        for _depth in range(DEEPEST):
            below: list[Any] = []
            for value in level:
                if isinstance(value, dict):
                    below += [*value.keys(), *value.values()]
                elif isinstance(value, list):
                    below += value
                elif isinstance(value, str):
                    _check_whole(value)
            level = below
        if level:
            raise _too_deep()
        return parsed


def _too_deep() -> ParseError:
    return ParseError(_("The body is nested too deeply."))


def _check_whole(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ParseError(_("The body holds half a character: a surrogate without its pair.")) from None
