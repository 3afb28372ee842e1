"""Text and compression over a dataset's file, so that all layers end together."""

from __future__ import annotations

import contextlib
import io
from types import TracebackType
from typing import Any

from provena_sdk.filesystem.open_file.file import DatasetFile


class TextFile(io.TextIOWrapper):
    """A dataset's file as text. A ``with`` block that is left by an exception gives up what was written.

    Args:
        file: The file of bytes, or what compresses it.
        innermost: The dataset's file itself.
        options: What :class:`io.TextIOWrapper` takes.
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
        # io would close it, which uploads what was written.
        if not self._innermost.collect():
            super().__del__()


class CompressedFile(io.BufferedIOBase):
    """A dataset's file that is compressed or decompressed on the way. Closing it closes the dataset's file as well.

    Args:
        file: The compressor, or decompressor.
        innermost: The dataset's file itself.
    """

    def __init__(self, file: Any, innermost: DatasetFile) -> None:
        self._file = file
        self._innermost = innermost

    def readable(self) -> bool:
        """Whether it can be read."""
        return bool(self._innermost.readable())

    def writable(self) -> bool:
        """Whether it can be written."""
        return bool(self._innermost.writable())

    def seekable(self) -> bool:
        """Whether its position can be changed."""
        return bool(self._file.seekable())

    def read(self, size: int | None = -1, /) -> bytes:
        """Read so many bytes, or all."""
        data: bytes = self._file.read(-1 if size is None else size)
        return data

    def read1(self, size: int = -1, /) -> bytes:
        """Read what is there."""
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
        """Close both files; what was written has its name from now on."""
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
        """Give the file up; see :meth:`DatasetFile._dealloc_warn`."""
        self._innermost.collect()


def discard(file: DatasetFile) -> None:
    """Discard what was written, unless the file is closed already.

    Args:
        file: A file that is read or written.
    """
    if file.mode != "rb" and not file.closed:
        file.discard()
