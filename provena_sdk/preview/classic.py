"""The variables of classic netCDF, whose header is read here, as no library reads it without reading the data.

The format is described in https://docs.unidata.ucar.edu/netcdf-c/current/file_format_specifications.html.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

from provena_sdk.preview.failures import read_as, unreadable
from provena_sdk.preview.kinds import ArrayPreview, PreviewVariable
from provena_sdk.preview.opened import Opened
from provena_sdk.preview.text import growing

_TYPES: Final = {
    1: ("int8", "b"),
    2: ("char", "s"),
    3: ("int16", "h"),
    4: ("int32", "i"),
    5: ("float32", "f"),
    6: ("float64", "d"),
    7: ("uint8", "B"),
    8: ("uint16", "H"),
    9: ("uint32", "I"),
    10: ("int64", "q"),
    11: ("uint64", "Q"),
}


class _Short(Exception):
    """The bytes end before the header does."""


class _Dimension(NamedTuple):
    name: str
    length: int


def read_classic(file: Opened) -> ArrayPreview:
    """Read the variables and attributes of classic netCDF: versions 1, 2 and 5.

    Args:
        file: The file.

    Raises:
        UnreadableFile: Its header is damaged or incomplete.
    """
    for data, _ in growing(file.stream):
        with read_as("netCDF", file.path):
            try:
                return _Header(data).preview(file)
            except _Short:
                continue
    raise unreadable("netCDF", file.path, "its header is incomplete")


class _Header:
    """The header, read from its beginning to its end; see "Classic Format" there."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 4
        self._version = data[3]
        self._wide = 8 if self._version == 5 else 4

    def preview(self, file: Opened) -> ArrayPreview:
        records = self._number(self._wide)
        dimensions = [_Dimension(self._name(), self._number(self._wide)) for _ in self._list()]
        if records < 1 << (8 * self._wide - 1):
            # The dimension of records has no length of its own.
            dimensions = [one._replace(length=one.length or records) for one in dimensions]
        attributes = self._attributes()
        variables = tuple(self._variable(dimensions) for _ in self._list())
        return ArrayPreview(file.path, "netCDF", file.size, variables, attributes)

    def _variable(self, dimensions: list[_Dimension]) -> PreviewVariable:
        name = self._name()
        along = [dimensions[self._number(self._wide)] for _ in range(self._number(self._wide))]
        attributes = self._attributes()
        kind = _TYPES[self._number(4)][0]
        # Its size, and where its values begin.
        self._take(self._wide + (4 if self._version == 1 else 8))
        names, shape = tuple(one.name for one in along), tuple(one.length for one in along)
        return PreviewVariable(name, kind, names, shape, attributes)

    def _list(self) -> Iterator[int]:
        """Return an iterator over as many numbers as the list here has entries."""
        self._number(4)
        return iter(range(self._number(self._wide)))

    def _attributes(self) -> dict[str, object]:
        return {self._name(): self._value() for _ in self._list()}

    def _value(self) -> object:
        _, letter = _TYPES[self._number(4)]
        count = self._number(self._wide)
        values = self._padded(count * struct.calcsize(letter))
        if letter == "s":
            return values.decode("utf-8", "replace").rstrip("\0")
        found = struct.unpack(f">{count}{letter}", values)
        return found[0] if count == 1 else list(found)

    def _name(self) -> str:
        return self._padded(self._number(self._wide)).decode("utf-8", "replace")

    def _number(self, size: int) -> int:
        return int.from_bytes(self._take(size), "big")

    def _padded(self, size: int) -> bytes:
        taken = self._take(size)
        self._take(-size % 4)
        return taken

    def _take(self, size: int) -> bytes:
        taken = self._data[self._at : self._at + size]
        if len(taken) < size:
            raise _Short
        self._at += size
        return taken
