"""What people type is kept without what no page may hold; what shows nothing is nothing."""

import pytest
from django.http import QueryDict

from core.typed import clean_query, clean_typed, is_blank, without_controls


def test_control_and_direction_characters_go_and_lines_stay() -> None:
    codes = [*range(0x20), 0x7F, *range(0x80, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xD800]
    kept = "".join(without_controls(chr(code)) for code in codes)
    assert kept == "\t\n  \r "  # an odd line break separates words: it becomes a space


@pytest.mark.parametrize(
    "text", ["L’été — 20 %", "नमस्ते", "👩\u200d🔧", "mot\u200bmot", "\u200fשלום", "a\xa0b"]
)
def test_what_languages_and_symbols_need_stays(text: str) -> None:
    assert clean_typed(text) == text and not is_blank(text)


@pytest.mark.parametrize(
    "text", ["", " \r\n", "\u200b\ufeff", "\u2060 \xa0", "\u202e\x07", "\u3164", "\u2800", "\ufe0f", "\u0301"]
)
def test_what_shows_nothing_is_nothing(text: str) -> None:
    assert is_blank(text) and clean_typed(text) == ""


def test_a_line_ends_with_one_character_as_browsers_count_it() -> None:
    assert clean_typed("a\r\nb\rc\nd\r\n\r\ne") == "a\nb\nc\nd\n\ne"


def test_an_honest_query_is_not_even_copied() -> None:
    query = QueryDict("a=1&a=2&b=")
    assert clean_query(query) is query
