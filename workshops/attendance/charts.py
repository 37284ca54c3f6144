"""Bars as SVG: positions computed here, drawn by a template, so no style is needed and no script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# A label stands above its bar: a phone shows both in letters that can be read.
WIDTH, LINE, BAR = 420, 42, 14
LETTERS = 48
SCALE = WIDTH - 60


@dataclass(frozen=True)
class Bar:
    """One line of a chart: its label, and a bar to each percent that is known."""

    label: str
    y: int
    value: int | None
    width: int = 0
    label_y: int = 0
    text_y: int = 0
    value_x: int = 0


@dataclass(frozen=True)
class Chart:
    """A chart of percents, one bar a line; `title` and the table beside it are its text alternative."""

    title: str
    bars: list[Bar]
    height: int
    width: int = WIDTH
    bar_height: int = BAR
    full: int = SCALE
    half: int = SCALE // 2


def bar_chart(title: str, values: Sequence[tuple[str, int | None]]) -> Chart:
    """Return the chart of (label, percent or None)."""
    bars = []
    for number, (label, value) in enumerate(values):
        y, width = 22 + number * LINE, round(SCALE * min(value or 0, 100) / 100)
        short = label if len(label) <= LETTERS else f"{label[: LETTERS - 1]}…"
        bars.append(Bar(short, y, value, width, label_y=y - 6, text_y=y + BAR - 2, value_x=width + 6))
    return Chart(title, bars, height=8 + len(values) * LINE)
