"""Measure what a person on a slow line sees and keeps, with ours and other tools, on this machine.

``python scripts/bench/slow_line.py`` moves six files of 40 MB over a line of 2 MB/s. A relay in front of the object
store is the line, and counts what it moves. Each run has a process of its own, with a terminal of its own.

- display: the bytes that the display shows, beside the bytes that were moved, at each second of a whole run;
- kept: after SIGINT and SIGKILL at 5, 20 and 60 s, the share of the moved bytes that the next run does not move again,
  and after SIGINT the seconds until the process ends, and its last line;
- cut: what the terminal shows while the line is cut for 20 s, and whether the transfer continues.

Trials run at the same time, each over a line of its own. Markdown is printed, the picture goes to --picture, and the
other tools are installed under .bench/ at the first run; rclone must be on the path.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "generated")]

from scripts.bench.environments import PLACE  # noqa: E402 reason= found by the path above
from scripts.bench.processes import Failed, names  # noqa: E402 reason= found by the path above
from scripts.bench.slow.picture import picture  # noqa: E402 reason= found by the path above
from scripts.bench.slow.table import Key, Measured, goals, tables  # noqa: E402 reason= found by the path above
from scripts.bench.slow.trial import (  # noqa: E402 reason= found by the path above
    CONTENDERS,
    Course,
    interpreter,
)
from scripts.bench.transfer_workloads import Workload  # noqa: E402 reason= found by the path above

PARTS = ("display", "kept", "cut")
SIGNALS = (signal.SIGINT, signal.SIGKILL)


class Trial(NamedTuple):
    """One trial to run: what it is called, how to run it, and what to do with its result."""

    title: str
    run: Callable[[], Any]
    keep: Callable[[Any], None]


def trials(asked: argparse.Namespace, course: Course, measured: Measured) -> Iterator[Trial]:
    """Yield the trials that the command line asks for; their results go to ``measured``."""
    for name in asked.contenders:
        contender = CONTENDERS[name]
        for way in (way for way in asked.ways if way in contender.ways):
            key, title = Key(name, way), f"{contender.title}, {way}"
            if "display" in asked.parts:
                keep = partial(measured.undisturbed.__setitem__, key)
                yield Trial(f"{title}: display", partial(course.undisturbed, contender, way), keep)
            if "cut" in asked.parts:
                cut = partial(course.cut, contender, way, asked.before, asked.cut)
                yield Trial(f"{title}: cut", cut, partial(measured.cut.__setitem__, key))
            for number in SIGNALS if "kept" in asked.parts else ():
                kept = measured.interrupted.setdefault(key, {})
                for after in asked.seconds:
                    interrupt = partial(course.interrupted, contender, way, after, number)
                    keep = partial(kept.__setitem__, (number, after))
                    yield Trial(f"{title}: {number.name} at {after:g} s", interrupt, keep)


def measure(asked: argparse.Namespace, course: Course) -> tuple[Measured, list[str]]:
    """Run all trials, some at the same time; return what was measured, and what failed."""
    measured = Measured({}, {}, {})
    failures: list[str] = []

    def run(trial: Trial) -> None:
        try:
            trial.keep(trial.run())
        except Failed as failure:
            failures.append(f"{trial.title}: {failure}")
        print(trial.title, file=sys.stderr, flush=True)

    with ThreadPoolExecutor(asked.parallel) as pool:
        for _ in pool.map(run, list(trials(asked, course, measured))):
            pass
    return _sorted(measured), failures


def _sorted(measured: Measured) -> Measured:
    """Return the same in the order of the contenders, whichever ended first."""
    order = [Key(name, way) for name in CONTENDERS for way in ("down", "up")]
    return Measured(
        {key: measured.undisturbed[key] for key in order if key in measured.undisturbed},
        {
            key: dict(sorted(measured.interrupted[key].items()))
            for key in order
            if key in measured.interrupted
        },
        {key: measured.cut[key] for key in order if key in measured.cut},
    )


def options() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--files", type=int, default=6, help="how many files (default: 6)")
    parser.add_argument("--megabytes", type=float, default=40, help="size of each (default: 40)")
    parser.add_argument("--rate", type=float, default=2, help="MB/s of the line (default: 2)")
    parser.add_argument(
        "--seconds",
        type=lambda text: [float(one) for one in text.split(",")],
        default=[5.0, 20.0, 60.0],
        help="seconds before a signal (default: 5,20,60)",
    )
    parser.add_argument("--before", type=float, default=10, help="seconds before the cut (default: 10)")
    parser.add_argument("--cut", type=float, default=20, help="seconds that the line is cut (default: 20)")
    parser.add_argument("--ways", type=names(("down", "up")), default=["down", "up"], help="of down,up")
    parser.add_argument("--parts", type=names(PARTS), default=list(PARTS), help=f"of {','.join(PARTS)}")
    parser.add_argument(
        "--contenders", type=names(CONTENDERS), default=list(CONTENDERS), help=f"of {','.join(CONTENDERS)}"
    )
    parser.add_argument("--parallel", type=int, default=4, help="trials at the same time (default: 4)")
    parser.add_argument(
        "--picture", type=Path, default=PLACE / "slow_line.svg", help="where the picture goes"
    )
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    asked = options().parse_args(arguments)
    # A shell starts background jobs with SIGINT ignored, which the processes would inherit.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    missing = []
    for name in list(asked.contenders):
        try:
            interpreter(CONTENDERS[name])
        except Failed as failure:
            asked.contenders.remove(name)
            missing.append(f"{CONTENDERS[name].title}: {failure}")
    size = int(asked.megabytes * 1e6)
    workload = Workload("slow", f"{asked.files} × {asked.megabytes:g} MB", asked.files, size, size)
    with (
        tempfile.TemporaryDirectory(prefix="provena-bench-") as place,
        closing(Course(Path(place), workload, asked.rate * 1e6)) as course,
    ):
        measured, failed = measure(asked, course)
    titles = {name: CONTENDERS[name].title for name in asked.contenders}
    print(f"# Slow line\n\n{workload.title} over a line of {asked.rate:g} MB/s.")
    print(tables(measured, titles))
    print(goals(measured, "ours"))
    for line in missing:
        print(f"- Left out: {line}")
    for line in failed:
        print(f"- FAILED: {line}")
    if measured.undisturbed:
        asked.picture.parent.mkdir(exist_ok=True)
        asked.picture.write_text(picture(measured.undisturbed, titles, course.bytes), encoding="utf-8")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
