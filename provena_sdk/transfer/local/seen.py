"""The state of a local file when it was last examined."""

from __future__ import annotations

import os
from typing import NamedTuple, Self


class Seen(NamedTuple):
    """The size of a local file in bytes and its modification time in nanoseconds."""

    size: int
    mtime_ns: int

    @classmethod
    def of(cls, status: os.stat_result) -> Self:
        """Return the state in a system's file status."""
        return cls(status.st_size, status.st_mtime_ns)
