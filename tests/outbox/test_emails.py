"""Rendering of e-mails in both languages, and their common layout."""

import copy
import re
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.template import TemplateDoesNotExist
from django.utils import translation
from pytest_django.fixtures import Settings

from outbox.services import render_email

CONTEXT = {"person": "Léa <b>O'Neil</b>", "title": "Énergie & eau"}


@pytest.fixture(autouse=True)
def tested_templates(settings: Settings) -> None:
    """Find this folder's templates too."""
    templates = copy.deepcopy(django_settings.TEMPLATES)
    templates[0]["DIRS"].append(Path(__file__).parent / "templates")
    settings.TEMPLATES = templates
    settings.SITE_URL = "https://portail.example.org"


@pytest.mark.parametrize(
    ("language", "subject", "reason"),
    [
        ("fr", "Atelier Énergie & eau", "automatiquement"),
        ("en", "Workshop Énergie & eau", "automatically"),
    ],
)
def test_render_email_speaks_the_recipients_language(language: str, subject: str, reason: str) -> None:
    rendered = render_email("tested/greeting", CONTEXT, language=language)
    assert rendered[0] == subject
    assert reason in rendered[1] and reason in rendered[2]
    assert f'<html lang="{language}"' in rendered[2]
    assert translation.get_language() == "fr", "the caller's language is left as it was"


def test_render_email_escapes_the_html_and_not_the_text() -> None:
    _subject, text, html = render_email("tested/greeting", CONTEXT, language="fr")
    assert text.startswith("Léa <b>O'Neil</b> & Énergie & eau\n\nhttps://portail.example.org/ateliers/\n")
    assert "<p>Léa &lt;b&gt;O&#x27;Neil&lt;/b&gt; &amp; Énergie &amp; eau</p>" in html
    assert "<b>O'Neil" not in html


def test_render_email_takes_no_template_syntax_from_people() -> None:
    context = CONTEXT | {"title": "{{ SITE_URL }}{% now 'Y' %}"}
    subject, text, html = render_email("tested/greeting", context, language="fr")
    assert subject == "Atelier {{ SITE_URL }}{% now 'Y' %}"
    assert "{{ SITE_URL }}{% now 'Y' %}" in text
    assert "{{ SITE_URL }}" in html


def test_render_email_keeps_a_broken_title_on_the_subject_line() -> None:
    context = CONTEXT | {"title": "Énergie\r\nBcc: max@example.org\0"}
    subject, text, html = render_email("tested/greeting", context, language="fr")
    assert subject == "Atelier Énergie Bcc: max@example.org"
    assert "\r" not in text + html and "\0" not in text + html


@pytest.mark.parametrize(
    "name", ["tested/emails/greeting", "tested/greeting.txt", "tested/emails/greeting.html"]
)
def test_render_email_takes_the_templates_other_names(name: str) -> None:
    assert render_email(name, CONTEXT, language="fr") == render_email(
        "tested/greeting", CONTEXT, language="fr"
    )


def test_render_email_without_subject_or_template_is_refused() -> None:
    with pytest.raises(ValueError):
        render_email("tested/nameless", {}, language="fr")
    with pytest.raises(TemplateDoesNotExist):
        render_email("tested/missing", {}, language="fr")


def test_the_layout_shows_the_unsubscribe_link_only_when_there_is_one() -> None:
    url = "https://portail.example.org/desabonnement/abc/"
    _subject, text, html = render_email("tested/greeting", CONTEXT | {"unsubscribe_url": url}, language="fr")
    assert url in text and f'<a href="{url}">' in html
    _subject, text, html = render_email("tested/greeting", CONTEXT, language="fr")
    assert "desabonnement" not in text + html and "Ne plus recevoir" not in text + html


def test_the_layout_asks_nothing_of_another_machine_and_runs_nothing() -> None:
    _subject, _text, html = render_email("tested/greeting", CONTEXT, language="fr")
    assert not re.search(r"<(img|script|link|iframe|object|form)\b|@import|url\(|\bsrc=|\bon\w+=", html)
    assert set(re.findall(r'href="([^"]+)"', html)) == {"https://portail.example.org"}
    assert html.count("<h1") == 1
    assert re.findall(r"<table(?! role=\"presentation\")", html) == []


def test_the_text_follows_the_conventions_of_plain_mail() -> None:
    _subject, text, _html = render_email("tested/greeting", CONTEXT, language="fr")
    assert "\n-- \n" in text
    assert "\n\n\n" not in text and text.endswith("\n") and "{%" not in text
