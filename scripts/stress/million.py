"""A plan of a million files: how long it takes, and how much memory.

The server makes its listing up, in a process of its own, so that what is measured is the SDK.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "generated")]

from scripts.stress.counting import counting_store, peak_bytes  # noqa: E402 reason= found by the path above
from scripts.stress.dataset import files_of  # noqa: E402 reason= found by the path above

MOST_SECONDS = 60.0
MOST_BYTES = 1_000_000_000
FILE_BYTES = 4096


def main() -> int:
    """Make the plan; the exit status tells whether it stayed within its bounds."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--files", type=int, default=1_000_000)
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="provena-stress-") as place,
        counting_store(files=options.files, file_bytes=FILE_BYTES) as (listed, _),
    ):
        *keys, bucket = listed
        files = files_of(*keys, bucket=bucket)
        started, before = time.monotonic(), time.process_time()
        plan = files.plan_download(Path(place) / "files")
        seconds, cpu = time.monotonic() - started, time.process_time() - before
        shown = time.monotonic()
        text = str(plan)
        shown = time.monotonic() - shown
        files.close()
    peak = peak_bytes()
    whole = plan.counts() == {"new": options.files} and plan.total_bytes == options.files * FILE_BYTES
    print(text)
    print(
        f"planned {options.files:,} files in {seconds:.1f} s ({cpu:.1f} s of CPU), shown in {shown:.1f} s, "
        f"memory at most {peak / 1e6:.0f} MB"
    )
    return 0 if whole and seconds < MOST_SECONDS and peak < MOST_BYTES else 1


if __name__ == "__main__":
    raise SystemExit(main())
