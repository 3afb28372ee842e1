"""The class of ``UPath("provena://…")``, found by universal-pathlib through an entry point."""

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

# universal-pathlib warns about file systems that are not loaded yet.
get_filesystem_class(PROTOCOL)


class ProvenaPath(UPath):
    """A path in ``provena://`` with the methods of ``pathlib.Path``.

    Example:
        >>> from upath import UPath
        >>> path = UPath("provena://10378.1/1451860") / "obs" / "2024.csv"
        >>> path.parts, str(path.parent)
        (('10378.1/1451860', 'obs', '2024.csv'), 'provena://10378.1/1451860/obs')
    """

    __slots__ = ()

    @property
    def parts(self) -> Sequence[str]:
        """The dataset's handle and the segments of the path below it."""
        parts = super().parts
        return parts[1:] if parts and parts[0] == "/" else parts

    def iterdir(self) -> Iterator[Self]:
        """Yield the entries of a folder or dataset, or all datasets.

        Raises:
            NotADirectoryError: The path is not a folder.
        """
        if place(self.path).handle:
            yield from super().iterdir()
            return
        # A handle is two segments; the inherited method would keep the second only.
        for name in self.fs.ls(self.path, detail=False):
            yield self.with_segments(name)

    def touch(self, mode: int = 0o666, exist_ok: bool = True) -> None:
        """Create an empty file; an existing file stays unchanged, as the store cannot change its time.

        Args:
            mode: Has no effect.
            exist_ok: Whether the file may exist.

        Raises:
            FileExistsError: The file exists, and ``exist_ok`` is False.
        """
        if not self.exists():
            super().touch(mode)
        elif not exist_ok:
            raise FileExistsError(str(self))
