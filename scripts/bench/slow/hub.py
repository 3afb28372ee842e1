"""A download as huggingface_hub does it: ``python hub.py WAY REQUEST COUNTS``; runs in an environment with boto3.

Its own functions know only its own service. As they do, this writes each file in chunks of 10 MB to a file whose name
ends in ``.incomplete``, eight files at once; resumes behind what such a file holds; and tries a request that fails five
more times, a second apart. COUNTS gets the time and the bytes so far.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from pathlib import Path
from typing import Any, TextIO
from urllib.request import Request, urlopen

import boto3
from botocore.config import Config

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from scripts.bench.transfer_work import Store, read_transfer, target

CHUNK = 10_000_000
AT_ONCE = 8
RETRIES = 5
IDLE_SECONDS = 10.0


class Progress:
    """Counts bytes, and prints a line.

    Args:
        total: The bytes of all files.
        counts: Gets a line for each number of bytes.
    """

    def __init__(self, total: int, counts: TextIO) -> None:
        self._total = total
        self._bytes = 0
        self._counts = counts
        self._lock = threading.Lock()

    def add(self, size: int) -> None:
        """Count bytes that a file has."""
        with self._lock:
            self._bytes += size
            self._counts.write(f"{time.monotonic()} {self._bytes}\n")
            print(f"\r{self._bytes / 1e6:.1f} MB/{self._total / 1e6:.1f} MB", end="", flush=True)


def client(store: Store) -> Any:  # boto3 is not typed
    """Return a client that signs URLs and lists."""
    return boto3.client(
        "s3",
        endpoint_url=store.url,
        region_name=store.region,
        aws_access_key_id=store.access_key_id,
        aws_secret_access_key=store.secret_access_key,
        aws_session_token=store.session_token,
        config=Config(signature_version="s3v4"),
    )


def fetch(url: str, path: Path, size: int, progress: Progress) -> None:
    """Download one file, from where an earlier run has stopped."""
    if path.exists():
        progress.add(size)
        return
    incomplete = path.with_name(path.name + ".incomplete")
    with incomplete.open("ab") as file:
        progress.add(file.tell())
        for left in reversed(range(RETRIES + 1)):
            try:
                _append(url, file, size, progress)
                break
            except (OSError, HTTPException):
                if not left:
                    raise
                time.sleep(1)
    incomplete.rename(path)


def _append(url: str, file: Any, size: int, progress: Progress) -> None:
    if file.tell() == size:
        return
    with urlopen(Request(url, headers={"Range": f"bytes={file.tell()}-"}), timeout=IDLE_SECONDS) as body:
        while chunk := body.read(CHUNK):
            file.write(chunk)
            progress.add(len(chunk))
    if file.tell() < size:
        raise OSError("the answer ended early")


def main() -> None:
    """Download once."""
    _, request, counts = sys.argv[1:]
    transfer = read_transfer(json.loads(Path(request).read_text()))
    bucket, prefix = transfer.store.bucket, transfer.store.prefix
    s3 = client(transfer.store)
    found = {one["Key"]: one["Size"] for one in s3.list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"]}
    with open(counts, "w", buffering=1) as file, ThreadPoolExecutor(AT_ONCE) as pool:
        progress = Progress(sum(found.values()), file)
        fetched = [
            pool.submit(
                fetch,
                s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": key}),
                Path(target(transfer.folder, key, prefix)),
                size,
                progress,
            )
            for key, size in found.items()
        ]
        for one in fetched:
            one.result()


if __name__ == "__main__":
    main()
