"""Numbers, dates and two-language fields as each reader writes them."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.template import Context, Engine
from django.utils import translation
from django.utils.safestring import mark_safe

from core.templatetags import text

NOON = datetime(2019, 10, 1, 12, 30, tzinfo=UTC)  # 14:30 in Paris


def shown(value):
    return str(value).replace("\u00a0", "~").replace("\u202f", "^")


@pytest.mark.parametrize(
    ("value", "french", "english"),
    [
        (0, "0", "0"),
        (1234567, "1^234^567", "1,234,567"),
        (-1500, "-1^500", "-1,500"),
        (1234.50, "1^234,5", "1,234.5"),
        (Decimal("1E+3"), "1^000", "1,000"),
        (Decimal("0.10"), "0,1", "0.1"),
        (None, "", ""),
        ("abc", "abc", "abc"),
        ("12500", "12^500", "12,500"),
    ],
)
def test_french_number(value, french, english):
    with translation.override("fr"):
        assert shown(text.french_number(value)) == french
    with translation.override("en"):
        assert shown(text.french_number(value)) == english


def test_french_number_with_fixed_decimals():
    assert shown(text.french_number(1234, 2)) == "1^234,00"


@pytest.mark.parametrize(
    ("name", "value", "french", "english"),
    [
        ("date_long", date(2019, 10, 1), "1er octobre 2019", "1 October 2019"),
        ("date_long", date(2020, 2, 29), "29 février 2020", "29 February 2020"),
        # 23:30 in London is the next day in Paris.
        ("date_long", datetime(2019, 9, 30, 22, 30, tzinfo=UTC), "1er octobre 2019", "1 October 2019"),
        ("date_long", None, "", ""),
        ("month_short", date(2019, 1, 31), "janv.", "Jan"),
        ("month_short", date(2019, 2, 1), "févr.", "Feb"),
        ("month_short", datetime(2019, 6, 30, 22, 30, tzinfo=UTC), "juil.", "Jul"),
        ("month_short", date(2019, 8, 1), "août", "Aug"),
        ("month_short", date(2019, 12, 1), "déc.", "Dec"),
        ("month_short", None, "", ""),
        ("day_long", date(2019, 10, 1), "mardi 1er octobre 2019", "Tuesday 1 October 2019"),
        ("time_long", NOON, "14~h~30", "2:30~pm"),
        ("time_long", time(9), "9~h", "9~am"),
        ("time_long", time(0, 5), "0~h~05", "12:05~am"),
        ("time_long", time(12), "12~h", "12~pm"),
        ("iso", date(2019, 10, 1), "2019-10-01", "2019-10-01"),
        ("iso", NOON.replace(microsecond=123456), "2019-10-01T14:30:00+02:00", "2019-10-01T14:30:00+02:00"),
        ("iso", None, "", ""),
        ("datetime_long", NOON, "1er octobre 2019 à 14~h~30", "1 October 2019 at 2:30~pm"),
    ],
)
def test_dates_and_times(name, value, french, english):
    write = getattr(text, name)
    with translation.override("fr"):
        assert shown(write(value)) == french
    with translation.override("en"):
        assert shown(write(value)) == english


def test_time_range():
    assert shown(text.time_range(NOON, NOON.replace(hour=14))) == "14~h~30~– 16~h~30"
    assert shown(text.time_range(NOON, None)) == "14~h~30"
    assert (
        shown(text.time_range(NOON, NOON.replace(day=2)))
        == "1er octobre 2019 à 14~h~30 – 2 octobre 2019 à 14~h~30"
    )


def test_day_and_hours_name_each_day_once():
    write = text.day_and_hours
    assert shown(write(NOON, NOON.replace(hour=14))).startswith("mardi 1er octobre 2019, 14~h~30")
    night = shown(write(NOON, NOON.replace(day=2)))
    assert night == "mardi 1er octobre 2019 à 14~h~30 – mercredi 2 octobre 2019 à 14~h~30"
    with translation.override("en"):
        assert shown(write(NOON, NOON.replace(day=2))).startswith("Tuesday 1 October 2019 at 2:30~pm – Wed")


@pytest.mark.parametrize(
    ("octets", "french"), [(10_000_000, "10~Mo"), (10_000_001, "10,1~Mo"), (1_500_000, "1,5~Mo"), (1, "1~ko")]
)
def test_file_size_is_in_the_units_of_its_limit(octets, french):
    assert shown(text.file_size(octets)) == french
    with translation.override("en"):
        assert shown(text.file_size(octets)) == french.replace(",", ".").replace("o", "B")


class TestLocalized:
    both = SimpleNamespace(title_fr="Été & <b>", title_en="Summer")
    french_only = SimpleNamespace(title_fr="Été & <b>", title_en="")

    def written(self, obj, expression):
        engine = Engine(libraries={"text": "core.templatetags.text"}, builtins=["core.templatetags.text"])
        return engine.from_string("{{ " + expression + " }}").render(Context({"obj": obj}))

    def test_own_language(self):
        assert self.written(self.both, 'obj|localized:"title"') == "Été &amp; &lt;b&gt;"
        with translation.override("en"):
            assert self.written(self.both, 'obj|localized:"title"') == "Summer"

    def test_french_for_want_of_english_says_so(self):
        with translation.override("en"):
            html = self.written(self.french_only, 'obj|localized:"title"')
            assert html == '<span lang="fr">Été &amp; &lt;b&gt;</span>'
            assert self.written(self.french_only, 'obj|localized_text:"title"') == "Été &amp; &lt;b&gt;"
            assert self.written(self.french_only, 'obj|localized_markdown:"title"').startswith(
                '<div lang="fr"><p>'
            )

    def test_french_line_gets_its_spaces_and_keeps_its_markup_escaped(self):
        typed = SimpleNamespace(title_fr="Atelier 1 : quoi ? <b>", title_en="Workshop 1: what?")
        for name in ("localized", "localized_text"):
            assert shown(self.written(typed, f'obj|{name}:"title"')) == "Atelier 1~: quoi^? &lt;b&gt;"
            with translation.override("en"):
                assert self.written(typed, f'obj|{name}:"title"') == "Workshop 1: what?"

    def test_no_object_is_no_text(self):
        for name in ("localized", "localized_text", "localized_markdown"):
            assert self.written(None, f'obj|{name}:"title"') == ""

    def test_markdown_filter_takes_an_offset(self):
        assert self.written("# A", "obj|markdown:2") == "<h3>A</h3>"
        assert self.written(None, "obj|markdown") == ""

    def test_typographic_is_french_only(self):
        assert shown(self.written("Oui!", "obj|typographic")) == "Oui^!"
        with translation.override("en"):
            assert self.written("Oui!", "obj|typographic") == "Oui!"


@pytest.mark.parametrize(
    ("heading", "whole"),
    [
        ("Atelier-conseil : recruter", '<span class="nb">Atelier-conseil</span> : recruter'),
        ("Atelier-conseil 2 : élire", '<span class="nb">Atelier-conseil 2</span> : élire'),
        ("Feuille de route 2020–2040", 'Feuille de route <span class="nb">2020–2040</span>'),
        ("Vote sur la version 4 : adoptée", 'Vote sur la <span class="nb">version 4</span> : adoptée'),
        ("Réunion du 19 mai 2027 (article 2.5)", "Réunion du 19 mai 2027 (article 2.5)"),
        (
            "Anticonstitutionnel-lement, tête-à-tête",
            'Anticonstitutionnel-lement, <span class="nb">tête-à-tête</span>',
        ),
        ("R&D <b>", "R&amp;D &lt;b&gt;"),
        (
            mark_safe('<a href="/mi-mai/?v 2">Mi-mai</a>'),
            '<a href="/mi-mai/?v 2"><span class="nb">Mi-mai</span></a>',
        ),
    ],
)
def test_a_heading_is_not_broken_where_it_hurts(heading, whole):
    assert shown(text.unbroken(heading)) == whole
