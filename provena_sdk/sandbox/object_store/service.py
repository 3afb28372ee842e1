"""Dispatch requests: the operation, whether it is permitted, and its handler."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import NamedTuple

from provena_sdk.sandbox.http.loopback import wrong_host, wrong_origin
from provena_sdk.sandbox.object_store.access.authorization import Identity, authenticate
from provena_sdk.sandbox.object_store.access.grants import Grants
from provena_sdk.sandbox.object_store.handlers import buckets, uploads
from provena_sdk.sandbox.object_store.handlers import objects as objects_api
from provena_sdk.sandbox.object_store.handlers.body import Body
from provena_sdk.sandbox.object_store.handlers.context import Context
from provena_sdk.sandbox.object_store.http import xml
from provena_sdk.sandbox.object_store.http.checksums import DEFAULT
from provena_sdk.sandbox.object_store.http.conditions import NotModified
from provena_sdk.sandbox.object_store.http.request import Request, Response, xml_response
from provena_sdk.sandbox.object_store.storage.errors import S3Error
from provena_sdk.sandbox.object_store.storage.store import ObjectStore, check_key

MAX_PUT_BYTES = 5 << 30


class Operation(NamedTuple):
    """One S3 operation: its name, the access it requires, and its handler."""

    name: str
    scope: str
    write: bool
    handler: Callable[[Context], Response]


_OPERATIONS = {
    operation.name: operation
    for operation in (
        Operation("ListBuckets", "service", False, buckets.list_buckets),
        Operation("CreateBucket", "root", True, buckets.create_bucket),
        Operation("DeleteBucket", "root", True, buckets.delete_bucket),
        Operation("HeadBucket", "bucket", False, buckets.head_bucket),
        Operation("GetBucketLocation", "bucket", False, buckets.get_location),
        Operation("GetBucketVersioning", "bucket", False, buckets.get_versioning),
        Operation("ListObjects", "bucket", False, buckets.list_objects),
        Operation("ListObjectsV2", "bucket", False, buckets.list_objects_v2),
        Operation("ListMultipartUploads", "bucket", True, buckets.list_multipart_uploads),
        Operation("DeleteObjects", "bucket", True, objects_api.delete_objects),
        Operation("GetObject", "object", False, objects_api.get_object),
        Operation("HeadObject", "object", False, objects_api.head_object),
        Operation("PutObject", "object", True, objects_api.put_object),
        Operation("CopyObject", "object", True, objects_api.copy_object),
        Operation("DeleteObject", "object", True, objects_api.delete_object),
        Operation("CreateMultipartUpload", "object", True, uploads.create),
        Operation("UploadPart", "object", True, uploads.upload_part),
        Operation("UploadPartCopy", "object", True, uploads.upload_part_copy),
        Operation("ListParts", "object", False, uploads.list_parts),
        Operation("CompleteMultipartUpload", "object", True, uploads.complete),
        Operation("AbortMultipartUpload", "object", True, uploads.abort),
    )
}

# In other operations x-amz-checksum headers are about the object, not the request's body.
_CHECKED = frozenset({"PutObject", "UploadPart", "DeleteObjects"})
_UPLOADS = frozenset({"PutObject", "UploadPart"})
_BUCKET_GET = {
    "location": "GetBucketLocation",
    "uploads": "ListMultipartUploads",
    "versioning": "GetBucketVersioning",
}
_UNSUPPORTED = frozenset(
    {
        "acl",
        "accelerate",
        "analytics",
        "attributes",
        "cors",
        "encryption",
        "inventory",
        "legal-hold",
        "lifecycle",
        "logging",
        "metrics",
        "notification",
        "object-lock",
        "ownershipControls",
        "policy",
        "policyStatus",
        "publicAccessBlock",
        "replication",
        "requestPayment",
        "restore",
        "retention",
        "select",
        "tagging",
        "torrent",
        "versionId",
        "versions",
        "website",
    }
)


class Service:
    """Answers requests from one store.

    Args:
        store: The buckets and objects.
        grants: The credentials to accept.
        min_part_bytes: Smallest size of parts except the last, in bytes; Amazon S3 requires 5 MiB.
    """

    def __init__(self, store: ObjectStore, grants: Grants, *, min_part_bytes: int = 5 << 20) -> None:
        self.store = store
        self.grants = grants
        self.min_part_bytes = min_part_bytes

    def begin(self, request: Request) -> Context:
        """Parse a request's target, check that it is permitted, and prepare for its body.

        Raises:
            S3Error: The request is refused before its body is read.
        """
        _check_sender(request)
        request.locate()
        request.operation = _operation(request)
        identity = authenticate(request, self.grants)
        operation = _OPERATIONS[request.operation]
        if request.key:
            check_key(request.key)
        _permit(request, identity, operation)
        context = Context(request, identity, self.store, self.min_part_bytes)
        if request.method in ("PUT", "POST"):
            _check_length(request)
            algorithm = uploads.part_algorithm(context) if operation.name == "UploadPart" else ""
            context.body = Body(
                request.headers,
                identity,
                self.store.space if operation.name in _UPLOADS else self.store.kept,
                algorithm=algorithm,
                default=DEFAULT if operation.name == "PutObject" else "",
                checked=operation.name in _CHECKED,
                etag=secrets.token_hex(16) if context.encryption() else None,
            )
        return context

    def answer(self, context: Context) -> Response:
        """Carry out a request whose body has arrived.

        Raises:
            S3Error: It is refused.
        """
        try:
            return _OPERATIONS[context.request.operation].handler(context)
        except NotModified as unchanged:
            return Response(304, unchanged.item.head, length=None)

    def expire_credentials(self) -> None:
        """Expire all temporary credentials."""
        self.grants.expire_all()


def error_response(error: S3Error, request: Request | None = None) -> Response:
    """Return the answer for an error."""
    fields = {"Code": error.code, "Message": error.message}
    if request is not None:
        fields["Resource"] = f"/{request.bucket}/{request.key}" if request.bucket else request.raw_path
        fields |= error.fields
        fields["RequestId"] = request.id
    fields["HostId"] = "provena-sandbox"
    body = "".join(xml.element(name, xml.printable(value)) for name, value in fields.items())
    head = b""
    if error.code == "InvalidRange" and "ActualObjectSize" in error.fields:
        head = f"content-range: bytes */{error.fields['ActualObjectSize']}\r\n".encode()
    return xml_response(error.status, f"<Error>{body}</Error>", head)


def _check_sender(request: Request) -> None:
    if "authorization" in request.headers:
        # Signed requests have credentials, which a web page does not, and may come through a proxy with any host name.
        return
    reason = wrong_host(request.headers, subdomains=True) or wrong_origin(request.headers)
    if reason is not None:
        raise S3Error("AccessDenied", reason)


def _operation(request: Request) -> str:
    params, method = request.params, request.method
    unsupported = _UNSUPPORTED.intersection(params)
    if unsupported:
        raise S3Error("NotImplemented", f"The subresource {min(unsupported)} is not implemented.")
    if not request.bucket:
        name = {"GET": "ListBuckets"}.get(method)
    elif not request.key:
        name = _bucket_operation(method, params)
    else:
        name = _object_operation(method, request)
    if name is None:
        raise S3Error("MethodNotAllowed", Method=method)
    return name


def _bucket_operation(method: str, params: dict[str, str]) -> str | None:
    if method == "GET":
        for param, name in _BUCKET_GET.items():
            if param in params:
                return name
        return "ListObjectsV2" if params.get("list-type") == "2" else "ListObjects"
    if method == "POST":
        return "DeleteObjects" if "delete" in params else None
    return {"HEAD": "HeadBucket", "PUT": "CreateBucket", "DELETE": "DeleteBucket"}.get(method)


def _object_operation(method: str, request: Request) -> str | None:
    params = request.params
    if "uploadId" in params:
        if method == "PUT":
            return "UploadPartCopy" if "x-amz-copy-source" in request.headers else "UploadPart"
        return {
            "GET": "ListParts",
            "POST": "CompleteMultipartUpload",
            "DELETE": "AbortMultipartUpload",
        }.get(method)
    if method == "POST":
        return "CreateMultipartUpload" if "uploads" in params else None
    if method == "PUT":
        return "CopyObject" if "x-amz-copy-source" in request.headers else "PutObject"
    return {"GET": "GetObject", "HEAD": "HeadObject", "DELETE": "DeleteObject"}.get(method)


def _permit(request: Request, identity: Identity, operation: Operation) -> None:
    grant = identity.grant
    if grant.is_root:
        return
    if operation.scope == "object":
        allowed = grant.covers(request.bucket, request.key, write=operation.write)
    elif operation.scope == "bucket":
        allowed = request.bucket == grant.bucket and (grant.write or not operation.write)
    else:
        allowed = False
    if not allowed:
        raise S3Error("AccessDenied")


def _check_length(request: Request) -> None:
    length = request.headers.get("content-length")
    if length is None and "transfer-encoding" not in request.headers:
        if request.method == "PUT" and request.operation in ("PutObject", "UploadPart"):
            raise S3Error("MissingContentLength")
        return
    if length is not None and int(length) > MAX_PUT_BYTES:
        raise S3Error("EntityTooLarge", MaxSizeAllowed=str(MAX_PUT_BYTES))
