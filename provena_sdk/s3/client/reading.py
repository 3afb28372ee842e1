"""Reads of objects: their states, their bytes and ranges of them."""

from __future__ import annotations

from typing import Final

from provena_sdk.errors import DatasetFileNotFound, IntegrityError, InvalidArgument
from provena_sdk.s3.budget import SMALL_BYTES
from provena_sdk.s3.client.folder import FolderClient, matching
from provena_sdk.s3.client.request import Request
from provena_sdk.s3.http import endpoint as addresses
from provena_sdk.s3.http.http1 import Receiver
from provena_sdk.s3.http.io_loops import IoLoops
from provena_sdk.s3.models import ObjectState, Received
from provena_sdk.s3.responses import values
from provena_sdk.s3.responses.headers import content_range

# Longer objects are read by their known size, or in ranges.
_MOST_BYTES_OF_UNKNOWN_SIZE: Final = 64 * 1024**2


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
        into: Receiver | None = None,
        io_loops: IoLoops | None = None,
    ) -> Received:
        """Get an object or a range of it, and check its length but not its checksum.

        Args:
            path: The object's path.
            span: Offset and length of the range, in bytes; None for the whole object.
            if_match: The ETag that the object must have.
            size: The size in bytes that the whole object must have, if known. An object of more than 64 MiB needs it
                or a range. It also decides whether the request counts as large.
            into: Receives the bytes as they arrive, from the start at each attempt; none are returned then. They are
                valid only once this method has returned.
            io_loops: The I/O loops that call ``into``, which may block.

        Raises:
            DatasetFileNotFound: The object does not exist.
            IntegrityError: The object has another ETag or size, or is too short for the range.
            InvalidArgument: The range is empty, or its offset is negative.
        """
        headers = {"x-amz-checksum-mode": "ENABLED", **matching(if_match)}
        if span is not None:
            offset, length = span
            if offset < 0 or length < 1:
                raise InvalidArgument("span", f"must be a range of at least one byte, not {span!r}.")
            headers["range"] = f"bytes={offset}-{offset + length - 1}"
            request = Request("GET", path, self._key(path), "", headers, size=length, limit=length)
        else:
            request = Request(
                "GET",
                path,
                self._key(path),
                "",
                headers,
                size=size or 0,
                limit=_MOST_BYTES_OF_UNKNOWN_SIZE if size is None else size,
            )
        request.into, request.io_loops = into, io_loops
        answer = await self._exchange.answer(request)
        here = whole = answer.taken or len(answer.data)
        if span is not None:
            # A store that ignores the range sends the whole object, which is right if the range covers it.
            found = (0, whole, whole)
            if answer.status == 206:
                found = content_range(answer.headers.get("content-range")) or (-1, 0, 0)
            if found[:2] != span or here != span[1]:
                raise self._exchange.replaced(path)
            whole = found[2]
        if size is not None and whole != size:
            raise self._exchange.replaced(path)
        return Received(answer.data, self._state(path, answer.headers, whole, if_match))

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
