"""Whatever an app declares has words in both languages."""

import pytest
from django.template.loader import get_template
from django.template.loader_tags import BlockNode
from django.utils import translation

from propman.notify.kinds import KINDS, TEMPLATES, NoticeKind
from propman.notify.models import Notice
from propman.notify.selectors import words_of
from propman.tenancy.models import Company

from .conftest import NOON


@pytest.mark.parametrize("event", sorted(KINDS))
def test_declared_notice_has_subject_and_body(event):
    template = get_template(TEMPLATES[event]).template
    assert {node.name for node in template.nodelist.get_nodes_by_type(BlockNode)} == {"subject", "body"}


@pytest.mark.parametrize("event", sorted(KINDS))
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_notice_without_its_words_still_has_a_line(event, language):
    """Words are erased with the person; the line remains."""
    with translation.override(language):
        assert words_of(Notice(event=event, at=NOON, words={}), Company(name="Lanting", address="lanting")).subject


def test_notice_kinds_are_plain_by_default():
    assert (NoticeKind("a.b").urgent, NoticeKind("a.b").at_once) == (False, False)
