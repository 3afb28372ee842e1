"""Let in one process at a time, even where the file system's locks are ineffective.

``flock`` succeeds without locking on some cluster file systems (Lustre mounted without it, GPFS) and fails on
others. Exclusive creation of a file is atomic on all of them, so a marker file is used as well.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import secrets
import socket
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from provena_sdk.concurrency.processes import has_ended
from provena_sdk.display.notices import warn
from provena_sdk.display.text import printable
from provena_sdk.private_files import read_small

_log = logging.getLogger(__name__)

STALE_SECONDS = 150.0
"""The age in seconds at which a marker counts as abandoned; a refresh never takes that long."""

KERNEL_SECONDS = 0.5
"""Seconds that the marker's holder waits for the kernel lock, which only a straggler can still hold."""

NOTICE_SECONDS = 5.0
"""Seconds to wait before a notice is shown."""

_POLL_SECONDS = 0.05
_LABEL_BYTES = 4096
_BOOT_ID = "/proc/sys/kernel/random/boot_id"


@contextmanager
def exclusive(path: Path, *, timeout: float, doing: str = "renewing the session") -> Iterator[None]:
    """Hold ``path`` as a lock; continue without it if it cannot be acquired.

    Args:
        path: The lock file; its folder exists. A marker file is next to it while the lock is held.
        timeout: Seconds to wait before continuing without the lock.
        doing: What its holder does, for the warning.

    Warns:
        UserWarning: Another process has held the lock for 5 seconds; the message names it.
    """
    deadline = time.monotonic() + timeout
    with _marker(path, deadline, doing) as marker:
        # The marker comes first: without kernel locks, a request for one may fail only at the timeout.
        left = max(0.0, deadline - time.monotonic())
        with _kernel_lock(path, left if marker is None else min(left, KERNEL_SECONDS)) as locked:
            if locked and marker is not None:
                marker.note_kernel_lock()
            yield


@contextmanager
def _kernel_lock(path: Path, timeout: float) -> Iterator[bool]:
    from filelock import FileLock, Timeout  # noqa: PLC0415  # keeps filelock away

    lock = FileLock(str(path), mode=0o600)
    held: AbstractContextManager[object] | None = None
    try:
        try:
            # acquire() returns a context manager whose exit releases the lock.
            held = lock.acquire(timeout=min(timeout, NOTICE_SECONDS))
        except Timeout:
            if timeout <= NOTICE_SECONDS:
                raise
            warn(f"Waiting for another process that holds the lock {printable(path)}.")
            held = lock.acquire(timeout=timeout - NOTICE_SECONDS)
    except (Timeout, OSError, NotImplementedError, RuntimeError) as error:
        _log.debug("No file lock at %s (%s)", path, type(error).__name__)
    with held if held is not None else contextlib.nullcontext():
        yield held is not None


class _Marker:
    """A marker that this process holds.

    Args:
        path: The marker.
        label: The description of its owner.
        descriptor: The open file, which stays valid if the marker is renamed.
    """

    def __init__(self, path: Path, label: dict[str, object], descriptor: int) -> None:
        self._path = path
        self._label = label
        self._descriptor = descriptor
        self._write()

    def note_kernel_lock(self) -> None:
        """Note that the owner also holds the kernel lock; once that is free, the owner is dead."""
        self._label["locked"] = True
        with contextlib.suppress(OSError):
            self._write()

    def release(self) -> None:
        """Remove the marker, unless another process has taken it for an abandoned one."""
        os.close(self._descriptor)
        with contextlib.suppress(OSError):
            if (_read_label(self._path) or {}).get("mark") == self._label["mark"]:
                self._path.unlink()

    def _write(self) -> None:
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        os.write(self._descriptor, json.dumps(self._label).encode())


