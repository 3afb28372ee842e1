"""What was measured over a slow line, as Markdown."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from typing import NamedTuple

from scripts.bench.slow.screen import Point
from scripts.bench.slow.trial import END_SECONDS, Cut, Interrupted, Run, bytes_at

LEAST_SHOWN = 0.95
LEAST_KEPT = {5: 0.90, 20: 0.95, 60: 0.97}
MOST_SECONDS = 1.0
# A display that is redrawn five times a second cannot be exact in the first seconds.
SETTLED_SECONDS = 5.0
SAID_SECONDS = 5
_DIGITS = re.compile(r"[\d.]+")


class Key(NamedTuple):
    """Whose run it is, and which way: ``down`` or ``up``."""

    contender: str
    way: str


class Measured(NamedTuple):
    """Everything that was measured; an interruption's key is the signal and the seconds before it."""

    undisturbed: dict[Key, Run]
    interrupted: dict[Key, dict[tuple[signal.Signals, float], Interrupted]]
    cut: dict[Key, Cut]


def least_ratio(run: Run, shown: list[Point]) -> float | None:
    """Return the least ratio of shown to moved bytes at any second of a run; None when nothing was shown."""
    if not shown:
        return None
    seconds = range(1, int(run.ended - run.began) + 1)
    settled = [run.began + second for second in seconds if second >= min(SETTLED_SECONDS, seconds[-1])]
    return min((bytes_at(shown, at) / bytes_at(run.moved, at) for at in settled), default=None)


def standstill(run: Run, shown: list[Point]) -> float:
    """Return the longest time in seconds during which a display showed no more bytes."""
    rises = [run.began]
    most = 0.0
    for at, number in shown:
        if number > most and at >= run.began:
            most = number
            rises.append(at)
    return max(after - before for before, after in zip(rises, [*rises[1:], run.ended], strict=True))


def tables(measured: Measured, titles: dict[str, str]) -> str:
    """Return the tables.

    Args:
        measured: What was measured.
        titles: The contenders' titles by key.
    """
    lines: list[str] = []
    if measured.undisturbed:
        lines += _displays(measured.undisturbed, titles)
    if measured.interrupted:
        lines += _kept(measured.interrupted, titles)
        lines += _ends(measured.interrupted, titles)
    for key, cut in measured.cut.items():
        lines += _cut(f"{titles[key.contender]}, {key.way}", cut)
    return "\n".join(lines)


def goals(measured: Measured, contender: str) -> str:
    """Return the goals, and whether they are reached, as Markdown."""
    lines = ["", "## Goals", "", "| | what | measured | goal |", "|---|---|---:|---:|"]
    for reached, what, value, goal in _goals(measured, contender):
        lines.append(f"| {'reached' if reached else '**missed**'} | {what} | {value} | {goal} |")
    return "\n".join(lines)


def _goals(measured: Measured, contender: str) -> Iterator[tuple[bool, str, str, str]]:
    for key, run in measured.undisturbed.items():
        ratio = least_ratio(run, run.counted) if key.contender == contender else None
        if ratio is not None:
            yield ratio >= LEAST_SHOWN, f"{key.way}: shown / moved", f"{ratio:.3f}", f"≥ {LEAST_SHOWN}"
    for key, trials in measured.interrupted.items():
        if key.contender != contender:
            continue
        for (number, after), one in trials.items():
            what = f"{key.way}: {number.name} at {after:g} s"
            if (least := LEAST_KEPT.get(int(after))) is not None:
                yield one.kept >= least, f"{what}, kept", f"{one.kept:.1%}", f"≥ {least:.0%}"
            if number == signal.SIGINT:
                in_time = one.seconds <= MOST_SECONDS
                yield in_time, f"{what}, seconds to the end", f"{one.seconds:.2f}", f"≤ {MOST_SECONDS:g}"
    for key, cut in measured.cut.items():
        if key.contender == contender:
            ended = "ended well" if not cut.run.status and not cut.left else "failed"
            yield ended == "ended well", f"{key.way}: line cut and restored", ended, "ends well"


