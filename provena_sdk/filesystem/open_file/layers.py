"""Text and compression on top of a dataset's file; closing or discarding one layer ends all."""

from __future__ import annotations

import contextlib
import io
from types import TracebackType
from typing import Any

from provena_sdk.filesystem.open_file.file import DatasetFile


class TextFile(io.TextIOWrapper):
    """A dataset's file as text. An exception in a ``with`` block aborts the upload.

    Args:
        file: The file of bytes, compressed or not.
        innermost: The dataset's file itself.
        options: The options of :class:`io.TextIOWrapper`.
    """

    def __init__(self, file: Any, innermost: DatasetFile, **options: Any) -> None:
        self._innermost = innermost
        super().__init__(file, **options)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            discard(self._innermost)
            with contextlib.suppress(ValueError):
                self.close()
        else:
            self.close()

    def __del__(self) -> None:
        # io would close the file, and so upload it.
        if not self._innermost.collect():
            super().__del__()


class CompressedFile(io.BufferedIOBase):
    """A dataset's file with compression. Closing it closes the dataset's file, too.

    Args:
        file: The compressor or decompressor.
        innermost: The dataset's file itself.
    """

    def __init__(self, file: Any, innermost: DatasetFile) -> None:
        self._file = file
        self._innermost = innermost

    def readable(self) -> bool:
        """Return whether it can be read."""
        return bool(self._innermost.readable())

    def writable(self) -> bool:
        """Return whether it can be written."""
        return bool(self._innermost.writable())

    def seekable(self) -> bool:
        """Return whether its position can be changed."""
        return bool(self._file.seekable())

    def read(self, size: int | None = -1, /) -> bytes:
        """Read up to ``size`` bytes, or all."""
        data: bytes = self._file.read(-1 if size is None else size)
        return data

    def read1(self, size: int = -1, /) -> bytes:
        """Read up to ``size`` bytes, or one buffer of bytes."""
        return self.read(size) if size >= 0 else self.read(io.DEFAULT_BUFFER_SIZE)

    def write(self, data: Any, /) -> int:
        """Write bytes."""
        written: int = self._file.write(data)
        return written

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Change the position."""
        position: int = self._file.seek(offset, whence)
        return position

    def tell(self) -> int:
        """Return the position."""
        position: int = self._file.tell()
        return position

    def close(self) -> None:
        """Close both files; a written file appears under its name."""
        if self.closed:
            return
        try:
            self._file.close()
            self._innermost.close()
        except BaseException:
            discard(self._innermost)
            raise
        finally:
            super().close()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            discard(self._innermost)
            with contextlib.suppress(ValueError):
                self.close()
        else:
            self.close()

    def __del__(self) -> None:
        if not self._innermost.collect():
            super().__del__()

    def _dealloc_warn(self, source: object) -> None:
        """Abort the upload; see :meth:`DatasetFile._dealloc_warn`."""
        self._innermost.collect()


def discard(file: DatasetFile) -> None:
    """Abort the upload of a file, unless the file is closed or only read.

    Args:
        file: The file.
    """
    if file.mode != "rb" and not file.closed:
        file.discard()
