"""Writes of an object whose size may be unknown: in one request, or in parts that the store assembles at the end.

Until then the store shows the former object, if there was one.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import math
import mimetypes
from collections.abc import Awaitable, Callable, Iterable
from typing import Final

from provena_sdk.concurrency.gather import all_of
from provena_sdk.s3.checksums import combine, crc32
from provena_sdk.s3.client.objects import ObjectClient
from provena_sdk.s3.models import StoredPart
from provena_sdk.s3.parts import each_part, is_in_parts, part_size

AT_ONCE: Final = 8
"""The number of parts of one file sent at once."""

NOT_RESUMED: Final = math.inf
"""The rate for sizes of parts: as on a fast line, since parts of these uploads are never kept."""

_THREAD_BYTES: Final = 1024 * 1024


class ObjectWriter:
    """A writer of one object. Its coroutines run on fsspec's event loop.

    Args:
        objects: The folder's client.
        path: The object's path within the folder.
        content_type: The media type; None guesses it from the name.
        new: Whether to fail if the file exists.
    """

    def __init__(
        self,
        objects: ObjectClient,
        path: str,
        *,
        content_type: str | None = None,
        new: bool = False,
    ) -> None:
        self._objects = objects
        self.path = path
        self._content_type = content_type or mimetypes.guess_type(path)[0]
        self._new = new
        self._upload_id: str | None = None
        self._parts: dict[int, tuple[StoredPart, bytes]] = {}

    @property
    def in_parts(self) -> bool:
        """Whether an upload in parts is under way."""
        return self._upload_id is not None

    @property
    def upload_id(self) -> str | None:
        """The id of the upload in parts, if one is under way."""
        return self._upload_id

    async def begin(self) -> None:
        """Begin an upload in parts."""
        self._upload_id = await self._objects.create_upload(self.path, content_type=self._content_type)

    async def send(self, number: int, data: bytes | memoryview) -> None:
        """Send a part; parts may be sent concurrently and in any order.

        Args:
            number: Its number, from 1.
            data: Its bytes.
        """
        if self._upload_id is None:
            raise RuntimeError("begin() must be called before send().")
        crc = await _hashed(data)
        part = await self._objects.upload_part(self.path, self._upload_id, number, data, crc32=_base64(crc))
        self._parts[number] = (part, crc)

    async def adopt(self, parts: Iterable[StoredPart]) -> bool:
        """Record parts that the store copied itself.

        Args:
            parts: All parts so far.

        Returns:
            Whether the store reported the CRC32 of each; without it the upload cannot be completed.
        """
        for part in parts:
            if part.crc32 is None:
                return False
            self._parts[part.number] = (part, base64.b64decode(part.crc32))
        return True

    async def complete(self) -> None:
        """Complete the upload; from now on the file is visible.

        Raises:
            DatasetFileExists: The file had to be new, but one exists by now.
        """
        if self._upload_id is None:
            raise RuntimeError("begin() must be called before complete().")
        ordered = [self._parts[number] for number in sorted(self._parts)]
        whole, size = bytes(4), 0
        for part, crc in ordered:
            whole = combine("crc32", whole, crc, part.size)
            size += part.size
        await self._objects.complete_upload(
            self.path,
            self._upload_id,
            [part for part, _ in ordered],
            crc32=_base64(whole),
            size=size,
            if_none_match=self._new,
        )
        self._upload_id = None

    async def put(self, data: bytes | memoryview) -> None:
        """Write the whole file in one request.

        Raises:
            DatasetFileExists: The file had to be new, but one exists by now.
        """
        crc = _base64(await _hashed(data))
        await self._objects.put(
            self.path, data, crc32=crc, content_type=self._content_type, if_none_match=self._new
        )

    async def write(self, data: bytes | bytearray | memoryview) -> None:
        """Write a whole file from memory, in one request or in parts, several at once.

        Raises:
            DatasetFileExists: The file had to be new, but one exists by now.
        """
        view = memoryview(data).cast("B")
        if not is_in_parts(len(view), NOT_RESUMED):
            await self.put(view)
            return

        async def cut(start: int, end: int) -> memoryview:
            return view[start:end]

        await self.write_parts(len(view), cut)

    async def write_parts(self, size: int, read: Callable[[int, int], Awaitable[bytes | memoryview]]) -> None:
        """Write a whole file in parts, several at once; on failure, abort the upload.

        Args:
            size: The size in bytes, at least 1.
            read: Returns the bytes from one offset up to another.

        Raises:
            DatasetFileExists: The file had to be new, but one exists by now.
        """
        spans = enumerate(each_part(size, part_size(size, NOT_RESUMED)), start=1)

        async def work() -> None:
            for number, (start, length) in spans:
                await self.send(number, await read(start, start + length))

        try:
            await self.begin()
            await all_of(*(work() for _ in range(AT_ONCE)))
            await self.complete()
        except BaseException:
            await self.abort()
            raise

    async def abort(self) -> None:
        """Abort the upload: parts left behind cost money and appear in no listing of files."""
        upload_id, self._upload_id = self._upload_id, None
        if upload_id is not None:
            # The first failure matters, not this one.
            with contextlib.suppress(Exception):
                await self._objects.abort_upload(self.path, upload_id)


def crc32_of_parts(parts: Iterable[StoredPart]) -> str | None:
    """Return the CRC32 of the whole in base64, or None if a part's CRC32 is unknown.

    Args:
        parts: All parts, by number.

    Example:
        >>> crc32_of_parts([StoredPart(1, "e", 6, "3NzjGw=="), StoredPart(2, "e", 4, None)])
    """
    whole = bytes(4)
    for part in parts:
        if part.crc32 is None:
            return None
        whole = combine("crc32", whole, base64.b64decode(part.crc32), part.size)
    return _base64(whole)


async def _hashed(data: bytes | memoryview) -> bytes:
    return crc32(data) if len(data) < _THREAD_BYTES else await asyncio.to_thread(crc32, data)


def _base64(crc: bytes) -> str:
    return base64.b64encode(crc).decode()
