"""Read the body of an answer in chunks, so that no server can fill the memory."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from typing import Any, Final

ENCODINGS: Final = "gzip, deflate"
"""The content codings to request, as a header value."""

_PIECE: Final = 1024 * 1024
"""The most bytes to decode at once."""

_GZIP: Final = zlib.MAX_WBITS | 16
_ZLIB: Final = zlib.MAX_WBITS
_RAW_DEFLATE: Final = -zlib.MAX_WBITS


class DamagedBody(Exception):
    """A body is not in the coding that its headers name."""


class Body:
    """A body that is being read, limited in size after decompression.

    Args:
        headers: The answer's headers, looked up ignoring case.
        limit: The most decoded bytes to keep.
        keeps_part: Whether to keep the start of a longer body; otherwise nothing of it is kept.

    Attributes:
        whole: Whether the body is kept as a whole so far; False once it exceeds the limit. Unless ``keeps_part``,
            False from the start if the headers state that it will.

    Example:
        >>> body = Body({}, 1024)
        >>> body.add(b"{}"), body.content(), body.whole
        (True, b'{}', True)
    """

    def __init__(self, headers: Mapping[str, str], limit: int, *, keeps_part: bool = False) -> None:
        self._keeps_part = keeps_part
        self._limit = limit
        self._content = bytearray()
        self._decoder = _decoder(headers.get("content-encoding", ""))
        self.whole = self._keeps_part or _length(headers) <= self._limit

    def add(self, chunk: bytes) -> bool:
        """Add bytes as received from the network.

        Returns:
            Whether to read more.

        Raises:
            DamagedBody: The bytes cannot be decoded.
        """
        for decoded in [chunk] if self._decoder is None else self._decoder.decode(chunk):
            room = self._limit - len(self._content)
            self.whole = self.whole and len(decoded) <= room
            if not self.whole:
                if self._keeps_part:
                    self._content += decoded[:room]
                else:
                    self._content.clear()
                return False
            self._content += decoded
        return self.whole

    def content(self) -> bytes:
        """Return the bytes that were kept.

        Raises:
            DamagedBody: The body ends too early.
        """
        if self._decoder is not None and self._content and self.whole and not self._decoder.at_end:
            raise DamagedBody("The compressed body ends too early.")
        return bytes(self._content)


class _Inflater:
    """A decoder of gzip, and of deflate with or without a zlib header, in chunks of bounded size."""

    def __init__(self, coding: str) -> None:
        self._inflate: Any = zlib.decompressobj(_GZIP) if coding != "deflate" else None
        self._held = b""

    @property
    def at_end(self) -> bool:
        """Whether the compressed data has ended, or none has arrived."""
        return not self._held if self._inflate is None else self._inflate.eof

    def decode(self, chunk: bytes) -> Iterator[bytes]:
        """Yield the decoded bytes, ignoring whatever follows the end of the data.

        Raises:
            DamagedBody: The bytes are in another coding.
        """
        waiting = self._held + chunk
        if self._inflate is None:
            self._held = waiting
            if len(waiting) < 2:
                return
            self._inflate = zlib.decompressobj(_ZLIB if _has_zlib_header(waiting) else _RAW_DEFLATE)
        self._held = b""
        while waiting and not self._inflate.eof:
            try:
                yield self._inflate.decompress(waiting, _PIECE)
            except zlib.error as error:
                raise DamagedBody(str(error)) from None
            waiting = self._inflate.unconsumed_tail


def _has_zlib_header(data: bytes) -> bool:
    # Some servers omit the header that HTTP requires (RFC 9110, section 8.4.1.2).
    return data[0] & 0x0F == zlib.DEFLATED and int.from_bytes(data[:2], "big") % 31 == 0


def _length(headers: Mapping[str, str]) -> int:
    text = headers.get("content-length", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0


def _decoder(coding: str) -> _Inflater | None:
    named = coding.strip().lower()
    if named in ("", "identity"):
        return None
    if named in ("gzip", "x-gzip", "deflate"):
        return _Inflater(named)
    raise DamagedBody("The body is in a coding that was not asked for.")
