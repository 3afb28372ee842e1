"""Compare what moving a dataset's files costs, in one run against one Provena on this machine.

``python scripts/bench/transfer.py`` downloads and uploads the files of each workload, without and with 30 ms before
each answer of the object store: with ours, provenaclient, s3fs, boto3, boto3's CRT transfers, obstore and s5cmd. Each
transfer has a process of its own, as has the server; modules are loaded and one small transfer is made before the
clock starts. Contenders take turns within each round, and another one begins each round; the first transfer of each
kind is made once more beforehand and not counted, since it is the one for which the machine finds its memory. Every
byte is compared afterwards, and medians are printed as Markdown. The first run makes an environment for each of the
others under .bench/.

A contender that takes more than 20 s is measured once. With --budget, further rounds end when the time is over; the
first round is always complete. Files are removed after each workload. With --gigabits the line is limited; that needs
root.

With ``--s3 URL`` the files are in an external store, such as one that ``python -m scripts.live start`` runs, and the
delay comes from a relay in front of it. AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY give access, and versitygw needs
``--s3-accounts URL``.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "generated")]

from provena_sdk.sandbox import ExternalStore  # noqa: E402 reason= found by the path above
from scripts.bench.environments import (  # noqa: E402 reason= found by the path above
    BOTO3,
    PLACE,
    PROVENACLIENT,
    S5CMD,
    python_with,
)
from scripts.bench.external import add_options, external_store  # noqa: E402 reason= found by the path above
from scripts.bench.line import add_option, limited  # noqa: E402 reason= found by the path above
from scripts.bench.processes import Failed, Process, names  # noqa: E402 reason= found by the path above
from scripts.bench.transfer_picture import picture  # noqa: E402 reason= found by the path above
from scripts.bench.transfer_table import (  # noqa: E402 reason= found by the path above
    Cell,
    Figures,
    Spent,
    goals,
    tables,
)
from scripts.bench.transfer_workloads import (  # noqa: E402 reason= found by the path above
    WORKLOADS,
    Workload,
    write,
)

HERE = Path(__file__).resolve().parent
WAYS = ("down", "up")
# Who takes longer in the first round is measured once.
SLOW_SECONDS = 20.0
WARM_UP = Workload("warm-up", "1 small file", 1, 1000, 1000)


class Contender(NamedTuple):
    """Who takes part.

    Attributes:
        title: Shown.
        script: What its process runs, with ``arguments``.
        environment: Where it is installed; empty for ours.
        requirement: What is installed there.
        arguments: Of the script.
        ways: What it takes part in.
        kept: The CRC that the store keeps of the files it downloads; empty for none.
        patient: Whether it takes minutes for many files when each request takes long.
    """

    title: str
    script: str
    environment: str = ""
    requirement: str = ""
    arguments: tuple[str, ...] = ()
    ways: tuple[str, ...] = WAYS
    kept: str = ""
    patient: bool = False


CONTENDERS = {
    "ours": Contender("ours", "transfer_ours.py", kept="crc64nvme"),
    "ours-crc32": Contender("ours, CRC32", "transfer_ours.py", ways=("down",), kept="crc32"),
    "ours-md5": Contender("ours, MD5", "transfer_ours.py", ways=("down",)),
    "ours-size": Contender(
        "ours, unverified", "transfer_ours.py", arguments=("size",), ways=("down",), kept="crc64nvme"
    ),
    "provenaclient": Contender(
        "provenaclient", "transfer_provenaclient.py", "provenaclient", PROVENACLIENT, patient=True
    ),
    "s3fs": Contender("s3fs", "transfer_s3fs.py", "s3fs", "s3fs==2026.9.0"),
    "boto3": Contender("boto3", "transfer_boto3.py", "boto3", BOTO3),
    "crt": Contender("boto3 with CRT", "transfer_crt.py", "boto3", BOTO3),
    "obstore": Contender("obstore", "transfer_obstore.py", "obstore", "obstore==0.12.1"),
    "s5cmd": Contender("s5cmd", "transfer_s5cmd.py", "s5cmd", S5CMD),
}


class Course:
    """Where transfers are run and measured: a server, and the datasets in it.

    Args:
        stack: Ends the server.
        place: A folder for all files.
        store: An external store for the datasets' files; None means the sandbox's own.

    Attributes:
        about: What the figures depend on, as Markdown.
    """

    def __init__(self, stack: ExitStack, place: Path, store: ExternalStore | None = None) -> None:
        self._place = place
        script = "transfer_server.py" if store is None else "transfer_external.py"
        self._server = Process([sys.executable, str(HERE / script)], place)
        stack.callback(self._server.close)
        if store is not None:
            self._server.write(asdict(store))
        self.about: str = self._server.ask(["about", []])
        self._datasets: dict[tuple[str, str], str] = {}
        self._folder(WARM_UP)

    def run(self, contender: Contender, workload: Workload, way: str, delay: int) -> Spent:
        """Let one contender do one transfer.

        Raises:
            Failed: It did not end well, or left other bytes than it should.
        """
        python = sys.executable
        if contender.environment:
            found = python_with(contender.environment, contender.requirement)
            if found is None:
                raise Failed("it could not be installed")
            python = found
        process = Process([python, str(HERE / contender.script), *contender.arguments], self._place)
        try:
            version = process.read()["version"]
            self._server.ask(["delay", [0]])
            self._transfer(process, contender, WARM_UP, way)
            self._server.ask(["delay", [delay / 1000]])
            spent = self._transfer(process, contender, workload, way)
            return spent._replace(version=version)
        finally:
            process.close()

    def forget(self, workload: Workload) -> None:
        """Remove a workload's files from the disk and from the store."""
        for one in (workload, workload.fewer()):
            folder = self._place / one.name
            self._server.ask(["forget", [str(folder)]])
            shutil.rmtree(folder, ignore_errors=True)
            for key in [key for key in self._datasets if key[0] == one.name]:
                del self._datasets[key]

    def _transfer(self, process: Process, contender: Contender, workload: Workload, way: str) -> Spent:
        source = self._folder(workload)
        with self._target(workload, contender, way) as (handle, folder):
            reached = {"store": self._server.ask(["keys", [handle]])} | self._server.ask(["services", []])
            # What the one before left to be written must not slow this one down.
            os.sync()
            before = self._server.ask(["usage", []])
            asked = {"way": way, "folder": str(folder), "dataset": handle}
            measured = process.ask(asked | reached)
            server = self._server.ask(["usage", []]) - before
            compared = source if way == "up" else folder
            if wrong := self._server.ask(["compare", [handle, str(compared)]]):
                raise Failed(f"{len(wrong)} things are wrong: {', '.join(wrong[:3])}")
        more = workload.stands_for
        moved = sum(path.stat().st_size for path in source.rglob("*") if path.is_file())
        return Spent(
            measured["wall"] * more,
            measured["cpu"] / moved * 1e9,
            measured["peak"],
            server / measured["wall"],
            more > 1,
            verified=measured["verified"],
        )

    @contextmanager
    def _target(self, workload: Workload, contender: Contender, way: str) -> Iterator[tuple[str, Path]]:
        """Yield the dataset and the local folder of a transfer, and clear away what it made."""
        if way == "up":
            handle = self._server.ask(["dataset", ["", ""]])
            try:
                yield handle, self._folder(workload)
            finally:
                self._server.ask(["clear", [handle]])
        else:
            folder = Path(tempfile.mkdtemp(dir=self._place, prefix="down-"))
            try:
                yield self._dataset(workload, contender.kept), folder
            finally:
                shutil.rmtree(folder, ignore_errors=True)

    def _folder(self, workload: Workload) -> Path:
        folder = self._place / workload.name
        if not folder.exists():
            write(workload, folder)
        return folder

    def _dataset(self, workload: Workload, kept: str) -> str:
        key = (workload.name, kept)
        if key not in self._datasets:
            self._datasets[key] = self._server.ask(["dataset", [str(self._folder(workload)), kept]])
        return self._datasets[key]


