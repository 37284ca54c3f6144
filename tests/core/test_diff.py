"""Texts compared by words: the pieces make up both texts, and a phrase is marked as one."""

import random

from core.diff import DELETED, INSERTED, KEPT, Piece, compare_words


def sides(old, new):
    """Return both texts as the pieces tell them."""
    pieces = compare_words(old, new)
    before = "".join(piece.text for piece in pieces if piece.kind != INSERTED)
    after = "".join(piece.text for piece in pieces if piece.kind != DELETED)
    return before, after


def test_words_are_marked_whole_and_neighbours_as_one_phrase():
    assert compare_words("Le conseil approuve la charte.", "Le conseil adopte le cahier.") == [
        Piece(KEPT, "Le conseil "),
        Piece(DELETED, "approuve la charte"),
        Piece(INSERTED, "adopte le cahier"),
        Piece(KEPT, "."),
    ]
    assert compare_words("l’unanimité", "l’entente") == [
        Piece(DELETED, "l’unanimité"),
        Piece(INSERTED, "l’entente"),
    ]


def test_equal_empty_and_one_sided():
    assert compare_words("a b", "a b") == [Piece(KEPT, "a b")]
    assert compare_words("", "") == []
    assert compare_words("", "neuf") == [Piece(INSERTED, "neuf")]
    assert compare_words("ancien\r\n", "") == [Piece(DELETED, "ancien\n")]


def test_the_pieces_make_up_both_texts_whatever_they_are():
    chance = random.Random(7)
    words = ["le", "conseil", "approuve", ",", " ", "\n", "l’été", "14:30", "—", "😀", "d'accord"]
    for _ in range(300):
        old = "".join(chance.choices(words, k=chance.randint(0, 25)))
        new = "".join(chance.choices(words, k=chance.randint(0, 25)))
        assert sides(old, new) == (old, new)


def test_two_very_long_texts_are_marked_whole():
    old, new = " ".join(f"a{n}" for n in range(5_000)), " ".join(f"b{n}" for n in range(5_000))
    assert compare_words(old, new) == [Piece(DELETED, old), Piece(INSERTED, new)]
