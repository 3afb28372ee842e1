"""Read a file during its upload, and detect changes to it."""

from __future__ import annotations

import os
import stat
import sys
import threading
from pathlib import Path

from provena_sdk.display.text import quoted
from provena_sdk.errors import IntegrityError

# Without it, opening a pipe that has no writer blocks forever.
_WITHOUT_WAITING = getattr(os, "O_NONBLOCK", 0)


class SourceFile:
    """A file to upload, which must not change during the upload. Reading is thread-safe.

    Args:
        path: The file.

    Raises:
        OSError: It cannot be opened, or is not a regular file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = open(path, "rb", buffering=0, opener=_opened)  # noqa: SIM115 it stays open as long as this object
        status = os.fstat(self._file.fileno())
        if not stat.S_ISREG(status.st_mode):
            self._file.close()
            raise IsADirectoryError(f"{quoted(path)} is no longer a regular file.")
        self._state = (status.st_size, status.st_mtime_ns)
        self._lock = threading.Lock()

    @property
    def size(self) -> int:
        """The size in bytes when the file was opened."""
        return self._state[0]

    @property
    def modified_ns(self) -> int:
        """The modification time when the file was opened, in nanoseconds since the epoch."""
        return self._state[1]

    def read(self, offset: int, size: int) -> bytes:
        """Read a range of bytes.

        Args:
            offset: The offset in bytes.
            size: The number of bytes.

        Raises:
            IntegrityError: The file changed since it was opened.
        """
        data = self._some(offset, size)
        if len(data) < size:
            blocks, found = [data], len(data)
            while found < size and (block := self._some(offset + found, size - found)):
                blocks.append(block)
                found += len(block)
            data = b"".join(blocks)
        if len(data) < size:
            raise self._changed()
        self.check()
        return data

    def check(self) -> None:
        """Check that the file has not changed.

        Raises:
            IntegrityError: Its size or modification time changed.
        """
        status = os.fstat(self._file.fileno())
        if (status.st_size, status.st_mtime_ns) != self._state:
            raise self._changed()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._file.close()

    # Test the platform rather than os.pread, so that type checkers know which branch applies.
    if sys.platform == "win32":

        def _some(self, offset: int, size: int) -> bytes:
            with self._lock:
                self._file.seek(offset)
                return self._file.read(size)

    else:

        def _some(self, offset: int, size: int) -> bytes:
            return os.pread(self._file.fileno(), size, offset)

    def _changed(self) -> IntegrityError:
        return IntegrityError(
            f"{quoted(self._path)} changed while it was read.", hint="Upload it when it is finished."
        )


def _opened(path: str, flags: int) -> int:
    return os.open(path, flags | _WITHOUT_WAITING)
