"""Compare what moving a dataset's files costs, in one run against one Provena on this machine.

``python scripts/bench/transfer.py`` downloads and uploads 2,000 small files, 20 files of 50 MB and one of 2 GB, without
and with 30 ms before each answer of the object store: with ours, provenaclient, s3fs, boto3, boto3's CRT transfers,
obstore and s5cmd. Each transfer has a process of its own, as has the server; modules are loaded and one small transfer
is made before the clock starts. Contenders take turns within each round, and another one begins each round; the first
transfer of each kind is made once more beforehand and not counted, since it is the one for which the machine finds its
memory. Every byte is compared afterwards, and medians are printed as Markdown. The first run makes an environment for
each of the others under .bench/. With --gigabits the line is limited, too; that needs root.

With ``--s3 URL`` the files are in an external store, such as one that ``python -m scripts.live start`` runs, and the
delay comes from a relay in front of it. AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY give access, and versitygw needs
``--s3-accounts URL``. All contenders take part; goals are set for the sandbox's store only.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import shutil
import sys
import tempfile
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
    FEWER,
    FULL,
    QUICK,
    Workload,
    write,
)

HERE = Path(__file__).resolve().parent
WAYS = ("down", "up")
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
        checksums: Whether the objects it downloads have checksums in the store.
        patient: Whether it takes minutes for the small files when each request takes long.
    """

    title: str
    script: str
    environment: str = ""
    requirement: str = ""
    arguments: tuple[str, ...] = ()
    ways: tuple[str, ...] = WAYS
    checksums: bool = False
    patient: bool = False


CONTENDERS = {
    "ours": Contender("ours, verified", "transfer_ours.py"),
    "ours-crc32": Contender(
        "ours, verified by CRC32", "transfer_ours.py", arguments=("checksum",), ways=("down",), checksums=True
    ),
    "ours-size": Contender("ours, size only", "transfer_ours.py", arguments=("size",), ways=("down",)),
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
        self._datasets: dict[tuple[str, bool], str] = {}
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

    def _transfer(self, process: Process, contender: Contender, workload: Workload, way: str) -> Spent:
        source = self._folder(workload)
        with self._target(workload, contender, way) as (handle, folder):
            reached = {"store": self._server.ask(["keys", [handle]])} | self._server.ask(["services", []])
            # What the one before left to be written must not slow this one down.
            os.sync()
            before = self._server.ask(["usage", []])
            asked = {"way": way, "folder": str(folder), "dataset": handle}
            told = process.ask(asked | reached)
            server = self._server.ask(["usage", []]) - before
            compared = source if way == "up" else folder
            if wrong := self._server.ask(["compare", [handle, str(compared)]]):
                raise Failed(f"{len(wrong)} things are wrong: {', '.join(wrong[:3])}")
        more = workload.stands_for
        return Spent(told["wall"] * more, told["cpu"] * more, told["peak"], server / told["wall"], more > 1)

    @contextmanager
    def _target(self, workload: Workload, contender: Contender, way: str) -> Iterator[tuple[str, Path]]:
        """Yield the dataset and the local folder of a transfer, and clear away what it made."""
        if way == "up":
            handle = self._server.ask(["dataset", ["", False]])
            try:
                yield handle, self._folder(workload)
            finally:
                self._server.ask(["clear", [handle]])
        else:
            folder = Path(tempfile.mkdtemp(dir=self._place, prefix="down-"))
            try:
                yield self._dataset(workload, contender.checksums), folder
            finally:
                shutil.rmtree(folder, ignore_errors=True)

    def _folder(self, workload: Workload) -> Path:
        folder = self._place / workload.name
        if not folder.exists():
            write(workload, folder)
        return folder

    def _dataset(self, workload: Workload, checksums: bool) -> str:
        key = (workload.name, checksums)
        if key not in self._datasets:
            self._datasets[key] = self._server.ask(["dataset", [str(self._folder(workload)), checksums]])
        return self._datasets[key]


def measure(asked: argparse.Namespace, course: Course) -> tuple[Figures, list[str]]:
    """Run everything; return what was measured, and what failed."""
    workloads = QUICK if asked.quick else FULL
    figures: Figures = {}
    failures: dict[tuple[Cell, str], str] = {}
    cells = [Cell(delay, way, name) for delay in asked.delays for name in asked.only for way in WAYS]
    for turn, cell in itertools.product(range(asked.rounds), cells):
        keys = [key for key in asked.contenders if cell.way in CONTENDERS[key].ways]
        if not turn and keys:
            with suppress(Failed):
                course.run(CONTENDERS[keys[0]], workloads[cell.workload], cell.way, cell.delay)
        for key in in_turn(keys, turn):
            contender, workload = CONTENDERS[key], workloads[cell.workload]
            if (cell, key) in failures:
                continue
            if contender.patient and cell.delay and cell.workload == "small" and not asked.quick:
                if turn:
                    continue
                workload = FEWER
            try:
                spent = course.run(contender, workload, cell.way, cell.delay)
            except Failed as failure:
                failures[cell, key] = f"{contender.title}, {cell}: {failure}"
                print(f"FAILED  {failures[cell, key]}", file=sys.stderr, flush=True)
                continue
            figures.setdefault((cell, key), []).append(spent)
            line = f"{turn + 1}  {cell!s:20}{contender.title:26}{spent.wall:8.2f} s"
            print(line, file=sys.stderr, flush=True)
    return figures, list(failures.values())


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
    parser.add_argument("--only", type=names(FULL), default=list(FULL), help=f"of {','.join(FULL)}")
    parser.add_argument(
        "--delays",
        type=lambda text: [int(one) for one in text.split(",")],
        default=[0, 30],
        help="ms before each answer (default: 0,30)",
    )
    parser.add_argument(
        "--contenders", type=names(CONTENDERS), default=list(CONTENDERS), help=f"of {','.join(CONTENDERS)}"
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
        figures, failures = measure(asked, course)
    workloads = QUICK if asked.quick else FULL
    titles = {key: CONTENDERS[key].title for key in asked.contenders}
    moved = {name: workloads[name].title for name in asked.only}
    print(tables(figures, titles, moved, asked.rounds, line, course.about))
    if not asked.quick and store is None:
        print(goals(figures, titles))
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
