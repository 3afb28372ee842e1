"""An object store in a process of its own that counts bytes instead of keeping them, for tests of size."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "generated")]

from provena_sdk.sandbox.object_store import CountingStore  # noqa: E402 reason= found by the path above
from scripts.stress.dataset import BUCKET, DAY, PREFIX, RunningStore  # noqa: E402 reason= found by the path above

LISTED = "listed"
"""The bucket of files that nobody put there."""


@contextmanager
def counting_store(
    *, files: int, file_bytes: int, large_bytes: int = 0
) -> Iterator[tuple[list[str], list[str]]]:
    """Run a store, and yield what is needed to reach its two datasets.

    Args:
        files: How many files the first lists, in a bucket of its own.
        file_bytes: Length of each, in bytes.
        large_bytes: Length of the one file in the other; 0 for none.
    """
    command = [sys.executable, __file__, str(files), str(file_bytes), str(large_bytes)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        if server.stdin is None or server.stdout is None:
            raise RuntimeError("the server has no pipes")
        try:
            yield server.stdout.readline().split(), server.stdout.readline().split()
        finally:
            server.stdin.close()


def peak_bytes() -> int:
    """The most memory this process ever had resident."""
    return _status("VmHWM")


def resident_bytes() -> int:
    """The memory that this process has resident."""
    return _status("VmRSS")


def _status(name: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) * 1024
    raise RuntimeError("this system does not tell memory in /proc")


def main() -> None:
    """Serve until the input closes."""
    files, file_bytes, large_bytes = map(int, sys.argv[1:])
    store = CountingStore()
    with RunningStore(store) as running:
        store.create_listing(LISTED, PREFIX, files, file_bytes)
        if large_bytes:
            store.make_up(BUCKET, f"{PREFIX}large.nc", large_bytes, part_bytes=8 << 20)
        for bucket, write in ((LISTED, False), (BUCKET, True)):
            keys = running.grants.issue(bucket, PREFIX, write=write, lifetime_seconds=DAY)
            print(
                running.server.url,
                keys.access_key_id,
                keys.secret_access_key,
                keys.session_token,
                bucket,
                flush=True,
            )
        sys.stdin.read()


if __name__ == "__main__":
    main()
