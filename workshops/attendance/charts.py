"""Bars as SVG: positions computed here, drawn by a template, so no style is needed and no script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, LABELS, LINE, BAR = 640, 220, 26, 14
LETTERS = 26
SCALE = WIDTH - LABELS - 50


@dataclass(frozen=True)
class Bar:
    """One line of a chart: its label, and a bar to each percent that is known."""

    label: str
    y: int
    value: int | None
    x: int = LABELS
    width: int = 0
    text_y: int = 0
    value_x: int = 0


@dataclass(frozen=True)
class Chart:
    """A chart of percents, one bar a line; `title` and the table beside it are its text alternative."""

    title: str
    bars: list[Bar]
    height: int
    width: int = WIDTH
    label_x: int = LABELS - 10
    bar_height: int = BAR
    left: int = LABELS
    full: int = LABELS + SCALE
    half: int = LABELS + SCALE // 2


def bar_chart(title: str, values: Sequence[tuple[str, int | None]]) -> Chart:
    """Return the chart of (label, percent or None)."""
    bars = []
    for number, (label, value) in enumerate(values):
        y, width = 8 + number * LINE, round(SCALE * min(value or 0, 100) / 100)
        short = label if len(label) <= LETTERS else f"{label[: LETTERS - 1]}…"
        bars.append(Bar(short, y, value, width=width, text_y=y + BAR - 3, value_x=LABELS + width + 6))
    return Chart(title, bars, height=16 + len(values) * LINE)
