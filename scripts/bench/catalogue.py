"""Compare what everyday catalogue work costs, in one run over one canned service.

``python scripts/bench/catalogue.py`` fetches 100 datasets one after the other and together, lists a catalogue of 1,000
whole, and searches with the 25 hits loaded: with our sync and async clients, with provenaclient and with bare pooled
httpx. Each contender runs in its own process, as does the service; runs are interleaved, and medians are printed. The
first run makes an environment for provenaclient under .bench/; it has no call for datasets together, so it fetches them
with ``asyncio.gather``.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "generated")]

from scripts.bench.environments import PROVENACLIENT, python_with  # noqa: E402 reason= found by the path above

HERE = Path(__file__).resolve().parent

BARE, PEER_NAME = "bare httpx", "provenaclient"
JOBS = {"fetch": "fetch × 100", "together": "100 together", "list": "list 1,000", "search": "search, 25 hits"}
COUNTS = {"fetch": 100, "together": 100, "list": 1000, "search": 25}


class Spent(NamedTuple):
    """What one run of a job took, in seconds."""

    wall: float
    cpu: float


class Contender:
    """A process that does jobs.

    Args:
        name: Shown in the table.
        command: What starts it.
    """

    def __init__(self, name: str, command: list[str]) -> None:
        self.name = name
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={name: value for name, value in os.environ.items() if not name.startswith("PROVENA_")},
        )
        self.version = self._read()["version"]

    def run(self, job: str, url: str) -> Spent:
        """Do a job once and check that all of it was done."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"job": job, "url": url}) + "\n")
        self._process.stdin.flush()
        spent = self._read()
        if spent["count"] != COUNTS[job]:
            raise SystemExit(f"{self.name}: {job} gave {spent['count']} datasets, not {COUNTS[job]}.")
        return Spent(spent["wall"], spent["cpu"])

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)

    def _read(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.name}: it ended; what it said is above.")
        return json.loads(line)


@contextmanager
def canned_service(latencies: list[int]) -> Iterator[dict[int, str]]:
    """Run the service; yields its address for each latency."""
    from scripts.bench.models import dataset

    with tempfile.TemporaryDirectory() as folder:
        payload = Path(folder) / "dataset.json"
        payload.write_text(json.dumps(dataset()), encoding="utf-8")
        process = subprocess.Popen(
            [sys.executable, str(HERE / "canned_service.py"), str(payload), *map(str, latencies)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield {int(latency): url for latency, url in json.loads(process.stdout.readline()).items()}
        finally:
            process.stdin.close()
            process.wait(10)


def contenders(stack: ExitStack, *, with_peer: bool) -> list[Contender]:
    """Start every contender; the stack ends them."""
    commands = {
        "ours, sync": [sys.executable, str(HERE / "contender_ours.py"), "sync"],
        "ours, async": [sys.executable, str(HERE / "contender_ours.py"), "async"],
        BARE: [sys.executable, str(HERE / "contender_httpx.py"), "sync"],
        "httpx, async": [sys.executable, str(HERE / "contender_httpx.py"), "async"],
    }
    if with_peer:
        python = python_with(PEER_NAME, PROVENACLIENT)
        if python is not None:
            commands[PEER_NAME] = [python, str(HERE / "contender_provenaclient.py")]
    started = []
    for name, command in commands.items():
        contender = Contender(name, command)
        stack.callback(contender.close)
        started.append(contender)
    return started


Figures = dict[tuple[int, str, str], Spent]


def measure(running: list[Contender], urls: dict[int, str], runs: int) -> Figures:
    """The medians by latency, job and contender, after one run to warm up."""
    taken: dict[tuple[int, str, str], list[Spent]] = {}
    for turn in range(runs + 1):
        for latency, url in urls.items():
            for job in JOBS:
                for contender in running:
                    spent = contender.run(job, url)
                    if turn:
                        taken.setdefault((latency, job, contender.name), []).append(spent)
    return {
        key: Spent(
            statistics.median(one.wall for one in values), statistics.median(one.cpu for one in values)
        )
        for key, values in taken.items()
    }


def print_table(figures: Figures, running: list[Contender], latencies: list[int]) -> None:
    """Print wall and CPU time, and how they compare with bare httpx and with the peer."""
    names = [contender.name for contender in running]
    for latency in latencies:
        print(f"\n{latency} ms injected into each request; medians in ms")
        print(f"{'':18}{'':16}{'wall':>9}{'CPU':>9}{'wall/bare':>11}{'CPU/bare':>10}{'peer/wall':>11}")
        for job, title in JOBS.items():
            bare, peer = figures[latency, job, BARE], figures.get((latency, job, PEER_NAME))
            for name in names:
                spent = figures[latency, job, name]
                faster = f"{peer.wall / spent.wall:.1f}" if peer else "-"
                print(
                    f"{title if name == names[0] else '':18}{name:16}"
                    f"{spent.wall * 1e3:>9.1f}{spent.cpu * 1e3:>9.1f}"
                    f"{spent.wall / bare.wall:>11.2f}{spent.cpu / bare.cpu:>10.2f}{faster:>11}"
                )


def goals(figures: Figures, latencies: list[int]) -> Iterator[tuple[str, float, str, float, bool]]:
    """Yield what is aimed at: title, measured, comparison, bound, and whether it is reached."""
    for latency in latencies:
        for face in ("ours, sync", "ours, async"):
            for job, title in JOBS.items():
                ours, bare = figures[latency, job, face], figures[latency, job, BARE]
                where = f"{latency} ms, {face}, {title}"
                if latency == 0:
                    ratio = ours.cpu / bare.cpu
                    bound = 1.8 if job == "fetch" else 2.0
                    yield f"{where}: CPU / bare", ratio, "at most", bound, ratio <= bound
                    if peer := figures.get((latency, job, PEER_NAME)):
                        ratio = peer.wall / ours.wall
                        yield f"{where}: peer / ours", ratio, "at least", 15.0, ratio >= 15.0
                elif job == "together":
                    yield f"{where}: wall in s", ours.wall, "at most", 0.2, ours.wall <= 0.2
                elif job != "fetch":
                    bound = 1.0 if job == "list" else 1.3
                    ratio = ours.wall / bare.wall
                    yield f"{where}: wall / bare", ratio, "at most", bound, ratio <= bound


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=7, help="runs for each figure (default: 7)")
    parser.add_argument(
        "--latency", type=int, nargs="+", default=[0, 30], help="ms for each request (default: 0 30)"
    )
    parser.add_argument("--without-peer", action="store_true", help="leave provenaclient out")
    asked = parser.parse_args(arguments)
    with ExitStack() as stack:
        urls = stack.enter_context(canned_service(asked.latency))
        running = contenders(stack, with_peer=not asked.without_peer)
        print("; ".join(f"{contender.name}: {contender.version}" for contender in running))
        figures = measure(running, urls, asked.runs)
    print_table(figures, running, asked.latency)
    print("\nGoals")
    for title, measured, comparison, bound, reached in goals(figures, asked.latency):
        print(f"{'reached' if reached else 'MISSED':>8}  {title} {measured:.2f} ({comparison} {bound:g})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
