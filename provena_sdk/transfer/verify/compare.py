"""Compare files of the same size without transferring them."""

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

from provena_sdk.concurrency.gather import for_each
from provena_sdk.datasets.files import DatasetFiles
from provena_sdk.errors import DatasetFileNotFound, FileError, IntegrityError
from provena_sdk.s3.checksums import composite, even_parts, new_hasher, parse_etag
from provena_sdk.s3.models import FileInfo, ObjectState

_Digests: TypeAlias = Callable[[str, Iterable[int]], Awaitable[list[bytes] | None]]

_THREADS: Final = 4
_READ: Final = 1024 * 1024
_BATCH_FILES: Final = 64
_BATCH_BYTES: Final = 32 * 1024 * 1024
_REQUESTS: Final = 16
_MOST_PARTS: Final = 1000
# The checksums of whole objects, the cheapest first.
_WHOLE: Final = ("crc32", "crc64nvme", "crc32c", "sha1", "sha256")

_OPAQUE: Final = "it cannot be compared: the store's ETag is not a checksum here"
_UNEVEN: Final = "it cannot be compared: the sizes of its parts are unknown"
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


async def compare(store: DatasetFiles, folder: Path, pairs: Sequence[Pair]) -> list[Verdict]:
    """Compare local files with files of the same size in a dataset, on the I/O thread.

    The local files are read in a few threads. A file whose MD5 equals the ETag is the same. For the others, including
    those uploaded in parts, the checksums are requested from the store, because an ETag need not be an MD5.

    Args:
        store: The dataset's store.
        folder: The local folder.
        pairs: The files.

    Returns:
        One verdict per pair, in their order.
    """
    verdicts: list[Verdict | None] = [None] * len(pairs)
    loop = asyncio.get_running_loop()
    threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="provena-compare")
    ended = False

    def by_md5(places: Sequence[int]) -> None:
        for place in places:
            if ended:
                return
            info = pairs[place].info
            digest = _digest("md5", folder, pairs[place].local, [info.size])
            if digest is None:
                verdicts[place] = Verdict(False, _UNREADABLE)
            elif digest[0].hex() == info.etag.lower():
                verdicts[place] = _SAME

    async def hash_batch(places: list[int]) -> None:
        await loop.run_in_executor(threads, by_md5, places)

    async def ask(place: int) -> None:
        pair = pairs[place]

        async def digests(algorithm: str, sizes: Iterable[int]) -> list[bytes] | None:
            return await loop.run_in_executor(threads, _digest, algorithm, folder, pair.local, sizes)

        verdicts[place] = await _Comparison(store, pair.info, digests).verdict()

    plain = [place for place, pair in enumerate(pairs) if _is_plain(pair.info)]
    try:
        await for_each(_batches(plain, pairs), hash_batch, _THREADS)
        await for_each((place for place, found in enumerate(verdicts) if found is None), ask, _REQUESTS)
    finally:
        ended = True
        threads.shutdown(wait=False, cancel_futures=True)
    return [_DIFFERENT if verdict is None else verdict for verdict in verdicts]


class _Comparison:
    """The comparison of one file, by the checksums that the store reports on request."""

    def __init__(self, store: DatasetFiles, info: FileInfo, digests: _Digests) -> None:
        self._objects = store.objects
        self._info = info
        self._digests = digests

    async def verdict(self) -> Verdict:
        try:
            state = await self._objects.head(self._info.path, if_match=self._info.etag)
            known = await self._by_checksum(state)
            return known if known is not None else await self._by_etag(state)
        except (IntegrityError, DatasetFileNotFound):
            # It was replaced or removed since the listing, which the transfer will notice.
            return _DIFFERENT
        except FileError:
            # Continue with the other files.
            return Verdict(False, _DENIED)

    async def _by_checksum(self, state: ObjectState) -> Verdict | None:
        if state.checksum_type == "COMPOSITE":
            return None
        for algorithm in _WHOLE:
            wanted = state.checksums.get(algorithm)
            if wanted is None or "-" in wanted or new_hasher(algorithm) is None:
                continue
            found = await self._digests(algorithm, [self._info.size])
            if found is None:
                return Verdict(False, _UNREADABLE)
            return _SAME if base64.b64encode(found[0]).decode() == wanted else _DIFFERENT
        return None

    async def _by_etag(self, state: ObjectState) -> Verdict:
        etag = None if state.opaque_etag else parse_etag(self._info.etag)
        if etag is None:
            return Verdict(False, _OPAQUE)
        if etag.parts is None:
            # Its MD5 was compared already.
            return _DIFFERENT
        first = await self._objects.head(self._info.path, part=1, if_match=self._info.etag)
        if not first.parts_count or not first.size:
            return Verdict(False, _UNEVEN)
        # Compare the count first: a store may report a part of one byte, and the list would be huge.
        even: list[int] = []
        if -(-self._info.size // first.size) == etag.parts:
            even = list(even_parts(self._info.size, first.size))
            verdict = await self._in_parts(even)
            if verdict.same or verdict.reason:
                return verdict
        if etag.parts > _MOST_PARTS:
            return Verdict(False, _UNEVEN)
        sizes = [first.size] + [0] * (etag.parts - 1)

        async def ask(number: int) -> None:
            state = await self._objects.head(self._info.path, part=number, if_match=self._info.etag)
            sizes[number - 1] = state.size

        await for_each(range(2, etag.parts + 1), ask, _REQUESTS)
        if sizes == even:
            return _DIFFERENT
        return await self._in_parts(sizes) if sum(sizes) == self._info.size else Verdict(False, _UNEVEN)

    async def _in_parts(self, sizes: Sequence[int]) -> Verdict:
        digests = await self._digests("md5", sizes)
        if digests is None:
            return Verdict(False, _UNREADABLE)
        found = composite([digest.hex() for digest in digests])
        return _SAME if found == self._info.etag.lower() else _DIFFERENT


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


def _digest(algorithm: str, folder: Path, local: str, sizes: Iterable[int]) -> list[bytes] | None:
    """Return the digest of each of consecutive ranges of a file; None if the file cannot be read."""
    digests: list[bytes] = []
    try:
        with open(os.path.join(folder, *local.split("/")), "rb", buffering=0) as file:
            for size in sizes:
                hasher = new_hasher(algorithm)
                if hasher is None:
                    return None
                left = size
                while left and (block := file.read(min(left, _READ))):
                    hasher.update(block)
                    left -= len(block)
                digests.append(hasher.digest())
    except OSError:
        return None
    return digests
