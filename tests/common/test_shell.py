"""Language, theme and error pages."""

import pytest
from django.template import loader
from django.test import Client
from django.utils import translation

pytestmark = pytest.mark.django_db
SIGN_IN = "/accounts/login/"


def test_language_choice_is_kept_for_the_next_page(client: Client) -> None:
    response = client.post("/accounts/language/", {"language": "zh-hans", "next": SIGN_IN}, follow=True)
    assert 'lang="zh-Hans"' in response.content.decode()
    assert "跳到正文" in response.content.decode()


def test_language_choice_by_get_is_refused(client: Client) -> None:
    assert client.get("/accounts/language/").status_code == 405


def test_theme_choice_is_written_into_the_next_page(client: Client) -> None:
    assert 'data-bs-theme="dark"' not in client.get(SIGN_IN).content.decode()
    response = client.post("/accounts/theme/", {"theme": "dark", "next": SIGN_IN}, follow=True)
    assert '<html lang="en" data-bs-theme="dark">' in response.content.decode()


@pytest.mark.parametrize("theme", ["", "pink", '"><script>', "x" * 100_000])
def test_unknown_theme_is_refused_in_words(client: Client, theme: str) -> None:
    response = client.post("/accounts/theme/", {"theme": theme})
    assert response.status_code == 400
    assert "Choose light" in response.content.decode()
    assert "theme" not in response.cookies


def test_theme_choice_never_leads_to_another_site(client: Client) -> None:
    response = client.post("/accounts/theme/", {"theme": "dark", "next": "https://elsewhere.example/"})
    assert response["Location"] == "/"


def test_forged_choice_without_token_changes_nothing() -> None:
    response = Client(enforce_csrf_checks=True).post("/accounts/theme/", {"theme": "dark"})
    assert response.status_code == 403
    assert "open too long" in response.content.decode()
    assert "theme" not in response.cookies


@pytest.mark.parametrize("page", ["400", "403", "404", "429", "500", "403_csrf"])
def test_error_page_needs_no_context(page: str) -> None:
    html = loader.get_template(f"{page}.html").render()
    assert "<h1>" in html
    with translation.override("zh-hans"):
        assert 'lang="zh-Hans"' in loader.get_template(f"{page}.html").render()


def test_missing_page_answers_in_our_look(client: Client) -> None:
    response = client.get("/accounts/no-such-page/")
    assert response.status_code == 404
    assert "There is nothing here" in response.content.decode()


def test_policy_forbids_inline_code_and_page_has_none(client: Client) -> None:
    response = client.get(SIGN_IN)
    policy = response["Content-Security-Policy"]
    assert "style-src 'self';" in policy + ";"
    assert "unsafe" not in policy
    html = response.content.decode()
    assert " style=" not in html
    assert "<style" not in html
