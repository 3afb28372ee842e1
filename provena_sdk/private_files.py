"""Read and write small private files: settings, sessions, tokens, locks."""

from __future__ import annotations

import errno
import os
import secrets
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, NamedTuple

from provena_sdk.secret import Secret

STATE_DIR: Final = "PROVENA_STATE_DIR"
"""The environment variable that names the folder for files that the SDK keeps between runs."""

MOST_BYTES: Final = 1024 * 1024
"""The most bytes of a small file; a session takes a few thousand."""

_OPENS_AT_ONCE: Final = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_CHUNK_BYTES: Final = 64 * 1024
_OTHERS: Final = 0o077
_EXECUTE: Final = stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH
_OTHERS_WRITE: Final = 0o022
_CREATES: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
_REPLACE_TRIES: Final = 20


def state_folder() -> Path:
    """Return the folder for files that the SDK keeps between runs: PROVENA_STATE_DIR, or the platform's default."""
    named = os.environ.get(STATE_DIR)
    if named:
        return Path(named)
    from platformdirs import user_state_path  # noqa: PLC0415  # keeps platformdirs away

    return user_state_path("provena-sdk", appauthor=False)


class SmallFile(NamedTuple):
    """The content and state of a file when it was read.

    Args:
        content: The bytes.
        state: The owner, mode and size.
    """

    content: bytes
    state: os.stat_result

    def __repr__(self) -> str:
        return f"<SmallFile of {len(self.content)} bytes>"


def read_small(path: str | os.PathLike[str], *, most: int = MOST_BYTES) -> SmallFile:
    """Read a small file, but never wait for a pipe or read a device.

    Args:
        path: The file; the null device counts as an empty file.
        most: The most bytes it may have.

    Raises:
        OSError: The file cannot be read, is not a regular file, or is longer than ``most``.

    Example:
        >>> read_small(os.devnull)
        <SmallFile of 0 bytes>
    """
    content = bytearray()
    with _opened(path, most) as (descriptor, state):
        while len(content) <= most:
            chunk = os.read(descriptor, min(_CHUNK_BYTES, most + 1 - len(content)))
            if not chunk:
                return SmallFile(bytes(content), state)
            content += chunk
    raise _too_long(path, most)


def read_own(path: str | os.PathLike[str], *, most: int = MOST_BYTES, secret: bool = False) -> bytes:
    """Read a small file, unless another user could have written it.

    Args:
        path: The file.
        most: The most bytes it may have.
        secret: Whether to refuse a file that other users can read, too.

    Raises:
        PermissionError: The file is not private to this user.
        OSError: The file cannot be read, is not a regular file, or is longer than ``most``.
    """
    found = read_small(path, most=most)
    if not is_own(found.state, others=_OTHERS if secret else _OTHERS_WRITE):
        raise PermissionError(errno.EACCES, "not a file of this user alone", os.fspath(path))
    return found.content


def create_own(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a new file that only this user may read, without following a link.

    Args:
        path: The file; its folder exists.
        content: The bytes.

    Raises:
        FileExistsError: The name is taken.
        OSError: The file cannot be written.
    """
    descriptor = os.open(path, _CREATES, 0o600)
    with open(descriptor, "wb") as opened:
        opened.write(content)


def is_own(state: os.stat_result, *, others: int = 0) -> bool:
    """Return whether a file is a regular file of this user with a single name.

    Args:
        state: The file's status.
        others: The mode bits that it must not have. Owner and mode are meaningless on Windows, and ignored there.
    """
    if not stat.S_ISREG(state.st_mode) or state.st_nlink != 1:
        return False
    return os.name != "posix" or (state.st_uid == os.geteuid() and not state.st_mode & others)


def is_own_folder(state: os.stat_result) -> bool:
    """Return whether certainly no other user can change the entries of a folder; root can always. False on Windows.

    Args:
        state: The folder's status.
    """
    return os.name == "posix" and state.st_uid == os.geteuid() and not state.st_mode & _OTHERS_WRITE


def is_written_by_us(state: os.stat_result) -> bool:
    """Return whether certainly no other user could write a file that this process or an earlier one created.

    Args:
        state: The file's status. Permission to execute, which such a file never has, shows a file system that keeps
            no modes, and so does Windows.
    """
    return os.name == "posix" and is_own(state, others=_OTHERS_WRITE | _EXECUTE)


def write_small(path: Path, text: Secret, *, mode: int = 0o600) -> None:
    """Replace a small file atomically: either the old or the new one always exists.

    Args:
        path: The file; its folder exists.
        text: The new content.
        mode: The file's permissions.

    Raises:
        OSError: The file could not be written; the old one is kept.
    """
    part = path.with_name(f".{path.stem}.{os.getpid()}-{secrets.token_hex(4)}.part")
    try:
        descriptor = os.open(part, _CREATES, 0o600)
        with open(descriptor, "wb") as file:
            file.write(text.reveal().encode())
            file.flush()
            if mode != 0o600:
                os.fchmod(descriptor, mode)
            os.fsync(descriptor)
        _replace(part, path)
    finally:
        part.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _replace(part: Path, path: Path) -> None:
    for _ in range(_REPLACE_TRIES):
        try:
            os.replace(part, path)
        except PermissionError:
            # Windows refuses while another process reads the file, which takes only a moment.
            if os.name != "nt":
                raise
            time.sleep(0.05)
        else:
            return
    os.replace(part, path)


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def require_regular(path: str | os.PathLike[str], *, most: int) -> None:
    """Refuse a file that a library would wait for or read forever.

    Args:
        path: The file.
        most: The most bytes it may have.

    Raises:
        OSError: The file cannot be opened, is not a regular file, or is longer than ``most``.
    """
    with _opened(path, most):
        pass


def others_can_open(state: os.stat_result) -> bool:
    """Return whether a file's mode lets other users read or write it. Windows has no such modes."""
    return os.name == "posix" and bool(stat.S_IMODE(state.st_mode) & _OTHERS)


def make_private_folder(folder: Path) -> None:
    """Create a folder and its missing parents for this user only, whatever the umask is.

    Args:
        folder: The folder; an existing one is not changed.

    Raises:
        OSError: The folder cannot be created.
    """
    for part in (*reversed(folder.parents), folder):
        if part.is_dir():
            continue
        try:
            part.mkdir(mode=0o700, exist_ok=True)
        except FileExistsError:
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(part)) from None


def close_to_others(folder: Path) -> None:
    """Remove other users' permissions for a folder.

    Raises:
        OSError: The folder does not belong to this user.
    """
    if others_can_open(folder.stat()):
        folder.chmod(0o700)


@contextmanager
def _opened(path: str | os.PathLike[str], most: int) -> Iterator[tuple[int, os.stat_result]]:
    # Without O_NONBLOCK, opening a pipe would wait for a writer.
    descriptor = os.open(path, _OPENS_AT_ONCE)
    try:
        state = os.fstat(descriptor)
        if stat.S_ISDIR(state.st_mode):
            raise OSError(errno.EISDIR, os.strerror(errno.EISDIR), os.fspath(path))
        if not stat.S_ISREG(state.st_mode) and not os.path.samestat(state, os.stat(os.devnull)):
            raise OSError(errno.EINVAL, "not a regular file", os.fspath(path))
        if state.st_size > most:
            raise _too_long(path, most)
        yield descriptor, state
    finally:
        os.close(descriptor)


def _too_long(path: str | os.PathLike[str], most: int) -> OSError:
    return OSError(errno.EFBIG, f"longer than {most // 1024} kB", os.fspath(path))