class Measuring:
    """Runs all transfers of a benchmark, workload by workload.

    Args:
        asked: The command line.
        course: Where they are run.

    Attributes:
        figures: What was measured.
        failures: What failed.
    """

    def __init__(self, asked: argparse.Namespace, course: Course) -> None:
        self._asked = asked
        self._course = course
        self._taken: dict[tuple[Cell, str], float] = {}
        self._failed: set[tuple[Cell, str]] = set()
        self.figures: Figures = {}
        self.failures: list[str] = []

    def run(self) -> None:
        """Run all transfers; each workload gets an equal share of the time that is left."""
        end = time.monotonic() + self._asked.budget * 60
        for number, name in enumerate(self._asked.only):
            now = time.monotonic()
            workload = workload_of(name, self._asked)
            self._run_workload(workload, now + (end - now) / (len(self._asked.only) - number))
            self._course.forget(workload)

    def _run_workload(self, workload: Workload, until: float) -> None:
        cells = [Cell(delay, way, workload.name) for delay in self._asked.delays for way in WAYS]
        for turn, cell in itertools.product(range(self._asked.rounds), cells):
            keys = [key for key in self._asked.contenders if cell.way in CONTENDERS[key].ways]
            if not turn and keys and not self._asked.quick:
                with suppress(Failed):
                    self._course.run(CONTENDERS[keys[0]], workload, cell.way, cell.delay)
            for key in in_turn(keys, turn):
                if not turn or self._again(cell, key, until):
                    self._run_cell(cell, key, workload, turn)

    def _again(self, cell: Cell, key: str, until: float) -> bool:
        """Return whether a transfer is worth another round, and ends in time."""
        if (cell, key) in self._failed or self.figures[cell, key][0].wall > SLOW_SECONDS:
            return False
        return time.monotonic() + self._taken[cell, key] < until

    def _run_cell(self, cell: Cell, key: str, workload: Workload, turn: int) -> None:
        contender = CONTENDERS[key]
        fewer = contender.patient and cell.delay and workload.many
        began = time.monotonic()
        try:
            spent = self._course.run(contender, workload.fewer() if fewer else workload, cell.way, cell.delay)
        except Failed as failure:
            self._failed.add((cell, key))
            self.failures.append(f"{contender.title}, {cell}: {failure}")
            print(f"FAILED  {self.failures[-1]}", file=sys.stderr, flush=True)
            return
        self._taken[cell, key] = time.monotonic() - began
        self.figures.setdefault((cell, key), []).append(spent)
        line = f"{turn + 1}  {cell!s:28}{contender.title:20}{spent.wall:8.2f} s"
        print(line, file=sys.stderr, flush=True)