def _displays(runs: dict[Key, Run], titles: dict[str, str]) -> Iterator[str]:
    yield from ("", "## Shown while nothing disturbs", "")
    yield (
        f"Bytes shown over bytes moved, the least of any second from the {SETTLED_SECONDS:g}th on, and the longest "
        "time without a change. “Counted” is what a callback is given, “terminal” what the progress line says."
    )
    yield from ("", "| | seconds | counted / moved | terminal / moved | longest standstill, s |")
    yield "|---|---:|---:|---:|---:|"
    for key, run in runs.items():
        ratios = (least_ratio(run, run.counted), least_ratio(run, run.screen))
        counted, screen = ("–" if ratio is None else f"{ratio:.3f}" for ratio in ratios)
        still = standstill(run, run.screen or run.counted)
        seconds = run.ended - run.began
        yield f"| {titles[key.contender]}, {key.way} | {seconds:.0f} | {counted} | {screen} | {still:.1f} |"


def _kept(
    trials: dict[Key, dict[tuple[signal.Signals, float], Interrupted]], titles: dict[str, str]
) -> Iterator[str]:
    columns = list(dict.fromkeys(column for one in trials.values() for column in one))
    yield from ("", "## Kept after an interruption", "")
    yield "The share of the bytes moved until the signal that the next run did not move again."
    yield ""
    yield "| | " + " | ".join(f"{number.name} at {after:g} s" for number, after in columns) + " |"
    yield "|---|" + "---:|" * len(columns)
    for key, one in trials.items():
        entries = (f"{one[column].kept:.1%}" if column in one else "–" for column in columns)
        yield f"| {titles[key.contender]}, {key.way} | " + " | ".join(entries) + " |"


def _ends(
    trials: dict[Key, dict[tuple[signal.Signals, float], Interrupted]], titles: dict[str, str]
) -> Iterator[str]:
    yield from ("", "## After Ctrl-C", "", "| | at | seconds to the end | lines | last line |")
    yield "|---|---:|---:|---:|---|"
    for key, made in trials.items():
        for (number, after), one in made.items():
            if number == signal.SIGINT:
                seconds = f"{one.seconds:.2f}" if one.seconds < END_SECONDS else "killed then"
                who = f"{titles[key.contender]}, {key.way}"
                yield f"| {who} | {after:g} s | {seconds} | {one.printed} | {_cell(one.last)} |"
    for key, made in trials.items():
        for (number, after), one in made.items():
            if one.left:
                who = f"{titles[key.contender]}, {key.way}, {number.name} at {after:g} s"
                yield from (
                    "",
                    f"{who}: differences in the end: {len(one.left)}, such as {_cell(one.left[0])}.",
                )


def _cut(who: str, cut: Cut) -> Iterator[str]:
    yield from ("", f"## The line cut for {cut.restored - cut.cut:.0f} s: {who}", "")
    went_on = "nothing came after it was restored"
    if cut.continued is not None:
        went_on = f"the next byte came {cut.continued:.1f} s after it was restored"
    ended = f"it ended with {cut.run.status}"
    differ = f"{len(cut.left)} differences in the end" if cut.left else "all bytes are right"
    yield f"{went_on.capitalize()}; {ended}; {differ}. The terminal, by seconds from the cut:"
    yield from ("", "```", *_said(cut), "```")


def _said(cut: Cut) -> Iterator[str]:
    """Yield what the terminal showed whenever the words changed, and now and then between."""
    words, shown_at = "", 0
    for second in range(int(cut.restored - cut.cut) + SAID_SECONDS):
        lines = [line.text for line in cut.run.lines if line.at <= cut.cut + second]
        if lines and (_DIGITS.sub("", lines[-1]) != words or second >= shown_at + SAID_SECONDS):
            words, shown_at = _DIGITS.sub("", lines[-1]), second
            yield f"{second:3} s  {lines[-1]}"
    yield f"  end  {cut.run.lines[-1].text if cut.run.lines else ''}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")[:160]
