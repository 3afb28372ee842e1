"""Reads of objects: their states, their bytes and ranges of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final, Protocol

from provena_sdk.errors import DatasetFileNotFound, IntegrityError, InvalidArgument
from provena_sdk.s3.budget import SMALL_BYTES
from provena_sdk.s3.client.folder import FolderClient, matching
from provena_sdk.s3.client.request import Request
from provena_sdk.s3.http import endpoint as addresses
from provena_sdk.s3.http.io_loops import IoLoops
from provena_sdk.s3.models import ObjectState, Received
from provena_sdk.s3.responses import values
from provena_sdk.s3.responses.headers import content_range

# Longer objects are read by their known size, or in ranges.
_MOST_BYTES_OF_UNKNOWN_SIZE: Final = 64 * 1024**2


class Taker(Protocol):
    """A receiver of the bytes of an object or range."""

    def take(self, data: memoryview, /) -> None:
        """Take the next bytes; the memory is overwritten afterwards."""
        ...


class Reading(FolderClient):
    """The read operations on a folder."""

    async def head(self, path: str, *, part: int | None = None, if_match: str | None = None) -> ObjectState:
        """Return the state of an object.

        Args:
            path: The object's path.
            part: The number of a part, from 1; the size and the checksums are then that part's. An object not
                uploaded in parts has only part 1.
            if_match: The ETag that the object must have.

        Raises:
            DatasetFileNotFound: The object does not exist.
            IntegrityError: The object has another ETag.
            FileStoreError: The store refused, for example because the part does not exist.
        """
        headers = {"x-amz-checksum-mode": "ENABLED", **matching(if_match)}
        query = addresses.query([("partNumber", str(part))]) if part is not None else ""
        request = Request("HEAD", path, self._key(path), query, headers)
        answer = await self._exchange.answer(request)
        length = values.number(answer.headers.get("content-length"))
        if length is None:
            raise self._exchange.senseless(request.path)
        return self._state(path, answer.headers, length, if_match)

    async def get(
        self,
        path: str,
        *,
        span: tuple[int, int] | None = None,
        if_match: str | None = None,
        size: int | None = None,
        into: Taker | None = None,
        io_loops: IoLoops | None = None,
        received: Callable[[int], None] | None = None,
    ) -> Received:
        """Get an object or a range of it, and check its length but not its checksum.

        Args:
            path: The object's path.
            span: Offset and length of the range, in bytes; None for the whole object.
            if_match: The ETag that the object must have.
            size: The size in bytes that the whole object must have, if known. An object of more than 64 MiB needs it
                or a range. It also decides whether the request counts as large.
            into: Takes the bytes as they arrive, each once and in order; none are returned then. A retry asks only for
                the rest of the object, by ``if_match`` or the ETag of the first answer.
            io_loops: The I/O loops that call ``into``, which may block.
            received: Called, on any thread, with the number of bytes that the current attempt has received, if it takes
                long. Not called with ``into``.

        Raises:
            DatasetFileNotFound: The object does not exist.
            IntegrityError: The object has another ETag or size, or is too short for the range.
            InvalidArgument: The range is empty, or its offset is negative.
        """
        headers = {"x-amz-checksum-mode": "ENABLED", **matching(if_match)}
        limit = _MOST_BYTES_OF_UNKNOWN_SIZE if size is None else size
        request = Request("GET", path, self._key(path), "", headers, size=size or 0, limit=limit)
        if span is not None:
            offset, length = span
            if offset < 0 or length < 1:
                raise InvalidArgument("span", f"must be a range of at least one byte, not {span!r}.")
            headers["range"] = f"bytes={offset}-{offset + length - 1}"
            request.size = request.limit = length
        request.received = received
        body = _Body(self, request, span, size, if_match, into)
        if into is not None:
            request.into, request.io_loops = body, io_loops
        answer = await self._exchange.answer(request)
        if into is None:
            body.begin(answer.status, answer.headers)
        return Received(answer.data, body.ended(len(answer.data)))

    async def peek(
        self, path: str, length: int, *, tail: bool = False, if_match: str | None = None
    ) -> Received:
        """Get the beginning or the end of an object of unknown size, together with its state.

        Args:
            path: The object's path.
            length: The most bytes to get; a shorter object is returned whole.
            tail: Whether to get the end.
            if_match: The ETag that the object must have.

        Raises:
            DatasetFileNotFound: The object does not exist.
            FileStoreError: The store refused the request, or its answer is invalid.
            IntegrityError: The object has another ETag.
            InvalidArgument: ``length`` is less than 1.
        """
        if length < 1:
            raise InvalidArgument("length", "at least one byte is needed.")
        # No checksums are requested: a range has none.
        headers = {"range": f"bytes=-{length}" if tail else f"bytes=0-{length - 1}", **matching(if_match)}
        # Most files are shorter than the length requested.
        expected = min(length, SMALL_BYTES)
        request = Request("GET", path, self._key(path), "", headers, size=expected, limit=length)
        try:
            answer = await self._exchange.answer(request)
        except IntegrityError:
            answer = None
        if answer is None:
            # An empty object has no ranges.
            state = await self.head(path, if_match=if_match)
            if state.size:
                raise self._exchange.replaced(path)
            return Received(bytearray(), state)
        whole = len(answer.data)
        if answer.status == 206:
            found = content_range(answer.headers.get("content-range"))
            expected = 0
            if found is not None:
                whole = found[2]
                expected = max(whole - length, 0) if tail else 0
            if found is None or found[:2] != (expected, min(whole, length)) or len(answer.data) != found[1]:
                raise self._exchange.senseless(path)
        return Received(answer.data, self._state(path, answer.headers, whole, if_match))

    async def _look(self, path: str) -> ObjectState | None:
        try:
            return await self.head(path)
        except DatasetFileNotFound:
            return None


class _Body:
    """The body of one object or range, which may need several attempts.

    Args:
        reading: The client.
        request: The request, changed before each further attempt.
        span: Offset and length of the range, in bytes; None for the whole object.
        size: The size in bytes that the whole object must have, if known.
        if_match: The ETag that the object must have.
        into: Takes the bytes, each once.
    """

    def __init__(
        self,
        reading: Reading,
        request: Request,
        span: tuple[int, int] | None,
        size: int | None,
        if_match: str | None,
        into: Taker | None,
    ) -> None:
        self._reading = reading
        self._request = request
        self._path = request.path or ""
        self._offset, self._length = span or (0, size)
        self._ranged = span is not None
        self._size = size
        self._if_match = if_match
        self._into = into
        self._skip = 0
        self._whole: int | None = None
        self._state: ObjectState | None = None
        self.taken = 0

    def ask(self) -> None:
        """Ask only for the rest, once an attempt has brought some bytes."""
        if not self.taken or self._state is None:
            return
        request, offset = self._request, self._offset + self.taken
        if not self._if_match:
            self._if_match = self._state.etag
            request.headers.update(matching(self._if_match))
        end = "" if self._length is None else str(self._offset + self._length - 1)
        request.headers["range"] = f"bytes={offset}-{end}"

    def begin(self, status: int, headers: Mapping[str, str], /) -> None:
        """Check that the answer contains the bytes asked for, before any is taken."""
        measured = values.number(headers.get("content-length"))
        self._skip = 0
        if status == 206:
            found = content_range(headers.get("content-range"))
            if found is None or found[0] != self._offset + self.taken:
                raise self._replaced()
            self._whole = found[2]
            length = found[2] if self._length is None else self._length
            if found[1] != length - self.taken or measured not in (None, found[1]):
                raise self._replaced()
        else:
            # A store that ignores ranges sends the whole object, which is right if the range covers it.
            self._whole, self._skip = measured, self.taken
            if self._ranged and (self._offset or measured not in (None, self._length)):
                raise self._replaced()
        state = self._reading._state(self._path, headers, self._whole or 0, self._if_match)
        if self._size is not None and self._whole not in (None, self._size):
            raise self._replaced()
        # The answer to a range, unlike that to the whole object, has no checksums.
        self._state = self._state or state

    def take(self, data: memoryview, /) -> None:
        """Pass on the bytes that were not taken before."""
        skipped = min(self._skip, len(data))
        self._skip -= skipped
        data = data[skipped:]
        if self._length is not None and self.taken + len(data) > self._length:
            raise self._replaced()
        if data and self._into is not None:
            self._into.take(data)
            self.taken += len(data)

    def ended(self, held: int) -> ObjectState:
        """Return the object's state, after checking the number of bytes.

        Args:
            held: The number of bytes that were not taken but held in memory.
        """
        here = self.taken or held
        whole = here if self._whole is None else self._whole
        if self._state is None or here != (whole if self._length is None else self._length):
            raise self._replaced()
        return self._state if self._state.size == whole else replace(self._state, size=whole)

    def _replaced(self) -> IntegrityError:
        return self._reading._exchange.replaced(self._path)
