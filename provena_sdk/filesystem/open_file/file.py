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

_MODES: Final = ("rb", "wb", "ab", "xb")
_ON_THEIR_WAY: Final = 4
# With parts that double in size now and then, 10,000 of them reach S3's largest object.
_PARTS_OF_ONE_SIZE: Final = 1000


class DatasetFile(AbstractBufferedFile):  # type: ignore[misc]  # fsspec is not typed
    """A file of a dataset, as fsspec and everything above it expect one.

    Read, it stays what it was when it was opened: a file that is replaced meanwhile is an error, and never a mixture.
    Written, it has its name only once it is closed: parts are sent while it is being written, and put together at
    the end. A ``with`` block that is left by an exception gives it up, and so does one of another library's that closes
    the file for that reason, such as ``fsspec.open``'s.

    A file that is still being written when nobody holds it any more, or when the interpreter ends, is given up, and
    what had its name stays as it is: nobody said that it was complete. The log says so, and a ResourceWarning when the
    file is garbage collected.

    Args:
        fs: The file system that opened it.
        path: Its name there.
        mode: ``rb``, ``wb``, ``ab`` or ``xb``.
        files: The dataset.
        inner: Its path within the dataset.
        block_size: Bytes that a small read is rounded out to, or of the parts to be sent; None leaves it to us, who go
            by the file's suffix.
        autocommit: Whether closing it gives it its name; otherwise :meth:`commit` does.
        cache_type: fsspec's name for how to read ahead; None means
            :class:`provena_sdk.filesystem.open_file.read_ahead.ReadCache`.
        cache_options: What that takes: of ours, ``memory`` and ``ahead``, both in bytes.
        size: Its size in bytes, when it is known and need not be looked up.
        etag: The ETag it must have, when that is known.
        content_type: The media type it is written with; guessed by its name when None.

    Raises:
        InvalidArgument: There is no such mode or block size.
        NotAFile: It is a folder.
        DatasetFileNotFound: There is no such file to read.
        DatasetFileExists: There is such a file, and it was to be new.
        ServiceFileRefused: It is ``metadata.json`` at the root, and was to be written.
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
            raise already_there(inner, self._dataset_id)
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
            # What a pickle of the file is opened with again.
            self.kwargs = {"etag": self._etag} if self._etag else {}
            return
        self._writer = ObjectWriter(files.objects, inner, content_type=content_type, new=mode == "xb")
        self._sending: deque[Future[None]] = deque()
        self._opened_during = exception_at_hand()
        self._sent = 0
        if mode == "ab":
            self._go_on()
        # Not left to __del__ alone: at the end of the interpreter it may not be called.
        self._unclosed = Unclosed(self, inner)

    @property
    def _dataset_id(self) -> str:
        return self._files.location.dataset_id

    def _check(self, mode: str, block_size: int | None) -> None:
        if mode not in _MODES:
            raise InvalidArgument("mode", f"it must be one of {', '.join(_MODES)}, not {mode!r}.")
        check_block_size(block_size, mode)
        if not self._inner:
            raise not_a_file("", self._dataset_id)
        if mode != "rb":
            check_writable(self._inner, self._dataset_id)

    def _look_up(self, pattern: AccessPattern | None) -> tuple[int, tuple[int, bytes] | None]:
        """Return the size, and what was fetched with it: its offset and bytes."""
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

    def _go_on(self) -> None:
        """Take over what is there: what is short is held, and what is long is copied by the store if it can."""
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
        """Send what fills a block; with ``force``, the rest too."""
        if self._can_send():
            super().flush(force)

    def _initiate_upload(self) -> None:
        if not self.forced:
            run_sync(self._writer.begin())

    def _upload_chunk(self, final: bool = False) -> bool:
        """Send the buffer in parts, of which a few are on their way while the caller goes on writing."""
        if self._writer.in_parts:
            # No copy is made: the buffer shares its bytes, and a new one takes its place.
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
        # It was done here, and not left to fsspec, to empty the buffer.
        return False

    def _send(self, data: memoryview) -> None:
        if len(self._sending) >= _ON_THEIR_WAY:
            self._wait_for_oldest()
        self._sent += 1
        self._sending.append(submit(self._writer.send(self._sent, data)))
        if self._sent % _PARTS_OF_ONE_SIZE == 0:
            self.blocksize *= 2

    def _wait_for_oldest(self) -> None:
        try:
            self._sending.popleft().result()
        except BaseException:
            # Without this part the file would be another.
            self.discard()
            raise

    def close(self) -> None:
        """Close the file; what was written has its name from now on, unless an exception leaves its ``with`` block."""
        ended: bool = self.closed
        if ended or self._unclosed is None:
            # Older releases of fsspec leave this to the cache's own end.
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
        """Give the file its name. Closing does this, except within a transaction.

        Raises:
            DatasetFileExists: There is such a file by now, and it was to be new.
        """
        try:
            self._finish()
        except DatasetFileExists:
            pass
        else:
            return
        # Raised here and not above, so that the store's own word for it does not travel along as its context.
        raise already_there(self._inner, self._dataset_id)

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
        """Give up what was written; what had its name stays as it is."""
        self.closed = True
        if self._unclosed is not None:
            self._unclosed.settled()
        self._cancel_sending()
        self.buffer = None
        if self._writer.in_parts and self._can_send():
            run_sync(self._writer.abort())

    def collect(self) -> bool:
        """Give up what was written, because nobody holds the file any more.

        Returns:
            Whether nothing is left to be closed.
        """
        if self._unclosed is None:
            return self.closed
        if self.closed or self._collected or not self._process.is_here:
            return True
        self._collected = True
        self._cancel_sending()
        # Layers above may be collected later, and would still write their last bytes.
        self.buffer = _Nowhere()
        if self._writer.in_parts and not sys.is_finalizing():
            # Not waited for: the garbage collector runs anywhere, on the I/O thread too, and under any lock.
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
        """Give the file up; io's wrappers call this when they are collected, before they close what they wrap."""
        self.collect()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None and self.mode != "rb" and not self.closed:
            self.discard()
        self.close()

    def _can_send(self) -> bool:
        # In a forked child the connections, and the thread that uses them, are the parent's.
        here = self._process.is_here
        return here and not self._collected and not sys.is_finalizing() and not is_io_thread()


class _Nowhere(io.BytesIO):
    def write(self, data: Any, /) -> int:
        return memoryview(data).nbytes


def already_there(path: str, dataset_id: str) -> DatasetFileExists:
    """Return the error for writing a file that must not exist yet."""
    return DatasetFileExists(
        f"Dataset {dataset_id} holds {quoted(path)} already.",
        path=path,
        hint="Open it with mode 'w' to replace it.",
    )