@contextmanager
def _marker(lock: Path, deadline: float, doing: str) -> Iterator[_Marker | None]:
    path = lock.with_suffix(".held")
    marker: _Marker | None = None
    notice = time.monotonic() + NOTICE_SECONDS
    while marker is None:
        try:
            marker = _created(path)
        except OSError as error:
            _log.debug("No lock marker at %s (%s)", path, type(error).__name__)
            break
        if marker is not None or _abandoned(path, lock):
            continue
        now = time.monotonic()
        if now >= deadline:
            _log.debug("Continuing without the lock marker at %s", path)
            break
        if now >= notice:
            notice = deadline
            warn(_waiting(path, doing))
        time.sleep(_POLL_SECONDS)
    try:
        yield marker
    finally:
        if marker is not None:
            marker.release()


def _created(path: Path) -> _Marker | None:
    """Create the marker; return None if it exists already."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        if not stat.S_ISREG(path.lstat().st_mode):
            # Not a marker, so no process will remove it.
            raise
        return None
    except PermissionError:
        if os.name == "nt" and path.exists():
            # Windows reports this while another process is removing the file.
            return None
        raise
    label: dict[str, object] = {
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "mark": secrets.token_hex(8),
        "boot": _boot_id(),
    }
    try:
        return _Marker(path, label, descriptor)
    except OSError:
        # The disk is full. A marker without its owner would block every process until it is stale.
        os.close(descriptor)
        with contextlib.suppress(OSError):
            path.unlink()
        raise


def _read_label(path: Path) -> dict[str, object] | None:
    try:
        label = json.loads(read_small(path, most=_LABEL_BYTES).content)
    except (OSError, ValueError, RecursionError):
        return None
    return label if isinstance(label, dict) else None


def _abandoned(path: Path, lock: Path) -> bool:
    """Remove a marker whose owner has ended. Return True if the caller should try again at once."""
    label = _read_label(path)
    try:
        age = time.time() - path.lstat().st_mtime
    except OSError:
        return True
    if age < STALE_SECONDS and not _owner_is_dead(label or {}, lock):
        return False
    aside = path.with_name(f"{path.name}.{os.getpid()}-{secrets.token_hex(4)}")
    try:
        path.rename(aside)
    except OSError:
        return True
    if _read_label(aside) != label:
        # Another process was faster and holds the lock now; restore its marker.
        with contextlib.suppress(OSError):
            aside.rename(path)
        return False
    with contextlib.suppress(OSError):
        aside.unlink()
    return True


def _owner_is_dead(owner: dict[str, object], lock: Path) -> bool:
    boot, pid = _boot_id(), owner.get("pid")
    if boot is not None and owner.get("boot") == boot and owner.get("locked") is True:
        # The same kernel, but perhaps another container with other process ids and host names.
        free = _kernel_lock_is_free(lock)
        if free is not None:
            return free
    if owner.get("host") != socket.gethostname() or not isinstance(pid, int) or not 0 < pid < 1 << 31:
        return False
    return has_ended(pid)


def _kernel_lock_is_free(lock: Path) -> bool | None:
    """Return whether the kernel lock is free; None where kernel locks are ineffective."""
    if sys.platform == "win32":
        return None
    import fcntl  # noqa: PLC0415  # not on Windows

    def take(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    opened: list[int] = []
    try:
        opened += [os.open(lock, os.O_RDWR | os.O_NONBLOCK) for _ in range(2)]
        if not take(opened[0]):
            return False
        return None if take(opened[1]) else True
    except OSError:
        return None
    finally:
        for descriptor in opened:
            os.close(descriptor)


def _boot_id() -> str | None:
    """Return the id of this boot of the kernel, which all containers share; None if the system has none."""
    try:
        with open(_BOOT_ID, encoding="ascii") as file:
            return file.read(64).strip() or None
    except (OSError, ValueError):
        return None


def _waiting(path: Path, doing: str) -> str:
    owner = _read_label(path) or {}
    pid, host = owner.get("pid"), owner.get("host")
    who = f"process {printable(pid)} on {printable(host)}" if pid and host else "another process"
    return f"Waiting for {who}, which is {doing}. If it no longer runs, remove {printable(path)}."
