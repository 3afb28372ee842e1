"""Reads of an object or a range, in several requests at once where that is faster."""

from __future__ import annotations

import contextlib
import io
from typing import Final

from provena_sdk.concurrency.gather import all_of
from provena_sdk.display.text import quoted
from provena_sdk.errors import FileStoreError, IntegrityError
from provena_sdk.s3.client.objects import ObjectClient
from provena_sdk.s3.client.writer import AT_ONCE
from provena_sdk.s3.limits import PART_BYTES

WHOLE_BYTES: Final = 4 * 1024**2
"""The longest range read in one request; a longer one is read in several at once."""

_PAST_THE_END: Final = frozenset({"InvalidRange", "416"})


async def read_slice(
    objects: ObjectClient,
    path: str,
    start: int | None = None,
    end: int | None = None,
    *,
    etag: str | None = None,
) -> bytes:
    """Read an object or a Python slice of it, in several ranges at once if it is long.

    Args:
        objects: The client.
        path: The object's path.
        start: The first byte; negative values count from the end.
        end: The byte to stop before; negative values count from the end. Bytes past the end are left out.
        etag: The ETag that the object must have.

    Raises:
        DatasetFileNotFound: The object does not exist.
        IntegrityError: The object was replaced during the read.
    """
    if not start and end is None:
        return await _read_whole(objects, path, etag)
    first = start or 0
    if first < 0 or end is None or end < 0:
        return await _read_relative(objects, path, start, end, etag)
    if first >= end:
        return b""
    try:
        return bytes(await read_range(objects, path, first, end, etag=etag))
    except (IntegrityError, FileStoreError) as error:
        if etag is not None or (isinstance(error, FileStoreError) and error.store_code not in _PAST_THE_END):
            raise
    # The range may reach past the object's end.
    return await _read_relative(objects, path, start, end, etag)


async def _read_whole(objects: ObjectClient, path: str, etag: str | None) -> bytes:
    """Read an object of unknown size, in one request if it is short."""
    received = await objects.peek(path, WHOLE_BYTES, if_match=etag)
    first, state = received.data, received.state
    if len(first) >= state.size:
        return bytes(first)
    rest = await read_range(objects, path, len(first), state.size, etag=state.etag)
    return b"".join((first, rest))


async def _read_relative(
    objects: ObjectClient, path: str, start: int | None, end: int | None, etag: str | None
) -> bytes:
    """Read a slice whose ends depend on the object's size."""
    state = await objects.head(path, if_match=etag)
    first, stop, _ = slice(start, end).indices(state.size)
    # Both requests must read the same version of the object.
    return bytes(await read_range(objects, path, first, stop, etag=state.etag)) if first < stop else b""


async def read_range(
    objects: ObjectClient, path: str, start: int, end: int, *, etag: str | None = None
) -> bytes | bytearray:
    """Read a range within an object, and return the buffer that received it.

    Args:
        objects: The client.
        path: The object's path.
        start: The first byte.
        end: The byte to stop before; greater than ``start``.
        etag: The ETag that the object must have.

    Raises:
        DatasetFileNotFound: The object does not exist.
        IntegrityError: The object was replaced during the read, or is shorter.
    """
    length = end - start
    if length <= WHOLE_BYTES:
        return (await objects.get(path, span=(start, length), if_match=etag)).data
    count = -(-length // (PART_BYTES if length > AT_ONCE * PART_BYTES else WHOLE_BYTES))
    # Equal ranges finish together.
    size = -(-length // count)
    buffer = _buffer(path, length)
    offsets = iter(range(0, length, size))
    with buffer.getbuffer() as view:

        async def fetch(offset: int) -> str:
            here = min(size, length - offset)
            got = await objects.get(path, span=(start + offset, here), if_match=etag)
            view[offset : offset + here] = got.data
            return got.state.etag

        async def work() -> None:
            for offset in offsets:
                await fetch(offset)

        if etag is None:
            # All ranges must be of the version that the first one shows.
            etag = await fetch(next(offsets))
        await all_of(*(work() for _ in range(AT_ONCE)))
    # getvalue() shares the buffer's bytes; bytes(…) would copy them.
    return buffer.getvalue()


def _buffer(path: str, length: int) -> io.BytesIO:
    """Return a buffer for an object's bytes; the system assigns its memory only as they arrive."""
    with contextlib.suppress(MemoryError):
        return io.BytesIO(bytes(length))
    raise FileStoreError(
        f"{length:,} bytes of {quoted(path)} do not fit into memory.",
        path=path,
        hint="Read it in parts, or download it.",
    )
