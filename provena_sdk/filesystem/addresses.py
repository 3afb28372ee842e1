"""URLs of ``provena://``: a dataset's handle, which is two segments, and a path within the dataset."""

from __future__ import annotations

import os
from typing import Final, NamedTuple

from provena_sdk.display.text import quoted
from provena_sdk.errors import UnsafePath
from provena_sdk.operations.handles import without_scheme

PROTOCOL: Final = "provena"


class Place(NamedTuple):
    """What a URL names: a file or folder, a dataset if ``path`` is empty, or the catalogue if ``handle`` is too.

    ``prefix`` is the only segment of a URL such as ``provena://10378.1``, which stands for the datasets whose handle
    begins with it.
    """

    handle: str
    path: str
    prefix: str = ""


def stripped(url: str | os.PathLike[str]) -> str:
    """Return a URL without its protocol and without slashes at either end.

    Example:
        >>> stripped("provena://10378.1/1451860/obs/"), stripped("provena://")
        ('10378.1/1451860/obs', '')
        >>> stripped("hdl:10378.1/1451860/obs"), stripped("https://hdl.handle.net/10378.1/1451860")
        ('10378.1/1451860/obs', '10378.1/1451860')
    """
    text = os.fspath(url).removeprefix(f"{PROTOCOL}://")
    return without_scheme(text).strip("/")


def place(url: str) -> Place:
    """Split a URL into handle and path.

    Args:
        url: The URL, with or without the protocol.

    Raises:
        UnsafePath: A segment is empty, ``.`` or ``..``.

    Example:
        >>> place("provena://10378.1/1451860/obs/2024.csv")
        Place(handle='10378.1/1451860', path='obs/2024.csv', prefix='')
        >>> place("10378.1")
        Place(handle='', path='', prefix='10378.1')
    """
    text = stripped(url)
    if not text:
        return Place("", "")
    segments = text.split("/")
    for segment in segments:
        if segment in ("", ".", ".."):
            found = "an empty segment" if not segment else f"a {quoted(segment)} segment"
            raise UnsafePath(f"{quoted(text)} is not a file of a dataset: it has {found}.", path=text)
    if len(segments) == 1:
        return Place("", "", text)
    return Place("/".join(segments[:2]), "/".join(segments[2:]))


def parent(url: str) -> str:
    """Return the folder above, without the protocol; a dataset's is the catalogue, which is empty.

    Example:
        >>> parent("10378.1/1451860/obs/2024.csv"), parent("10378.1/1451860/obs"), parent("10378.1/1451860")
        ('10378.1/1451860/obs', '10378.1/1451860', '')
    """
    above, _, _ = stripped(url).rpartition("/")
    return above if "/" in above else ""
