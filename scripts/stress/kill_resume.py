"""A process is killed at random moments of a large transfer; the next one has to finish it.

After each kill, what has the file's final name is either nothing, what was there before, or right. The next run
finishes, and sends again no more than what was on its way. The server's own record tells how much that was.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from os import environ
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "generated")]

from provena_sdk.sandbox.object_store import ObjectStore, RequestRecord  # noqa: E402 reason= found by the path above
from scripts.stress.dataset import BUCKET, PART, PREFIX, RunningStore, files_of  # noqa: E402 reason= found by the path above

IN_FLIGHT = 16 * PART
NAME = "file.nc"
OLD = b"what was there before"
_RANGE = re.compile(r"bytes=(\d+)-(\d+)")


@dataclass
class Trial:
    """What one kill came to, in bytes and seconds."""

    killed: bool
    done_before: int
    sent_again: int
    seconds: float
    wrong: str


def work(way: str, folder: str, *keys: str) -> None:
    """Be the process: say that it begins, then transfer."""
    files = files_of(*keys)
    files.list()
    print("go", flush=True)
    if way == "down":
        files.download_all(folder)
    else:
        files.upload_all(folder)


class Transfers:
    """Runs transfers of one file in processes, and kills some of them.

    Args:
        way: ``down`` or ``up``.
        data: What the file holds.
        running: The store.
        place: A folder for everything.
    """

    def __init__(self, way: str, data: bytes, running: RunningStore, place: Path) -> None:
        self.way = way
        self.data = data
        self.running = running
        self.folder = place / way
        self.state = place / "state"
        self.folder.mkdir()
        self.digest = hashlib.sha256(data).digest()
        if way == "up":
            (self.folder / NAME).write_bytes(data)

    def prepare(self, *, checksum: bool) -> None:
        """Put both sides back to the beginning, with something else under the final name."""
        self.running.server.requests.clear()
        if self.way == "down":
            self.running.put(NAME, self.data, checksum=checksum)
            (self.folder / NAME).write_bytes(OLD)
        else:
            self.running.put(NAME, OLD, checksum=checksum)

    def run(self, kill_after: float | None = None) -> tuple[bool, float]:
        """Let a process transfer the file, and kill it after some seconds of that.

        Returns:
            Whether it was killed, and the seconds of the transfer.

        Raises:
            RuntimeError: It ended by itself and not well.
        """
        command = [sys.executable, __file__, "--child", self.way, str(self.folder), *self.running.keys()]
        child = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**environ, "PROVENA_STATE_DIR": str(self.state)},
        )
        with child:
            if child.stdout is None or child.stdout.readline() != "go\n":
                raise RuntimeError(f"the process did not start: {child.communicate()[1]}")
            started = time.monotonic()
            try:
                _, errors = child.communicate(timeout=600 if kill_after is None else kill_after)
            except subprocess.TimeoutExpired:
                child.send_signal(signal.SIGKILL)
                child.communicate()
                return True, time.monotonic() - started
        if child.returncode:
            raise RuntimeError(f"the transfer failed: {errors}")
        return False, time.monotonic() - started

    def trial(self, kill_after: float, *, checksum: bool) -> Trial:
        """Kill one process, look, and let another finish."""
        self.prepare(checksum=checksum)
        killed, _ = self.run(kill_after)
        self._settle()
        wrong = (
            "" if self._final() in (OLD, self.digest) else "the final name held wrong bytes after the kill"
        )
        done = self._arrived()
        self.running.server.requests.clear()
        _, seconds = self.run()
        moved = sum(map(self._moved, self.running.server.requests))
        again = max(moved - (len(self.data) - min(done, len(self.data))), 0) if killed else 0
        if self._final() != self.digest:
            wrong = wrong or "the final name holds wrong bytes in the end"
        if again > IN_FLIGHT:
            wrong = wrong or f"{again:,} bytes were sent again"
        return Trial(killed, done, again, seconds, wrong or self._left())

    def _final(self) -> bytes:
        """The digest of what has the final name; what was there before stands for itself."""
        if self.way == "down":
            path = self.folder / NAME
            if path.stat().st_size == len(OLD):
                return path.read_bytes()
            with path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").digest()
        item = self.running.store.find(BUCKET, PREFIX + NAME)
        if item.size == len(OLD):
            return item.read()
        digest = hashlib.sha256()
        for part in item.parts:
            digest.update(part.blob.read())
        return digest.digest()

    def _arrived(self) -> int:
        """Bytes that a later run need not move: those of whole answers, or of parts that the store has."""
        if self.way == "down":
            return sum(map(self._moved, self.running.server.requests))
        if (item := self.running.store.find(BUCKET, PREFIX + NAME)).size == len(self.data):
            return item.size
        return sum(
            part.blob.size for upload in self.running.store.uploads.values() for part in upload.parts.values()
        )

    def _moved(self, record: RequestRecord) -> int:
        """Bytes of the file that a whole request moved."""
        if self.way == "up":
            return record.received if record.operation == "UploadPart" and record.status == 200 else 0
        if record.operation != "GetObject" or record.status not in (200, 206):
            return 0
        match = _RANGE.fullmatch(record.range)
        return int(match[2]) - int(match[1]) + 1 if match else len(self.data)

    def _left(self) -> str:
        """Say what was left behind."""
        if self.running.store.uploads:
            return f"{len(self.running.store.uploads)} uploads were left unfinished"
        found = sorted(path.name for path in self.folder.iterdir())
        if found != [NAME]:
            return f"left in the folder: {found}"
        journals = [path.name for path in self.state.rglob("*.json")] if self.state.exists() else []
        return f"journals were left: {journals}" if journals else ""

    def _settle(self) -> None:
        """Wait until the server has noticed that the process is gone."""
        while self.running.server.activity.connections:
            time.sleep(0.01)


def trials(way: str, times: int, size: int, seed: int) -> bool:
    """Kill and resume so many times, and print what came of it; True when all went well."""
    chance = random.Random(f"{way} {seed}")
    with (
        tempfile.TemporaryDirectory(prefix="provena-stress-") as place,
        RunningStore(ObjectStore(memory_in_all=0)) as running,
    ):
        data = b"".join(chance.randbytes(min(PART, size - at)) for at in range(0, size, PART))
        transfers = Transfers(way, data, running, Path(place))
        transfers.prepare(checksum=False)
        undisturbed = transfers.run()[1]
        made: list[Trial] = []
        # A process that was faster than the first is not killed.
        while sum(trial.killed for trial in made) < times and len(made) < 3 * times:
            made.append(transfers.trial(chance.uniform(0, undisturbed), checksum=chance.random() < 0.5))
    killed = [trial for trial in made if trial.killed]
    wrong = [trial.wrong for trial in made if trial.wrong]
    print(
        f"{way:<6}{len(made):>4} runs, {len(killed)} killed within {undisturbed:.2f} s, "
        f"having moved {_span([trial.done_before for trial in killed])} MB of {size / 1e6:.0f}; "
        f"moved again {_span([trial.sent_again for trial in killed])} MB (at most {IN_FLIGHT / 1e6:.0f} allowed); "
        f"{len(made) - len(wrong)} went well"
    )
    for line in wrong:
        print(line, file=sys.stderr)
    return not wrong and bool(killed)


def _span(values: list[int]) -> str:
    """Least, mean and most, in megabytes."""
    if not values:
        return "nothing"
    return f"{min(values) / 1e6:.0f} to {max(values) / 1e6:.0f} (mean {sum(values) / len(values) / 1e6:.0f})"


def main() -> int:
    """Kill downloads and uploads; the exit status is 0 if all went well."""
    if sys.argv[1:2] == ["--child"]:
        work(*sys.argv[2:])
        return 0
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--times", type=int, default=100, help="kills each way")
    parser.add_argument("--megabytes", type=int, default=500, help="size of the file")
    parser.add_argument("--way", choices=("down", "up"), action="append", help="only this way")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    ways = options.way or ["down", "up"]
    outcomes = [trials(way, options.times, options.megabytes * 1_000_000, options.seed) for way in ways]
    return 0 if all(outcomes) else 1


if __name__ == "__main__":
    raise SystemExit(main())
