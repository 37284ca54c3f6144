"""How voices make a result. Pure functions: no database, no clock."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from roadmap.approval.enums import Choice, Outcome


@dataclass(frozen=True)
class Result:
    """A vote counted: participation, quorum, voices, what it decides."""

    electorate: int
    voted: int
    quorum: int
    in_favour: int
    against: int
    abstentions: int
    outcome: Outcome
    by_casting_vote: bool = False

    @property
    def quorum_reached(self) -> bool:
        """Whether enough organisations have voted, abstentions included."""
        return self.voted >= self.quorum


def quorum_of(electorate: int) -> int:
    """Return how many must have voted: more than half (norms.md, L2121-17)."""
    return electorate // 2 + 1


def count(*, electorate: int, voices: Mapping[int, str], casting: int | None = None) -> Result:
    """Count the voices, one for each organisation's id, and say what they decide.

    Majority of for and against, abstentions aside; when equal, the voice of the organisation `casting` decides if it is
    for or against, else the text is rejected. Raises ValueError for more voices than voters or an unknown voice.
    """
    if len(voices) > electorate:
        raise ValueError("There are more voices than voters.")
    counts = Counter(Choice(voice) for voice in voices.values())
    in_favour, against = counts[Choice.FOR], counts[Choice.AGAINST]
    quorum = quorum_of(electorate)
    tie_broken = False
    if len(voices) < quorum:
        outcome = Outcome.NO_QUORUM
    elif in_favour != against:
        outcome = Outcome.ADOPTED if in_favour > against else Outcome.REJECTED
    else:
        voice = voices.get(casting) if casting is not None else None
        tie_broken = voice in (Choice.FOR, Choice.AGAINST)
        outcome = Outcome.ADOPTED if voice == Choice.FOR else Outcome.REJECTED
    return Result(
        electorate=electorate,
        voted=len(voices),
        quorum=quorum,
        in_favour=in_favour,
        against=against,
        abstentions=counts[Choice.ABSTENTION],
        outcome=outcome,
        by_casting_vote=tie_broken,
    )
