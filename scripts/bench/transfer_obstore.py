"""obstore in the transfer benchmark; runs in an environment of its own.

It has no call for many files: up to 64 are fetched or sent at once, large ones by ranges of 8 MiB and by its own
multipart upload.
"""

from __future__ import annotations

import asyncio
import os
import sys
from importlib.metadata import version
from pathlib import Path

from obstore import Bytes
from obstore.store import S3Store

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from scripts.bench.transfer_work import Transfer, serve, sources, target

AT_ONCE = 64
LARGE_AT_ONCE = 16
RANGE = 8 << 20


def opened(transfer: Transfer) -> S3Store:
    """The store, with paths below the dataset."""
    store = transfer.store
    return S3Store(
        store.bucket,
        prefix=store.prefix.rstrip("/"),
        endpoint=store.url,
        region=store.region,
        access_key_id=store.access_key_id,
        secret_access_key=store.secret_access_key,
        session_token=store.session_token,
        client_options={"allow_http": True},
    )


def keep(path: str, data: Bytes) -> None:
    """Write a small file."""
    with open(path, "wb") as file:
        file.write(data)


def created(path: str) -> int:
    """Open a new file and return its number."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)


def size_of(path: str) -> int:
    """The size of a local file in bytes."""
    return os.path.getsize(path)


async def fetch(transfer: Transfer) -> None:
    """All files of the dataset."""
    store = opened(transfer)
    files, ranges = asyncio.Semaphore(AT_ONCE), asyncio.Semaphore(LARGE_AT_ONCE)

    async def small(path: str) -> None:
        async with files:
            data = await (await store.get_async(path)).bytes_async()
        keep(target(transfer.folder, path, ""), data)

    async def piece(path: str, size: int, at: int, number: int) -> None:
        async with ranges:
            data = await store.get_range_async(path, start=at, end=min(at + RANGE, size))
            await asyncio.to_thread(os.pwrite, number, data, at)

    async def large(path: str, size: int) -> None:
        number = created(target(transfer.folder, path, ""))
        async with asyncio.TaskGroup() as group:
            for at in range(0, size, RANGE):
                group.create_task(piece(path, size, at, number))
        os.close(number)

    async with asyncio.TaskGroup() as group:
        async for page in store.list():
            for found in page:
                path, size = found["path"], found["size"]
                group.create_task(small(path) if size <= RANGE else large(path, size))


async def send(transfer: Transfer) -> None:
    """All files of the folder."""
    store = opened(transfer)
    files, large = asyncio.Semaphore(AT_ONCE), asyncio.Semaphore(2)

    async def one(path: str, name: str) -> None:
        async with files if size_of(path) <= RANGE else large:
            await store.put_async(name, Path(path), chunk_size=RANGE)

    async with asyncio.TaskGroup() as group:
        for path, name in sources(transfer.folder):
            group.create_task(one(path, name))


def download(transfer: Transfer) -> None:
    """All files of the dataset."""
    asyncio.run(fetch(transfer))


def upload(transfer: Transfer) -> None:
    """All files of the folder."""
    asyncio.run(send(transfer))


if __name__ == "__main__":
    serve(download, upload, f"obstore {version('obstore')}")
