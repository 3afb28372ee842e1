"""Part files: hidden files that a download writes beside their targets, and renames once they are complete."""

from __future__ import annotations

import contextlib
import errno
import os
import threading
from collections.abc import Iterator
from datetime import datetime
from typing import Final, Self

from provena_sdk.datasets.paths import part_name, part_stem
from provena_sdk.display.text import quoted
from provena_sdk.errors import FileError
from provena_sdk.private_files import is_own, is_written_by_us
from provena_sdk.s3.models import modified_ns
from provena_sdk.transfer.local.destination import Target
from provena_sdk.transfer.local.seal import Seal

_CREATE: Final = os.O_RDWR | os.O_CREAT | os.O_EXCL
_READ: Final = 1024 * 1024


class PartFile:
    """A hidden file beside its target, renamed once it is complete.

    Reading and writing are thread-safe. Nothing is written after the file was closed.

    Args:
        target: The target.
        token: The part of its name that distinguishes it from other downloads of the same target.
        existing: Whether to open an existing file instead of creating one.
        private: Whether to refuse an existing file that another user could have written.

    Raises:
        IsADirectoryError: A folder has the target's name.
        FileNotFoundError: The file to open is missing, or is not a regular file of this user, or not private.
        OSError: The file cannot be created.
    """

    def __init__(self, target: Target, token: str, *, existing: bool = False, private: bool = False) -> None:
        self.target = target
        self._folder = target.folder
        self._name = part_name(target.name, token)
        if self._folder.is_folder(target.name):
            raise _folder_in_the_way(target)
        self._descriptor = _opened(target, self._name, os.O_RDWR if existing else _CREATE)
        # The last user of the file closes the folder, after perhaps removing the file.
        self._folder.keep_open()
        self._lock = threading.Lock()
        self._users = 0
        self._closing = False
        self._unwanted = False
        is_ours = is_written_by_us if private else is_own
        if existing and not is_ours(os.fstat(self._descriptor)):
            self.close()
            raise FileNotFoundError(errno.ENOENT, "It is not a part file of this user", target.path)

    def write(self, offset: int, data: bytes | bytearray | memoryview) -> bool:
        """Write bytes at an offset.

        Args:
            offset: The offset in bytes.
            data: The bytes.

        Returns:
            True; False if the file was closed and nothing was written.
        """
        with self._open() as descriptor:
            if descriptor is None:
                return False
            view = memoryview(data)
            while view:
                written = self._write(descriptor, view, offset)
                view, offset = view[written:], offset + written
        return True

    def read(self, offset: int, length: int) -> bytes:
        """Read bytes, or fewer at the end of the file.

        Args:
            offset: The offset in bytes.
            length: The number of bytes.

        Raises:
            ValueError: The file was closed.
        """
        with self._open() as descriptor:
            if descriptor is None:
                raise ValueError("The part file was closed.")
            if hasattr(os, "pread"):
                return os.pread(descriptor, length, offset)
            with self._lock:
                os.lseek(descriptor, offset, os.SEEK_SET)
                return os.read(descriptor, length)

    def blocks(self, offset: int, length: int) -> Iterator[bytes]:
        """Yield bytes a mebibyte at a time, or fewer at the end of the file.

        Args:
            offset: The offset in bytes.
            length: The number of bytes.
        """
        end = offset + length
        while offset < end and (block := self.read(offset, min(_READ, end - offset))):
            yield block
            offset += len(block)

    def commit(self, *, size: int, modified: datetime | None = None, fsync: bool = False) -> None:
        """Rename the file to its target, replacing an existing file.

        Args:
            size: The expected size in bytes.
            modified: The modification time to set; None leaves it unchanged.
            fsync: Whether to flush its bytes and its name to disk.

        Raises:
            FileError: Another process removed or renamed the file, moved its folder, or changed the file's size.
        """
        status = os.fstat(self._descriptor)
        if not self._is_there(status) or status.st_size != size:
            raise FileError(
                f"{quoted(self.target.path)}: its part file was removed or changed by another process.",
                path=self.target.path,
                hint="Download it again, by one process at a time.",
            )
        if not self._folder.is_current():
            raise _moved(self.target)
        if fsync:
            os.fsync(self._descriptor)
        self.close()
        _publish(self.target, self._name, modified=modified, fsync=fsync)

    def close(self) -> None:
        """Close the file and keep it."""
        with self._lock:
            self._closing = True
            idle = self._users == 0
        if idle:
            self._finish()

    def discard(self) -> None:
        """Close and remove the file."""
        self._unwanted = True
        self.close()

    def _is_there(self, status: os.stat_result) -> bool:
        try:
            return os.path.samestat(self._folder.stat(self._name), status)
        except FileNotFoundError:
            return False

    def _write(self, descriptor: int, view: memoryview, offset: int) -> int:
        if hasattr(os, "pwrite"):
            return os.pwrite(descriptor, view, offset)
        with self._lock:
            os.lseek(descriptor, offset, os.SEEK_SET)
            return os.write(descriptor, view)

    @contextlib.contextmanager
    def _open(self) -> Iterator[int | None]:
        """Lend the descriptor, or None once the file is closed.

        The last user closes the descriptor, because the system may reuse its number for another file.
        """
        with self._lock:
            closing = self._closing
            self._users += not closing
        if closing:
            yield None
            return
        try:
            yield self._descriptor
        finally:
            with self._lock:
                self._users -= 1
                last = self._closing and self._users == 0
            if last:
                self._finish()

    def _finish(self) -> None:
        with self._lock:
            descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)
        if self._unwanted:
            with contextlib.suppress(OSError):
                self._folder.unlink(self._name)
        if descriptor >= 0:
            self._folder.done()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def write_whole(
    target: Target,
    data: bytes | bytearray,
    seal: Seal,
    *,
    modified: datetime | None = None,
    fsync: bool = False,
) -> None:
    """Write a whole file through a part file.

    Args:
        target: The target.
        data: The bytes of the file.
        seal: The user's seal, which marks the part file so that a later download can remove it if this process dies.
        modified: The modification time to set; None leaves it unchanged.
        fsync: Whether to flush its bytes and its name to disk.

    Raises:
        IsADirectoryError: A folder has the target's name.
        FileError: Another process moved or replaced the folder.
        OSError: The file cannot be written. The part file is removed.
    """
    name = part_name(target.name, seal.token(part_stem(target.name)))
    descriptor = _opened(target, name, _CREATE)
    try:
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(descriptor, view) :]
            if fsync:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
        _publish(target, name, modified=modified, fsync=fsync)
    except BaseException:
        with contextlib.suppress(OSError):
            target.folder.unlink(name)
        raise


def _opened(target: Target, name: str, flags: int) -> int:
    try:
        return target.folder.open(name, flags)
    except OSError as error:
        # Name the target, because users do not know the hidden file.
        error.filename = target.path
        raise


def _publish(target: Target, name: str, *, modified: datetime | None, fsync: bool) -> None:
    """Set the modification time of a closed part file, and rename it to its target.

    Raises:
        IsADirectoryError: A folder has the target's name.
        FileError: Another process moved or replaced the folder, so the file is in another place.
    """
    folder = target.folder
    if modified is not None:
        folder.set_time(name, modified_ns(modified))
    try:
        folder.replace(name, target.name)
    except OSError:
        if folder.is_folder(target.name):
            raise _folder_in_the_way(target) from None
        raise
    if fsync:
        folder.sync()
    if not folder.is_current():
        raise _moved(target)


def _folder_in_the_way(target: Target) -> IsADirectoryError:
    return IsADirectoryError(f"A folder has the name of {quoted(target.path)}.")


def _moved(target: Target) -> FileError:
    return FileError(
        f"{quoted(target.path)}: its folder was moved or replaced by another process during the download.",
        path=target.path,
        hint="Download it again, into a folder that no other process changes.",
    )
