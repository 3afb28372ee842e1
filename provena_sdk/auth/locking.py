"""One process at a time, also where the file system's own lock does nothing.

``flock`` succeeds without locking on some cluster file systems (Lustre mounted without it, GPFS) and fails on
others. Creating a file that must not exist is atomic on all of them, so that is asked for as well.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

_log = logging.getLogger(__name__)

STALE_SECONDS = 150.0
"""A marker of this age was left behind: a refresh gives up before."""

KERNEL_SECONDS = 0.5
"""How long the kernel lock may take for the holder of the marker, whom nobody but a straggler keeps waiting."""

_POLL_SECONDS = 0.05


@contextmanager
def exclusive(path: Path, *, timeout: float) -> Iterator[None]:
    """Hold ``path`` as a lock; go on without it when it cannot be had.

    Args:
        path: The lock file; its folder exists. A marker lies beside it while the lock is held.
        timeout: Seconds to wait before going on without.
    """
    deadline = time.monotonic() + timeout
    with _marker(path.with_suffix(".held"), deadline) as held:
        # The marker comes first: where there are no kernel locks, asking for one may fail only at the timeout.
        left = max(0.0, deadline - time.monotonic())
        with _kernel_lock(path, min(left, KERNEL_SECONDS) if held else left):
            yield


@contextmanager
def _kernel_lock(path: Path, timeout: float) -> Iterator[None]:
    from filelock import FileLock, Timeout

    held: AbstractContextManager[object] = contextlib.nullcontext()
    try:
        # acquire() returns a context manager whose exit releases.
        held = FileLock(str(path), mode=0o600).acquire(timeout=timeout)
    except (Timeout, OSError, NotImplementedError, RuntimeError) as error:
        _log.debug("No file lock at %s (%s)", path, type(error).__name__)
    with held:
        yield


@contextmanager
def _marker(path: Path, deadline: float) -> Iterator[bool]:
    label = json.dumps({"host": socket.gethostname(), "pid": os.getpid(), "mark": secrets.token_hex(8)})
    held = False
    while not held:
        try:
            held = _created(path, label)
        except OSError as error:
            _log.debug("No lock marker at %s (%s)", path, type(error).__name__)
            break
        if held or _abandoned(path):
            continue
        if time.monotonic() >= deadline:
            _log.debug("Going on without the lock marker at %s", path)
            break
        time.sleep(_POLL_SECONDS)
    try:
        yield held
    finally:
        if held and _label(path) == label:
            with contextlib.suppress(OSError):
                path.unlink()


def _created(path: Path, label: str) -> bool:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    except PermissionError:
        if os.name == "nt" and path.exists():
            # Windows says so while another process is removing the file.
            return False
        raise
    try:
        with open(descriptor, "w") as file:
            file.write(label)
    except OSError:
        # On a full disk; a marker without its owner's name would hold everybody up until it is stale.
        with contextlib.suppress(OSError):
            path.unlink()
        raise
    return True


def _label(path: Path) -> str | None:
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError):
        return None


def _abandoned(path: Path) -> bool:
    """Clear a marker away whose owner is gone. True when it is worth trying again at once."""
    label = _label(path)
    try:
        age = time.time() - path.stat().st_mtime
    except OSError:
        return True
    if age < STALE_SECONDS and not _owner_is_dead(label):
        return False
    aside = path.with_name(f"{path.name}.{os.getpid()}-{secrets.token_hex(4)}")
    try:
        path.rename(aside)
    except OSError:
        return True
    if _label(aside) != label:
        # Somebody else cleared it first and holds it now: what was taken is theirs, so put it back.
        with contextlib.suppress(OSError):
            aside.rename(path)
        return False
    with contextlib.suppress(OSError):
        aside.unlink()
    return True


def _owner_is_dead(label: str | None) -> bool:
    try:
        owner = json.loads(label or "")
        host, pid = owner["host"], int(owner["pid"])
    except (ValueError, KeyError, TypeError):
        return False
    if host != socket.gethostname() or os.name != "posix":
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
