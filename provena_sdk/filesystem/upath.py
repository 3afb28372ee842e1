"""What ``UPath("provena://…")`` makes; universal-pathlib finds it by an entry point."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Self

from fsspec.registry import get_filesystem_class

try:
    from upath.core import UPath
except ImportError as error:
    raise ImportError(
        "provena_sdk.filesystem.upath needs universal-pathlib: install provena-sdk[upath]."
    ) from error

from provena_sdk.filesystem.addresses import PROTOCOL, place

# universal-pathlib goes by the file systems that are loaded, and warns of others.
get_filesystem_class(PROTOCOL)


class ProvenaPath(UPath):
    """A path in ``provena://``, for code written with ``pathlib`` in mind.

    Example:
        >>> from upath import UPath
        >>> path = UPath("provena://10378.1/1451860") / "obs" / "2024.csv"
        >>> path.parts, str(path.parent)
        (('10378.1/1451860', 'obs', '2024.csv'), 'provena://10378.1/1451860/obs')
    """

    __slots__ = ()

    @property
    def parts(self) -> Sequence[str]:
        """The dataset's handle, and the segments of the path below it."""
        parts = super().parts
        return parts[1:] if parts and parts[0] == "/" else parts

    def iterdir(self) -> Iterator[Self]:
        """Yield the entries of a folder, a dataset or the archive.

        Raises:
            NotADirectoryError: It is not a folder.
        """
        if place(self.path).handle:
            yield from super().iterdir()
            return
        # A dataset's name is two segments, of which the usual way would keep the second.
        for name in self.fs.ls(self.path, detail=False):
            yield self.with_segments(name)

    def touch(self, mode: int = 0o666, exist_ok: bool = True) -> None:
        """Make an empty file; one that is there stays as it is, as the store cannot change its time.

        Args:
            mode: Without effect.
            exist_ok: Whether there may be such a file.

        Raises:
            FileExistsError: There is one, and there may not.
        """
        if not self.exists():
            super().touch(mode)
        elif not exist_ok:
            raise FileExistsError(str(self))
