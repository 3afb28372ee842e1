"""Detect a fork, so that objects can reset themselves in the child.

A child has none of its parent's threads and event loops, must not use its parent's connections, and may inherit
locks held by threads that exist only in the parent.
"""

from __future__ import annotations

import os
from collections.abc import Callable


class HomeProcess:
    """The process that an object belongs to: the one that created it, until a forked child takes it over.

    Example:
        >>> home = HomeProcess()
        >>> home.is_here, home.moved()
        (True, False)
    """

    __slots__ = ("_number",)

    def __init__(self) -> None:
        self._number = _forks

    @property
    def is_here(self) -> bool:
        """Whether this process is the one that the object belongs to."""
        return self._number == _forks

    def moved(self) -> bool:
        """Take over the object for this process.

        Returns:
            Whether it belonged to a parent; if so, the caller must replace locks, threads and connections.
        """
        if self.is_here:
            return False
        self._number = _forks
        return True


def begin_in_child(begin: Callable[[], object]) -> None:
    """Call a function in every forked child, before anything else runs there. It cannot be unregistered.

    Args:
        begin: The function, of an object that lives as long as the process.
    """
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=begin)


def _count_fork() -> None:
    global _forks
    _forks += 1


# The forks between the first process and this one. The system's process id would take a call each time.
_forks = 0
begin_in_child(_count_fork)
