"""Search forgives case, accents, elisions and slips, and nothing typed is an error for PostgreSQL."""

import random

import pytest
from django.contrib.postgres.search import SearchQueryField, SearchVectorField
from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import ExpressionWrapper

from core.models import Publication
from core.search import (
    clean,
    closest_words,
    fold,
    search_query,
    search_vector,
    sort_key,
    suggestion,
    words,
)


def evaluated(expression, field):
    """Return what PostgreSQL makes of an expression."""
    Publication.objects.get_or_create(id=1)
    wrapped = ExpressionWrapper(expression, output_field=field)
    return Publication.objects.annotate(value=wrapped).values_list("value", flat=True).get()


def matches(text, query, *, language="fr", query_language="fr"):
    vector = evaluated(search_vector({"A": text}, language=language), SearchVectorField())
    asked = evaluated(search_query(query, language=query_language), SearchQueryField())
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::tsvector @@ %s::tsquery", [vector, asked])
        return cursor.fetchone()[0]


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("L’Œuvre d’Été", "l oeuvre d ete"),
        ("ÆGIR, Straße", "aegir, strasse"),
        ("  Sète-Agde \t 2040 ", "sete agde 2040"),
        ("-sauf", "-sauf"),
        ("e\u0301le\u0300ve", "eleve"),
        ("a\0b\ud800c", "abc"),
        ("ﬁn Ⅻ", "fin xii"),
        ("«\u00a0mot\u00a0»", '" mot "'),
    ],
)
def test_fold(text, folded):
    assert fold(text) == folded


def test_fold_twice_is_fold():
    draw = random.Random(31)
    letters = "aÉœÆß'’-–«» \0\ud800\u0301ǅŊİı½ﬃ１_.&|!:*\n\u200d"
    for _turn in range(3000):
        text = "".join(draw.choice(letters) for _ in range(draw.randint(0, 10)))
        assert fold(fold(text)) == fold(text), repr(text)
        assert "\0" not in fold(text)


def test_sort_key_orders_as_french_does():
    names = [
        "Zola",
        "Élan",
        "Eau",
        "élan vital",
        "L'Oréal",
        "Loréane",
        "Œuf",
        "Ofe",
        "3DS",
        "Sanofi-Aventis",
        "Sanofi",
    ]
    assert sorted(names, key=sort_key) == [
        *("3DS", "Eau", "Élan", "élan vital", "L'Oréal", "Loréane"),
        *("Œuf", "Ofe", "Sanofi", "Sanofi-Aventis", "Zola"),
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "query", "expected"),
    [
        ("Médicaments innovants", "medicament", True),
        ("Medicaments", "MÉDICAMENTS", True),
        ("L’industrie de l’eau", "industries eau", True),
        ("Usines à Montpellier", "à Montpellier", True),
        ("Pharmaceutique", "pharmaceutiq", True),  # a word in the making
        ("Pharmaceutique", "phar mac", False),
        ("Sète-Agde", "sete agde", True),
        ("Sète Agde", "sète-agde", True),
        ("robots industriels", "robots -industriel", False),
        ("robots industriels", "robots -laser", True),
        ("robots industriels", "laser or robot", True),
        ("made in Montpellier", '"made in montpellier"', True),
        ("Montpellier, made here", '"made in montpellier"', False),
        ("œuvre", "oeuvre", True),
        ("robots", "eau", False),
    ],
)
def test_query_matches(text, query, expected):
    assert matches(text, query) is expected


@pytest.mark.django_db
def test_query_without_language_finds_either():
    assert matches("Running machines", "machine run", language="en", query_language=None)
    assert matches("Machines nouvelles", "nouvelle machine", language="fr", query_language=None)


@pytest.mark.django_db
def test_vector_weighs_and_joins_two_languages():
    vector = search_vector({"A": "Robot", "D": ["eau", "air"]}, language="fr") + search_vector(
        {"B": "Machines"}, language="en"
    )
    text = evaluated(vector, SearchVectorField())
    assert "'robot':" in text and "A" in text
    assert "'machin':" in text and "B" in text
    assert "'eau':" in text and "'air':" in text


@pytest.mark.django_db
def test_nothing_typed_is_an_error():
    draw = random.Random(5)
    pieces = list("aé'\"-!&|():*<>\\ œ\0~%_«0,.\n") + [
        "or ",
        " or",
        "le ",
        "robot ",
        "\ud800",
        ":*",
        "<->",
        "''",
    ]
    for _turn in range(400):
        text = "".join(draw.choice(pieces) for _ in range(draw.randint(0, 10)))
        evaluated(search_query(text), SearchQueryField())
    for text in ("", " ", "or", "or or", "-", '"', "!!!", ":*", "a" * 1000, "é " * 500):
        evaluated(search_query(text), SearchQueryField())


def test_too_long_a_search_is_refused_with_a_message():
    assert clean("a" * 1000) == "a" * 1000
    with pytest.raises(ValidationError) as refused:
        clean("a" * 1001)
    assert "1\u202f001" in refused.value.messages[0] and "1\u202f000" in refused.value.messages[0]
    with pytest.raises(ValidationError):
        search_query("b" * 10_000)


def test_words_are_folded():
    assert words("L’Été, c'est 2040 !") == ["l", "ete", "c", "est", "2040"]


def test_closest_words_by_slips():
    vocabulary = ["sanofi", "sandoz", "horiba", "medicament", "robotique"]
    assert closest_words("sanfoi", vocabulary) == ["sanofi"]  # two letters exchanged are one slip
    assert closest_words("Horyba", vocabulary) == ["horiba"]
    assert closest_words("médicamment", vocabulary) == ["medicament"]
    assert closest_words("eau", ["eaux", "eu"]) == []  # too short to guess
    assert closest_words("zzzzzz", vocabulary) == []
    assert closest_words("lasers", ["lasera", "laser", "masers"], limit=2) == ["laser", "lasera"]


def test_suggestion_mends_unknown_words_only():
    assert suggestion("sanfoi médicament", ["sanofi", "medicament"]) == "sanofi medicament"
    assert suggestion("sanofi", ["sanofi"]) is None
    assert suggestion("xyzzyx", ["sanofi"]) is None
