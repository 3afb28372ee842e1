"""The outcome of one file of a transfer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from provena_sdk.display.amounts import human_size
from provena_sdk.display.text import SERVER_LIMIT, printable, quoted
from provena_sdk.errors import ProvenaError

Outcome = Literal[
    "downloaded",
    "uploaded",
    "copied",
    "moved",
    "same",
    "deleted",
    "planned",
    "skipped",
    "conflict",
    "refused",
    "failed",
]
"""The outcome of a file.

``planned`` is that of a file in a dry run. ``same`` means that the target was equal already, ``conflict`` that
something else has its name, and ``refused`` that its name is unsafe. Files with the last two were not attempted.
"""

_TRANSFERRED: Final = ("downloaded", "uploaded")

Verified = Literal["checksum", "size"]
"""How a file was verified: against the store's checksum, or by size alone."""


@dataclass(frozen=True, slots=True, repr=False)
class FileOutcome:
    """The outcome of one file.

    Args:
        path: The file's path within the dataset.
        outcome: Its outcome.
        bytes: The number of bytes transferred or copied, including those resumed.
        seconds: The duration of its transfer in seconds, including waiting.
        local: The file on this machine, if there is one.
        reason: Why it was skipped or refused, or why only its size could be verified.
        error: The error, if it failed or was refused.
        verified: How the transferred bytes were verified; None when nothing was transferred.
        checksum: The checksum they were verified against, such as ``"crc32:3610a686"``, ``"md5:…"`` or ``"etag:…-4"``.
        resumed: The number of bytes that an earlier, interrupted transfer had stored.
        target: The path of its copy, or the one that it was moved to; None if it was neither copied nor moved.
    """

    path: str
    outcome: Outcome
    bytes: int = 0
    seconds: float = 0.0
    local: Path | None = None
    reason: str | None = None
    error: Exception | None = None
    verified: Verified | None = None
    checksum: str | None = None
    resumed: int = 0
    target: str | None = None

    @property
    def ok(self) -> bool:
        """Whether the file did not fail, was not refused, and is not in conflict."""
        return self.outcome not in ("conflict", "failed", "refused")

    @property
    def note(self) -> str:
        """The reason or the error, in one line; empty if there is neither."""
        text = self.reason or (_described(self.error) if self.error is not None else "")
        return printable(text, SERVER_LIMIT)

    def __str__(self) -> str:
        size = f" ({human_size(self.bytes)})" if self.bytes or self.outcome in _TRANSFERRED else ""
        target = f" to {printable(self.target)}" if self.target else ""
        note = f": {self.note}" if self.note else ""
        return f"{self.outcome:<10} {printable(self.path)}{target}{size}{note}"

    def __repr__(self) -> str:
        return f"<FileOutcome {self.outcome} {quoted(self.path, 120)}, {human_size(self.bytes)}>"


def _described(error: Exception) -> str:
    if not isinstance(error, OSError) or isinstance(error, ProvenaError) or not error.strerror:
        return str(error)
    return f"{error.strerror}: {quoted(error.filename)}" if error.filename else error.strerror
