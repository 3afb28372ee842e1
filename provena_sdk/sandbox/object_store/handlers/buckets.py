"""Handlers for buckets and listings."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable

from provena_sdk.sandbox.object_store.handlers.context import Context
from provena_sdk.sandbox.object_store.http import xml
from provena_sdk.sandbox.object_store.http.request import Response, xml_response
from provena_sdk.sandbox.object_store.storage.errors import S3Error
from provena_sdk.sandbox.object_store.storage.objects import StoredObject
from provena_sdk.sandbox.object_store.storage.store import ListPage

MAX_KEYS = 1000
OWNER = "<Owner><ID>provena-sandbox</ID><DisplayName>provena-sandbox</DisplayName></Owner>"

_BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


def list_buckets(context: Context) -> Response:
    """GET ``/``."""
    buckets = "".join(
        f"<Bucket>{xml.element('Name', name)}{xml.element('CreationDate', xml.time(bucket.created))}</Bucket>"
        for name, bucket in sorted(context.store.buckets.items())
    )
    return xml_response(200, xml.document("ListAllMyBucketsResult", [OWNER, f"<Buckets>{buckets}</Buckets>"]))


def create_bucket(context: Context) -> Response:
    """PUT a bucket."""
    context.received()
    name = context.request.bucket
    if not _BUCKET_NAME.fullmatch(name):
        raise S3Error("InvalidBucketName", BucketName=name)
    if name in context.store.buckets:
        raise S3Error("BucketAlreadyOwnedByYou", BucketName=name)
    context.store.create_bucket(name)
    return Response(200, f"location: /{name}\r\n".encode())


def delete_bucket(context: Context) -> Response:
    """DELETE an empty bucket."""
    context.store.delete_bucket(context.request.bucket)
    return Response(204, length=None)


def head_bucket(context: Context) -> Response:
    """HEAD a bucket: whether it exists."""
    context.store.bucket(context.request.bucket)
    return Response(200, f"x-amz-bucket-region: {context.identity.scope.region}\r\n".encode(), length=None)


def get_location(context: Context) -> Response:
    """GET ``?location``; the server accepts any region."""
    context.store.bucket(context.request.bucket)
    region = context.identity.scope.region
    inner = "" if region == "us-east-1" else xml.text(region)
    return xml_response(200, xml.document("LocationConstraint", [inner]))


def get_versioning(context: Context) -> Response:
    """GET ``?versioning``, which is always off."""
    context.store.bucket(context.request.bucket)
    return xml_response(200, xml.document("VersioningConfiguration", []))


def list_objects(context: Context) -> Response:
    """GET a bucket, first version: pages by ``marker``."""
    params = context.request.params
    limit, page, encode = _list(context, params.get("marker", ""))
    parts = _echo(context, encode, limit, page, [("Marker", params.get("marker", ""))])
    if page.truncated and params.get("delimiter"):
        parts.append(encode("NextMarker", page.last))
    parts += _entries(page, encode, with_owner=True)
    return xml_response(200, xml.document("ListBucketResult", parts))


def list_objects_v2(context: Context) -> Response:
    """GET a bucket, second version: pages by an opaque token."""
    params = context.request.params
    token = params.get("continuation-token")
    start_after = params.get("start-after", "")
    limit, page, encode = _list(context, start_after if token is None else _after(token))
    echoed = [("StartAfter", start_after)] if start_after and token is None else []
    parts = _echo(context, encode, limit, page, echoed)
    parts.append(xml.element("KeyCount", len(page.objects) + len(page.prefixes)))
    if token is not None:
        parts.append(xml.element("ContinuationToken", token))
    if page.truncated:
        parts.append(xml.element("NextContinuationToken", _token(page.last)))
    parts += _entries(page, encode, with_owner=params.get("fetch-owner") == "true")
    return xml_response(200, xml.document("ListBucketResult", parts))


def list_multipart_uploads(context: Context) -> Response:
    """GET ``?uploads``: the uploads in progress."""
    params = context.request.params
    bucket = context.request.bucket
    context.store.bucket(bucket)
    limit = min(context.number("max-uploads", MAX_KEYS, low=0, high=2**31 - 1), MAX_KEYS)
    encode = xml.key_encoder(params.get("encoding-type"))
    prefix, delimiter = params.get("prefix", ""), params.get("delimiter", "")
    after = params.get("key-marker", ""), params.get("upload-id-marker", "")
    found = sorted(
        (upload.key, upload.id, upload)
        for upload in list(context.store.uploads.values())
        if upload.bucket == bucket and upload.key.startswith(prefix)
    )
    found = [one for one in found if (one[:2] > after if after[1] else one[0] > after[0])]
    prefixes: dict[str, None] = {}
    entries: list[str] = []
    last = after
    truncated = False
    for key, upload_id, upload in found:
        cut = key.find(delimiter, len(prefix)) if delimiter else -1
        rolled = key[: cut + len(delimiter)] if cut >= 0 else ""
        if rolled and rolled in prefixes:
            last = (key, upload_id)
            continue
        if len(entries) + len(prefixes) >= limit:
            truncated = limit > 0
            break
        last = (key, upload_id)
        if rolled:
            prefixes[rolled] = None
            continue
        owner = OWNER.replace("Owner>", "Initiator>") + OWNER
        initiated = xml.element("Initiated", xml.time(upload.initiated))
        entries.append(
            f"<Upload>{encode('Key', key)}{xml.element('UploadId', upload_id)}{owner}"
            f"{xml.element('StorageClass', 'STANDARD')}{initiated}</Upload>"
        )
    parts = [
        xml.element("Bucket", bucket),
        encode("KeyMarker", after[0]),
        xml.element("UploadIdMarker", after[1]),
        encode("Prefix", prefix),
        xml.element("MaxUploads", limit),
        xml.element("IsTruncated", truncated),
    ]
    if truncated:
        parts += [encode("NextKeyMarker", last[0]), xml.element("NextUploadIdMarker", last[1])]
    if encode.url:
        parts.append(xml.element("EncodingType", "url"))
    parts += entries + _prefixes(prefixes, encode)
    return xml_response(200, xml.document("ListMultipartUploadsResult", parts))


def _list(context: Context, after: str) -> tuple[int, ListPage, xml.KeyEncoder]:
    params = context.request.params
    limit = min(context.number("max-keys", MAX_KEYS, low=0, high=2**31 - 1), MAX_KEYS)
    encode = xml.key_encoder(params.get("encoding-type"))
    prefix, delimiter = params.get("prefix", ""), params.get("delimiter", "")
    return limit, context.store.page(context.request.bucket, prefix, delimiter, after, limit), encode


def _echo(
    context: Context, encode: xml.KeyEncoder, limit: int, page: ListPage, more: list[tuple[str, str]]
) -> list[str]:
    params = context.request.params
    parts = [xml.element("Name", context.request.bucket), encode("Prefix", params.get("prefix", ""))]
    parts += [encode(name, value) for name, value in more]
    if params.get("delimiter"):
        parts.append(encode("Delimiter", params["delimiter"]))
    parts += [xml.element("MaxKeys", limit), xml.element("IsTruncated", page.truncated)]
    if encode.url:
        parts.append(xml.element("EncodingType", "url"))
    return parts


def _entries(page: ListPage, encode: xml.KeyEncoder, *, with_owner: bool) -> list[str]:
    return [_entry(item, encode, with_owner) for item in page.objects] + _prefixes(page.prefixes, encode)


def _entry(item: StoredObject, encode: xml.KeyEncoder, with_owner: bool) -> str:
    algorithms = ""
    if item.checksums:
        algorithms = "".join(xml.element("ChecksumAlgorithm", name.upper()) for name in item.checksums)
    return (
        f"<Contents>{encode('Key', item.key)}<LastModified>{xml.time(item.modified)}</LastModified>"
        f"<ETag>&quot;{item.etag}&quot;</ETag>{algorithms}<Size>{item.size}</Size>"
        f"{OWNER if with_owner else ''}<StorageClass>STANDARD</StorageClass></Contents>"
    )


def _prefixes(prefixes: Iterable[str], encode: xml.KeyEncoder) -> list[str]:
    return [f"<CommonPrefixes>{encode('Prefix', prefix)}</CommonPrefixes>" for prefix in prefixes]


def _token(after: str) -> str:
    return base64.urlsafe_b64encode(b"1" + after.encode()).decode()


def _after(token: str) -> str:
    try:
        data = base64.b64decode(token, altchars=b"-_", validate=True)
        if data[:1] != b"1":
            raise ValueError
        return data[1:].decode()
    except (binascii.Error, ValueError):
        raise S3Error("InvalidArgument", "The continuation token provided is incorrect") from None
