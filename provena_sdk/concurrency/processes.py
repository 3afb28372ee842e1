"""Identify the process that started a transfer, and detect that it has ended.

A process id alone is not enough: ids are reused, each container counts from one, and several machines may share a
folder.
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
# Fields of /proc/<pid>/stat after the command, which may contain spaces and brackets.
_STATE: Final = 0
_STARTED: Final = 19
_MARK: Final = re.compile(r"(?P<place>[0-9a-f]{8})-(?P<pid>[0-9a-f]{1,8})-(?P<started>[0-9a-f]{1,14})\Z")
_ENDED: Final = frozenset({"Z", "X", "x"})


def this_process() -> dict[str, object]:
    """Return a description of the calling process, for a journal that may outlive it.

    Returns:
        Its machine, process id and start time, as JSON values.

    Example:
        >>> owner = this_process()
        >>> is_dead(owner), is_dead(owner | {"started": "0"}) or owner["started"] is None
        (False, True)
    """
    return _place() | {"pid": os.getpid(), "started": _stat(os.getpid(), _STARTED)}


def is_dead(owner: object) -> bool:
    """Return whether the process that :func:`this_process` described has certainly ended.

    The result is False if that cannot be known: on Windows, and for a process of another machine or of an earlier boot.

    Args:
        owner: The description, as read from a journal; for any other object, the result is False.

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
    """Return whether no process of this machine or container has an id. A zombie process counts as ended.

    Args:
        pid: The process id, above 0. On Windows, the result is always False.

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
        # The process exists and belongs to another user, or no process can have this id.
        pass
    return _stat(pid, _STATE) in _ENDED


def process_mark() -> str:
    """Return a short description of the calling process, for the name of a file that may outlive it.

    Returns:
        Lower-case letters, digits and dashes; at most 32 characters.

    Example:
        >>> bears_mark_of_dead(process_mark())
        False
    """
    return _mark(os.getpid())


def bears_mark_of_dead(text: str) -> bool:
    """Return whether a text ends in the :func:`process_mark` of a process that has certainly ended.

    Args:
        text: The text; without such a mark, the result is False.

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
    """Return the scope of process ids: one boot of one machine or container."""
    place: dict[str, object] = {"host": socket.gethostname(), "boot": None, "namespace": None}
    try:
        with open(_BOOT, encoding="ascii") as file:
            place["boot"] = file.read().strip()
        place["namespace"] = os.readlink(_NAMESPACE)
    except OSError:
        # Host names are not unique; without a boot id, use the network card's hardware address.
        place["boot"] = f"{uuid.getnode():x}"
    return place


def _stat(pid: int, field: int) -> str | None:
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[field]
    except (OSError, IndexError):
        return None
