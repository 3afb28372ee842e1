"""An S3-compatible object store on this machine, for tests and demonstrations.

It implements enough of Amazon S3's API for s3fs, botocore and presigned URLs: ranges, preconditions, checksums,
listings, multipart uploads and Signature Version 4, with temporary credentials that are limited to a prefix and expire.
Buckets are addressed in the path (``/bucket/key``); any region is accepted.
"""

from provena_sdk.sandbox.object_store.access.grants import Grant, Grants, TemporaryCredentials, presign
from provena_sdk.sandbox.object_store.faults import ObjectFault, ObjectFaultKind, ObjectFaults
from provena_sdk.sandbox.object_store.http.request import RequestRecord
from provena_sdk.sandbox.object_store.server import Server, serve
from provena_sdk.sandbox.object_store.storage.counting import CountingStore
from provena_sdk.sandbox.object_store.storage.errors import S3Error
from provena_sdk.sandbox.object_store.storage.objects import StoredObject
from provena_sdk.sandbox.object_store.storage.store import ObjectInfo, ObjectStore

__all__ = [
    "CountingStore",
    "Grant",
    "Grants",
    "ObjectFault",
    "ObjectFaultKind",
    "ObjectFaults",
    "ObjectInfo",
    "ObjectStore",
    "RequestRecord",
    "S3Error",
    "Server",
    "StoredObject",
    "TemporaryCredentials",
    "presign",
    "serve",
]
