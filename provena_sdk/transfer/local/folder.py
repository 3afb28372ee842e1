"""A folder below a destination, protected against others who can write there.

The system resolves a path anew with every call, and somebody may replace a folder with a link in between. On POSIX a
folder is therefore opened once and used by its descriptor: :class:`OpenFolder`. Windows, and systems whose calls take
no folder descriptor, use the path: :class:`PathFolder`.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import threading
import weakref
from collections.abc import Sequence
from typing import Final, Protocol, Self

from provena_sdk.display.text import quoted
from provena_sdk.errors import UnsafePath
from provena_sdk.transfer.local.scan import inside

_NO_LINK: Final = getattr(os, "O_NOFOLLOW", 0)
_ALWAYS: Final = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0) | _NO_LINK
# Opening a pipe that nobody writes to would block for ever.
_WITHOUT_WAITING: Final = getattr(os, "O_NONBLOCK", 0)
_DIRECTORY: Final = getattr(os, "O_DIRECTORY", 0) | _ALWAYS
# Where supported, opening a folder needs no permission to list it.
_HOLD: Final = getattr(os, "O_PATH", os.O_RDONLY) | _DIRECTORY
_NOT_A_FOLDER: Final = frozenset({errno.ENOTDIR, errno.ELOOP, errno.EMLINK})
# The errors of file systems that cannot force a folder to the disk.
_NO_FOLDER_SYNC: Final = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EBADF})

_CALLS: Final = {os.open, os.stat, os.mkdir, os.unlink, os.rmdir, os.rename, os.utime}
SUPPORTS_DIR_FD: Final = os.name == "posix" and os.supports_dir_fd >= _CALLS
"""Whether this system's calls accept the descriptor of a folder."""


class Folder(Protocol):
    """An existing folder. Names are those of its entries; they hold no slash, and links are not followed.

    It stays open until every user has called :meth:`done`: the one who opened it, and one for each call of
    :meth:`keep_open`. A ``with`` block calls it at its end.
    """

    path: str
    """Its path as the caller gave it, for messages and reports."""

    def keep_open(self) -> None:
        """Keep the folder open for one more user."""
        ...

    def done(self) -> None:
        """Release the folder for one user."""
        ...

    def __enter__(self) -> Self:
        """Return the folder."""
        ...

    def __exit__(self, *_: object) -> None:
        """Release the folder."""
        ...

    def is_current(self) -> bool:
        """Return whether its path still leads to it."""
        ...

    def open(self, name: str, flags: int, mode: int = 0o666) -> int:
        """Open a file and return its descriptor."""
        ...

    def stat(self, name: str) -> os.stat_result:
        """Return the status of an entry."""
        ...

    def is_folder(self, name: str) -> bool:
        """Return whether an entry is a folder, or a link to one."""
        ...

    def names(self) -> list[str]:
        """List its entries."""
        ...

    def rename(self, old: str, new: str) -> None:
        """Rename an entry to an unused name."""
        ...

    def replace(self, old: str, new: str) -> None:
        """Rename an entry, replacing the entry that has the new name."""
        ...

    def unlink(self, name: str) -> None:
        """Remove a file, or a link."""
        ...

    def rmdir(self, name: str) -> None:
        """Remove an empty folder."""
        ...

    def set_time(self, name: str, nanoseconds: int) -> None:
        """Set a file's modification time in nanoseconds since the epoch."""
        ...

    def sync(self) -> None:
        """Force the names of its entries to the disk, where the file system can."""
        ...


