"""An open file of a dataset with async methods."""

from __future__ import annotations

import io
import sys
from types import TracebackType
from typing import Any, Self

from provena_sdk.concurrency.fork import HomeProcess
from provena_sdk.concurrency.io_thread import leave_running, on_io_thread
from provena_sdk.datasets.files import DatasetFiles, not_a_file
from provena_sdk.errors import InvalidArgument
from provena_sdk.filesystem.open_file.fsspec_types import AbstractAsyncStreamedFile
from provena_sdk.filesystem.open_file.options import check_block_size
from provena_sdk.filesystem.open_file.unclosed import Unclosed
from provena_sdk.s3.client.writer import ObjectWriter
from provena_sdk.s3.limits import PART_BYTES
from provena_sdk.tracebacks import short_tracebacks


@short_tracebacks
class DatasetStream(AbstractAsyncStreamedFile):  # type: ignore[misc]  # fsspec is not typed
    """A file with async methods, read in any order or written from start to end.

    Nothing is read ahead. A written file appears under its name when it is closed; an exception in an ``async with``
    block aborts the upload. Create one with :meth:`opened`.
    """

    buffer: Any
    _unclosed: Unclosed | None = None

    @classmethod
    async def opened(
        cls,
        fs: Any,
        path: str,
        mode: str,
        files: DatasetFiles,
        inner: str,
        *,
        block_size: int | None = None,
    ) -> Self:
        """Open a file.

        Args:
            fs: The file system.
            path: The file's name there.
            mode: ``rb`` or ``wb``.
            files: The dataset.
            inner: The path within the dataset.
            block_size: The size of a part in bytes.

        Raises:
            InvalidArgument: The mode is invalid, or the parts are too small.
            DatasetFileNotFound: The file to read does not exist.
            NotAFile: The path is a folder.
            ServiceFileRefused: The file is ``metadata.json`` at the root, and the mode is ``wb``.
        """
        if mode not in ("rb", "wb"):
            raise InvalidArgument("mode", f"must be 'rb' or 'wb', not {mode!r}.")
        check_block_size(block_size, mode)
        details = None
        if mode == "rb":
            details = await on_io_thread(files.info(inner))
            if details["type"] == "directory":
                raise not_a_file(inner, files.location.dataset_id)
        else:
            files.check_file(inner)
        return cls(fs, path, mode, files, inner, block_size or PART_BYTES, details)

    def __init__(
        self,
        fs: Any,
        path: str,
        mode: str,
        files: DatasetFiles,
        inner: str,
        block_size: int,
        details: dict[str, Any] | None,
    ) -> None:
        size = None if details is None else details["size"]
        super().__init__(fs, path, mode, block_size, cache_type="none", size=size)
        self._details = details
        self._files = files
        self._inner = inner
        self._writer = ObjectWriter(files.objects, inner)
        self._sent = 0
        self._process = HomeProcess()
        if mode == "wb":
            self._unclosed = Unclosed(self, inner)

    async def _fetch_range(self, start: int, end: int) -> bytes:
        end = min(end, self.size)
        if start >= end or self._details is None:
            return b""
        etag = self._details["ETag"]
        return bytes(await on_io_thread(self._files.read_range(self._inner, start, end, etag=etag)))

    async def flush(self, force: bool = False) -> None:
        """Send all full parts; with ``force``, send the rest, too, and complete the file."""
        if self.mode == "rb" or self.closed:
            return
        data = memoryview(self.buffer.getvalue())
        if force and not self._writer.in_parts:
            await on_io_thread(self._writer.put(data))
            self.forced = True
            return
        start = 0
        while len(data) - start >= self.blocksize or (force and start < len(data)):
            if not self._writer.in_parts:
                await on_io_thread(self._writer.begin())
            end = min(start + self.blocksize, len(data))
            self._sent += 1
            await on_io_thread(self._writer.send(self._sent, data[start:end]))
            start = end
        self.buffer = io.BytesIO()
        self.buffer.write(data[start:])
        if force:
            await on_io_thread(self._writer.complete())
            self.forced = True

    async def close(self) -> None:
        """Close the file; a written file appears under its name."""
        if self.closed:
            return
        if self._unclosed is not None:
            self._unclosed.settled()
        try:
            await super().close()
        except BaseException:
            await self.discard()
            raise

    async def discard(self) -> None:
        """Abort the upload; an existing file of that name stays unchanged."""
        self.closed = True
        if self._unclosed is not None:
            self._unclosed.settled()
            await on_io_thread(self._writer.abort())

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            await self.discard()
        await self.close()

    def __del__(self) -> None:
        if self.closed or self._unclosed is None or not self._process.is_here:
            return
        if self._writer.in_parts and not sys.is_finalizing():
            leave_running(self._writer.abort())
        self._unclosed.collected()
