"""What the transfer benchmark measured, as Markdown: times, CPU, memory, and the goals."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from typing import NamedTuple

OURS = "ours"
OURS_CRC32 = "ours-crc32"
SERVER_BOUND = 0.85
WAYS = ("down", "up")


class Cell(NamedTuple):
    """One transfer that every contender does.

    Attributes:
        delay: Milliseconds before each answer of the object store.
        way: ``down`` or ``up``.
        workload: Name of what is moved.
    """

    delay: int
    way: str
    workload: str

    def __str__(self) -> str:
        return f"{self.delay} ms, {self.way} {self.workload}"


class Spent(NamedTuple):
    """What one transfer took.

    Attributes:
        wall: Seconds by the clock.
        cpu: CPU seconds of the contender and its children.
        peak: The most memory it held, in bytes.
        server: CPU seconds of the server for each second by the clock.
        scaled: Whether fewer files were moved, and the figures scaled up.
        version: Who it was.
    """

    wall: float
    cpu: float
    peak: float
    server: float
    scaled: bool
    version: str = ""


Figures = dict[tuple[Cell, str], list[Spent]]


def median(runs: list[Spent]) -> Spent:
    """Return the medians of several runs."""
    return Spent(
        statistics.median(one.wall for one in runs),
        statistics.median(one.cpu for one in runs),
        statistics.median(one.peak for one in runs),
        statistics.median(one.server for one in runs),
        runs[0].scaled,
        runs[0].version,
    )


def tables(
    figures: Figures, titles: dict[str, str], workloads: dict[str, str], rounds: int, line: str, about: str
) -> str:
    """Return the tables.

    Args:
        figures: What was measured.
        titles: The contenders' titles by key.
        workloads: The workloads' titles by name.
        rounds: How often each transfer was done.
        line: Over what.
        about: What else the figures depend on.
    """
    shown = {key: median(runs) for key, runs in figures.items()}
    columns = [(way, name) for way in WAYS for name in workloads]
    moved = "; ".join(f"{name} = {title}" for name, title in workloads.items())
    lines = [
        "# Transfer",
        "",
        f"{moved}. Medians of {rounds}. ≈: fewer files, scaled up. †: the server was busy for more than "
        f"{SERVER_BOUND:.0%} of the time, so that it, and not the contender, set the pace.",
        "",
        about,
        "",
        "Versions: " + "; ".join(dict.fromkeys(spent.version for spent in shown.values())) + ".",
    ]
    for delay in dict.fromkeys(cell.delay for cell, _ in shown):
        cells = [Cell(delay, way, name) for way, name in columns]
        for title, kind in (
            ("seconds, and how many times ours", "wall"),
            ("CPU seconds", "cpu"),
            ("peak memory in MB", "peak"),
        ):
            lines += ["", f"## {delay} ms, {line}: {title}", "", *_table(shown, titles, cells, kind)]
    return "\n".join(lines)


def goals(figures: Figures, titles: dict[str, str]) -> str:
    """Return what is aimed at, and whether it is reached, as Markdown."""
    shown = {key: median(runs) for key, runs in figures.items()}
    lines = [
        "",
        "## Goals: their time over ours",
        "",
        "| | their / ours | transfer | at least | measured |",
        "|---|---|---|---|---|",
    ]
    for goal, ours, theirs, bound in _goals():
        for cell in dict.fromkeys(cell for cell, _ in shown if _meant(goal, cell)):
            # Only downloads can leave verifying out, or find a checksum of another kind.
            kinds = [OURS] if cell.way == "up" else [OURS, OURS_CRC32] if ours == OURS else [ours]
            for mine in kinds:
                if mine not in titles or theirs not in titles:
                    continue
                verdict, measured = _verdict(shown.get((cell, mine)), shown.get((cell, theirs)), bound)
                if goal.beyond:
                    verdict = f"beyond: {verdict}"
                lines.append(
                    f"| {verdict} | {titles[theirs]} / {titles[mine]} | {cell} | {bound:g} | {measured} |"
                )
    return "\n".join(lines)


def _verdict(own: Spent | None, other: Spent | None, bound: float) -> tuple[str, str]:
    if own is None or other is None:
        return "**failed**", "–"
    ratio = other.wall / own.wall
    return "reached" if ratio >= bound else "**missed**", f"{'≈' if other.scaled else ''}{ratio:.2f}"


class _Goal(NamedTuple):
    workloads: tuple[str, ...] = ("small", "mid", "big")
    ways: tuple[str, ...] = WAYS
    slow: bool | None = None
    beyond: bool = False


def _goals() -> Iterator[tuple[_Goal, str, str, float]]:
    large = ("mid", "big")
    yield _Goal(("small",), slow=False), OURS, "provenaclient", 20
    yield _Goal(("small",), slow=True), OURS, "provenaclient", 80
    yield _Goal(large, ("down",)), OURS, "provenaclient", 1.1
    yield _Goal(large, ("up",)), OURS, "provenaclient", 2.5
    yield _Goal(("small",)), OURS, "s3fs", 4
    yield _Goal(("big",)), OURS, "s3fs", 1.2
    yield _Goal(("small",)), OURS, "crt", 3
    yield _Goal(large, ("up",)), OURS, "crt", 1
    yield _Goal(slow=True), OURS, "s5cmd", 0.9
    yield _Goal(slow=True, beyond=True), OURS, "s5cmd", 1
    yield _Goal(beyond=True), "ours-size", "obstore", 1


def _meant(goal: _Goal, cell: Cell) -> bool:
    fits = cell.workload in goal.workloads and cell.way in goal.ways
    return fits and goal.slow in (None, cell.delay > 0)


def _table(
    shown: dict[tuple[Cell, str], Spent], titles: dict[str, str], cells: list[Cell], kind: str
) -> Iterator[str]:
    yield "| | " + " | ".join(f"{cell.way} {cell.workload}" for cell in cells) + " |"
    yield "|---|" + "---:|" * len(cells)
    for key, title in titles.items():
        entries = (_entry(shown.get((cell, key)), shown.get((cell, OURS)), key, kind) for cell in cells)
        yield f"| {title} | " + " | ".join(entries) + " |"


def _entry(spent: Spent | None, ours: Spent | None, key: str, kind: str) -> str:
    if spent is None:
        return "–"
    about = "≈" if spent.scaled and kind != "peak" else ""
    if kind == "peak":
        return f"{spent.peak / 1e6:.0f}"
    if kind == "cpu":
        return f"{about}{spent.cpu:.2f}"
    compared = f" ({spent.wall / ours.wall:.1f})" if ours is not None and key != OURS else ""
    return f"{about}{spent.wall:.2f}{compared}{' †' if spent.server > SERVER_BOUND else ''}"
