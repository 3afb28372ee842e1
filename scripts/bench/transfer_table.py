"""What the transfer benchmark measured, as Markdown: times, CPU, memory, and the goals."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from typing import NamedTuple

OURS = "ours"
SERVER_BOUND = 0.85
MOST_MEMORY = 300e6
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
        cpu: CPU seconds of the contender and its children for each GB.
        peak: The most memory it held, in bytes.
        server: CPU seconds of the server for each second by the clock.
        scaled: Whether fewer files were moved, and the seconds scaled up.
        version: Who it was.
        verified: What verified the files; empty when unknown.
    """

    wall: float
    cpu: float
    peak: float
    server: float
    scaled: bool
    version: str = ""
    verified: str = ""


Figures = dict[tuple[Cell, str], list[Spent]]


def median(runs: list[Spent]) -> Spent:
    """Return the medians of several runs."""
    return runs[0]._replace(
        wall=statistics.median(one.wall for one in runs),
        cpu=statistics.median(one.cpu for one in runs),
        peak=statistics.median(one.peak for one in runs),
        server=statistics.median(one.server for one in runs),
    )


def tables(figures: Figures, titles: dict[str, str], workloads: dict[str, str], line: str, about: str) -> str:
    """Return a table for each delay and way.

    Args:
        figures: What was measured.
        titles: The contenders' titles by key.
        workloads: The workloads' titles by name.
        line: Over what.
        about: What else the figures depend on.
    """
    versions = dict.fromkeys(runs[0].version for runs in figures.values())
    lines = [
        "# Transfer",
        "",
        "Medians of the runs. “/ ours” is the time over that of ours, which verifies: above 1, ours is faster. ≈: "
        "fewer files, scaled up. “server” is its CPU time for each second. †: it was busy for more than "
        f"{SERVER_BOUND:.0%} of the time, so that it, and not the contender, set the pace.",
        "",
        about,
        "",
        f"Versions: {'; '.join(versions)}.",
    ]
    for delay, way in dict.fromkeys((cell.delay, cell.way) for cell, _ in figures):
        lines += ["", f"## {'Download' if way == 'down' else 'Upload'}, {delay} ms, {line}", ""]
        lines += [
            "| | | s | / ours | CPU s/GB | peak MB | server | runs | verified by |",
            "|---|---|---:|---:|---:|---:|---:|---:|---|",
        ]
        for name, title in workloads.items():
            lines += _rows(figures, titles, Cell(delay, way, name), title)
    return "\n".join(lines)


def _rows(figures: Figures, titles: dict[str, str], cell: Cell, title: str) -> Iterator[str]:
    ours = median(figures[cell, OURS]).wall if (cell, OURS) in figures else None
    for key, contender in titles.items():
        runs = figures.get((cell, key))
        if runs is None:
            continue
        spent = median(runs)
        about = "≈" if spent.scaled else ""
        ratio = f"{about}{spent.wall / ours:.2f}" if ours is not None and key != OURS else ""
        server = f"{spent.server:.0%}{' †' if spent.server > SERVER_BOUND else ''}"
        yield (
            f"| {title} | {contender} | {about}{spent.wall:.2f} | {ratio} | {spent.cpu:.2f} | "
            f"{spent.peak / 1e6:.0f} | {server} | {len(runs)} | {spent.verified} |"
        )
        title = ""


class Goal(NamedTuple):
    """A least ratio of their time to ours.

    Attributes:
        theirs: Whose time.
        least: The ratio.
        where: Which transfers it is about.
        fits: Whether a transfer, of many files or not, is one of them.
    """

    theirs: str
    least: float
    where: str
    fits: Callable[[Cell, bool], bool]


GOALS = (
    Goal("s5cmd", 0.9, "0 ms", lambda cell, many: not cell.delay),
    Goal("s5cmd", 1.0, "30 ms", lambda cell, many: cell.delay > 0),
    Goal("obstore", 0.95, "everywhere", lambda cell, many: True),
    Goal("obstore", 1.3, "many files, 30 ms", lambda cell, many: many and cell.delay > 0),
    Goal("crt", 1.0, "up", lambda cell, many: cell.way == "up"),
    Goal("crt", 1.2, "down", lambda cell, many: cell.way == "down"),
    Goal("provenaclient", 20, "many files, 0 ms", lambda cell, many: many and not cell.delay),
    Goal("provenaclient", 80, "many files, 30 ms", lambda cell, many: many and cell.delay > 0),
)


def goals(figures: Figures, titles: dict[str, str], many: list[str]) -> str:
    """Return the goals, and where they are reached, as Markdown.

    Args:
        figures: What was measured.
        titles: The contenders' titles by key.
        many: The names of the workloads of many files.
    """
    shown = {key: median(runs) for key, runs in figures.items()}
    lines = ["", "## Goals, ours verified by a CRC that the store keeps", ""]
    lines += ["| their / ours | transfers | at least | reached | missed |", "|---|---|---:|---:|---|"]
    for goal in GOALS:
        cells = [cell for cell, key in shown if key == goal.theirs and goal.fits(cell, cell.workload in many)]
        ratios = {
            cell: shown[cell, goal.theirs].wall / shown[cell, OURS].wall
            for cell in cells
            if (cell, OURS) in shown
        }
        missed = [f"{cell}: {ratio:.2f}" for cell, ratio in ratios.items() if ratio < goal.least]
        if ratios:
            reached = f"{len(ratios) - len(missed)} of {len(ratios)}"
            name = titles[goal.theirs]
            lines.append(f"| {name} | {goal.where} | {goal.least:g} | {reached} | {'; '.join(missed)} |")
    return "\n".join([*lines, *_memory(shown)])


def _memory(shown: dict[tuple[Cell, str], Spent]) -> Iterator[str]:
    peaks = [spent.peak for (_, key), spent in shown.items() if key.startswith(OURS)]
    if peaks:
        verdict = "reached" if max(peaks) <= MOST_MEMORY else "**missed**"
        yield from (
            "",
            f"Peak memory of ours: {max(peaks) / 1e6:.0f} MB, at most {MOST_MEMORY / 1e6:.0f}: {verdict}.",
        )