def open_folder(root: str, below: str, *, target: str, make: bool = True) -> Folder:
    """Open a folder of a destination, after checking that no link on the way leads out of the destination.

    Args:
        root: The destination; it exists, and links in its own path are allowed.
        below: The folder below it, with forward slashes; empty for the destination itself.
        target: The path that the folder is opened for, for messages.
        make: Whether to make missing folders.

    Raises:
        UnsafePath: A link leads out of the destination.
        NotADirectoryError: A file is where a folder is needed.
        OSError: A folder cannot be made or opened.
    """
    path = os.path.join(root, *below.split("/")) if below else root
    if not SUPPORTS_DIR_FD:
        return _named(root, path, target, make)
    descriptor = _descended(os.open(root, _HOLD & ~_NO_LINK), below.split("/") if below else [], target, make)
    if descriptor is None:
        real_root, real = os.path.realpath(root), os.path.realpath(path)
        if not inside(real, real_root):
            raise _leads_out(target)
        names = os.path.relpath(real, real_root).split(os.sep) if real != real_root else []
        # The resolved path had no links, so it must have none now.
        descriptor = _descended(os.open(real_root, _HOLD), names, target, make)
    if descriptor is None:
        raise _leads_out(target)
    return OpenFolder(path, descriptor)


class OpenFolder:
    """A folder used by its descriptor, which stays the same whatever happens to its path; see :class:`Folder`.

    Args:
        path: Its path as the caller gave it.
        descriptor: Its descriptor.
    """

    def __init__(self, path: str, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor
        # Closed with the last reference at the latest; but a stored exception keeps references.
        self._close = weakref.finalize(self, os.close, descriptor)
        self._identity = _identity(os.fstat(descriptor))
        self._lock = threading.Lock()
        self._users = 1

    def keep_open(self) -> None:
        """Keep the folder open for one more user."""
        with self._lock:
            self._users += 1

    def done(self) -> None:
        """Release the folder for one user."""
        with self._lock:
            self._users -= 1
            if not self._users:
                # The number may be reused for another file.
                self._descriptor = -1
                self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.done()

    def is_current(self) -> bool:
        """Return whether its path still leads to it."""
        return _leads_to(self.path, self._identity)

    def open(self, name: str, flags: int, mode: int = 0o666) -> int:
        """Open a file and return its descriptor."""
        return os.open(name, flags | _ALWAYS | _WITHOUT_WAITING, mode, dir_fd=self._descriptor)

    def stat(self, name: str) -> os.stat_result:
        """Return the status of an entry."""
        return os.stat(name, dir_fd=self._descriptor, follow_symlinks=False)

    def is_folder(self, name: str) -> bool:
        """Return whether an entry is a folder, or a link to one."""
        try:
            return stat.S_ISDIR(os.stat(name, dir_fd=self._descriptor).st_mode)
        except OSError:
            return False

    def names(self) -> list[str]:
        """List its entries."""
        # Two threads listing one descriptor would share its position.
        descriptor = self._reopened()
        try:
            return os.listdir(descriptor)
        finally:
            os.close(descriptor)

    def rename(self, old: str, new: str) -> None:
        """Rename an entry to an unused name."""
        os.rename(old, new, src_dir_fd=self._descriptor, dst_dir_fd=self._descriptor)

    def replace(self, old: str, new: str) -> None:
        """Rename an entry, replacing the entry that has the new name."""
        os.replace(old, new, src_dir_fd=self._descriptor, dst_dir_fd=self._descriptor)

    def unlink(self, name: str) -> None:
        """Remove a file, or a link."""
        os.unlink(name, dir_fd=self._descriptor)

    def rmdir(self, name: str) -> None:
        """Remove an empty folder."""
        os.rmdir(name, dir_fd=self._descriptor)

    def set_time(self, name: str, nanoseconds: int) -> None:
        """Set a file's modification time."""
        os.utime(name, ns=(nanoseconds, nanoseconds), dir_fd=self._descriptor, follow_symlinks=False)

    def sync(self) -> None:
        """Force the names of its entries to the disk, where the file system can."""
        descriptor = self._reopened()
        try:
            os.fsync(descriptor)
        except OSError as error:
            if error.errno not in _NO_FOLDER_SYNC:
                raise
        finally:
            os.close(descriptor)

    def _reopened(self) -> int:
        return os.open(os.curdir, os.O_RDONLY | _DIRECTORY, dir_fd=self._descriptor)


class PathFolder:
    """A folder used by its path; see :class:`Folder`.

    Whoever can write above it may replace it with a link between two calls, which cannot be prevented on the systems
    that need this class.

    Args:
        path: Its path as the caller gave it.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._identity = _identity(os.stat(path))

    def keep_open(self) -> None:
        """Do nothing, since nothing is open."""

    def done(self) -> None:
        """Do nothing, since nothing is open."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.done()

    def is_current(self) -> bool:
        """Return whether its path still leads to it."""
        return _leads_to(self.path, self._identity)

    def open(self, name: str, flags: int, mode: int = 0o666) -> int:
        """Open a file and return its descriptor."""
        return os.open(self._at(name), flags | _ALWAYS | _WITHOUT_WAITING, mode)

    def stat(self, name: str) -> os.stat_result:
        """Return the status of an entry."""
        return os.stat(self._at(name), follow_symlinks=False)

    def is_folder(self, name: str) -> bool:
        """Return whether an entry is a folder, or a link to one."""
        return os.path.isdir(self._at(name))

    def names(self) -> list[str]:
        """List its entries."""
        return os.listdir(self.path)

    def rename(self, old: str, new: str) -> None:
        """Rename an entry to an unused name."""
        os.rename(self._at(old), self._at(new))

    def replace(self, old: str, new: str) -> None:
        """Rename an entry, replacing the entry that has the new name."""
        os.replace(self._at(old), self._at(new))

    def unlink(self, name: str) -> None:
        """Remove a file, or a link."""
        os.unlink(self._at(name))

    def rmdir(self, name: str) -> None:
        """Remove an empty folder."""
        os.rmdir(self._at(name))

    def set_time(self, name: str, nanoseconds: int) -> None:
        """Set a file's modification time."""
        os.utime(self._at(name), ns=(nanoseconds, nanoseconds))

    def sync(self) -> None:
        """Do nothing: Windows opens no folder."""

    def _at(self, name: str) -> str:
        return os.path.join(self.path, name)


def _descended(descriptor: int, names: Sequence[str], target: str, make: bool) -> int | None:
    """Return the descriptor of a folder further down, or None if a link is on the way; closes the given one.

    Raises:
        NotADirectoryError: A file is on the way.
        OSError: A folder cannot be made or opened.
    """
    for name in names:
        try:
            inner = _entered(descriptor, name, make)
        except OSError as error:
            if error.errno not in _NOT_A_FOLDER:
                raise
            if _is_link(descriptor, name):
                return None
            raise _file_in_the_way(target) from None
        finally:
            os.close(descriptor)
        descriptor = inner
    return descriptor


def _entered(above: int, name: str, make: bool) -> int:
    try:
        return os.open(name, _HOLD, dir_fd=above)
    except FileNotFoundError:
        if not make:
            raise
    # Another process may be faster.
    with contextlib.suppress(FileExistsError):
        os.mkdir(name, dir_fd=above)
    return os.open(name, _HOLD, dir_fd=above)


def _is_link(above: int, name: str) -> bool:
    try:
        return stat.S_ISLNK(os.stat(name, dir_fd=above, follow_symlinks=False).st_mode)
    except OSError:
        return False


def _named(root: str, path: str, target: str, make: bool) -> Folder:
    real_root = os.path.realpath(root)
    for missing in (True, False):
        if not inside(os.path.realpath(path), real_root):
            raise _leads_out(target)
        if missing and make:
            try:
                os.makedirs(path, exist_ok=True)
            except (FileExistsError, NotADirectoryError):
                raise _file_in_the_way(target) from None
    return PathFolder(path)


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def _leads_to(path: str, identity: tuple[int, int]) -> bool:
    try:
        return _identity(os.stat(path)) == identity
    except OSError:
        return False


def _leads_out(target: str) -> UnsafePath:
    return UnsafePath(
        f"{quoted(target)} was refused: a link in the destination leads out of it.",
        path=target,
        hint="Remove the link, or choose another destination.",
    )


def _file_in_the_way(target: str) -> NotADirectoryError:
    return NotADirectoryError(f"A file is where {quoted(target)} needs a folder.")
