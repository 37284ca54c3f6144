"""What a decision became elsewhere. The apps to the right register here what their sheets can make of a decision.

`workshops` knows neither the flagship actions nor the roadmap's text; it shows what they say of a decision.
"""

from collections.abc import Callable
from typing import NamedTuple

from django.forms import Form
from django.utils.functional import Promise

from workshops.minutes.models import Decision


class Trace(NamedTuple):
    """One thing that a decision became: its name, its sheet's address, its state in words."""

    text: str
    url: str
    state: str


class Outcome(NamedTuple):
    """A kind of thing that a decision may become: what it became already, and the form that makes another."""

    key: str
    title: str | Promise
    traces: Callable[[Decision], list[Trace]]
    form: Callable[..., Form]
    url: Callable[[Decision], str]


_outcomes: dict[str, Outcome] = {}


def register(outcome: Outcome) -> None:
    """Offer a kind of outcome on the sheet of every decision."""
    _outcomes[outcome.key] = outcome


def outcomes() -> list[Outcome]:
    """Return the kinds of outcome that the installed apps offer."""
    return list(_outcomes.values())
