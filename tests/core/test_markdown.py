"""Markdown gives text its shape and nothing else: no HTML of the author's, no script, no image, no broken outline."""

import random
import re

import pytest
from django.utils import translation

from core import markdown
from core.markdown import render


def test_shapes():
    html = render("Un *mot*, un **fort**.\n\n- a\n- b\n\n1. c\n\n> cité\n\n| x | y |\n|---|--:|\n| 1 | 2 |")
    for part in (
        "<em>mot</em>",
        "<strong>fort</strong>",
        "<ul>\n<li>a</li>",
        "<ol>\n<li>c</li>",
        "<blockquote>",
    ):
        assert part in html
    assert "<th>x</th>" in html and "<td>2</td>" in html
    assert "style" not in html  # the alignment of a column would be an inline style, which the CSP refuses


@pytest.mark.parametrize("url", ["https://a.fr/x", "http://a.fr", "mailto:a@b.fr"])
def test_links_to_the_web_and_mail(url):
    html = render(f"[lien]({url})")
    assert f'<a href="{url}" rel="nofollow noopener noreferrer ugc">lien</a>' in html


@pytest.mark.parametrize(
    "url",
    [
        *("javascript:alert(1)", "JaVaScRiPt:alert(1)", "vbscript:x", "data:text/html;base64,PHNjcmlwdD4="),
        *(
            "//evil.example",
            "/deconnexion/",
            "file:///etc/passwd",
            "&#106;avascript:alert(1)",
            "java\tscript:x",
        ),
    ],
)
def test_other_links_stay_text(url):
    assert "<a " not in render(f"[lien]({url})")
    assert "<a " not in render(f"<{url}>")


def test_html_is_shown_as_text():
    html = render('<script>alert(1)</script> <img src=x onerror=alert(1)> <b onclick="x">gras</b>')
    assert not re.search(r"<(script|img|b)\b", html)
    assert "&lt;script&gt;" in html


def test_image_becomes_its_alternative_text():
    html = render('![Un <b>atelier</b> "ouvert"](https://a.fr/x.png)')
    assert "<img" not in html and "<b>" not in html
    assert "atelier" in html


def test_headings_without_offset_are_bold_paragraphs():
    assert render("# Titre *fort*", language="en") == "<p><strong>Titre <em>fort</em></strong></p>"


def test_headings_follow_the_page_without_gaps():
    html = render("### a\n\n# b\n\n### c\n\n###### d", heading_offset=2)
    assert re.findall(r"<(h\d)>(\w)", html) == [("h3", "a"), ("h3", "b"), ("h4", "c"), ("h5", "d")]
    assert re.findall(r"</(h\d)>", html) == ["h3", "h3", "h4", "h5"]


def test_headings_stop_at_six():
    assert "<h6>" in render("# a\n\n## b\n\n### c\n\n#### d", heading_offset=5)
    assert "<h7>" not in render("# a\n\n## b", heading_offset=6)


def test_french_typography_follows_the_language():
    text = 'Le **mot** : "oui" !  `a : b`'
    shown = render(text, language="fr").replace("&nbsp;", "~").replace("\u202f", "^")
    assert shown == "<p>Le <strong>mot</strong>~: «~oui~»^!  <code>a : b</code></p>"
    assert render(text, language="en").startswith("<p>Le <strong>mot</strong> : ")


def test_language_is_the_readers_unless_told():
    with translation.override("en"):
        assert "«" not in render('"a"')
        assert "«" in render('"a"', language="fr")
    with translation.override("fr"):
        assert "«" in render('"a"')


def test_result_is_safe_for_templates():
    assert hasattr(render("a"), "__html__")
    assert render("") == ""


def test_same_text_is_rendered_once(monkeypatch):
    markdown._kept.cache_clear()
    render("une fois")
    render("une fois")
    assert markdown._kept.cache_info().misses == 1
    render("x" * 20_000)
    assert markdown._kept.cache_info().misses == 1  # large texts are not kept


def test_anything_typed_gives_closed_and_allowed_markup():
    draw = random.Random(7)
    pieces = [
        "<",
        ">",
        "&",
        '"',
        "'",
        "*",
        "_",
        "`",
        "[",
        "](",
        ")",
        "!",
        "#",
        "-",
        "|",
        "\n",
        "\n\n",
        "> ",
        "a",
        " ",
    ]
    pieces += ["javascript:", "https://x.fr", "<script>", "</p>", "onclick=", "\x00", "é", "1. ", "```", ":"]
    for _turn in range(1500):
        text = "".join(draw.choice(pieces) for _ in range(draw.randint(0, 25)))
        html = render(text, heading_offset=2, language=draw.choice(["fr", "en"]))
        tags = re.findall(r"<(/?)(\w+)([^>]*)>", html)
        opened: list[str] = []
        for closing, tag, attributes in tags:
            assert tag in markdown._TAGS, text
            assert not re.search(r"\son\w+=|javascript:", attributes.split('href="')[0]), text
            if closing:
                assert opened.pop() == tag, text
            elif tag not in ("br", "hr"):
                opened.append(tag)
        assert not opened, text
