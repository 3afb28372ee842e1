"""What the transfer benchmark measured, as a picture: bars on a logarithmic scale, one panel a transfer."""

from __future__ import annotations

import math
from html import escape
from typing import NamedTuple

from scripts.bench.line import UNLIMITED
from scripts.bench.transfer_table import WAYS, Cell, Figures, median

NAMES, BARS, VALUES = 150, 190, 60
LINE, HEAD, GAP = 18, 46, 22
COLUMNS = 3
STYLE = """
text { font: 12px system-ui, sans-serif; fill: #24292f; }
.title { font-weight: 600; }
.quiet { fill: #57606a; font-size: 11px; }
.bar { fill: #8c959f; }
.ours { fill: #0969da; }
.grid { stroke: #d0d7de; }
.curve { fill: none; stroke: #8c959f; stroke-width: 2; }
.curve.ours { fill: none; stroke: #0969da; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; }
  .quiet { fill: #9198a1; }
  .bar { fill: #6e7681; }
  .ours { fill: #4493f8; }
  .grid { stroke: #3d444d; }
  .curve { stroke: #6e7681; }
  .curve.ours { stroke: #4493f8; }
}
"""


class Bar(NamedTuple):
    """One time in seconds: whose it is, whether it is ours, and whether it was scaled up."""

    name: str
    wall: float
    ours: bool
    about: bool = False


def picture(figures: Figures, titles: dict[str, str], workloads: dict[str, str], line: str) -> str:
    """Return an SVG picture of the times.

    Args:
        figures: What was measured.
        titles: The contenders' titles by key; keys that begin with ``ours`` are set off.
        workloads: The workloads' titles by name.
        line: Over what was measured.
    """
    shown = {key: median(runs) for key, runs in figures.items()}
    delays = list(dict.fromkeys(cell.delay for cell, _ in shown))
    blocks = math.ceil(len(workloads) / COLUMNS)
    width = min(len(workloads), COLUMNS) * (NAMES + BARS + VALUES + GAP) + GAP
    height = blocks * len(delays) * len(WAYS) * (HEAD + LINE * len(titles) + GAP) + GAP
    panels = []
    for within, (delay, way) in enumerate((delay, way) for delay in delays for way in WAYS):
        for number, (name, moved) in enumerate(workloads.items()):
            block, column = divmod(number, COLUMNS)
            row = block * len(delays) * len(WAYS) + within
            bars = []
            for key, contender in titles.items():
                spent = shown.get((Cell(delay, way, name), key))
                if spent is not None:
                    bars.append(Bar(contender, spent.wall, key.startswith("ours"), spent.scaled))
            left = GAP + column * (NAMES + BARS + VALUES + GAP)
            top = GAP + row * (HEAD + LINE * len(titles) + GAP)
            title = f"{'download' if way == 'down' else 'upload'}, {moved}, {delay} ms{_limit(line)}"
            panels.append(f'<g transform="translate({left} {top})">{panel(title, bars)}</g>')
    return framed(panels, width, height, f"Seconds for each transfer over a {line}, by contender")


def _limit(line: str) -> str:
    return "" if line.startswith(UNLIMITED) else f", {line}"


def framed(panels: list[str], width: int, height: int, told: str) -> str:
    """Return panels as one picture.

    Args:
        panels: The panels, each at its place.
        width: Of the picture, in pixels.
        height: See above.
        told: What it is of, for those who cannot see it.
    """
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-label="{escape(told)}">\n<style>{STYLE}</style>\n'
        + "\n".join(panels)
        + "\n</svg>\n"
    )


def panel(title: str, bars: list[Bar]) -> str:
    """Return one panel: a title and bars on a logarithmic scale."""
    drawn = [f'<text class="title" y="12">{escape(title)}</text>']
    if not bars:
        return drawn[0]
    low = 10 ** math.floor(math.log10(min(bar.wall for bar in bars) / 2))
    high = 10 ** math.ceil(math.log10(max(bar.wall for bar in bars)))
    decades = round(math.log10(high / low)) or 1
    bottom = HEAD + LINE * len(bars)
    for decade in range(decades + 1):
        at = NAMES + BARS * decade / decades
        drawn.append(f'<line class="grid" x1="{at:.1f}" x2="{at:.1f}" y1="{HEAD - 6}" y2="{bottom}"/>')
        drawn.append(
            f'<text class="quiet" x="{at:.1f}" y="{HEAD - 10}" text-anchor="middle">{low * 10**decade:g} s</text>'
        )
    for number, bar in enumerate(bars):
        y = HEAD + LINE * number
        length = max(BARS * math.log10(bar.wall / low) / decades, 1)
        kind = "bar ours" if bar.ours else "bar"
        value = f"{'≈' if bar.about else ''}{bar.wall:.3g}"
        drawn.append(f'<text x="{NAMES - 8}" y="{y + 12}" text-anchor="end">{escape(bar.name)}</text>')
        drawn.append(
            f'<rect class="{kind}" x="{NAMES}" y="{y + 2}" width="{length:.1f}" height="{LINE - 5}" rx="2"/>'
        )
        drawn.append(f'<text x="{NAMES + length + 5:.1f}" y="{y + 12}">{value}</text>')
    return "\n".join(drawn)
