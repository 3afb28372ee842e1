"""An open file of a dataset."""

from __future__ import annotations

import io
import sys
from collections import deque
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Final

from provena_sdk.concurrency.fork import HomeProcess
from provena_sdk.concurrency.io_thread import is_io_thread, leave_running, run_sync, submit
from provena_sdk.datasets.files import DatasetFiles, not_a_file
from provena_sdk.datasets.service_file import check_writable
from provena_sdk.display.text import quoted
from provena_sdk.errors import DatasetFileExists, DatasetFileNotFound, InvalidArgument
from provena_sdk.filesystem.open_file.fsspec_types import AbstractBufferedFile
from provena_sdk.filesystem.open_file.options import check_block_size
from provena_sdk.filesystem.open_file.read_ahead import CACHE, AccessPattern, ReadCache, pattern_of
from provena_sdk.filesystem.open_file.unclosed import Unclosed
from provena_sdk.filesystem.open_file.with_block import exception_at_hand, is_left_by_exception
from provena_sdk.s3.client.copying import begin_append
from provena_sdk.s3.client.writer import ObjectWriter
from provena_sdk.s3.limits import PART_BYTES
from provena_sdk.tracebacks import short_traceback, short_tracebacks

_MODES: Final = ("rb", "wb", "ab", "xb")
_PARTS_IN_FLIGHT: Final = 4
# After this many parts their size doubles, so that S3's 10,000 parts suffice for its largest object.
_PARTS_OF_ONE_SIZE: Final = 1000


