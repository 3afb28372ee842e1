"""The local side of a transfer: reading a source folder, and writing into a destination nobody can lead astray."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from provena_sdk.errors import IntegrityError, InvalidArgument, UnsafePath
from provena_sdk.files.paths import is_part_name, part_name
from provena_sdk.files.plan import PlanItem, Seen, refused

_DEAD_SECONDS: Final = 3600.0


class LocalFile(NamedTuple):
    """A file below a source folder: its path from there with forward slashes, and how it was when looked at."""

    path: str
    seen: Seen


@dataclass(frozen=True, slots=True)
class Scan:
    """What lies below a source folder: the files, and what is skipped or refused."""

    files: tuple[LocalFile, ...]
    settled: tuple[PlanItem, ...]


def source_folder(given: str | os.PathLike[str]) -> Path:
    """Check the folder to upload; nothing is read from it.

    Raises:
        InvalidArgument: It does not exist or is no folder.
    """
    folder = _folder("source_directory", given)
    try:
        kind = folder.stat().st_mode
    except FileNotFoundError:
        raise InvalidArgument("source_directory", f"{str(given)!r} does not exist.") from None
    except OSError as error:
        raise InvalidArgument(
            "source_directory", f"{str(given)!r} cannot be read ({error.strerror or type(error).__name__})."
        ) from None
    if not stat.S_ISDIR(kind):
        raise InvalidArgument("source_directory", f"{str(given)!r} is no folder.", hint="Name its folder.")
    return folder


def destination_folder(given: str | os.PathLike[str]) -> Path:
    """Check the folder to download into, and make nothing yet: there may be nothing to put there.

    Raises:
        InvalidArgument: Something else has this name, or nothing can be made there.
    """
    folder = _folder("destination_directory", given)
    above = folder
    while not os.path.lexists(above) and above != above.parent:
        above = above.parent
    if not os.path.isdir(above):
        raise InvalidArgument(
            "destination_directory", f"{str(given)!r} cannot be a folder: {str(above)!r} is none."
        )
    if not os.access(above, os.W_OK | os.X_OK):
        raise InvalidArgument(
            "destination_directory",
            f"nothing can be written into {str(above)!r}.",
            hint="Choose another folder, or ask for permission to write there.",
        )
    return folder


def make_destination(folder: Path) -> None:
    """Make the folder to download into, if it is missing.

    Raises:
        InvalidArgument: It cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidArgument(
            "destination_directory",
            f"{str(folder)!r} cannot be made ({error.strerror or type(error).__name__}).",
        ) from None


def _folder(argument: str, given: object) -> Path:
    """Read a folder's path, refusing what is most likely a mistake: an empty one would mean the current folder."""
    if not isinstance(given, str | os.PathLike) or not isinstance(path := os.fspath(given), str):
        raise InvalidArgument(argument, f"a path is a str or a Path, not {type(given).__name__}.")
    if not path.strip():
        raise InvalidArgument(argument, "it must not be empty.", hint="For the current folder, give '.'.")
    if "\0" in path:
        raise InvalidArgument(argument, f"{path!r} holds a NUL character.")
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise InvalidArgument(argument, f"{path!r}: nobody of this name has a home folder here.") from None


def scan(folder: Path) -> Scan:
    """List the files below a folder, in the order of their paths.

    Links are followed when what they point to lies in the folder too. A link that leaves it, leads nowhere or
    goes round in circles is refused by itself, so that nothing is published that was not put there.
    """
    root = os.path.realpath(folder)
    files: list[LocalFile] = []
    settled: list[PlanItem] = []
    pending: list[tuple[str, str, tuple[str, ...]]] = [(os.fspath(folder), "", (root,))]
    while pending:
        place, prefix, above = pending.pop()
        try:
            with os.scandir(place) as found:
                entries = list(found)
        except OSError as error:
            settled.append(_unreadable(prefix.removesuffix("/") or ".", error))
            continue
        for entry in entries:
            path = prefix + entry.name
            if is_part_name(entry.name):
                settled.append(PlanItem("skip", path, local=path, reason="it is what a broken download left"))
                continue
            try:
                reason = _link_refusal(entry, root, above)
                if reason:
                    settled.append(refused(path, reason, path))
                elif entry.is_dir():
                    pending.append((entry.path, path + "/", (*above, os.path.realpath(entry.path))))
                elif entry.is_file():
                    status = entry.stat()
                    files.append(LocalFile(path, Seen(status.st_size, status.st_mtime_ns)))
                else:
                    settled.append(refused(path, "it is neither a file nor a folder", path))
            except OSError as error:
                settled.append(_unreadable(path, error))
    files.sort()
    return Scan(tuple(files), tuple(settled))


def _unreadable(path: str, error: OSError) -> PlanItem:
    reason = error.strerror or type(error).__name__
    return PlanItem("refused", path, local=path, reason=reason, error=error)


