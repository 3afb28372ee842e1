"""Writing into a destination nobody can lead astray: hidden part files that take their names once they are whole."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
import threading
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Self

from provena_sdk.errors import FileError, UnsafePath
from provena_sdk.files.local import inside
from provena_sdk.files.paths import is_part_name, journal_name, journal_owner, part_name, part_stem
from provena_sdk.files.process import bears_mark_of_dead, process_mark

DEAD_SECONDS: Final = 3600.0
"""A download writes to its part file or journal all the time; one that nobody touched for so long is dead."""

_RESUMABLE_SECONDS: Final = 7 * 24 * 3600.0
_CREATE: Final = os.O_RDWR | os.O_CREAT | os.O_EXCL
_PLAIN: Final = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
# What file systems answer that cannot force a folder to the disk.
_NO_FOLDER_SYNC: Final = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EBADF})
_READ: Final = 1024 * 1024


class Destination:
    """The folder a transfer fills. Each folder below it is made and judged once, and again when it is another one.

    Args:
        root: The folder; it exists.
    """

    def __init__(self, root: Path) -> None:
        self._root = os.fspath(root)
        self._folders: dict[str, tuple[str, tuple[int, int] | None]] = {}
        self._journals: dict[str, dict[str, list[str]]] = {}

    def prepare(self, target: str) -> str:
        """Make the folders above a target, and make sure that no link among them leads out of the destination.

        Args:
            target: A path relative to the destination, with forward slashes; already judged safe as a name.

        Returns:
            The target's path on this machine.

        Raises:
            UnsafePath: A link on the way leads out of the destination.
            OSError: A folder cannot be made.
        """
        folder, _, name = target.rpartition("/")
        place, judged = self._folders.get(folder, ("", None))
        # A transfer may take days, in which somebody can put a link in a folder's place.
        if judged is None or _identity(place) != judged:
            place = self._made(folder, target)
            self._folders[folder] = place, _identity(place)
        return os.path.join(place, name)

    def tokens(self, path: str) -> list[str]:
        """Return the tokens of the journals that were found beside a target when its folder was first looked at.

        Args:
            path: The target's path on this machine.
        """
        folder, name = os.path.split(path)
        found = self._journals.get(folder)
        if found is None:
            found = {}
            with contextlib.suppress(OSError), os.scandir(folder) as entries:
                for entry in entries:
                    if owner := journal_owner(entry.name):
                        found.setdefault(owner[0], []).append(owner[1])
            self._journals[folder] = found
        return found.get(part_stem(name), []) if found else []

    def _made(self, folder: str, target: str) -> str:
        real_root = os.path.realpath(self._root)
        place = os.path.join(self._root, *folder.split("/")) if folder else self._root
        for missing in (True, False):
            if not inside(os.path.realpath(place), real_root):
                raise UnsafePath(
                    f"{target!r} was refused: a link in the destination leads out of it.",
                    path=target,
                    hint="Remove the link, or choose another destination.",
                )
            if missing:
                try:
                    os.makedirs(place, exist_ok=True)
                except (FileExistsError, NotADirectoryError):
                    raise NotADirectoryError(f"A file is where {target!r} needs a folder.") from None
        return place


def _identity(folder: str) -> tuple[int, int] | None:
    try:
        status = os.stat(folder)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def new_token() -> str:
    """Return a token for the names of a part file and its journal; it tells which process is at work."""
    return f"{secrets.token_hex(4)}-{process_mark()}"


def beside(target: str, name: str) -> str:
    """Return the path of a file in the folder of another.

    Args:
        target: The other's path.
        name: The file's name.
    """
    return os.path.join(os.path.dirname(target), name)


def journal_path(target: str, token: str) -> str:
    """Return the path of the journal of a target's download.

    Args:
        target: The target's path on this machine.
        token: The download's token.
    """
    return beside(target, journal_name(os.path.basename(target), token))


def part_path(target: str, token: str) -> str:
    """Return the path of the part file of a target's download.

    Args:
        target: The target's path on this machine.
        token: The download's token.
    """
    return beside(target, part_name(os.path.basename(target), token))


class PartFile:
    """A download in the making: a hidden file beside its target that takes the target's name once it is whole.

    Writing and reading are safe from several threads. Once the file was closed, nothing is written any more.

    Args:
        target: The target's path on this machine, from :meth:`Destination.prepare`.
        token: What tells it from other downloads of the same target.
        existing: Whether to go on with a file that is there already.

    Raises:
        IsADirectoryError: A folder has the target's name.
        FileNotFoundError: There is no such file to go on with, or it is none that this user's download made.
        OSError: The file cannot be made.
    """

    def __init__(self, target: str, token: str, *, existing: bool = False) -> None:
        self.target = target
        self.path = part_path(target, token)
        if os.path.isdir(target):
            raise _folder_in_the_way(target)
        try:
            self._descriptor = os.open(self.path, (os.O_RDWR if existing else _CREATE) | _PLAIN, 0o666)
        except OSError as error:
            # Nobody has heard of the hidden file.
            error.filename = target
            raise
        self._lock = threading.Lock()
        self._users = 0
        self._closing = False
        self._unwanted = False
        if existing and not _is_ours(os.fstat(self._descriptor)):
            self.close()
            raise FileNotFoundError(errno.ENOENT, "It is no part file of this user", target)

    def write(self, offset: int, data: bytes | bytearray | memoryview) -> bool:
        """Write some bytes at their place.

        Args:
            offset: The place, in bytes.
            data: The bytes.

        Returns:
            Whether they were written: False once the file was closed.
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
        """Read some bytes back; fewer at the end of the file.

        Args:
            offset: The place, in bytes.
            length: How many.

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
        """Read some bytes back, a megabyte at a time; fewer when the file ends before.

        Args:
            offset: The place, in bytes.
            length: How many.
        """
        end = offset + length
        while offset < end and (block := self.read(offset, min(_READ, end - offset))):
            yield block
            offset += len(block)

    def commit(self, *, size: int, modified: datetime | None = None, fsync: bool = False) -> None:
        """Give the file its final name, replacing what had it.

        Args:
            size: The size it must have, in bytes.
            modified: The modification time to give it; None leaves it as it is.
            fsync: Whether to force it to the disk first, and its name afterwards.

        Raises:
            FileError: Somebody else removed it, took it over or changed its size.
        """
        status = os.fstat(self._descriptor)
        try:
            found = os.stat(self.path, follow_symlinks=False)
        except FileNotFoundError:
            found = None
        if found is None or not os.path.samestat(found, status) or status.st_size != size:
            raise FileError(
                f"{self.target!r}: its part file was removed or changed by somebody else.",
                path=self.target,
                hint="Download it again, by one process at a time.",
            )
        if fsync:
            os.fsync(self._descriptor)
        if modified is not None:
            _set_time(self.path, modified)
        self.close()
        _replace(self.path, self.target)
        if fsync:
            _sync_folder(os.path.dirname(self.target))

    def close(self) -> None:
        """Close the file and leave it where it is."""
        with self._lock:
            self._closing = True
            idle = self._users == 0
        if idle:
            self._finish()

    def discard(self) -> None:
        """Close the file and remove it."""
        self._unwanted = True
        self.close()

    def _write(self, descriptor: int, view: memoryview, offset: int) -> int:
        if hasattr(os, "pwrite"):
            return os.pwrite(descriptor, view, offset)
        with self._lock:
            os.lseek(descriptor, offset, os.SEEK_SET)
            return os.write(descriptor, view)

    @contextlib.contextmanager
    def _open(self) -> Iterator[int | None]:
        """Lend the descriptor: closing waits for whoever uses it, lest its number is given to another file."""
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
                os.unlink(self.path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def write_whole(
    target: str, data: bytes | bytearray, *, modified: datetime | None = None, fsync: bool = False
) -> None:
    """Write a file at once, by way of a part file.

    Args:
        target: Its path on this machine, from :meth:`Destination.prepare`.
        data: Its bytes.
        modified: The modification time to give it; None leaves it as it is.
        fsync: Whether to force it to the disk first, and its name afterwards.

    Raises:
        IsADirectoryError: A folder has the target's name.
        OSError: It cannot be written; nothing is left behind.
    """
    path = part_path(target, new_token())
    try:
        descriptor = os.open(path, _CREATE | _PLAIN, 0o666)
    except OSError as error:
        # Nobody has heard of the hidden file.
        error.filename = target
        raise
    try:
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(descriptor, view) :]
            if fsync:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if modified is not None:
            _set_time(path, modified)
        _replace(path, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(path)
        raise
    if fsync:
        _sync_folder(os.path.dirname(target))


def sweep(root: Path, targets: Iterable[str]) -> None:
    """Remove what downloads that were killed left in the folders of these targets.

    A part file is dead when its process is, or when nobody has touched it for an hour. One with a journal can be
    gone on with; it is removed a week after it was last touched.

    Args:
        root: The destination folder.
        targets: Paths relative to it, with forward slashes; already judged safe as names.
    """
    real_root, now = os.path.realpath(root), time.time()
    folders = {target.rpartition("/")[0] for target in targets}
    for folder in {os.path.realpath(root / folder) for folder in folders}:
        if inside(folder, real_root):
            with contextlib.suppress(OSError):
                _sweep_folder(folder, now)


def _sweep_folder(folder: str, now: float) -> None:
    pairs: dict[str, dict[str, float]] = {}
    with os.scandir(folder) as entries:
        for entry in entries:
            if is_part_name(entry.name) and entry.is_file(follow_symlinks=False):
                pairs.setdefault(entry.name.rpartition(".")[0], {})[entry.path] = entry.stat().st_mtime
    for name, pair in pairs.items():
        resumable = len(pair) > 1
        patience = _RESUMABLE_SECONDS if resumable else DEAD_SECONDS
        if max(pair.values()) < now - patience or (not resumable and bears_mark_of_dead(name)):
            for path in pair:
                os.unlink(path)


def _replace(path: str, target: str) -> None:
    try:
        os.replace(path, target)
    except OSError:
        if os.path.isdir(target):
            raise _folder_in_the_way(target) from None
        raise


def _folder_in_the_way(target: str) -> IsADirectoryError:
    return IsADirectoryError(f"A folder has the name of {target!r}.")


def _set_time(path: str, modified: datetime) -> None:
    # In whole numbers, since a float holds no nanoseconds of these years.
    nanoseconds = (modified - _EPOCH) // timedelta(microseconds=1) * 1000
    os.utime(path, ns=(nanoseconds, nanoseconds))


def _sync_folder(folder: str) -> None:
    if os.name != "posix":
        return
    descriptor = os.open(folder or os.curdir, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_FOLDER_SYNC:
            raise
    finally:
        os.close(descriptor)


def _is_ours(status: os.stat_result) -> bool:
    plain = stat.S_ISREG(status.st_mode) and status.st_nlink == 1
    return plain and (os.name != "posix" or status.st_uid == os.geteuid())
