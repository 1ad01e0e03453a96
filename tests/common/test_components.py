"""Every component with sample arguments: it renders, says what it must, and carries no inline style, handler or script."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace as Thing

import pytest
from django.conf import settings
from django.template import engines
from django.utils import translation

from propman.common.tables import Cell, Column, Row

NOW = datetime(2026, 11, 23, 6, 10, tzinfo=UTC)
STARTED = NOW - timedelta(minutes=32)
COLUMNS = [Column("Office", sort_url="?sort=office", sorted="ascending"), Column("Gaps", is_number=True)]
CLOCK = Thing(tone="soon", words="8 min left", left=20, used=80)
SAMPLES = {
    "_badge": ({"word": "Accepted", "icon": "check", "tone": "jade"}, "Accepted"),
    "_bar": ({"percent": "65.0", "tone": "soon"}, 'width="65.0%"'),
    "_chip": ({"figure": 22, "word": "inspections", "url": "/x/"}, "<b>22</b> inspections"),
    "_clock": ({"tone": "late", "words": "12 min late"}, "12 min late"),
    "_clocks": ({"clocks": [Thing(name="Accept", countdown=CLOCK, note="of 15 min")]}, "of 15 min"),
    "_empty": ({"title": "Nothing is offered to you", "url": "/x/", "act": "Take next"}, "Take next"),
    "_event": ({"icon": "check", "who": "Gu Ping", "text": "accepted", "at": NOW}, "<b>Gu Ping</b> accepted"),
    "_face": ({"name": "Chen Yu"}, ">CY<"),
    "_files": ({"photos": [Thing(url="/x/", preview_url="/x/small/", label="Photo <b>")]}, 'alt="Photo &lt;b&gt;"'),
    "_filters": ({"form": [], "clear_url": "?"}, "Clear"),
    "_menu": ({"items": [{"label": "Merge", "url": "/x/"}]}, "Merge"),
    "_messages": ({"messages": [Thing(level_tag="success", __str__=lambda self: "Saved.")]}, "pm-notice"),
    "_note": ({"name": "Dong Yue", "at": NOW, "text": "<b>away</b>"}, "&lt;b&gt;away"),
    "_notice": ({"text": "Not ranked.", "lead": "4 people:"}, "<b>4 people:</b> Not ranked."),
    "_pager": ({"next_url": "?after=5"}, "?after=5"),
    "_pick": ({"name": "kind", "value": "lift", "word": "Lift", "icon": "elevator", "is_checked": True}, "checked"),
    "_progress": ({"label": "Import", "done": 3, "total": 10, "percent": 30}, "3 of 10"),
    "_promise": ({"clock": CLOCK, "says": "Promised by 18:00 today"}, "Promised by 18:00 today"),
    "_receipt": ({"title": "We have it.", "number": "2026-004187", "code": "7QK4-WB92"}, "7QK4-WB92"),
    "_relay": ({"hands": [{"label": "Now with", "name": "Zhao Min", "phone": "+86100", "is_now": True}]}, "tel:+86100"),
    "_ring": ({"done": 3, "total": 10}, 'stroke-dasharray="3 10"'),
    "_row": ({"title": "Lift 2", "url": "/x/", "meta": "Harbour 5-1", "clock": CLOCK}, "8 min left"),
    "_say": ({"name": "林佳", "at": NOW, "text": "<script>x</script>", "is_mine": True}, "&lt;script&gt;"),
    "_search": ({"value": "0142", "key": "/"}, 'value="0142"'),
    "_seg": ({"field": []}, "pm-seg"),
    "_share": ({"pieces": [{"tone": "blue", "x": "0", "width": "70"}]}, "is-blue"),
    "_spark": ({"points": [("2.0", "3.0")]}, "2.0,3.0"),
    "_stat": ({"label": "Rating", "figure": "8.1", "unit": "/ 10", "url": "/x/"}, "<small>/ 10</small>"),
    "_symbols": ({}, 'id="g-red"'),
    "_table": (
        {"caption": "Gaps", "columns": COLUMNS, "rows": [Row(COLUMNS, [Cell("Willow"), Cell(1, "/x/")])]},
        '<a href="/x/">1</a>',
    ),
    "_tabs": ({"label": "Ranking of", "items": [{"label": "Offices", "url": "?", "is_current": True}]}, "aria-current"),
    "_tally": ({"count": 7, "groups": [[5, 2]]}, "#z2"),
    "_timeline": ({"entries": [Thing(kind="event", icon="check", who="", text="Taken", at=None, state="todo")]}, "Taken"),
}
INLINE = re.compile(r"\sstyle=|\son[a-z]+=|<script(?![^>]*src)|javascript:", re.IGNORECASE)


def draw(source: str, **context: object) -> str:
    return engines["django"].from_string("{% load components portal i18n %}" + source).render(context)


def test_every_component_has_a_sample() -> None:
    folder = Path(settings.BASE_DIR) / "templates" / "components"
    assert {file.stem for file in folder.glob("_*.html")} == set(SAMPLES)


@pytest.mark.parametrize("name", SAMPLES)
def test_sample_shows_its_words_without_inline_code(name: str) -> None:
    context, expected = SAMPLES[name]
    html = draw(f"{{% include 'components/{name}.html' %}}", **context)
    assert expected in html
    assert not INLINE.search(html)
    assert "{" not in html.replace("{{", "")


@pytest.mark.parametrize(
    ("minutes", "english", "chinese", "tone"),
    [
        (52, "52 min left", "剩 52 分钟", "calm"),
        (8, "8 min left", "剩 8 分钟", "soon"),
        (-12, "12 min late", "超时 12 分钟", "late"),
        (112, "1 h 52 min left", "剩 1 小时 52 分钟", "calm"),
        (23 * 60, "23 h left", "剩 23 小时", "calm"),
        (5 * 24 * 60, "5 days left", "剩 5 天", "calm"),
    ],
)
def test_clock_says_the_time_in_both_languages(minutes: int, english: str, chinese: str, tone: str) -> None:
    source = "{% clock due started_at=started at=now %}"
    context = {"due": NOW + timedelta(minutes=minutes), "started": NOW - timedelta(minutes=34), "now": NOW}
    for language, words in (("en", english), ("zh-hans", chinese)):
        with translation.override(language):
            html = draw(source, **context)
        assert words in html
        assert f"is-{tone}" in html


def test_clock_that_stands_still_says_paused() -> None:
    html = draw("{% clock now started_at=started at=now is_paused=True %}", now=NOW, started=STARTED)
    assert "paused" in html
    assert "is-late" not in html


def test_clock_that_was_met_says_how_soon() -> None:
    html = draw(
        "{% clock now started_at=started at=now met_at=met %}",
        now=NOW,
        started=STARTED,
        met=STARTED + timedelta(minutes=6),
    )
    assert "in 6 min" in html
    assert "is-met" in html


def test_share_fills_the_whole_width() -> None:
    html = draw("{% share 70 24 6 %}")
    widths = [float(width) for width in re.findall(r'width="([\d.]+)%"', html)]
    assert sum(widths) == pytest.approx(98, abs=0.2)


@pytest.mark.parametrize(
    ("name", "letters"), [("Chen Yu", "CY"), ("林佳", "林"), ("", "?"), ("Cher", "C"), ("Anna Maria Li", "AL")]
)
def test_initials_of_latin_and_chinese_names(name: str, letters: str) -> None:
    assert draw("{{ name|initials }}", name=name) == letters


def test_small_counts_are_words_in_english_only() -> None:
    assert draw("{{ 3|in_words }}") == "Three"
    assert draw("{{ 12|in_words }}") == "12"
    with translation.override("zh-hans"):
        assert draw("{{ 2|in_words }}") == "2"


@pytest.mark.parametrize(("amount", "words"), [(654.47, "¥654.47"), (184260, "¥184,260.00"), (-52.45, "−¥52.45")])
def test_money_has_its_currency_and_two_places(amount: float, words: str) -> None:
    assert draw("{{ amount|money }}", amount=amount) == words


def test_moment_is_told_in_the_local_zone() -> None:
    assert draw("{{ at|moment }}", at=datetime(2020, 1, 1, 20, 30, tzinfo=UTC)) == "2 Jan 2020 04:30"
    with translation.override("zh-hans"):
        assert draw("{{ at|moment }}", at=datetime(2020, 1, 1, 20, 30, tzinfo=UTC)) == "2020年1月2日 04:30"