def _link_refusal(entry: os.DirEntry[str], root: str, above: tuple[str, ...]) -> str | None:
    if not entry.is_symlink():
        return None
    try:
        real = os.path.realpath(entry.path, strict=True)
    except OSError:
        return "it is a link that leads nowhere"
    if not inside(real, root):
        return "it is a link out of the folder"
    if real in above:
        return "it is a link to a folder above it"
    return None


def inside(path: str, root: str) -> bool:
    """Whether a path is a folder or lies below it; both are free of links already.

    Args:
        path: The path.
        root: The folder.
    """
    return path == root or path.startswith(root.rstrip(os.sep) + os.sep)


def ignores_case(folder: Path) -> bool:
    """Find out whether a folder's file system ignores case, by making a file there and asking for it."""
    probe = folder / part_name("Case", secrets.token_hex(4))
    try:
        probe.touch(exist_ok=False)
    except OSError:
        return True
    try:
        return probe.with_name(probe.name.swapcase()).exists()
    finally:
        probe.unlink(missing_ok=True)


def sweep(root: Path, targets: Iterable[str]) -> None:
    """Remove what downloads that were killed left in the folders of these targets.

    A download at work writes to its part file all the time; one that nobody has touched for an hour is dead.

    Args:
        root: The destination folder.
        targets: Paths relative to it, with forward slashes; already judged safe as names.
    """
    dead, real_root = time.time() - _DEAD_SECONDS, os.path.realpath(root)
    for folder in {os.path.realpath(root / target.rpartition("/")[0]) for target in targets}:
        if not inside(folder, real_root):
            continue
        with contextlib.suppress(OSError), os.scandir(folder) as entries:
            for entry in entries:
                ours = is_part_name(entry.name) and entry.is_file(follow_symlinks=False)
                if ours and entry.stat().st_mtime < dead:
                    os.unlink(entry.path)


class PartFile:
    """A download in the making: a hidden file beside its target that takes the target's name once it is whole.

    Writing is safe from several threads, and does nothing once the file was closed.

    Args:
        root: The destination folder.
        target: The target relative to it, with forward slashes; already judged safe as a name.

    Raises:
        UnsafePath: A link on the way leads out of the destination.
        OSError: The file or a folder above it cannot be made.
    """

    def __init__(self, root: Path, target: str) -> None:
        self.target = _prepared(root, target)
        self.path = self.target.with_name(part_name(self.target.name, secrets.token_hex(4)))
        try:
            self._file = self.path.open("xb", buffering=0)
        except OSError as error:
            # Nobody has heard of the hidden file.
            error.filename = os.fspath(self.target)
            raise
        self._lock = threading.Lock()

    def write(self, offset: int, data: bytes | bytearray) -> None:
        """Write some bytes at their place."""
        with self._lock:
            if self._file.closed:
                return
            self._file.seek(offset)
            view = memoryview(data)
            while view:
                view = view[self._file.write(view) :]

    def commit(self) -> None:
        """Give the file its final name, replacing what had it."""
        with self._lock:
            self._file.close()
            self.path.replace(self.target)

    def close(self) -> None:
        """Remove the file, unless it was committed."""
        with self._lock:
            if not self._file.closed:
                self._file.close()
            with contextlib.suppress(OSError):
                self.path.unlink(missing_ok=True)


def _prepared(root: Path, target: str) -> Path:
    """Make the folders above a target, and make sure that no link among them leads out of the destination."""
    real_root = os.path.realpath(root)
    path = root.joinpath(*target.split("/"))
    for missing in (True, False):
        if not inside(os.path.realpath(path.parent), real_root):
            raise UnsafePath(
                f"{target!r} was refused: a link in the destination leads out of it.",
                path=target,
                hint="Remove the link, or choose another destination.",
            )
        if missing:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
            except (FileExistsError, NotADirectoryError):
                raise NotADirectoryError(f"A file is where {target!r} needs a folder.") from None
    if path.is_dir():
        raise IsADirectoryError(f"A folder has the name of {target!r}.")
    return path


class SourceFile:
    """A file being uploaded, which must not change meanwhile.

    Args:
        path: The file.

    Raises:
        OSError: It cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("rb", buffering=0)
        status = os.fstat(self._file.fileno())
        if not stat.S_ISREG(status.st_mode):
            self._file.close()
            raise IsADirectoryError(f"{str(path)!r} is no file any more.")
        self._state = (status.st_size, status.st_mtime_ns)
        self._lock = threading.Lock()

    @property
    def size(self) -> int:
        """The size in bytes when the file was opened."""
        return self._state[0]

    def read(self, offset: int, size: int) -> bytes:
        """Read exactly some bytes.

        Raises:
            IntegrityError: The file is not what it was when it was opened.
        """
        blocks: list[bytes] = []
        left = size
        with self._lock:
            self._file.seek(offset)
            while left and (block := self._file.read(left)):
                blocks.append(block)
                left -= len(block)
            status = os.fstat(self._file.fileno())
        if left or (status.st_size, status.st_mtime_ns) != self._state:
            raise IntegrityError(
                f"{str(self._path)!r} changed while it was read.", hint="Upload it when it is finished."
            )
        return b"".join(blocks)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._file.close()
