"""Bytes shown and bytes moved over a slow line, as a picture: one panel a run."""

from __future__ import annotations

import math
from html import escape

from scripts.bench.slow.screen import Point
from scripts.bench.slow.table import Key
from scripts.bench.slow.trial import Run, bytes_at
from scripts.bench.transfer_picture import framed

WIDTH, HEIGHT = 300, 150
LEFT, TOP, GAP = 48, 40, 34
COLUMNS = 3
TICKS = 4


def picture(runs: dict[Key, Run], titles: dict[str, str], bytes: int) -> str:
    """Return an SVG picture.

    Args:
        runs: The undisturbed runs.
        titles: The contenders' titles by key.
        bytes: The bytes of all files.
    """
    seconds = math.ceil(max((run.ended - run.began for run in runs.values()), default=1))
    panels = []
    for number, (key, run) in enumerate(runs.items()):
        row, column = divmod(number, COLUMNS)
        left, top = GAP + column * (LEFT + WIDTH + GAP), GAP + row * (TOP + HEIGHT + GAP)
        title = f"{titles[key.contender]}, {'download' if key.way == 'down' else 'upload'}"
        drawn = _panel(title, run, seconds, bytes)
        panels.append(f'<g transform="translate({left} {top})">{drawn}</g>')
    rows = math.ceil(len(runs) / COLUMNS)
    width = GAP + min(len(runs), COLUMNS) * (LEFT + WIDTH + GAP)
    height = GAP + rows * (TOP + HEIGHT + GAP)
    return framed(panels, width, height, "Bytes shown and bytes moved, by second, over a slow line")


def _panel(title: str, run: Run, seconds: int, bytes: int) -> str:
    shown, source = (run.counted, "counted") if run.counted else (run.screen, "on the terminal")
    drawn = [
        f'<text class="title" y="12">{escape(title)}</text>',
        f'<text class="quiet" x="{LEFT}" y="27">blue: {source}; grey: moved</text>',
    ]
    for tick in range(TICKS + 1):
        y = TOP + HEIGHT * (1 - tick / TICKS)
        x = LEFT + WIDTH * tick / TICKS
        drawn += [
            f'<line class="grid" x1="{LEFT}" x2="{LEFT + WIDTH}" y1="{y:.1f}" y2="{y:.1f}"/>',
            f'<text class="quiet" x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{_mb(bytes * tick / TICKS)}</text>',
            f'<text class="quiet" x="{x:.1f}" y="{TOP + HEIGHT + 16}" text-anchor="middle">'
            f"{seconds * tick / TICKS:.0f} s</text>",
        ]
    drawn += [
        _curve("curve", run, run.moved, seconds, bytes),
        _curve("curve ours", run, shown, seconds, bytes),
    ]
    return "\n".join(drawn)


def _curve(kind: str, run: Run, points: list[Point], seconds: int, bytes: int) -> str:
    steps = math.ceil((run.ended - run.began) * 2)
    corners = []
    for step in range(steps + 1):
        at = min(step / 2, run.ended - run.began)
        share = min(bytes_at(points, run.began + at) / bytes, 1)
        corners.append(f"{LEFT + WIDTH * at / seconds:.1f},{TOP + HEIGHT * (1 - share):.1f}")
    return f'<polyline class="{kind}" points="{" ".join(corners)}"/>'


def _mb(bytes: float) -> str:
    return f"{bytes / 1e6:.3g} MB" if bytes else "0"