def workload_of(name: str, asked: argparse.Namespace) -> Workload:
    """Return a workload, or a part of it where the command line asks for few files."""
    return WORKLOADS[name].quick() if asked.quick else WORKLOADS[name]


def in_turn(keys: list[str], turn: int) -> list[str]:
    """Return the contenders in the order of a round, so that another one is first each time."""
    first = turn % max(len(keys), 1)
    return keys[first:] + keys[:first]


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3, help="transfers for each figure (default: 3)")
    parser.add_argument(
        "--only", type=names(WORKLOADS), default=list(WORKLOADS), help=f"of {','.join(WORKLOADS)}"
    )
    parser.add_argument(
        "--delays",
        type=lambda text: [int(one) for one in text.split(",")],
        default=[0, 30],
        help="ms before each answer (default: 0,30)",
    )
    parser.add_argument(
        "--contenders", type=names(CONTENDERS), default=list(CONTENDERS), help=f"of {','.join(CONTENDERS)}"
    )
    parser.add_argument(
        "--budget",
        type=float,
        default=math.inf,
        metavar="MINUTES",
        help="begin no further round of a workload when its share of this time is over (default: no limit)",
    )
    parser.add_argument("--quick", action="store_true", help="few files, one round: to see that all works")
    add_option(parser)
    add_options(parser)
    parser.add_argument("--place", type=Path, help="a folder on the disk to use (default: the temporary one)")
    parser.add_argument("--picture", type=Path, default=PLACE / "transfer.svg", help="where the picture goes")
    asked = parser.parse_args(arguments)
    try:
        store = external_store(asked)
    except ValueError as error:
        parser.error(str(error))
    if asked.quick:
        asked.rounds = 1
    for key in asked.contenders:
        if CONTENDERS[key].environment:
            python_with(CONTENDERS[key].environment, CONTENDERS[key].requirement)
    # Nothing can be installed from there.
    line = limited(asked.gigabits)
    with ExitStack() as stack:
        place = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="provena-bench-", dir=asked.place))
        )
        course = Course(stack, place, store)
        measuring = Measuring(asked, course)
        measuring.run()
    figures, failures = measuring.figures, measuring.failures
    titles = {key: CONTENDERS[key].title for key in asked.contenders}
    moved = {name: workload_of(name, asked).title for name in asked.only}
    print(tables(figures, titles, moved, line, course.about))
    if not asked.quick:
        print(goals(figures, titles, [name for name in asked.only if WORKLOADS[name].many]))
    for failure in failures:
        print(f"- FAILED: {failure}")
    PLACE.mkdir(exist_ok=True)
    told = [
        {**cell._asdict(), "contender": key, "runs": [spent._asdict() for spent in runs]}
        for (cell, key), runs in figures.items()
    ]
    (PLACE / "transfer.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    asked.picture.write_text(picture(figures, titles, moved, line), encoding="utf-8")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
