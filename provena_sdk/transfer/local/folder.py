"""A folder below a destination, protected against other users who can write there.

The system resolves a path on every call, and another user may replace a folder with a link between two calls. On POSIX,
:class:`OpenFolder` therefore opens a folder once and uses its descriptor. Windows, and systems whose calls accept no
folder descriptor, use the path: :class:`PathFolder`.
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
from provena_sdk.private_files import is_own_folder
from provena_sdk.transfer.local.scan import inside

_NO_LINK: Final = getattr(os, "O_NOFOLLOW", 0)
_ALWAYS: Final = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0) | _NO_LINK
# Without it, opening a pipe that has no writer blocks forever.
_WITHOUT_WAITING: Final = getattr(os, "O_NONBLOCK", 0)
_DIRECTORY: Final = getattr(os, "O_DIRECTORY", 0) | _ALWAYS
# With O_PATH, a folder can be opened without permission to list it.
_HOLD: Final = getattr(os, "O_PATH", os.O_RDONLY) | _DIRECTORY
_NOT_A_FOLDER: Final = frozenset({errno.ENOTDIR, errno.ELOOP, errno.EMLINK})
# The errors raised by file systems that cannot flush a folder to disk.
_NO_FOLDER_SYNC: Final = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EBADF})

_CALLS: Final = {os.open, os.stat, os.mkdir, os.unlink, os.rmdir, os.rename, os.utime}
SUPPORTS_DIR_FD: Final = os.name == "posix" and os.supports_dir_fd >= _CALLS
"""Whether this system's calls accept the descriptor of a folder."""


class Folder(Protocol):
    """An existing folder. Its methods take the names of entries, without slashes, and do not follow links.

    It stays open until :meth:`done` has been called once by whoever opened it, and once for each call of
    :meth:`keep_open`. A ``with`` block calls it at the end.
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
        """Return whether the path still leads to this folder."""
        ...

    def is_private(self) -> bool:
        """Return whether certainly no other user can create, rename or remove its entries."""
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
        """Return the names of the entries."""
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
        """Set a file's modification time, in nanoseconds since the epoch."""
        ...

    def sync(self) -> None:
        """Flush the names of the entries to disk, if the file system can."""
        ...


def open_folder(root: str, below: str, *, target: str, make: bool = True) -> Folder:
    """Open a folder below a destination, after checking that no link in the path leads out of the destination.

    Args:
        root: The destination, which must exist. Links in its path are allowed.
        below: The folder below it, with forward slashes; empty for the destination itself.
        target: The file to write or delete in the folder, for messages.
        make: Whether to create missing folders.

    Raises:
        UnsafePath: A link leads out of the destination.
        NotADirectoryError: A file has the name of a folder to open.
        OSError: A folder cannot be created or opened.
    """
    path = os.path.join(root, *below.split("/")) if below else root
    if not SUPPORTS_DIR_FD:
        return _path_folder(root, path, target, make)
    descriptor = _descend(os.open(root, _HOLD & ~_NO_LINK), below.split("/") if below else [], target, make)
    if descriptor is None:
        real_root, real = os.path.realpath(root), os.path.realpath(path)
        if not inside(real, real_root):
            raise _leads_out(target)
        names = os.path.relpath(real, real_root).split(os.sep) if real != real_root else []
        # The resolved path contained no links, so a link in it now was added since.
        descriptor = _descend(os.open(real_root, _HOLD), names, target, make)
    if descriptor is None:
        raise _leads_out(target)
    return OpenFolder(path, descriptor)


class OpenFolder:
    """A folder used through its descriptor, which is valid whatever happens to its path; see :class:`Folder`.

    Args:
        path: Its path as the caller gave it.
        descriptor: Its descriptor.
    """

    def __init__(self, path: str, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor
        # A fallback: done() closes it earlier, because a stored exception may keep references to this object.
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
                # The system may reuse the number for another file.
                self._descriptor = -1
                self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.done()

    def is_current(self) -> bool:
        """Return whether the path still leads to this folder."""
        return _leads_to(self.path, self._identity)

    def is_private(self) -> bool:
        """Return whether certainly no other user can create, rename or remove its entries."""
        return is_own_folder(os.fstat(self._descriptor))

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
        """Return the names of the entries."""
        # Threads that list the same descriptor would share its position.
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
        """Set a file's modification time, in nanoseconds since the epoch."""
        os.utime(name, ns=(nanoseconds, nanoseconds), dir_fd=self._descriptor, follow_symlinks=False)

    def sync(self) -> None:
        """Flush the names of the entries to disk, if the file system can."""
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
    """A folder used through its path; see :class:`Folder`.

    A user who can write to its parent may replace it with a link between two calls. The systems that need this class
    cannot prevent that.

    Args:
        path: Its path as the caller gave it.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._identity = _identity(os.stat(path))

    def keep_open(self) -> None:
        """Do nothing, because nothing is open."""

    def done(self) -> None:
        """Do nothing, because nothing is open."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.done()

    def is_current(self) -> bool:
        """Return whether the path still leads to this folder."""
        return _leads_to(self.path, self._identity)

    def is_private(self) -> bool:
        """Return False: the systems that need this class do not say who can write here."""
        return False

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
        """Return the names of the entries."""
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
        """Set a file's modification time, in nanoseconds since the epoch."""
        os.utime(self._at(name), ns=(nanoseconds, nanoseconds))

    def sync(self) -> None:
        """Do nothing, because Windows cannot open a folder."""

    def _at(self, name: str) -> str:
        return os.path.join(self.path, name)


def _descend(descriptor: int, names: Sequence[str], target: str, make: bool) -> int | None:
    """Open a folder further down and close the given one. Return the new descriptor, or None if a link is in the path.

    Raises:
        NotADirectoryError: A file has the name of a folder to open.
        OSError: A folder cannot be created or opened.
    """
    for name in names:
        try:
            inner = _enter(descriptor, name, make)
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


def _enter(parent: int, name: str, make: bool) -> int:
    try:
        return os.open(name, _HOLD, dir_fd=parent)
    except FileNotFoundError:
        if not make:
            raise
    # Another process may create it first.
    with contextlib.suppress(FileExistsError):
        os.mkdir(name, dir_fd=parent)
    return os.open(name, _HOLD, dir_fd=parent)


def _is_link(parent: int, name: str) -> bool:
    try:
        return stat.S_ISLNK(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode)
    except OSError:
        return False


def _path_folder(root: str, path: str, target: str, make: bool) -> Folder:
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
    return NotADirectoryError(f"{quoted(target)} needs a folder, but a file has its name.")
