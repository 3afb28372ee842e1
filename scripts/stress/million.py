"""A million files, listed row by row and then planned: how long it takes, and how much memory.

The server makes its listing up, in a process of its own, so that what is measured is the SDK.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "generated")]

from provena_sdk.concurrency.io_thread import run_sync  # noqa: E402 reason= found by the path above
from provena_sdk.datasets.files import DatasetFiles  # noqa: E402 reason= found by the path above
from provena_sdk.datasets.listing import FilePages  # noqa: E402 reason= found by the path above
from provena_sdk.paging import Page, Results  # noqa: E402 reason= found by the path above
from provena_sdk.s3.models import FileInfo  # noqa: E402 reason= found by the path above
from scripts.stress.counting import counting_store, peak_bytes  # noqa: E402 reason= found by the path above
from scripts.stress.dataset import files_of  # noqa: E402 reason= found by the path above

MOST_SECONDS = 60.0
MOST_BYTES = 1_000_000_000
MOST_STREAMED_BYTES = 300_000_000
FILE_BYTES = 4096


def streamed(files: DatasetFiles, expected: int) -> bool:
    """Iterate over the files as ``iter_files()`` does; return whether that stayed within its bounds."""
    requests = 0

    async def opened() -> DatasetFiles:
        return files

    pages = FilePages(opened)

    def fetch(after: object | None) -> Page[FileInfo]:
        nonlocal requests
        requests += 1
        return Page(*run_sync(pages.after(str(after or ""))))

    with ThreadPoolExecutor(1) as threads:
        started, before = time.monotonic(), time.process_time()
        rows = Results(fetch, threads.submit)
        found = int(next(rows, None) is not None)
        first, asked = time.monotonic() - started, requests
        found += sum(1 for _ in rows)
        seconds, cpu = time.monotonic() - started, time.process_time() - before
    peak = peak_bytes()
    print(
        f"iterated over {found:,} files in {seconds:.1f} s ({cpu:.1f} s of CPU) and {requests:,} requests, the first "
        f"file after {first:.2f} s with {asked} requests sent, memory at most {peak / 1e6:.0f} MB"
    )
    # The second request is the next page's, which is fetched ahead.
    return found == expected and asked <= 2 and seconds < MOST_SECONDS and peak < MOST_STREAMED_BYTES


def main() -> int:
    """List and plan; the exit status is 0 if both stayed within their bounds."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--files", type=int, default=1_000_000)
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="provena-stress-") as place,
        counting_store(files=options.files, file_bytes=FILE_BYTES) as (listed, _),
    ):
        *keys, bucket = listed
        files = files_of(*keys, bucket=bucket)
        iterated = streamed(files, options.files)
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
    return 0 if iterated and whole and seconds < MOST_SECONDS and peak < MOST_BYTES else 1


if __name__ == "__main__":
    raise SystemExit(main())
