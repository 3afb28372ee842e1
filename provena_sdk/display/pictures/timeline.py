"""Draw spans of time as bars over an axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from html import escape
from typing import Final, NamedTuple

from provena_sdk.display.pictures.picture import Picture
from provena_sdk.display.pictures.text_width import clipped, text_width
from provena_sdk.display.text import printable

MOST_BARS: Final = 100
"""Most bars that a picture shows; the number of the others follows."""

_ROW: Final = 18
_AXIS: Final = 20
_NARROW: Final = 360
_WIDE: Final = 450
_MOST_LABEL: Final = 170.0
_MOST_TICKS: Final = 6
_BAR: Final = "#4a7fd4"
# Steps between ticks, in months.
_STEPS: Final = (1, 3, 6, 12, 24, 60, 120, 240, 600, 1200, 2400, 6000, 12000, 24000, 60000, 120000)


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar.

    Attributes:
        label: What it stands for.
        begin: Its first day.
        end: Its last day.
    """

    label: str
    begin: date
    end: date


class _Axis(NamedTuple):
    """Months since year 0 from the first tick to the last, and the pixels between."""

    first: int
    last: int
    step: int
    left: float
    right: float

    def place(self, day: date) -> float:
        month = day.year * 12 + day.month - 1 + (day.day - 1) / 31
        return self.left + (month - self.first) / (self.last - self.first) * (self.right - self.left)

    def ticks(self) -> list[tuple[float, str]]:
        months = range(self.first, self.last + 1, self.step)
        width = self.right - self.left
        return [
            (self.left + (month - self.first) / (self.last - self.first) * width, self._word(month))
            for month in months
        ]

    def _word(self, month: int) -> str:
        return f"{month // 12}" if self.step >= 12 else f"{month // 12}-{month % 12 + 1:02}"


def timeline(bars: Sequence[Bar], *, title: str = "") -> Picture:
    """Draw bars over an axis of years or months, in the order given.

    Args:
        bars: The bars. Without labels, the picture is narrow.
        title: What they show; by default the span of time of all.

    Example:
        >>> print(timeline([Bar("Reef", date(2019, 1, 1), date(2024, 12, 31))]))
        2019-01-01 to 2024-12-31  Reef
    """
    shown = bars[:MOST_BARS]
    text = "\n".join(f"{bar.begin} to {bar.end}  {printable(bar.label, 80)}".rstrip() for bar in shown)
    if len(bars) > len(shown):
        text += f"\n… and {len(bars) - len(shown):,} more"
    if not shown:
        return Picture(
            title or "no times",
            _NARROW,
            24,
            '<text y="16" font-size="11">No times are known.</text>',
            "no times",
        )
    first, last = min(bar.begin for bar in shown), max(bar.end for bar in shown)
    labels = [clipped(printable(bar.label), 11, _MOST_LABEL) for bar in shown]
    left = max(text_width(label, 11) for label in labels)
    width = _WIDE if left else _NARROW
    axis = _axis(first, last, left + 26, width - 26)
    bottom = len(shown) * _ROW + 6
    marks = [_tick(at, word, bottom) for at, word in axis.ticks()]
    drawn = [
        _bar(axis, bar, label, number) for number, (bar, label) in enumerate(zip(shown, labels, strict=True))
    ]
    rest = len(bars) - len(shown)
    note = f'<text x="0" y="{bottom + _AXIS + 12}" font-size="11">… and {rest:,} more</text>' if rest else ""
    height = bottom + _AXIS + (18 if rest else 0)
    return Picture(title or f"{first} to {last}", width, height, "".join([*marks, *drawn, note]), text)


def _axis(first: date, last: date, left: float, right: float) -> _Axis:
    begin, end = first.year * 12 + first.month - 1, last.year * 12 + last.month
    step = next((step for step in _STEPS if -(-end // step) - begin // step < _MOST_TICKS), _STEPS[-1])
    return _Axis(begin // step * step, -(-end // step) * step, step, left, right)


def _tick(at: float, word: str, bottom: float) -> str:
    return (
        f'<path d="M{at:.1f} 0V{bottom}" stroke="#808080" stroke-opacity=".35" fill="none"/>'
        f'<text x="{at:.1f}" y="{bottom + 13}" text-anchor="middle" fill-opacity=".72">{word}</text>'
    )


def _bar(axis: _Axis, bar: Bar, label: str, number: int) -> str:
    start, end = (
        axis.place(bar.begin),
        axis.place(bar.end + timedelta(days=1) if bar.end < date.max else bar.end),
    )
    top = number * _ROW + 4
    title = f"{printable(bar.label)}: {bar.begin} to {bar.end}" if bar.label else f"{bar.begin} to {bar.end}"
    return (
        f'<g><title>{escape(title)}</title><text y="{top + 10}" font-size="11">{escape(label)}</text>'
        f'<rect x="{start:.1f}" y="{top}" width="{max(3.0, end - start):.1f}" height="11" rx="2.5" '
        f'fill="{_BAR}" fill-opacity=".8"/></g>'
    )
