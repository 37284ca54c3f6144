"""French typography: what it changes, what it must leave alone, and that doing it twice is doing it once."""

import random

import pytest

from core.typography import NBSP, NNBSP, french, french_pieces, spaces


def shown(text: str) -> str:
    """Make the spaces visible: ~ for the no-break space, ^ for the narrow one."""
    return text.replace(NBSP, "~").replace(NNBSP, "^")


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("Attention! Quoi? Non; oui: fin", "Attention^! Quoi^? Non^; oui~: fin"),
        ("Attention ! Objet :", "Attention^! Objet~:"),
        ("« Oui » et «non»", "«~Oui~» et «~non~»"),
        ("Vraiment ?!", "Vraiment^?!"),
        ("« Vraiment ? »", "«~Vraiment^?~»"),
        ("à 14:30 précises", "à 14:30 précises"),
        ("Voir https://a.fr/x?b=c;d : là", "Voir https://a.fr/x?b=c;d~: là"),
        ("Voir https://a.fr/x!", "Voir https://a.fr/x^!"),
        ("%(name)s: %(count)d actions!", "%(name)s~: %(count)d actions^!"),
        ("{name}: %s ; 10 %% !", "{name}~: %s^; 10 %%^!"),
        ('<a href="x?y;z" title="a: b">Lien</a>: ok', '<a href="x?y;z" title="a: b">Lien</a>~: ok'),
        ("Pain &amp; vin &nbsp;; fin", "Pain &amp; vin &nbsp;^; fin"),
        ("a!=b, x?y, !important", "a!=b, x?y, !important"),
        ("deux\n: lignes", "deux\n: lignes"),
    ],
)
def test_spaces_before_marks(typed, expected):
    assert shown(spaces(typed)) == expected


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ('il dit "bonjour à tous"', "il dit «~bonjour à tous~»"),
        ("12 500 personnes, 3 500 000 €", "12^500 personnes, 3^500^000~€"),
        ("14h30, 9 h 05, 24h/24", "14~h~30, 9~h~05, 24h/24"),
        ("n° 5, 50 %, 10 kWh", "n°~5, 50~%, 10~kWh"),
        # Neither a postcode, a year, a phone number nor a SIREN becomes another number.
        ("34000 Montpellier en 2040", "34000 Montpellier en 2040"),
        ("en 2019 100 entreprises", "en 2019 100 entreprises"),
        ("04 67 13 60 00", "04 67 13 60 00"),
        ("l'eau et l’air", "l'eau et l’air"),
        ('5" de diamètre', '5" de diamètre'),
    ],
)
def test_french_of_what_people_type(typed, expected):
    assert shown(french(typed)) == expected


def test_french_pieces_across_markup():
    assert (
        shown("|".join(french_pieces(["Attention", " ! ", "« ", "mot", " »"]))) == "Attention|^! |«~|mot|~»"
    )


def test_french_pieces_keep_their_number_when_someone_types_the_joint():
    assert french_pieces(["a\ue000b", "c"]) == ["ab", "c"]


@pytest.mark.parametrize("change", [spaces, french])
def test_twice_is_once_and_letters_stay(change):
    draw = random.Random(20191001)
    pieces = list("aé1 :;!?«»\"'%(){}<>/&.\n") + [
        NBSP,
        NNBSP,
        "%(n)s",
        "https://x.fr/a",
        "<b>",
        "&amp;",
        " 000",
        "14:30",
    ]
    for _turn in range(4000):
        text = "".join(draw.choice(pieces) for _ in range(draw.randint(0, 14)))
        once = change(text)
        assert change(once) == once, repr(text)
        letters = [char for char in text if char.isalnum() or char in "%(){}<>/&:;!?"]
        assert [char for char in once if char.isalnum() or char in "%(){}<>/&:;!?"] == letters, repr(text)
