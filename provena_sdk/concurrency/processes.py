"""Identifies the process that began a transfer, and whether it has ended since.

A number alone does not name a process: numbers are given again, each container counts from one, and a folder may
be shared by several machines.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import re
import socket
import uuid
from collections.abc import Mapping
from typing import Final

_BOOT: Final = "/proc/sys/kernel/random/boot_id"
_NAMESPACE: Final = "/proc/self/ns/pid"
# Fields of /proc/<pid>/stat behind the command, which may itself hold spaces and brackets.
_STATE: Final = 0
_STARTED: Final = 19
_MARK: Final = re.compile(r"(?P<place>[0-9a-f]{8})-(?P<pid>[0-9a-f]{1,8})-(?P<started>[0-9a-f]{1,14})\Z")
_ENDED: Final = frozenset({"Z", "X", "x"})


def this_process() -> dict[str, object]:
    """Describe the calling process, for a journal that may outlive it.

    Returns:
        Its machine, number and start, as JSON can hold them.

    Example:
        >>> owner = this_process()
        >>> is_dead(owner), is_dead(owner | {"started": "0"}) or owner["started"] is None
        (False, True)
    """
    return _place() | {"pid": os.getpid(), "started": _stat(os.getpid(), _STARTED)}


def is_dead(owner: object) -> bool:
    """Whether the process that :func:`this_process` described has ended for certain.

    Where that cannot be known, because it ran on another machine, before this one was started, or on Windows, the
    answer is False.

    Args:
        owner: The description, as read from a journal; whatever else it may be, the answer is False.

    Example:
        >>> is_dead({"host": "elsewhere", "pid": 1}), is_dead(None)
        (False, False)
    """
    if not isinstance(owner, Mapping) or os.name != "posix":
        return False
    if any(owner.get(name) != value for name, value in _place().items()):
        return False
    pid = owner.get("pid")
    if not isinstance(pid, int) or isinstance(pid, bool) or pid <= 0:
        return False
    if has_ended(pid):
        return True
    started, known = _stat(pid, _STARTED), owner.get("started")
    return started is not None and isinstance(known, str) and started != known


def has_ended(pid: int) -> bool:
    """Whether no process of this machine or container has a number; a process that waits to be reaped has ended.

    Args:
        pid: The number, above 0. On Windows the answer is always False.

    Example:
        >>> has_ended(os.getpid())
        False
    """
    if os.name != "posix":
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        # There is such a process and it belongs to somebody else, or no process can have the number.
        pass
    return _stat(pid, _STATE) in _ENDED


def process_mark() -> str:
    """Describe the calling process in a few characters, for the name of a file that may outlive it.

    Returns:
        Lower-case letters, digits and dashes; 32 characters at most.

    Example:
        >>> bears_mark_of_dead(process_mark())
        False
    """
    return _mark(os.getpid())


def bears_mark_of_dead(text: str) -> bool:
    """Whether a text ends in what :func:`process_mark` gave to a process that has ended for certain.

    Args:
        text: The text; whatever else it may be, the answer is False.

    Example:
        >>> bears_mark_of_dead("2024"), bears_mark_of_dead("00000000-1-0")
        (False, False)
    """
    match = _MARK.search(text)
    if match is None or match["place"] != _place_mark():
        return False
    started = int(match["started"], 16)
    return is_dead(_place() | {"pid": int(match["pid"], 16), "started": str(started) if started else None})


@functools.lru_cache(maxsize=1)
def _mark(pid: int) -> str:
    started = _stat(pid, _STARTED)
    return f"{_place_mark()}-{pid:x}-{int(started or 0):x}"


def _place_mark() -> str:
    return hashlib.sha256(json.dumps(_place(), sort_keys=True).encode()).hexdigest()[:8]


def _place() -> dict[str, object]:
    """Describe where numbers of processes have their meaning: one boot of one machine or container."""
    place: dict[str, object] = {"host": socket.gethostname(), "boot": None, "namespace": None}
    try:
        with open(_BOOT, encoding="ascii") as file:
            place["boot"] = file.read().strip()
        place["namespace"] = os.readlink(_NAMESPACE)
    except OSError:
        # Names of hosts are given twice; where nothing better is known, the network card's address is.
        place["boot"] = f"{uuid.getnode():x}"
    return place


def _stat(pid: int, field: int) -> str | None:
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[field]
    except (OSError, IndexError):
        return None
