from datetime import timedelta

import pytest
from django.utils import timezone

from propman.community import home
from propman.community.home import Act, Section, Waiting


@pytest.fixture
def _nothing_else_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(home, "WAITING", [])
    monkeypatch.setattr(home, "SECTIONS", [])


def things(*named: tuple[str, int | None]) -> list[Waiting]:
    now = timezone.now()
    return [
        Waiting(
            title=title,
            url=f"/x/{title}/",
            due_at=now + timedelta(minutes=minutes) if minutes is not None else None,
            started_at=now - timedelta(hours=1),
            acts=(Act("It is fixed", "/x/fixed/", is_post=True, is_primary=True),),
        )
        for title, minutes in named
    ]


@pytest.mark.usefixtures("_nothing_else_waits")
def test_home_shows_the_most_urgent_thing_first(client_of, company, owner):
    home.register_waiting(lambda request: things(("later", 90), ("undated", None)))
    home.register_waiting(lambda request: things(("soon", 5)))
    html = client_of(owner).get(f"/{company.address}/").content.decode()
    assert "Three things wait for you" in html
    assert html.index("soon") < html.index("later") < html.index("undated")
    assert html.count("pm-first__act") == 1
    assert 'action="/x/fixed/"' in html


@pytest.mark.usefixtures("_nothing_else_waits")
def test_home_without_anything_says_so(client_of, company, owner):
    html = client_of(owner).get(f"/{company.address}/").content.decode()
    assert "Nothing waits for you" in html
    assert "pm-empty" in html


@pytest.mark.usefixtures("_nothing_else_waits")
def test_section_that_has_nothing_is_left_out(client_of, company, agent):
    home.register_section(lambda request: None)
    home.register_section(lambda request: Section("components/_notice.html", {}))
    assert client_of(agent).get(f"/{company.address}/").content.decode().count("pm-notice") == 1


def test_stranger_sees_nobodys_home(client_of, company, rival_manager):
    assert client_of(rival_manager).get(f"/{company.address}/").status_code == 404
