"""Texts compared by words: the pieces make up both texts, and a phrase is marked as one."""

import random
from difflib import SequenceMatcher

import pytest

import core.diff
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


class CountedMatcher(SequenceMatcher):
    """A matcher that counts how many pieces it looks at."""

    looked_at = 0

    def find_longest_match(self, alo=0, ahi=None, blo=0, bhi=None):
        CountedMatcher.looked_at += sum(1 + len(self.b2j.get(piece, ())) for piece in self.a[alo:ahi])
        return super().find_longest_match(alo, ahi, blo, bhi)


@pytest.fixture
def looked_at(monkeypatch):
    """Count the work of comparisons."""
    monkeypatch.setattr(CountedMatcher, "looked_at", 0)
    monkeypatch.setattr(core.diff, "SequenceMatcher", CountedMatcher)
    return lambda: CountedMatcher.looked_at


@pytest.mark.parametrize("between", [" ", ",", "\n", ", ", " le "])
def test_texts_that_share_only_what_stands_between_the_words_cost_no_more_than_their_length(
    looked_at, between
):
    old, new = between.join(f"a{n}" for n in range(450)), between.join(f"b{n}" for n in range(450))
    assert compare_words(old, new) == [Piece(DELETED, old), Piece(INSERTED, new)]
    assert 0 < looked_at() < 2 * len(old)


def test_the_longest_middle_that_is_compared_is_bounded_whatever_was_typed(looked_at):
    def text(name, words):
        """Return a text whose every other word comes as often as autojunk allows."""
        return " ".join(f"w{n // 20} {name}{n}" for n in range(words // 2))

    old, new = text("a", 1_000), text("b", 1_000)
    assert sides(old, new) == (old, new)
    assert 0 < looked_at() < 4_000_000
    CountedMatcher.looked_at = 0
    old, new = text("a", 1_010), text("b", 1_010)
    assert len(compare_words(old, new)) < 5
    assert looked_at() == 0


def test_what_is_repeated_all_over_a_long_text_is_still_kept_beside_what_changed():
    sentence = "le conseil de la métropole, réuni le {n}, approuve le budget de la ville"
    old = ". ".join(sentence.format(n=n) for n in range(60))
    new = old.replace(" 2,", " deux,").replace(" 57,", " 57 mai,")
    assert [piece for piece in compare_words(old, new) if piece.kind != KEPT] == [
        Piece(DELETED, "2"),
        Piece(INSERTED, "deux"),
        Piece(INSERTED, " mai"),
    ]
