"""The count, against a naive one written otherwise."""

import itertools
import random

import pytest
from django.utils import translation

from roadmap.approval.counting import count, quorum_of
from roadmap.approval.enums import Outcome

CHOICES = ("pour", "contre", "abstention")


def naive_outcome(electorate: int, voices: dict[int, str], casting: int | None) -> str:
    """Decide as one would by hand, with lists."""
    if not len(voices) > electorate / 2:
        return "no-quorum"
    hands_for = [o for o in voices if voices[o] == "pour"]
    hands_against = [o for o in voices if voices[o] == "contre"]
    if len(hands_for) == len(hands_against):
        return "adopted" if casting in hands_for else "rejected"
    return "adopted" if len(hands_for) > len(hands_against) else "rejected"


def test_count_every_small_vote() -> None:
    """All votes of up to five organisations, silent ones included, with every casting organisation."""
    for size in range(1, 6):
        for choices in itertools.product((None, *CHOICES), repeat=size):
            voices = {number: choice for number, choice in enumerate(choices) if choice}
            for casting in (None, *range(size)):
                counted = count(electorate=size, voices=voices, casting=casting)
                assert counted.outcome == naive_outcome(size, voices, casting), (voices, casting)


def test_count_random_large_votes() -> None:
    """Sums hold, order does not matter, and the outcome is the naive one."""
    chance = random.Random(20200201)
    for _ in range(500):
        size = chance.randint(1, 200)
        organisations = chance.sample(range(1000), size)
        voices = {o: chance.choice(CHOICES) for o in organisations if chance.random() < chance.random() + 0.3}
        casting = chance.choice([None, *organisations])
        counted = count(electorate=size, voices=voices, casting=casting)
        shuffled = dict(chance.sample(list(voices.items()), len(voices)))
        assert counted == count(electorate=size, voices=shuffled, casting=casting)
        assert counted.in_favour + counted.against + counted.abstentions == counted.voted == len(voices)
        assert counted.quorum_reached == (len(voices) * 2 > size)
        assert counted.outcome == naive_outcome(size, voices, casting)


@pytest.mark.parametrize(("electorate", "quorum"), [(1, 1), (2, 2), (3, 2), (4, 3), (16, 9), (17, 9)])
def test_quorum_is_more_than_half(electorate: int, quorum: int) -> None:
    assert quorum_of(electorate) == quorum


def test_count_abstentions_make_quorum_not_majority() -> None:
    counted = count(electorate=10, voices={1: "pour", **dict.fromkeys(range(2, 7), "abstention")})
    assert counted.quorum_reached and counted.outcome == Outcome.ADOPTED


@pytest.mark.parametrize(
    ("casting_voice", "outcome", "used"),
    [
        ("pour", "adopted", True),
        ("contre", "rejected", True),
        ("abstention", "rejected", False),
        (None, "rejected", False),
    ],
)
def test_count_tie_follows_casting_vote(casting_voice: str | None, outcome: str, used: bool) -> None:
    """The casting organisation's own voice is among the equal ones; when it abstains or is silent the text falls."""
    voices = {1: "pour", 2: "contre"}
    casting = 9
    if casting_voice:
        voices[9] = casting_voice
    if casting_voice in ("pour", "contre"):
        voices[10] = "contre" if casting_voice == "pour" else "pour"
    counted = count(electorate=len(voices), voices=voices, casting=casting)
    assert (counted.outcome, counted.by_casting_vote) == (outcome, used)


def test_count_refuses_nonsense() -> None:
    with pytest.raises(ValueError):
        count(electorate=1, voices={1: "pour", 2: "pour"})
    with pytest.raises(ValueError):
        count(electorate=3, voices={1: "peut-être"})


def test_an_outcome_agrees_with_the_version_it_is_about() -> None:
    with translation.override("fr"):
        assert [str(outcome.label) for outcome in Outcome][:2] == ["Adoptée", "Rejetée"]
