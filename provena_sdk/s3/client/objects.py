"""The S3 operations on the objects of one folder."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Sequence
from typing import Final
from xml.sax.saxutils import escape

from provena_sdk.errors import InvalidArgument
from provena_sdk.s3 import retry
from provena_sdk.s3.client.folder import length_of, typed
from provena_sdk.s3.client.request import PreconditionFailed, Request
from provena_sdk.s3.client.uploads import Uploads
from provena_sdk.s3.limits import MAX_PUT_BYTES
from provena_sdk.s3.models import Stored
from provena_sdk.s3.responses import documents, values
from provena_sdk.s3.responses.headers import is_opaque

_MOST_DELETED: Final = 1000
_DELETE_ATTEMPTS: Final = 4
_UNWRITABLE: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ENTITIES: Final = {"\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}


class ObjectClient(Uploads):
    """A client for the objects of one folder.

    It runs on fsspec's event loop. Callers may make any number of requests at once; the admission limits how many are
    under way. For the arguments see :class:`~provena_sdk.s3.client.folder.FolderClient`.
    """

    async def put(
        self,
        path: str,
        data: bytes | bytearray | memoryview,
        *,
        crc32: str,
        content_type: str | None = None,
        if_none_match: bool = False,
        sent: Callable[[int], None] | None = None,
    ) -> Stored:
        """Store an object in one request; the store refuses bytes that do not match the checksum.

        Args:
            path: The object's path.
            data: Its bytes, up to 5 GiB. They must not change until this returns.
            crc32: Their CRC32, in base64.
            content_type: Their media type.
            if_none_match: Whether to fail if an object of this name exists.
            sent: Called, on any thread, with the number of bytes that the current attempt has sent.

        Raises:
            DatasetFileExists: An object of this name exists, and it must not be replaced.
            IntegrityError: The stored bytes differ from those sent.
            FileError: The guard forbids writing the path.
        """
        length = length_of(data)
        if length > MAX_PUT_BYTES:
            raise InvalidArgument(
                "data", "S3 takes no more than 5 GiB in one request.", hint="Send it in parts."
            )
        headers = {"x-amz-checksum-crc32": crc32, **typed(content_type)}
        if if_none_match:
            headers["if-none-match"] = "*"
        request = Request("PUT", path, self._writable(path), "", headers, data, length)
        request.sent = sent
        try:
            answer = await self._exchange.answer(request)
        except PreconditionFailed:
            answer = None
        if answer is None:
            # The existing object may come from an attempt whose answer was lost.
            there = await self._look(path) if request.repeated else None
            if there is None or there.size != length or there.checksums.get("crc32") != crc32:
                raise self._exists(path)
            return Stored(there.etag, crc32, there.opaque_etag)
        return self._stored(path, answer.headers, crc32)

    async def copy(self, source: str, target: str) -> Stored:
        """Copy an object within the folder; the bytes stay in the store.

        Args:
            source: The path of the object, which has at most 5 GiB.
            target: The path of the copy.

        Raises:
            DatasetFileNotFound: The object does not exist.
            FileStoreError: The store refused, for example because the object is larger.
            FileError: The guard forbids writing the target.
        """
        headers = {"x-amz-copy-source": self._origin(source)}
        request = Request("PUT", source, self._writable(target), "", headers, b"", slow=True, doubtful=True)
        answer = await self._exchange.answer(request)
        found = self._read(request, lambda: documents.result(answer.data, "CopyObjectResult"))
        etag = values.etag(found.get("ETag"))
        return Stored(etag, found.get("ChecksumCRC32"), is_opaque(answer.headers))

    async def delete(self, paths: Sequence[str]) -> dict[str, Exception]:
        """Delete objects; missing ones are not an error.

        Args:
            paths: The objects' paths.

        Returns:
            The errors by path; empty when all objects are gone.

        Raises:
            FileError: The guard forbids removing one of them; nothing was deleted.
        """
        keys = {self._removable(path): path for path in paths}
        plain = [key for key in keys if not _UNWRITABLE.search(key)]
        failures: dict[str, Exception] = {}
        for start in range(0, len(plain), _MOST_DELETED):
            failures.update(await self._delete_some(plain[start : start + _MOST_DELETED]))
        # XML cannot represent these keys.
        for key in keys.keys() - set(plain):
            try:
                await self._exchange.answer(Request("DELETE", keys[key], key))
            except Exception as error:
                failures[key] = error
        return {keys[key]: error for key, error in failures.items()}

    async def _delete_some(self, keys: Sequence[str]) -> dict[str, Exception]:
        """Delete up to 1,000 objects, and return the errors by key."""
        failures: dict[str, Exception] = {}
        left = set(keys)
        for attempt in range(1, _DELETE_ATTEMPTS + 1):
            try:
                refused = await self._delete_once(sorted(left))
            except Exception as error:
                return failures | dict.fromkeys(left, error)
            codes = {key: code for key, code in refused.items() if key in left}
            failures.update(
                (key, self._exchange.refusal(documents.Refused(codes[key]), self._path(key))) for key in codes
            )
            left = {key for key, code in codes.items() if retry.trouble(200, code)}
            if not left or attempt == _DELETE_ATTEMPTS:
                break
            # The request itself succeeded, so the exchange does not retry it for the keys that failed.
            await self._exchange.pause(attempt)
            for key in left:
                del failures[key]
        return failures

    async def _delete_once(self, keys: Sequence[str]) -> dict[str, str]:
        listed = "".join(f"<Object><Key>{escape(key, _ENTITIES)}</Key></Object>" for key in keys)
        document = f"<Delete><Quiet>true</Quiet>{listed}</Delete>".encode()
        digest = base64.b64encode(hashlib.md5(document, usedforsecurity=False).digest()).decode()
        headers = {"content-type": "application/xml", "content-md5": digest}
        request = Request(
            "POST", None, "", "delete=", headers, document, len(document), slow=True, doubtful=True
        )
        answer = await self._exchange.answer(request)
        return self._read(request, lambda: documents.deletion_failures(answer.data))
