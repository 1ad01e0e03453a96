"""Nothing on a page stays English in the Chinese portal."""

import re

import pytest

from propman.common import catalogues

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]")


@pytest.fixture(scope="module")
def chinese() -> catalogues.Catalog:
    return catalogues.read(next(file for file in catalogues.catalogue_files() if "zh_Hans" in str(file)))


def test_every_message_is_translated(chinese: catalogues.Catalog) -> None:
    missing = []
    for message in catalogues.messages():
        found = chinese.get(message.id, message.context) if message.id else message
        words = [] if found is None else found.string if isinstance(found.string, (list, tuple)) else [found.string]
        if message.id and not (words and all(words)):
            missing.append(message.id)
    assert missing == []


def test_no_translation_is_fuzzy(chinese: catalogues.Catalog) -> None:
    assert [message.id for message in chinese if message.id and message.fuzzy] == []


def test_translation_keeps_every_placeholder(chinese: catalogues.Catalog) -> None:
    wrong = []
    for message in chinese:
        source = message.id if isinstance(message.id, str) else (message.id or ("",))[-1]
        target = message.string if isinstance(message.string, str) else (message.string or ("",))[0]
        if message.id and set(PLACEHOLDER.findall(target)) - set(PLACEHOLDER.findall(source)):
            wrong.append(message.id)
    assert wrong == []
