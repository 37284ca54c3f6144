"""Markdown as people may write it here: text, lists, links, tables, quotations. No raw HTML, no images."""

from functools import lru_cache

import nh3
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from markdown_it import MarkdownIt
from markdown_it.token import Token

from core.typography import french_pieces

_TAGS = {
    *("p", "br", "hr", "strong", "em", "a", "ul", "ol", "li", "blockquote", "code", "pre"),
    *("table", "thead", "tbody", "tr", "th", "td", "h1", "h2", "h3", "h4", "h5", "h6"),
}
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
_SCHEMES = {"http", "https", "mailto"}
# A text above this size is rendered each time rather than kept: the cache's memory stays bounded.
_KEPT_UP_TO = 6_000
_KEPT = 6_000


def _is_allowed(url: str) -> bool:
    return url.strip().lower().startswith(("http://", "https://", "mailto:"))


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "typographer": False, "maxNesting": 20}).enable("table")
    parser.validateLink = _is_allowed  # type: ignore[method-assign]
    # An image becomes its alternative text: nothing is fetched for a reader that the reader did not ask for.
    parser.add_render_rule("image", lambda renderer, tokens, at, options, env: escape(tokens[at].content))
    return parser


_MARKDOWN = _parser()


def _place_headings(tokens: list[Token], offset: int) -> None:
    """Put headings below the page's own, with no gap between levels; without an offset they are bold paragraphs."""
    level = 0
    for at, token in enumerate(tokens):
        if token.type == "heading_open":
            level = min(int(token.tag[1]), level + 1)
        if token.type not in ("heading_open", "heading_close"):
            continue
        token.tag = f"h{min(level + offset, 6)}" if offset else "p"
        if not offset and token.type == "heading_open":
            inner = tokens[at + 1]
            inner.children = [
                Token("strong_open", "strong", 1),
                *(inner.children or []),
                Token("strong_close", "strong", -1),
            ]


def _set_french(tokens: list[Token]) -> None:
    for token in tokens:
        if token.type == "inline" and token.children:
            texts = [child.content if child.type == "text" else "" for child in token.children]
            for child, text in zip(token.children, french_pieces(texts), strict=True):
                if child.type == "text":
                    child.content = text


def parse(text: str, *, language: str) -> list[Token]:
    """Return Markdown's tokens, with French typography when its language is French."""
    tokens = _MARKDOWN.parse(text)
    if language == "fr":
        _set_french(tokens)
    return tokens


def _rendered(text: str, heading_offset: int, language: str) -> SafeString:
    tokens = parse(text, language=language)
    _place_headings(tokens, heading_offset)
    html = _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {})
    clean = nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes=_SCHEMES,
        link_rel="nofollow noopener noreferrer ugc",
    )
    return mark_safe(clean.strip())  # noqa: S308 - nh3 has just cleaned it


_kept = lru_cache(maxsize=_KEPT)(_rendered)


def render(text: str, *, heading_offset: int = 0, language: str | None = None) -> SafeString:
    """Return Markdown as safe HTML, with French typography when its language is French (the reader's unless told).

    `heading_offset=2` makes "# A" an h3; without it headings are bold paragraphs, so that a comment
    cannot upset the page's outline. Renderings are kept in the process, by the text itself.
    """
    language = (language or get_language() or "fr")[:2]
    make = _kept if len(text) <= _KEPT_UP_TO else _rendered
    return make(text, heading_offset, language)
