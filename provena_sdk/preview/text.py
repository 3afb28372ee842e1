"""The first lines of a text."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import IO, Final

from provena_sdk.preview.kinds import TextPreview
from provena_sdk.preview.opened import Opened

_FIRST_BYTES: Final = 64 * 1024
_MOST_BYTES: Final = 4 * 1024 * 1024
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def growing(stream: IO[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Yield the first bytes of a stream, more each time up to 4 MiB, and whether that is all of it."""
    data = b""
    more = _FIRST_BYTES
    while len(data) < _MOST_BYTES:
        read = stream.read(more)
        data += read
        yield data, not read
        if not read:
            return
        more = min(3 * len(data), _MOST_BYTES - len(data))


def encoding_of(data: bytes) -> str | None:
    """Return the encoding of a text by its first bytes; None if they are not text.

    Example:
        >>> encoding_of(b"reef"), encoding_of("été".encode("latin-1")), encoding_of(bytes(4))
        ('utf-8', 'latin-1', None)
    """
    for mark, name in _MARKS:
        if data.startswith(mark):
            return name
    if b"\0" in data:
        return None
    try:
        # The last character may be cut off.
        codecs.getincrementaldecoder("utf-8")().decode(data)
    except UnicodeDecodeError:
        printing = sum(byte >= 32 or byte in b"\t\n\r\f" for byte in data)
        return "latin-1" if printing == len(data) else None
    return "utf-8"


def decoded(data: bytes) -> str:
    """Return bytes as text; what is not valid becomes a replacement character."""
    return data.decode(encoding_of(data[:_FIRST_BYTES]) or "utf-8", "replace")


def read_text(file: Opened, rows: int) -> TextPreview:
    """Read the first lines of a text.

    Args:
        file: The file.
        rows: The number of lines to read.
    """
    lines: list[str] = []
    for data, _ in growing(file.stream):
        lines = decoded(data).splitlines()
        if len(lines) > rows:
            break
    return TextPreview(file.path, "text", file.size, tuple(lines[:rows]))
