"""Two processes download one dataset into one folder over a slow line, and share the work.

In half of the rounds, one of them is killed at a random moment, and the other one must finish. A relay counts the bytes
of files in all answers, so ranges that were fetched twice show, even if their connection broke.
"""

from __future__ import annotations

import argparse
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from os import environ
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "generated")]

from scripts.live.relay import Relay, relay  # noqa: E402 reason= found by the path above
from scripts.stress.dataset import PART, RunningStore, files_of, tree  # noqa: E402 reason= found by the path above

MOST_FETCHED = 1.05
MOST_FETCHED_KILLED = 1.2
_APART_SECONDS = 0.5


@dataclass
class Round:
    """What one round came to: the bytes of files in answers by those in the dataset, and what went wrong."""

    killed: bool
    fetched: float
    seconds: float
    wrong: str


def work(folder: str, *keys: str) -> None:
    """Be one of the processes: say that it is ready, wait for a line, then download."""
    files = files_of(*keys)
    files.list()
    print("ready", flush=True)
    sys.stdin.readline()
    print(files.download_all(folder).counts(), flush=True)


class Download:
    """A process that downloads the dataset."""

    def __init__(self, folder: Path, state: Path, keys: list[str]) -> None:
        self._child = subprocess.Popen(
            [sys.executable, __file__, "--child", str(folder), *keys],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**environ, "PROVENA_STATE_DIR": str(state)},
        )
        if self._child.stdout is None or self._child.stdout.readline() != "ready\n":
            raise RuntimeError(f"the process did not start: {self._child.communicate()[1]}")

    def go(self) -> None:
        """Let it begin."""
        if self._child.stdin is not None:
            self._child.stdin.write("go\n")
            self._child.stdin.flush()

    def kill(self) -> bool:
        """Kill it; return whether it was still running."""
        running = self._child.poll() is None
        self._child.send_signal(signal.SIGKILL)
        self._child.communicate()
        return running

    def end(self) -> str:
        """Wait for its end; return what went wrong."""
        try:
            _, errors = self._child.communicate(timeout=300)
        except subprocess.TimeoutExpired:
            self.kill()
            return "a process did not end"
        return f"a process failed: {errors[-2000:]}" if self._child.returncode else ""


class Trials:
    """Rounds with one dataset.

    Args:
        running: The store, which has the dataset.
        line: The relay in front of it.
        content: The dataset's files.
        place: A folder for everything.
    """

    def __init__(self, running: RunningStore, line: Relay, content: dict[str, bytes], place: Path) -> None:
        self._line = line
        self._content = content
        self._bytes = sum(map(len, content.values()))
        self._place = place
        self._keys = [line.url, *running.keys()[1:]]
        self._answered = 0
        self._lock = threading.Lock()
        self._answers = threading.local()
        line.on_answer = self._count

    def round(self, name: str, chance: random.Random, *, kill: bool) -> Round:
        """Start two processes a moment apart, and perhaps kill one of them."""
        folder = self._place / name
        downloads = [Download(folder, self._place / "state", self._keys) for _ in range(2)]
        before, started = self._answered, time.monotonic()
        downloads[0].go()
        time.sleep(chance.uniform(0, _APART_SECONDS))
        downloads[1].go()
        killed = False
        if kill:
            time.sleep(chance.uniform(0.1, 0.8) * self._bytes / (self._line.rate or 1))
            killed = downloads.pop(chance.randrange(2)).kill()
        wrong = next(filter(None, [download.end() for download in downloads]), "")
        seconds, fetched = time.monotonic() - started, (self._answered - before) / self._bytes
        found = tree(folder)
        if not wrong and found != self._content:
            unexpected = sorted(found.keys() - self._content.keys())
            wrong = f"left in the folder: {unexpected}" if unexpected else "files are missing or wrong"
        if not wrong and fetched > (MOST_FETCHED_KILLED if killed else MOST_FETCHED):
            wrong = f"{fetched:.2f} times the dataset was fetched"
        return Round(killed, fetched, seconds, wrong)

    def _count(self, data: memoryview, first: bool) -> None:
        """Count the bytes of files, without headers and listings. The relay has a thread for each connection."""
        size = len(data)
        if first:
            head, end, _ = bytes(data).partition(b"\r\n\r\n")
            self._answers.of_file = b"application/xml" not in head
            size -= len(head + end)
        if self._answers.of_file:
            with self._lock:
                self._answered += size


def trials(kind: str, content: dict[str, bytes], rounds: int, rate: float, seed: int) -> bool:
    """Run rounds with one dataset and print what came of them; return whether all went well."""
    chance = random.Random(f"{kind} {seed}")
    with tempfile.TemporaryDirectory(prefix="provena-stress-") as place, RunningStore() as running:
        for path, data in content.items():
            running.put(path, data, checksum=True)
        with relay(int(running.server.url.rpartition(":")[2])) as line:
            line.rate = rate
            some = Trials(running, line, content, Path(place))
            made = [some.round(str(number), chance, kill=bool(number % 2)) for number in range(rounds)]
    for killed in (False, True):
        shown = [one for one in made if one.killed is killed]
        if shown:
            ratios = [one.fetched for one in shown]
            print(
                f"{kind:<6}{'one killed' if killed else 'both alive':<12}{len(shown):>3} rounds: fetched "
                f"{statistics.median(ratios):.3f} times the dataset (most {max(ratios):.3f}), "
                f"{statistics.median(one.seconds for one in shown):.1f} s",
                flush=True,
            )
    for one in made:
        if one.wrong:
            print(one.wrong, file=sys.stderr)
    return not any(one.wrong for one in made)


def main() -> int:
    """Run the rounds; the exit status is 0 if all went well."""
    if sys.argv[1:2] == ["--child"]:
        work(*sys.argv[2:])
        return 0
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=20, help="rounds with each dataset")
    parser.add_argument("--megabytes", type=float, default=20, help="speed of the line in MB/s")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    datasets = {
        "small": {f"{number // 100}/{number}.csv": chance.randbytes(10_000) for number in range(2000)},
        "large": {f"{number}.nc": chance.randbytes(2 * PART) for number in range(4)}
        | {"big.nc": chance.randbytes(5 * PART)},
    }
    ended = [
        trials(kind, content, options.rounds, options.megabytes * 1e6, options.seed)
        for kind, content in datasets.items()
    ]
    return 0 if all(ended) else 1


if __name__ == "__main__":
    raise SystemExit(main())
