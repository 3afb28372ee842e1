"""Immutable bytes, kept in memory up to a budget and in files beyond it."""

from __future__ import annotations

import os
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

MEMORY_PER_BLOB = 1 << 20
MEMORY_IN_ALL = 256 << 20
COPY_BYTES = 1 << 20


class Blob:
    """Immutable bytes; the file that holds them, if any, is removed with the last reference.

    Attributes:
        size: Length in bytes.
        path: The file that holds them, or None if they are in ``data``.
        data: The bytes themselves, if they are in memory.
    """

    __slots__ = ("__weakref__", "data", "path", "size")

    def __init__(self, size: int, *, data: bytes = b"", path: Path | None = None) -> None:
        self.size = size
        self.data = data
        self.path = path

    def read(self, start: int = 0, stop: int | None = None) -> bytes:
        """Return the bytes from ``start`` up to ``stop`` (both in bytes; None means the end)."""
        stop = self.size if stop is None else stop
        if self.path is None:
            return self.data if start == 0 and stop == self.size else self.data[start:stop]
        with self.path.open("rb") as file:
            file.seek(start)
            return file.read(stop - start)

    def chunks(self, start: int = 0, stop: int | None = None) -> Iterator[bytes | memoryview]:
        """Yield the bytes from ``start`` up to ``stop`` in chunks of at most 1 MiB."""
        stop = self.size if stop is None else stop
        if self.path is None:
            view = memoryview(self.data)
            for at in range(start, stop, COPY_BYTES):
                yield view[at : min(at + COPY_BYTES, stop)]
            return
        with self.path.open("rb") as file:
            file.seek(start)
            left = stop - start
            while left and (chunk := file.read(min(COPY_BYTES, left))):
                left -= len(chunk)
                yield chunk


class BlobSpace:
    """Storage for blobs: memory up to a budget, then files in one folder.

    Args:
        folder: An existing or new folder for the files; None makes a temporary one, removed on ``close``.
        memory_per_blob: Larger blobs go to a file, in bytes.
        memory_in_all: Once this many bytes are in memory, every new blob goes to a file.
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        memory_per_blob: int = MEMORY_PER_BLOB,
        memory_in_all: int = MEMORY_IN_ALL,
    ) -> None:
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        self._given = folder
        self._folder: Path | None = None
        self.memory_per_blob = memory_per_blob
        self.memory_in_all = memory_in_all
        self.memory_used = 0

    def spool(self) -> Spool:
        """Return a new spool that writes into this space."""
        return Spool(self)

    def blob(self, data: bytes) -> Blob:
        """Keep ``data`` and return its blob."""
        spool = self.spool()
        spool.write(data)
        return spool.finish()

    def has_room(self, size: int) -> bool:
        """Return whether a blob of ``size`` bytes may stay in memory."""
        return size <= self.memory_per_blob and self.memory_used + size <= self.memory_in_all

    def keep(self, data: bytes) -> Blob:
        """Account for ``data`` in memory for as long as its blob lives."""
        blob = Blob(len(data), data=data)
        if data:
            self.memory_used += len(data)
            weakref.finalize(blob, self._forget, len(data)).atexit = False
        return blob

    def new_file(self) -> tuple[BinaryIO, Path]:
        """Open a new empty file in the folder."""
        if self._folder is None:
            if self._given is None:
                self._temporary = tempfile.TemporaryDirectory(
                    prefix="provena-objects-", ignore_cleanup_errors=True
                )
                self._folder = Path(self._temporary.name)
            else:
                self._given.mkdir(parents=True, exist_ok=True)
                self._folder = self._given
        handle, name = tempfile.mkstemp(dir=self._folder, prefix="object-")
        return os.fdopen(handle, "wb", buffering=0), Path(name)

    def close(self) -> None:
        """Remove the temporary folder, if this space made one."""
        if self._temporary is not None:
            self._temporary.cleanup()
            self._temporary = None
            self._folder = None

    def _forget(self, size: int) -> None:
        self.memory_used -= size


class Spool:
    """Collects bytes for a blob; never holds more than the space allows in memory."""

    __slots__ = ("_file", "_memory", "_path", "_space", "size")

    def __init__(self, space: BlobSpace) -> None:
        self._space = space
        self._memory = bytearray()
        self._file: BinaryIO | None = None
        self._path: Path | None = None
        self.size = 0

    def write(self, data: bytes | memoryview) -> None:
        """Append ``data``."""
        self.size += len(data)
        if self._file is None:
            if self._space.has_room(self.size):
                self._memory += data
                return
            self._file, self._path = self._space.new_file()
            self._write_all(self._memory)
            self._memory = bytearray()
        self._write_all(data)

    def finish(self) -> Blob:
        """Return the bytes as a blob; the spool cannot be used afterwards."""
        if self._file is None or self._path is None:
            return self._space.keep(bytes(self._memory))
        self._file.close()
        blob = Blob(self.size, path=self._path)
        weakref.finalize(blob, _remove, self._path)
        self._file = self._path = None
        return blob

    def discard(self) -> None:
        """Discard the bytes, unless finished."""
        self._memory = bytearray()
        if self._file is not None and self._path is not None:
            self._file.close()
            _remove(self._path)
            self._file = self._path = None

    def _write_all(self, data: bytes | bytearray | memoryview) -> None:
        assert self._file is not None
        view = memoryview(data)
        while view:
            view = view[self._file.write(view) :]


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()
