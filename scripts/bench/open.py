"""Compare what reading files in place costs, in one run against one Provena on this machine.

``python scripts/bench/open.py`` reads three of 20 columns of a Parquet file of 500 MB, one variable of two netCDF
files of 500 MB, a Zarr array of 5,000 chunks and a CSV file of 200 MB, without and with 30 ms before each answer of the
object store: through ``provena://``, through s3fs with keys, and through obstore's file system with keys, each with its
defaults. Each reading has a process of its own, as has the server; modules are loaded before the clock starts.
Contenders take turns within each round, and another one begins each round; the first reading of each kind is done once
more beforehand and not counted. Their values are compared, and medians are printed as Markdown. The first run makes an
environment under .bench/, and writes the files there. With --gigabits the line is limited, too; that needs root.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import math
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "generated")]

from scripts.bench.environments import PLACE, python_with  # noqa: E402 reason= found by the path above
from scripts.bench.line import add_option, limited  # noqa: E402 reason= found by the path above
from scripts.bench.open_picture import picture  # noqa: E402 reason= found by the path above
from scripts.bench.processes import Failed, Process, names  # noqa: E402 reason= found by the path above
from scripts.bench.transfer import in_turn  # noqa: E402 reason= found by the path above

HERE = Path(__file__).resolve().parent
PACKAGES = (
    "-e . s3fs==2026.9.0 obstore==0.12.1 pandas==3.1.1 pyarrow==26.0.1 "
    "h5netcdf==1.8.2 h5py==3.16.0 xarray==2026.9.0 zarr==3.1.6"
)
JOBS = {
    "parquet": "Parquet, 3 of 20 columns",
    "grid": "netCDF, a variable in one piece",
    "model": "netCDF, a variable among others",
    "zarr": "Zarr, 10 chunks at once",
    "zarr-64": "Zarr, 64 chunks at once",
    "csv": "CSV",
}
CONTENDERS = {"ours": "ours", "s3fs": "s3fs", "obstore": "obstore"}
QUICK_SCALE = 0.04
# Of a file's values in two orders of adding them up.
CLOSE = 1e-9


class Cell(NamedTuple):
    """One reading that every contender does: ms before each answer, and what is read."""

    delay: int
    job: str

    def __str__(self) -> str:
        return f"{self.delay} ms, {self.job}"


class Spent(NamedTuple):
    """What one reading took: seconds, CPU seconds, memory and bytes in bytes, and who it was."""

    wall: float
    cpu: float
    peak: float
    requests: float
    sent: float
    version: str


Figures = dict[tuple[Cell, str], list[Spent]]


def median(runs: list[Spent]) -> Spent:
    """Return the medians of several runs."""
    return Spent(
        statistics.median(one.wall for one in runs),
        statistics.median(one.cpu for one in runs),
        statistics.median(one.peak for one in runs),
        statistics.median(one.requests for one in runs),
        statistics.median(one.sent for one in runs),
        runs[0].version,
    )


class Course:
    """Where readings are run and measured: a server, and a dataset in it.

    Args:
        stack: Ends the server.
        python: The interpreter of the contenders' environment.
        place: A folder for temporary files.
        quick: Whether the files are small.
    """

    def __init__(self, stack: ExitStack, python: str, place: Path, *, quick: bool) -> None:
        self._python = python
        self._place = place
        self._server = Process([sys.executable, str(HERE / "transfer_server.py")], place)
        stack.callback(self._server.close)
        self._services = self._server.ask(["services", []])
        self._dataset = self._server.ask(["dataset", [str(self._files(quick)), ""]])
        self._expected: dict[str, float] = {}

    def _files(self, quick: bool) -> Path:
        folder = PLACE / ("files-quick" if quick else "files")
        jobs = HERE / "open_jobs.py"
        written, now = folder.with_name(f"{folder.name}.txt"), hashlib.sha256(jobs.read_bytes()).hexdigest()
        if not written.exists() or written.read_text(encoding="utf-8") != now:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            print(f"Writing the files into {folder.relative_to(ROOT)} …", file=sys.stderr, flush=True)
            scale = QUICK_SCALE if quick else 1
            subprocess.run([self._python, str(jobs), str(folder), str(scale)], check=True)
            written.write_text(now, encoding="utf-8")
        return folder

    def run(self, contender: str, cell: Cell) -> Spent:
        """Let one contender do one reading.

        Raises:
            Failed: It did not end well, or read other values than the first did.
        """
        process = Process([self._python, str(HERE / "open_contender.py"), contender], self._place)
        try:
            version = process.read()["version"]
            keys = self._server.ask(["keys", [self._dataset]])
            asked = {"dataset": self._dataset, "store": keys, **self._services}
            process.ask(asked | {"job": "warm-up"})
            self._server.ask(["delay", [cell.delay / 1000]])
            self._server.ask(["counts", [self._dataset]])
            told = process.ask(asked | {"job": cell.job})
            requests, sent = self._server.ask(["counts", [self._dataset]])
        finally:
            process.close()
            self._server.ask(["delay", [0]])
        expected = self._expected.setdefault(cell.job, told["found"])
        if not math.isclose(told["found"], expected, rel_tol=CLOSE):
            raise Failed("it read other values")
        return Spent(told["wall"], told["cpu"], told["peak"], requests, sent, version)


def measure(asked: argparse.Namespace, course: Course) -> tuple[Figures, list[str]]:
    """Run everything; return what was measured, and what failed."""
    figures: Figures = {}
    failures: list[str] = []
    cells = [Cell(delay, job) for delay in asked.delays for job in asked.only]
    for turn, cell in itertools.product(range(asked.rounds), cells):
        if not turn and asked.contenders:
            with suppress(Failed):
                course.run(asked.contenders[0], cell)
        for key in in_turn(asked.contenders, turn):
            try:
                spent = course.run(key, cell)
            except Failed as failure:
                failures.append(f"{CONTENDERS[key]}, {cell}: {failure}")
                continue
            figures.setdefault((cell, key), []).append(spent)
            print(
                f"{turn + 1}  {cell!s:16}{CONTENDERS[key]:10}{spent.wall:8.2f} s{spent.cpu:8.2f} s CPU"
                f"{spent.requests:8.0f} requests{spent.sent / 1e6:9.1f} MB",
                file=sys.stderr,
                flush=True,
            )
    return figures, failures


def report(figures: Figures, rounds: int, line: str) -> Iterator[str]:
    """Yield the lines of the tables; ``line`` says over what was measured."""
    shown = {key: median(runs) for key, runs in figures.items()}
    yield "# Reading in place\n"
    yield f"Medians of {rounds}; in brackets, how many times ours. Versions: " + "; ".join(
        dict.fromkeys(spent.version for spent in shown.values())
    )
    for delay in dict.fromkeys(cell.delay for cell, _ in shown):
        yield f"\n## {delay} ms, {line}\n"
        yield "| | | seconds | CPU seconds | requests | MB | peak MB |\n|---|---|---:|---:|---:|---:|---:|"
        for job, title in JOBS.items():
            ours = shown.get((Cell(delay, job), "ours"))
            for key, name in CONTENDERS.items():
                spent = shown.get((Cell(delay, job), key))
                if spent is not None:
                    yield _line(title if key == "ours" else "", name, spent, ours)


def goals(figures: Figures) -> Iterator[str]:
    """Yield the goals, and whether they are reached."""
    shown = {key: median(runs) for key, runs in figures.items()}
    yield "\n## Goals: s3fs's time over ours\n\n| | reading | at least | measured |\n|---|---|---:|---:|"
    for cell in dict.fromkeys(cell for cell, _ in shown):
        ours, theirs = shown.get((cell, "ours")), shown.get((cell, "s3fs"))
        if ours is None or theirs is None:
            yield f"| not measured | {cell} | | |"
            continue
        bound = 2 if cell.delay and cell.job not in ("parquet", "csv") else 1
        ratio = theirs.wall / ours.wall
        yield f"| {'reached' if ratio >= bound else '**missed**'} | {cell} | {bound} | {ratio:.2f} |"


def _line(title: str, name: str, spent: Spent, ours: Spent | None) -> str:
    def compared(value: float, own: float, form: str) -> str:
        times = f" ({value / own:.1f})" if ours is not None and ours is not spent and own else ""
        return f"{value:{form}}{times}"

    own = ours or spent
    entries = [
        compared(spent.wall, own.wall, ".2f"),
        compared(spent.cpu, own.cpu, ".2f"),
        compared(spent.requests, own.requests, ",.0f"),
        compared(spent.sent / 1e6, own.sent / 1e6, ",.1f"),
        f"{spent.peak / 1e6:.0f}",
    ]
    return f"| {title} | {name} | " + " | ".join(entries) + " |"


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3, help="readings for each figure (default: 3)")
    parser.add_argument("--only", type=names(JOBS), default=list(JOBS), help=f"of {','.join(JOBS)}")
    parser.add_argument(
        "--delays",
        type=lambda text: [int(one) for one in text.split(",")],
        default=[0, 30],
        help="ms before each answer (default: 0,30)",
    )
    parser.add_argument(
        "--contenders", type=names(CONTENDERS), default=list(CONTENDERS), help=f"of {','.join(CONTENDERS)}"
    )
    parser.add_argument("--quick", action="store_true", help="small files, one round: to see that all works")
    add_option(parser)
    parser.add_argument("--picture", type=Path, default=PLACE / "open.svg", help="where the picture goes")
    asked = parser.parse_args(arguments)
    if asked.quick:
        asked.rounds = 1
    python = python_with("open", PACKAGES)
    if python is None:
        raise SystemExit("There is nobody to measure.")
    # Nothing can be installed from there.
    line = limited(asked.gigabits)
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="provena-bench-")))
        figures, failures = measure(asked, Course(stack, python, place, quick=asked.quick))
    print("\n".join(report(figures, asked.rounds, line)))
    if not asked.quick:
        print("\n".join(goals(figures)))
    for failure in failures:
        print(f"- FAILED: {failure}")
    told = [
        {**cell._asdict(), "contender": key, "runs": [spent._asdict() for spent in runs]}
        for (cell, key), runs in figures.items()
    ]
    (PLACE / "open.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    shown = {(cell.delay, cell.job, key): median(runs).wall for (cell, key), runs in figures.items()}
    asked.picture.write_text(picture(shown, JOBS, CONTENDERS), encoding="utf-8")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
