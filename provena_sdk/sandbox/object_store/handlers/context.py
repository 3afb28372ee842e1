"""The context of a request: its sender, its body and the store."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote

from provena_sdk.sandbox.object_store.access.authorization import Identity
from provena_sdk.sandbox.object_store.handlers.body import Body
from provena_sdk.sandbox.object_store.http.conditions import check_copy_source
from provena_sdk.sandbox.object_store.http.request import Request
from provena_sdk.sandbox.object_store.http.xml import MAX_REQUEST_BYTES
from provena_sdk.sandbox.object_store.storage.blobs import Blob
from provena_sdk.sandbox.object_store.storage.errors import S3Error
from provena_sdk.sandbox.object_store.storage.objects import StoredObject
from provena_sdk.sandbox.object_store.storage.store import ObjectStore


@dataclass(slots=True)
class Context:
    """One request, with what its handler needs."""

    request: Request
    identity: Identity
    store: ObjectStore
    min_part_bytes: int
    body: Body | None = None

    def received(self) -> tuple[Blob, Body]:
        """Return the checked body.

        Raises:
            S3Error: A length, checksum or signature is wrong.
        """
        assert self.body is not None
        return self.body.finish(), self.body

    def document(self) -> bytes:
        """Return the checked body of a request that carries XML.

        Raises:
            S3Error: It is too long, or a length, checksum or signature is wrong.
        """
        blob, _ = self.received()
        if blob.size > MAX_REQUEST_BYTES:
            raise S3Error("MalformedXML")
        return blob.read()

    def encryption(self) -> dict[str, str]:
        """Return the header for the bucket's encryption, if any."""
        bucket = self.store.buckets.get(self.request.bucket)
        encrypted = bucket is not None and bucket.encrypted
        return {"x-amz-server-side-encryption": "aws:kms"} if encrypted else {}

    def number(self, name: str, default: int, *, low: int, high: int) -> int:
        """Return a query parameter that is a whole number.

        Raises:
            S3Error: ``InvalidArgument`` if it is not a whole number from ``low`` to ``high``.
        """
        value = self.request.params.get(name)
        if value is None or value == "":
            return default
        if not value.isascii() or not value.isdecimal() or not low <= int(value) <= high:
            message = f"{name} must be an integer between {low} and {high}."
            raise S3Error("InvalidArgument", message, ArgumentName=name, ArgumentValue=value)
        return int(value)

    def copy_source(self) -> StoredObject:
        """Return the object named by ``x-amz-copy-source``.

        Raises:
            S3Error: It does not exist, may not be read, or a precondition fails.
        """
        source = unquote(self.request.headers["x-amz-copy-source"].partition("?")[0]).removeprefix("/")
        bucket, _, key = source.partition("/")
        if not bucket or not key:
            raise S3Error("InvalidArgument", "Copy Source must mention the source bucket and key: bucket/key")
        if not self.identity.grant.covers(bucket, key, write=False):
            raise S3Error("AccessDenied")
        item = self.store.find(bucket, key)
        check_copy_source(item, self.request.headers)
        return item
