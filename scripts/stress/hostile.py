"""A hostile sign-in server, datastore, search and object store, and what becomes of those who talk to them.

Each case goes through the public interface, sync and async, in a process that is watched: it passes if what comes out
is right, or an error of the SDK that says what is wrong, can be printed, is short and holds no secret, within ten
seconds and 300 MB.
"""

from __future__ import annotations

import argparse
import fnmatch
import os
import signal
import sys
import tempfile
import time
from collections import deque
from dataclasses import dataclass, field
from multiprocessing import connection, get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Final

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "generated")]

from scripts.stress.attacks.catalogue import cases  # noqa: E402 reason= found by the path above
from scripts.stress.attacks.worker import SECONDS, Ended, run  # noqa: E402 reason= found by the path above

_GRACE: Final = 1.0
_START_SECONDS: Final = 120.0


@dataclass
class Slot:
    """A place for a worker, which is replaced when a case keeps it for too long."""

    folder: Path
    title: str | None = None
    since: float = 0.0
    ready: bool = False
    process: BaseProcess = field(init=False)
    pipe: Connection = field(init=False)

    def start(self) -> None:
        """Start a worker."""
        context = get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=run, args=(theirs, self.folder))
        self.process.start()
        theirs.close()
        self.title, self.ready, self.since = None, False, time.monotonic()

    def give(self, title: str) -> None:
        """Let the worker run a case."""
        self.title, self.since = title, time.monotonic()
        self.pipe.send(title)

    @property
    def late(self) -> bool:
        """Whether the worker has been at it for too long."""
        limit = SECONDS + _GRACE if self.ready else _START_SECONDS
        return (self.title is not None or not self.ready) and time.monotonic() - self.since > limit

    def stop(self) -> str:
        """Kill the worker; returns where it was."""
        os.kill(self.process.pid or 0, signal.SIGKILL)
        self.process.join()
        self.pipe.close()
        stack = self.folder / "stack.txt"
        return stack.read_text()[:3000] if stack.exists() else ""


def trial(titles: list[str], parallel: int) -> list[Ended]:
    """Run cases, several at once."""
    waiting, ended = deque(titles), list[Ended]()
    with tempfile.TemporaryDirectory(prefix="provena-hostile-") as folder:
        slots = [Slot(Path(folder) / str(number)) for number in range(min(parallel, len(titles)))]
        for slot in slots:
            slot.start()
        try:
            while waiting or any(slot.title for slot in slots):
                ready = connection.wait([slot.pipe for slot in slots], timeout=0.5)
                for slot in slots:
                    if slot.pipe in ready or slot.late:
                        _look_after(slot, slot.pipe in ready, ended)
                    if waiting and slot.ready and slot.title is None:
                        slot.give(waiting.popleft())
        finally:
            for slot in slots:
                slot.pipe.close()
            for slot in slots:
                slot.process.join(5)
                if slot.process.is_alive():
                    slot.process.kill()
    return ended


def _look_after(slot: Slot, spoke: bool, ended: list[Ended]) -> None:
    try:
        told = slot.pipe.recv() if spoke else None
    except (EOFError, ConnectionError):
        told, spoke = None, False
    if spoke and not slot.ready:
        slot.ready = True
    elif isinstance(told, Ended):
        _note(told, ended)
        slot.title = None
    else:
        title, seconds = slot.title, time.monotonic() - slot.since
        where = slot.stop()
        if title is None:
            raise RuntimeError(f"a worker did not start\n{where}")
        _note(Ended(title, [f"it was killed after {seconds:.1f} s\n{where}"], False, seconds, 0.0), ended)
        slot.start()


def _note(one: Ended, ended: list[Ended]) -> None:
    ended.append(one)
    if one.wrong:
        print(f"{one.title}: {'; '.join(one.wrong)}", flush=True)


def main() -> int:
    """Run the cases; the exit status is 0 if all passed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument(
        "--only", metavar="PATTERN", action="append", help="cases whose title holds this; may be repeated"
    )
    parser.add_argument("--list", action="store_true", help="only name the cases")
    parser.add_argument(
        "--slowest", type=int, default=0, help="name so many of the slowest and the largest cases"
    )
    parser.add_argument("--parallel", type=int, default=min(os.cpu_count() or 2, 4) + 1, help="cases at once")
    options = parser.parse_args()
    only = options.only or [""]
    titles = [
        title
        for title in cases()
        if any(pattern.lower() in title.lower() or fnmatch.fnmatch(title, pattern) for pattern in only)
    ]
    if options.list or not titles:
        print("\n".join(titles) or "no such case")
        return 0 if titles else 2
    began = time.monotonic()
    ended = trial(titles, options.parallel)
    failed = [one for one in ended if one.wrong]
    for name in ("seconds", "mebibytes") if options.slowest else ():
        for one in sorted(ended, key=lambda one: -getattr(one, name))[: options.slowest]:
            print(f"{getattr(one, name):8.1f} {name}: {one.title}")
    refused = sum(one.refused and not one.wrong for one in ended)
    print(f"{time.monotonic() - began:.0f} s")
    print(f"cases: {len(ended)}, refused cleanly: {refused}, failures: {len(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
