"""Compare files of the same size without transferring them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

from provena_sdk.concurrency.gather import for_each
from provena_sdk.datasets.files import DatasetFiles
from provena_sdk.errors import DatasetFileNotFound, FileError, IntegrityError
from provena_sdk.s3.checksums import new_hasher, parse_etag
from provena_sdk.s3.models import FileInfo, ObjectState
from provena_sdk.transfer.progress.meter import Meter
from provena_sdk.transfer.verify.checksum import (
    PARTS_UNKNOWN,
    Checksum,
    checksums_of,
    digest_of,
    why_no_checksum,
    with_even_parts,
)

_Digests: TypeAlias = Callable[[str, Sequence[int]], Awaitable[list[bytes] | None]]

_THREADS: Final = 4
_READ: Final = 1024 * 1024
_BATCH_FILES: Final = 64
_BATCH_BYTES: Final = 32 * 1024 * 1024
_REQUESTS: Final = 16
_MOST_PARTS: Final = 1000
# Above this size in bytes, asking for a CRC takes less time than computing the MD5 of the listed ETag.
_SMALL: Final = 1024 * 1024

_DENIED: Final = "it cannot be compared: the store denies access to its checksum"
_UNREADABLE: Final = "the local file cannot be read"


class Pair(NamedTuple):
    """A file that has the same size on both sides, so that its bytes must be compared.

    Args:
        place: The index of its item in the plan.
        info: The file in the store.
        local: Its path below the local folder.
    """

    place: int
    info: FileInfo
    local: str


class Verdict(NamedTuple):
    """Whether two files are equal, and the reason if this is unknown."""

    same: bool
    reason: str | None = None


_SAME: Final = Verdict(True)
_DIFFERENT: Final = Verdict(False)


async def compare(store: DatasetFiles, folder: Path, pairs: Sequence[Pair], meter: Meter) -> list[Verdict]:
    """Compare local files with files of the same size in a dataset, on the I/O thread.

    The local files are read in a few threads. A small file whose MD5 equals the listed ETag is the same. For the
    others, the cheapest of the checksums that the store reports on request is compared, because an ETag need not be an
    MD5.

    Args:
        store: The dataset's store.
        folder: The local folder.
        pairs: The files.
        meter: Receives the progress.

    Returns:
        One verdict per pair, in their order.
    """
    verdicts: list[Verdict | None] = [None] * len(pairs)
    loop = asyncio.get_running_loop()
    threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="provena-compare")
    ended = False
    meter.compare(len(pairs), sum(pair.info.size for pair in pairs))

    def read(size: int) -> None:
        if ended:
            # An OSError, which ends the reading of a large file whose verdict nobody waits for.
            raise InterruptedError
        meter.compared(bytes=size)

    def by_md5(places: Sequence[int]) -> None:
        for place in places:
            if ended:
                return
            info = pairs[place].info
            digest = _digest("md5", folder, pairs[place].local, [info.size], read)
            if digest is None:
                verdicts[place] = Verdict(False, _UNREADABLE)
            elif digest[0].hex() == info.etag.lower():
                verdicts[place] = _SAME
            if verdicts[place] is not None:
                meter.compared(files=1)

    async def hash_batch(places: list[int]) -> None:
        await loop.run_in_executor(threads, by_md5, places)

    async def ask(place: int) -> None:
        pair = pairs[place]

        async def digests(algorithm: str, sizes: Sequence[int]) -> list[bytes] | None:
            return await loop.run_in_executor(threads, _digest, algorithm, folder, pair.local, sizes, read)

        comparison = _Comparison(store, pair.info, digests, md5_differs=place in by_listing)
        verdicts[place] = await comparison.verdict()
        meter.compared(files=1)

    by_listing = {
        place for place, pair in enumerate(pairs) if pair.info.size <= _SMALL and _is_plain(pair.info)
    }
    try:
        await for_each(_batches(sorted(by_listing), pairs), hash_batch, _THREADS)
        await for_each((place for place, found in enumerate(verdicts) if found is None), ask, _REQUESTS)
    finally:
        ended = True
        threads.shutdown(wait=False, cancel_futures=True)
    return [_DIFFERENT if verdict is None else verdict for verdict in verdicts]


class _Comparison:
    """The comparison of one file, by the checksums that the store reports on request.

    Args:
        store: The dataset's store.
        info: The file in the store.
        digests: Hashes ranges of the local file; None if it cannot be read.
        md5_differs: Whether its MD5 is known to differ from the ETag.
    """

    def __init__(self, store: DatasetFiles, info: FileInfo, digests: _Digests, *, md5_differs: bool) -> None:
        self._objects = store.objects
        self._info = info
        self._digests = digests
        self._md5_differs = md5_differs

    async def verdict(self) -> Verdict:
        try:
            return await self._by(await self._objects.head(self._info.path, if_match=self._info.etag))
        except (IntegrityError, DatasetFileNotFound):
            # It was replaced or removed since the listing, which the transfer will notice.
            return _DIFFERENT
        except FileError:
            # Continue with the other files.
            return Verdict(False, _DENIED)

    async def _by(self, state: ObjectState) -> Verdict:
        uneven = False
        for checksum in checksums_of(state):
            if checksum.count is None:
                if checksum.kind == "etag" and self._md5_differs:
                    return _DIFFERENT
                return await self._whether(checksum, [self._info.size])
            if not uneven:
                verdict = await self._in_parts(checksum, checksum.count)
                if verdict is not None:
                    return verdict
                uneven = True
        return Verdict(False, f"it cannot be compared: {PARTS_UNKNOWN if uneven else why_no_checksum(state)}")

    async def _in_parts(self, checksum: Checksum, count: int) -> Verdict | None:
        """Compare by a composite checksum, or return None if the sizes of the parts are unknown."""
        first = await self._objects.head(self._info.path, part=1, if_match=self._info.etag)
        if not first.parts_count or not first.size:
            return None
        even = with_even_parts(checksum, self._info.size, first.size)
        if even is not None:
            verdict = await self._whether(even, even.parts or ())
            if verdict.same or verdict.reason:
                return verdict
        if count > _MOST_PARTS:
            return None
        sizes = [first.size] + [0] * (count - 1)

        async def ask(number: int) -> None:
            state = await self._objects.head(self._info.path, part=number, if_match=self._info.etag)
            sizes[number - 1] = state.size

        await for_each(range(2, count + 1), ask, _REQUESTS)
        if even is not None and tuple(sizes) == even.parts:
            return _DIFFERENT
        return await self._whether(checksum, sizes) if sum(sizes) == self._info.size else None

    async def _whether(self, checksum: Checksum, sizes: Sequence[int]) -> Verdict:
        digests = await self._digests(checksum.algorithm, sizes)
        if digests is None:
            return Verdict(False, _UNREADABLE)
        found = digests[0] if checksum.count is None else digest_of(digests, checksum.algorithm)
        return _SAME if checksum.matches(found) else _DIFFERENT


def _is_plain(info: FileInfo) -> bool:
    etag = parse_etag(info.etag)
    return etag is not None and etag.parts is None


def _batches(places: Iterable[int], pairs: Sequence[Pair]) -> Iterator[list[int]]:
    """Divide the files into batches, because handing a small file to a thread takes longer than hashing it."""
    batch: list[int] = []
    size = 0
    for place in places:
        batch.append(place)
        size += pairs[place].info.size
        if len(batch) == _BATCH_FILES or size >= _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _digest(
    algorithm: str, folder: Path, local: str, sizes: Sequence[int], read: Callable[[int], None]
) -> list[bytes] | None:
    """Return the digest of each of consecutive ranges of a file; None if the file cannot be read."""
    digests: list[bytes] = []
    buffer = memoryview(bytearray(min(_READ, max(sizes, default=0))))
    try:
        with open(os.path.join(folder, *local.split("/")), "rb", buffering=0) as file:
            for size in sizes:
                hasher = new_hasher(algorithm)
                if hasher is None:
                    return None
                left = size
                while left and (count := file.readinto(buffer[: min(left, _READ)])):
                    hasher.update(buffer[:count])
                    left -= count
                    read(count)
                digests.append(hasher.digest())
    except OSError:
        return None
    return digests
