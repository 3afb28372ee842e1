"""The items of a plan: one per file, with its action."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from provena_sdk.datasets.paths import is_reserved
from provena_sdk.display.amounts import human_size
from provena_sdk.display.text import SERVER_LIMIT, printable, quoted
from provena_sdk.errors import FileConflict, UnsafePath
from provena_sdk.s3.models import FileInfo
from provena_sdk.transfer.local.seen import Seen

Action = Literal["new", "changed", "same", "delete", "skip", "conflict", "refused"]
"""The planned action for a file.

Files that are ``new`` or ``changed`` are transferred; files that are the ``same`` need no transfer. ``conflict`` means
that something else has the file's name, and ``refused`` that the name is unsafe; neither is attempted.
"""

ACTIONS: Final[tuple[Action, ...]] = ("new", "changed", "same", "delete", "skip", "conflict", "refused")


@dataclass(frozen=True, slots=True)
class Download:
    """One file to download.

    Args:
        info: The file in the store.
        target: Its path below the destination, with forward slashes.
        seen: The state of the local file that it replaces; None if there is none.
    """

    info: FileInfo
    target: str
    seen: Seen | None = None


@dataclass(frozen=True, slots=True)
class Upload:
    """One file to upload.

    Args:
        source: The local file.
        path: Its path within the dataset.
        size: Its size in bytes when the folder was scanned.
    """

    source: Path
    path: str
    size: int


@dataclass(frozen=True, slots=True, repr=False)
class PlanItem:
    """The plan for one file.

    Args:
        action: The planned action.
        path: Its path within the dataset.
        bytes: Its size in bytes; for a deletion, the bytes freed.
        local: Its path below the local folder, with forward slashes; None if there is no local file.
        reason: The reason for the action, in a few words.
        error: The error to report for a conflict or a refused file.
        info: The state of the file in the store when the plan was made, for a download, replacement or deletion.
        seen: The state of the local file when the plan was made, for an upload, replacement or deletion.
    """

    action: Action
    path: str
    bytes: int = 0
    local: str | None = None
    reason: str | None = None
    error: Exception | None = None
    info: FileInfo | None = None
    seen: Seen | None = None

    @property
    def note(self) -> str:
        """The reason in one printable line; empty if there is none."""
        return printable(self.reason or "", SERVER_LIMIT)

    def __str__(self) -> str:
        note = f": {self.note}" if self.note else ""
        return f"{self.action:<9} {printable(self.path)} ({human_size(self.bytes)}){note}"

    def __repr__(self) -> str:
        return f"<PlanItem {self.action} {quoted(self.path, 120)}, {human_size(self.bytes)}>"


def refused(path: str, reason: str, local: str | None = None) -> PlanItem:
    """Return the item of a file that is unsafe to transfer.

    Args:
        path: Its path within the dataset.
        reason: Why it is unsafe.
        local: Its path below the local folder.
    """
    hint = "Rename it, or leave it out with exclude=." if is_reserved(path) else None
    error = UnsafePath(f"{quoted(path)} was refused: {reason}.", path=path, hint=hint)
    return PlanItem("refused", path, local=local, reason=reason, error=error)


def conflict(
    path: str,
    reason: str,
    local: str | None = None,
    size: int = 0,
    *,
    hint: str = "Rename or remove one of them.",
) -> PlanItem:
    """Return the item of a file whose name is taken by something else.

    Args:
        path: Its path within the dataset.
        reason: What has the name.
        local: Its path below the local folder.
        size: Its size in bytes.
        hint: The next step for the reader.
    """
    error = FileConflict(f"{quoted(path)} was not transferred: {reason}.", path=path, hint=hint)
    return PlanItem("conflict", path, size, local=local, reason=reason, error=error)