@short_tracebacks
class DatasetFile(AbstractBufferedFile):  # type: ignore[misc]  # fsspec is not typed
    """A file of a dataset, as fsspec and the libraries on top of it expect one.

    A reader sees one version of the file: if the file is replaced in the meantime, reading fails. A written file
    appears under its name only when it is closed: parts are sent while it is written, and joined at the end. An
    exception in a ``with`` block aborts the upload, also if another library closes the file, such as ``fsspec.open``.

    If a file is garbage collected, or the interpreter ends, before the file is closed, its upload is aborted, since it
    may be incomplete; an existing file of that name stays unchanged. A log entry reports it, and on garbage collection
    a ResourceWarning.

    Args:
        fs: The file system that opened it.
        path: Its name there.
        mode: ``rb``, ``wb``, ``ab`` or ``xb``.
        files: The dataset.
        inner: Its path within the dataset.
        block_size: Bytes to which a small read is rounded up, or the size of a part; None chooses by the file's suffix.
        autocommit: Whether closing completes the file; if not, :meth:`commit` does.
        cache_type: fsspec's name of a read cache; None means
            :class:`provena_sdk.filesystem.open_file.read_ahead.ReadCache`.
        cache_options: The options of the cache; those of ``ReadCache`` are ``memory`` and ``ahead``, both in bytes.
        size: Its size in bytes, if known; saves a request.
        etag: The ETag it must have, if known.
        content_type: The media type to store with it; None guesses by its name.

    Raises:
        InvalidArgument: The mode or the block size is invalid.
        NotAFile: The path is a folder.
        DatasetFileNotFound: The file to read does not exist.
        DatasetFileExists: The file exists, and the mode is ``xb``.
        ServiceFileRefused: The file is ``metadata.json`` at the root, and the mode writes.
    """

    buffer: Any
    _unclosed: Unclosed | None = None
    _collected = False

    def __init__(
        self,
        fs: Any,
        path: str,
        mode: str,
        *,
        files: DatasetFiles,
        inner: str,
        block_size: int | None = None,
        autocommit: bool = True,
        cache_type: str | None = None,
        cache_options: dict[str, Any] | None = None,
        size: int | None = None,
        etag: str | None = None,
        content_type: str | None = None,
    ) -> None:
        self.closed = True
        self._process = HomeProcess()
        self._files = files
        self._inner = inner
        self._etag = etag
        self._check(mode, block_size)
        if mode == "rb":
            cache_type = cache_type or CACHE
            pattern = pattern_of(inner) if cache_type == CACHE else None
            if pattern is not None:
                block_size = block_size or pattern.block
                own = {"begin": self._begin_range, "eager": pattern.eager}
                cache_options = {**own, **(cache_options or {})}
            if size is None or etag is None:
                size, opening = self._look_up(pattern)
                if cache_options is not None and opening is not None:
                    cache_options.setdefault("opening", opening)
        if mode == "xb" and run_sync(files.exists(inner)):
            raise already_exists(inner, self._dataset_id)
        super().__init__(
            fs,
            path,
            mode,
            block_size or PART_BYTES,
            autocommit=autocommit,
            cache_type=cache_type,
            cache_options=cache_options,
            size=size,
        )
        if mode == "rb":
            # Unpickling opens the file with these.
            self.kwargs = {"etag": self._etag} if self._etag else {}
            return
        self._writer = ObjectWriter(files.objects, inner, content_type=content_type, new=mode == "xb")
        self._sending: deque[Future[None]] = deque()
        self._opened_during = exception_at_hand()
        self._sent = 0
        if mode == "ab":
            self._begin_append()
        # __del__ is not enough: it may not be called at the end of the interpreter.
        self._unclosed = Unclosed(self, inner)

    @property
    def _dataset_id(self) -> str:
        return self._files.location.dataset_id

    def _check(self, mode: str, block_size: int | None) -> None:
        if mode not in _MODES:
            raise InvalidArgument("mode", f"must be one of {', '.join(_MODES)}, not {mode!r}.")
        check_block_size(block_size, mode)
        if not self._inner:
            raise not_a_file("", self._dataset_id)
        if mode != "rb":
            check_writable(self._inner, self._dataset_id)

    def _look_up(self, pattern: AccessPattern | None) -> tuple[int, tuple[int, bytes] | None]:
        """Return the size, and the offset and bytes of the range fetched with it."""
        opening = None
        if pattern is None:
            self._details = run_sync(self._files.info(self._inner))
        else:
            found = self._files.peek(self._inner, pattern.opening, tail=pattern.tail)
            self._details, data = run_sync(found)
            opening = (self._details["size"] - len(data) if pattern.tail else 0, data)
        if self._details["type"] == "directory":
            raise not_a_file(self._inner, self._dataset_id)
        if self._etag is None:
            self._etag = self._details["ETag"]
        elif self._etag != self._details["ETag"]:
            opening = None
        return self._details["size"], opening

    def _begin_append(self) -> None:
        """Take over the existing content: the store copies it if it is large and the store can; else it is read."""
        try:
            state = run_sync(self._files.objects.head(self._inner))
        except DatasetFileNotFound:
            return
        try:
            if state.size >= self.blocksize:
                self._sent = run_sync(begin_append(self._files.objects, self._writer, state))
            if self._sent:
                self.offset = self.loc = state.size
                return
            for start in range(0, state.size, PART_BYTES):
                end = min(start + PART_BYTES, state.size)
                self.write(self._read(start, end, state.etag))
        except BaseException:
            self.discard()
            raise

    @short_traceback
    def _fetch_range(self, start: int, end: int) -> bytes:
        end = min(end, self.size)
        if start >= end:
            return b""
        return self._read(start, end, self._etag)

    def _read(self, start: int, end: int, etag: str | None) -> bytes:
        return bytes(run_sync(self._files.read_range(self._inner, start, end, etag=etag)))

    def _begin_range(self, start: int, end: int) -> Future[bytes | bytearray]:
        return submit(self._files.read_range(self._inner, start, end, etag=self._etag))

    def flush(self, force: bool = False) -> None:
        """Send all full blocks; with ``force``, the rest, too."""
        if self._can_send():
            super().flush(force)

    def _initiate_upload(self) -> None:
        if not self.forced:
            run_sync(self._writer.begin())

    def _upload_chunk(self, final: bool = False) -> bool:
        """Send the buffer in parts, a few at a time, while the caller continues to write."""
        if self._writer.in_parts:
            # Not copied: the parts share the buffer's bytes, and a new buffer replaces it.
            data = memoryview(self.buffer.getvalue())
            start = 0
            while len(data) - start >= self.blocksize or (final and start < len(data)):
                end = min(start + self.blocksize, len(data))
                self._send(data[start:end])
                start = end
            self.offset += start
            self.buffer = io.BytesIO()
            self.buffer.write(data[start:])
        if final and self.autocommit:
            self.commit()
        # False keeps fsspec from emptying the buffer, which is done above.
        return False

    def _send(self, data: memoryview) -> None:
        if len(self._sending) >= _PARTS_IN_FLIGHT:
            self._wait_for_oldest()
        self._sent += 1
        self._sending.append(submit(self._writer.send(self._sent, data)))
        if self._sent % _PARTS_OF_ONE_SIZE == 0:
            self.blocksize *= 2

    def _wait_for_oldest(self) -> None:
        try:
            self._sending.popleft().result()
        except BaseException:
            # The file would lack this part.
            self.discard()
            raise

    def close(self) -> None:
        """Close the file and complete it, or abort its upload if an exception left its ``with`` block."""
        ended: bool = self.closed
        if ended or self._unclosed is None:
            # Older releases of fsspec do not close the cache.
            if not ended and isinstance(getattr(self, "cache", None), ReadCache):
                self.cache.close()
            super().close()
        elif self._can_send():
            self._unclosed.settled()
            if is_left_by_exception(self._opened_during):
                self.discard()
            else:
                self._send_rest()
        else:
            self.closed = True
            self._unclosed.left()

    def _send_rest(self) -> None:
        try:
            super().close()
        except BaseException:
            self.discard()
            raise

    def commit(self) -> None:
        """Complete the file, so that it appears under its name. Closing does this, except within a transaction.

        Raises:
            DatasetFileExists: The file exists by now, and the mode is ``xb``.
        """
        try:
            self._finish()
        except DatasetFileExists:
            pass
        else:
            return
        # Raised outside 'except', so that the store's error does not become its context.
        raise already_exists(self._inner, self._dataset_id)

    def _finish(self) -> None:
        if self._writer.in_parts:
            while self._sending:
                self._wait_for_oldest()
            run_sync(self._writer.complete())
        else:
            run_sync(self._writer.put(self.buffer.getvalue()))
        self.buffer = None
        self.fs.invalidate_cache(self.path)

    def discard(self) -> None:
        """Abort the upload; an existing file of that name stays unchanged."""
        self.closed = True
        if self._unclosed is not None:
            self._unclosed.settled()
        self._cancel_sending()
        self.buffer = None
        if self._writer.in_parts and self._can_send():
            run_sync(self._writer.abort())

    def collect(self) -> bool:
        """Abort the upload, because the file is garbage collected.

        Returns:
            Whether nothing is left to close.
        """
        if self._unclosed is None:
            return self.closed
        if self.closed or self._collected or not self._process.is_here:
            return True
        self._collected = True
        self._cancel_sending()
        # The layers above may be collected later, and then write their last bytes.
        self.buffer = _DiscardedBytes()
        if self._writer.in_parts and not sys.is_finalizing():
            # Do not wait: the garbage collector runs on any thread, also the I/O thread, and under any lock.
            leave_running(self._writer.abort())
        self._unclosed.collected()
        return True

    def _cancel_sending(self) -> None:
        for sending in self._sending:
            sending.cancel()
        self._sending.clear()

    def __del__(self) -> None:
        if not self.collect():
            super().__del__()

    def _dealloc_warn(self, source: object) -> None:
        """Abort the upload; io's wrappers call this when they are collected, before they close the file."""
        self.collect()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None and self.mode != "rb" and not self.closed:
            self.discard()
        self.close()

    def _can_send(self) -> bool:
        # In a forked child, the connections and the I/O thread are the parent's.
        here = self._process.is_here
        return here and not self._collected and not sys.is_finalizing() and not is_io_thread()


class _DiscardedBytes(io.BytesIO):
    def write(self, data: Any, /) -> int:
        return memoryview(data).nbytes


def already_exists(path: str, dataset_id: str) -> DatasetFileExists:
    """Return the error for creating a file that exists."""
    return DatasetFileExists(
        f"Dataset {dataset_id} holds {quoted(path)} already.",
        path=path,
        dataset_id=dataset_id,
        hint="Open it with mode 'w' to replace it.",
    )
