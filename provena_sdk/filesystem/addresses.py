"""The addresses of ``provena://``: a dataset's handle, which is two segments, and a path within the dataset."""

from __future__ import annotations

import os
from typing import Final, NamedTuple

from provena_sdk.display.text import quoted
from provena_sdk.errors import UnsafePath
from provena_sdk.operations.handles import without_scheme

PROTOCOL: Final = "provena"


class Place(NamedTuple):
    """What an address names: a file or folder; without a ``path`` a dataset; without a ``handle`` the archive.

    ``archive`` is the first segment of an address that is no more than that, and names the datasets below it.
    """

    handle: str
    path: str
    archive: str = ""


def stripped(address: str | os.PathLike[str]) -> str:
    """Return an address without the protocol and without slashes at either end.

    Example:
        >>> stripped("provena://10378.1/1451860/obs/"), stripped("provena://")
        ('10378.1/1451860/obs', '')
        >>> stripped("hdl:10378.1/1451860/obs"), stripped("https://hdl.handle.net/10378.1/1451860")
        ('10378.1/1451860/obs', '10378.1/1451860')
    """
    text = os.fspath(address).removeprefix(f"{PROTOCOL}://")
    return without_scheme(text).strip("/")


def place(address: str) -> Place:
    """Take an address apart.

    Args:
        address: The address, with or without the protocol.

    Raises:
        UnsafePath: It holds an empty segment, or one of dots: no file of a dataset can be named so.

    Example:
        >>> place("provena://10378.1/1451860/obs/2024.csv")
        Place(handle='10378.1/1451860', path='obs/2024.csv', archive='')
        >>> place("10378.1")
        Place(handle='', path='', archive='10378.1')
    """
    text = stripped(address)
    if not text:
        return Place("", "")
    segments = text.split("/")
    for segment in segments:
        if segment in ("", ".", ".."):
            told = "an empty segment" if not segment else f"a {quoted(segment)} segment"
            raise UnsafePath(f"{quoted(text)} names no file of a dataset: it holds {told}.", path=text)
    if len(segments) == 1:
        return Place("", "", text)
    return Place("/".join(segments[:2]), "/".join(segments[2:]))


def parent(address: str) -> str:
    """Return the address of the folder above; datasets lie in the archive, whose address is empty.

    Example:
        >>> parent("10378.1/1451860/obs/2024.csv"), parent("10378.1/1451860/obs"), parent("10378.1/1451860")
        ('10378.1/1451860/obs', '10378.1/1451860', '')
    """
    above, _, _ = stripped(address).rpartition("/")
    return above if "/" in above else ""
