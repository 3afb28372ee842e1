"""One folder of the object store: the keys of its objects, their states, and errors about them."""

from __future__ import annotations

import contextlib
import copy
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final, Protocol, Self, TypeVar

from provena_sdk.display.text import quoted
from provena_sdk.errors import DatasetFileExists, IntegrityError, UnsafePath
from provena_sdk.s3 import retry
from provena_sdk.s3.budget import Admission
from provena_sdk.s3.client.request import Data, Exchange, Request
from provena_sdk.s3.credentials import CredentialsSupply
from provena_sdk.s3.failures import already_exists
from provena_sdk.s3.http import endpoint as addresses
from provena_sdk.s3.http.pace import LEAST_RATE, LeastRate
from provena_sdk.s3.http.pool import IDLE_SECONDS
from provena_sdk.s3.limits import MAX_KEY_BYTES
from provena_sdk.s3.media_type import check_content_type
from provena_sdk.s3.models import Folder, ObjectState, StoreAddress, Stored, Streamed
from provena_sdk.s3.responses import documents, values
from provena_sdk.s3.responses.headers import is_opaque, object_state
from provena_sdk.s3.retry import RetryRule

T = TypeVar("T")

_DOTS: Final = re.compile(r"(?:^|/)\.\.?(?:/|\Z)")


class WriteGuard(Protocol):
    """A policy on which paths of a folder may be changed; each method raises an error of the SDK for the others."""

    def check_writable(self, path: str) -> None:
        """Raise an error for a path that must not be written."""
        ...

    def check_removable(self, path: str) -> None:
        """Raise an error for a path that must not be removed."""
        ...


class FolderClient:
    """A client for one folder of the object store.

    All paths are relative to the folder, exactly as the store holds them.

    Args:
        folder: The folder.
        credentials: Supplies the credentials that sign the requests.
        address: The store's URL, region and certificate authorities.
        guard: Decides which paths may be changed; None allows all.
        rule: When to retry; None means :data:`provena_sdk.s3.retry.RULE`.
        idle: Seconds without a byte after which a connection counts as dead.
        rate: The slowest rate at which bytes may move.
        admission: Limits the concurrent requests; None creates a new one.

    Raises:
        InvalidArgument: The store's URL cannot be used.
    """

    def __init__(
        self,
        folder: Folder,
        credentials: CredentialsSupply,
        address: StoreAddress,
        *,
        guard: WriteGuard | None = None,
        rule: RetryRule | None = None,
        idle: float = IDLE_SECONDS,
        rate: LeastRate = LEAST_RATE,
        admission: Admission | None = None,
    ) -> None:
        self._folder = folder
        self._guard = guard
        self._exchange = Exchange(
            folder,
            credentials,
            address,
            rule=rule if rule is not None else retry.RULE,
            idle=idle,
            rate=rate,
            admission=admission if admission is not None else Admission(),
        )

    def limited(self, admission: Admission) -> Self:
        """Return the same client with other limits on its requests, and connections of its own to close.

        Args:
            admission: The limits.
        """
        client = copy.copy(self)
        client._exchange = self._exchange.limited(admission)
        return client

    @property
    def admission(self) -> Admission:
        """The limit on concurrent requests."""
        return self._exchange.admission

    @property
    def out_of_reach(self) -> bool:
        """Whether the store has left all requests unanswered for as long as a request is retried."""
        return self._exchange.out_of_reach

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._folder.label}>"

    async def close(self) -> None:
        """Close the connections; the next request opens new ones."""
        await self._exchange.close()

    def _key(self, path: str) -> str:
        """Return the key of an object.

        To S3, ``.`` and ``..`` are names like any other; to a proxy on the way they may mean a folder.

        Raises:
            UnsafePath: The path cannot be a key within the folder.
        """
        reason = None
        if not path:
            reason = "it is empty"
        elif _DOTS.search(path):
            reason = "it holds a segment of dots"
        key = self._folder.prefix + path
        try:
            if len(key.encode()) > MAX_KEY_BYTES:
                reason = f"its key is longer than {MAX_KEY_BYTES} bytes"
        except UnicodeEncodeError:
            reason = "it is not valid Unicode"
        if reason is not None:
            raise UnsafePath(f"{quoted(path)} cannot be a file of a dataset: {reason}.", path=path)
        return key

    def _origin(self, source: str) -> str:
        """Return the name of a copy's source, as its header states it."""
        return f"/{addresses.quoted(self._folder.bucket)}/{addresses.quoted(self._key(source))}"

    def _writable(self, path: str) -> str:
        if self._guard is not None:
            self._guard.check_writable(path)
        return self._key(path)

    def _removable(self, path: str) -> str:
        if self._guard is not None:
            self._guard.check_removable(path)
        return self._key(path)

    def _read(self, request: Request, read: Callable[[], T]) -> T:
        with contextlib.suppress(documents.UnreadableXml):
            return read()
        raise self._exchange.senseless(request.path)

    def _other_bytes(self, path: str) -> IntegrityError:
        return IntegrityError(
            f"The object store holds other bytes for {quoted(path)} than were uploaded.",
            path=path,
            dataset_id=self._folder.dataset_id,
            hint="Upload it again.",
        )

    def _exists(self, path: str) -> DatasetFileExists:
        return already_exists(path, self._folder.label).complete(dataset_id=self._folder.dataset_id)

    def _path(self, key: str) -> str:
        return key.removeprefix(self._folder.prefix)

    def _state(
        self, path: str, headers: Mapping[str, str], size: int, if_match: str | None = None
    ) -> ObjectState:
        """Read an object's state from an answer's headers, and compare its ETag with the one requested.

        Some stores and proxies ignore If-Match or omit the ETag.

        Raises:
            IntegrityError: The ETag differs.
        """
        state = object_state(headers, size)
        if not if_match or state.etag == if_match:
            return state
        if state.etag:
            raise self._exchange.replaced(path)
        return replace(state, etag=if_match)

    def _stored(self, path: str, headers: Mapping[str, str], crc32: str) -> Stored:
        made = headers.get("x-amz-checksum-crc32")
        if made is not None and made != crc32:
            raise self._other_bytes(path)
        return Stored(values.etag(headers.get("etag")), made, is_opaque(headers))


def matching(etag: str | None) -> dict[str, str]:
    """Return the header that requires an ETag, or no header if the store did not name the ETag."""
    return {} if not etag else {"if-match": f'"{etag}"'}


def typed(content_type: str | None) -> dict[str, str]:
    """Return the header for a media type.

    Raises:
        InvalidArgument: The media type cannot be sent as a header.
    """
    checked = check_content_type(content_type)
    return {} if checked is None else {"content-type": checked}


def length_of(data: Data) -> int:
    """Return the number of bytes to send."""
    if isinstance(data, Streamed):
        return data.size
    return data.nbytes if isinstance(data, memoryview) else len(data)
