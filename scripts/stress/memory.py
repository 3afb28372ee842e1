"""How much memory grows while one large file, or very many small ones, go up or down.

Each of the four runs in a process of its own that measures itself; the server keeps no bytes.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "generated")]

from scripts.stress.counting import counting_store, peak_bytes, resident_bytes  # noqa: E402 reason= found by the path above
from scripts.stress.dataset import files_of  # noqa: E402 reason= found by the path above

MOST_BYTES = 300_000_000
FILE_BYTES = 4096


def work(way: str, folder: str, bucket: str, *keys: str) -> None:
    """Be the process: transfer, and print the growth of memory in bytes and the seconds it took."""
    files = files_of(*keys, bucket=bucket)
    files.exists_("nothing")
    before, started = resident_bytes(), time.monotonic()
    transfer = files.download_all if way == "down" else files.upload_all
    report = transfer(folder, raise_for_failures=False)
    seconds = time.monotonic() - started
    if report.failed:
        raise SystemExit(f"{len(report.failed)} files failed, the first with {report.failed[0].error!r}")
    print(peak_bytes() - before, seconds, sum(outcome.bytes for outcome in report))


def measure(name: str, way: str, folder: Path, keys: list[str], size: int) -> bool:
    """Let a process transfer a folder; True when its memory stayed within bounds and every byte went."""
    *keys, bucket = keys
    command = [sys.executable, __file__, "--child", way, str(folder), bucket, *keys]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        print(f"{name}: {done.stderr.strip().splitlines()[-1]}", file=sys.stderr)
        return False
    growth, seconds, moved = done.stdout.split()
    print(f"{name:<24}{float(seconds):>8.1f} s, memory grew by {int(growth) / 1e6:.0f} MB")
    return int(growth) < MOST_BYTES and int(moved) == size


def main() -> int:
    """Measure all four; the exit status is 0 if each stayed within its bounds."""
    if sys.argv[1:2] == ["--child"]:
        work(*sys.argv[2:])
        return 0
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--megabytes", type=int, default=2000, help="size of the large file")
    parser.add_argument("--files", type=int, default=20_000, help="how many small ones")
    options = parser.parse_args()
    size, count = options.megabytes * 1_000_000, options.files
    outcomes = []
    with (
        tempfile.TemporaryDirectory(prefix="provena-stress-") as place,
        counting_store(files=count, file_bytes=FILE_BYTES, large_bytes=size) as (listed, other),
    ):
        large, small = Path(place) / "large", Path(place) / "small"
        large_name, small_name = f"{options.megabytes:,} MB in one file", f"{count:,} small files"
        outcomes.append(measure(f"{large_name} down", "down", large, other, size))
        # What came down goes up again, under another name.
        (large / "large.nc").rename(large / "again.nc")
        outcomes.append(measure(f"{large_name} up", "up", large, other, size))
        outcomes.append(measure(f"{small_name} down", "down", small, listed, count * FILE_BYTES))
        outcomes.append(measure(f"{small_name} up", "up", small, other, count * FILE_BYTES))
    return 0 if all(outcomes) else 1


if __name__ == "__main__":
    raise SystemExit(main())
