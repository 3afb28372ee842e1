"""Mount the files of a file system with FUSE, read-only. It needs the extra ``fuse``, and libfuse 2 or 3."""

from __future__ import annotations

import errno
import os
import stat
import threading
from datetime import datetime
from importlib import import_module
from itertools import count
from typing import IO, TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from types import ModuleType

    from fsspec.spec import AbstractFileSystem

_FILE: Final = stat.S_IFREG | 0o444
_FOLDER: Final = stat.S_IFDIR | 0o555
_CHANGES: Final = os.O_WRONLY | os.O_RDWR


def binding() -> ModuleType:
    """Return ``mfusepy``, the binding to FUSE.

    Raises:
        ImportError: It is not installed, or libfuse is not.
    """
    try:
        return import_module("mfusepy")
    except ImportError as error:
        raise ImportError("Mounting needs mfusepy: pip install 'provena-sdk[fuse]'.") from error
    except OSError as error:
        raise ImportError("Mounting needs FUSE; install the package fuse3 of your system.") from error


def mount(files: AbstractFileSystem, folder: str | os.PathLike[str]) -> None:
    """Mount a file system read-only, and return when it is unmounted: by Ctrl-C, or ``fusermount -u``.

    Args:
        files: The file system, such as ``ds.fs``.
        folder: The folder to mount it on.

    Raises:
        ImportError: ``mfusepy`` or libfuse is not installed.
        OSError: It cannot be mounted there.
    """
    fuse = binding()
    # The binding looks for methods that its own class has.
    operations = type("Operations", (MountedFiles, fuse.Operations), {})(files)
    try:
        fuse.FUSE(
            operations, os.fspath(folder), foreground=True, ro=True, fsname="provena", subtype="provena"
        )
    except RuntimeError as error:
        if operations.has_ended:
            # Ctrl-C unmounted it, which libfuse reports like an error.
            return
        raise OSError(errno.EIO, "FUSE could not mount it", os.fspath(folder)) from error


class MountedFiles:
    """The operations that FUSE calls, from several threads.

    Args:
        files: The file system.

    Attributes:
        has_ended: Whether it was mounted, and then unmounted.
    """

    def __init__(self, files: AbstractFileSystem) -> None:
        self._files = files
        self._opened: dict[int, _Opened] = {}
        self._numbers = count(1)
        self.has_ended = False

    def destroy(self, path: str) -> None:
        """Note that it was unmounted."""
        self.has_ended = True

    def getattr(self, path: str, fh: int | None = None) -> dict[str, Any]:
        """Return the status of a file or folder."""
        with _FuseErrors():
            info = self._files.info(_plain(path)) if _plain(path) else {"type": "directory"}
        is_folder = info["type"] == "directory"
        modified = info.get("LastModified")
        seconds = modified.timestamp() if isinstance(modified, datetime) else 0.0
        return {
            "st_mode": _FOLDER if is_folder else _FILE,
            "st_nlink": 2 if is_folder else 1,
            "st_size": 0 if is_folder else info["size"],
            "st_mtime": seconds,
            "st_ctime": seconds,
            "st_atime": seconds,
            "st_uid": os.getuid(),
            "st_gid": os.getgid(),
        }

    def readdir(self, path: str, fh: int) -> list[str]:
        """Return the names in a folder."""
        with _FuseErrors():
            names = [
                name.rstrip("/").rpartition("/")[2] for name in self._files.ls(_plain(path), detail=False)
            ]
        return [".", "..", *names]

    def open(self, path: str, flags: int) -> int:
        """Open a file for reading, and return its number."""
        if flags & _CHANGES:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        with _FuseErrors():
            file: Any = self._files.open(_plain(path), "rb")
            opened = _Opened(file)
        number = next(self._numbers)
        self._opened[number] = opened
        return number

    def read(self, path: str, size: int, offset: int, fh: int) -> bytes:
        """Read a range of an open file."""
        with _FuseErrors():
            return self._opened[fh].read(size, offset)

    def release(self, path: str, fh: int) -> int:
        """Close an open file."""
        self._opened.pop(fh).file.close()
        return 0


class _Opened:
    """An open file, read by one thread at a time."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self._lock = threading.Lock()

    def read(self, size: int, offset: int) -> bytes:
        with self._lock:
            self.file.seek(offset)
            return self.file.read(size)


class _FuseErrors:
    """Turns the errors of the SDK into those with a number, which FUSE passes to the program that reads."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is None or not isinstance(error, Exception):
            return
        number = error.errno if isinstance(error, OSError) and error.errno else _number(error)
        raise OSError(number, os.strerror(number)) from error


def _number(error: Exception) -> int:
    if isinstance(error, FileNotFoundError):
        return errno.ENOENT
    if isinstance(error, PermissionError):
        return errno.EACCES
    return errno.EIO


def _plain(path: str) -> str:
    return path.strip("/")
