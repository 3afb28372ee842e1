"""A file that is being previewed."""

from __future__ import annotations

from typing import IO, Any, NamedTuple, Protocol


class Opened(NamedTuple):
    """A file that was opened.

    Attributes:
        path: Its path within the dataset.
        size: Its size in bytes.
        stream: Its bytes, decompressed.
    """

    path: str
    size: int
    stream: IO[bytes]


class Folder(Protocol):
    """A dataset as fsspec's file systems present it, with paths that begin at its root."""

    def open(self, path: str, mode: str = "rb", **options: Any) -> Any:
        """Open a file."""

    def ls(self, path: str, detail: bool = True, **options: Any) -> Any:
        """List a folder."""

    def cat(self, path: list[str], recursive: bool = False, on_error: str = "raise") -> Any:
        """Read files at once, by path."""
