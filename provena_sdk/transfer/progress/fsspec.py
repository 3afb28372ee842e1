"""Progress reports to an fsspec callback."""

from __future__ import annotations

from typing import TYPE_CHECKING

from provena_sdk.transfer.progress.meter import Progress
from provena_sdk.transfer.report import TransferReport

if TYPE_CHECKING:
    from fsspec.callbacks import Callback


class FsspecProgress(Progress):
    """Progress in bytes for an fsspec callback, as fsspec's own transfers report it.

    Args:
        callback: A ``fsspec.callbacks.Callback``.

    Example:
        >>> from fsspec.callbacks import Callback
        >>> callback = Callback()
        >>> progress = FsspecProgress(callback)
        >>> progress.start(files=1, bytes=32)
        >>> progress.advance("obs/2024.csv", 16)
        >>> callback.value, callback.size
        (16, 32)
    """

    def __init__(self, callback: Callback) -> None:
        self._callback = callback

    def start(self, files: int, bytes: int) -> None:
        """Set the callback's size."""
        self._callback.set_size(bytes)

    def resumed(self, path: str, bytes: int) -> None:
        """Advance the callback, because fsspec does not distinguish resumed bytes."""
        self._callback.relative_update(bytes)

    def advance(self, path: str, bytes: int) -> None:
        """Advance the callback."""
        self._callback.relative_update(bytes)

    def finish(self, report: TransferReport | None) -> None:
        """Close the callback."""
        close = getattr(self._callback, "close", None)
        if close is not None:
            close()
