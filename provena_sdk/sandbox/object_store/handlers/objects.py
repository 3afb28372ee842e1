"""Handlers for single objects: read, write, copy, delete."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from provena_sdk.sandbox.object_store.handlers.context import Context
from provena_sdk.sandbox.object_store.http import checksums, xml
from provena_sdk.sandbox.object_store.http.conditions import (
    check_read,
    check_write,
    parse_range,
    range_still_holds,
)
from provena_sdk.sandbox.object_store.http.request import Response, header_lines, xml_response
from provena_sdk.sandbox.object_store.storage.errors import S3Error
from provena_sdk.sandbox.object_store.storage.objects import Part, StoredObject
from provena_sdk.sandbox.object_store.storage.store import DEFAULT_CONTENT_TYPE

MAX_DELETES = 1000
MAX_METADATA_BYTES = 2048

_KEPT = (
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-type",
    "expires",
)


def get_object(context: Context) -> Response:
    """GET an object or a part of it."""
    return _read(context, with_body=True)


def head_object(context: Context) -> Response:
    """HEAD: the answer to GET without the body."""
    return _read(context, with_body=False)


def put_object(context: Context) -> Response:
    """PUT a whole object."""
    request = context.request
    blob, body = context.received()
    sums = body.checksums
    moment = datetime.now(UTC)
    item = StoredObject(
        request.key,
        (Part(1, blob, body.etag, sums, moment),),
        body.etag,
        moment,
        stored_headers(request.headers) | context.encryption(),
        sums,
    )
    write(context, item)
    pairs = [("etag", f'"{item.etag}"'), *context.encryption().items(), *checksum_headers(item)]
    return Response(200, header_lines(pairs))


def copy_object(context: Context) -> Response:
    """PUT with ``x-amz-copy-source``."""
    request = context.request
    context.received()
    source = context.copy_source()
    directive = request.headers.get("x-amz-metadata-directive", "COPY")
    if directive not in ("COPY", "REPLACE"):
        raise S3Error("InvalidArgument", "Unknown metadata directive.")
    target = context.store.bucket(request.bucket).objects.get(request.key)
    if target is source and directive == "COPY":
        raise S3Error(
            "InvalidRequest",
            "This copy request is illegal because it is trying to copy an object to itself without changing "
            "the object's metadata.",
        )
    headers = stored_headers(request.headers) if directive == "REPLACE" else source.headers
    # A copy is a single object, so its ETag is never composite.
    etag = _md5(source) if source.multipart else source.etag
    item = StoredObject(
        request.key,
        source.parts,
        etag,
        datetime.now(UTC),
        headers,
        (source.checksums if source.checksum_type == "FULL_OBJECT" else None) or _default_checksums(source),
    )
    write(context, item)
    result = xml.element("LastModified", xml.time(item.modified)) + xml.element("ETag", f'"{item.etag}"')
    return xml_response(200, xml.document("CopyObjectResult", [result]))


def delete_object(context: Context) -> Response:
    """DELETE an object; a missing object is not an error."""
    context.store.delete(context.request.bucket, context.request.key)
    return Response(204, length=None)


def delete_objects(context: Context) -> Response:
    """POST ``?delete``: up to 1,000 keys, each with its own outcome."""
    data = context.document()
    if context.body is None or not context.body.is_protected:
        raise S3Error("InvalidRequest", "Missing required header for this request: Content-MD5")
    bucket = context.request.bucket
    context.store.bucket(bucket)
    tree = xml.parse(data, "Delete")
    keys = [node.findtext("Key") for node in tree.findall("Object")]
    if not keys or len(keys) > MAX_DELETES or not all(keys):
        raise S3Error("MalformedXML")
    quiet = tree.findtext("Quiet") == "true"
    results = []
    for key in filter(None, keys):
        if context.identity.grant.covers(bucket, key, write=True):
            context.store.delete(bucket, key)
            if not quiet:
                results.append(f"<Deleted>{xml.element('Key', key)}</Deleted>")
        else:
            refused = xml.element("Code", "AccessDenied") + xml.element("Message", "Access Denied")
            results.append(f"<Error>{xml.element('Key', key)}{refused}</Error>")
    return xml_response(200, xml.document("DeleteResult", results))


def write(context: Context, item: StoredObject) -> None:
    """Store an object atomically, if the request's preconditions hold.

    Raises:
        S3Error: A precondition fails or the bucket does not exist.
    """
    store, request = context.store, context.request
    with store.lock:
        bucket = store.bucket(request.bucket)
        check_write(bucket.objects.get(request.key), request.key, request.headers)
        bucket.put(item)


def stored_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the request headers that answers about the object repeat.

    Raises:
        S3Error: ``MetadataTooLarge`` if the user metadata exceed 2 KB.
    """
    kept = {name: headers[name] for name in _KEPT if name in headers}
    encodings = [one.strip() for one in kept.pop("content-encoding", "").split(",")]
    encodings = [one for one in encodings if one and one != "aws-chunked"]
    if encodings:
        kept["content-encoding"] = ", ".join(encodings)
    kept.setdefault("content-type", DEFAULT_CONTENT_TYPE)
    metadata = {name: value for name, value in headers.items() if name.startswith("x-amz-meta-")}
    size = sum(
        len(n) - len("x-amz-meta-") + len(v.encode(errors="surrogateescape")) for n, v in metadata.items()
    )
    if size > MAX_METADATA_BYTES:
        raise S3Error("MetadataTooLarge", MaxSizeAllowed=str(MAX_METADATA_BYTES), Size=str(size))
    return kept | metadata


def checksum_headers(item: StoredObject) -> list[tuple[str, str]]:
    """Return an object's checksums as header pairs."""
    pairs = [(f"x-amz-checksum-{name}", value) for name, value in item.checksums.items()]
    return [*pairs, ("x-amz-checksum-type", item.checksum_type)] if pairs else []


def _read(context: Context, *, with_body: bool) -> Response:
    request = context.request
    headers = request.headers
    item = context.store.find(request.bucket, request.key)
    check_read(item, headers)
    size = item.size
    part = context.number("partNumber", 0, low=1, high=10_000)
    span: tuple[int, int] | None = None
    if part:
        if item.multipart:
            span = item.part_range(part)
        elif part > 1:
            raise S3Error("InvalidPartNumber")
    elif "range" in headers and range_still_holds(item, headers.get("if-range")):
        span = parse_range(headers["range"], size)
    head = item.head
    extra: list[tuple[str, str]] = []
    if part and item.multipart:
        extra.append(("x-amz-mp-parts-count", str(len(item.parts))))
    if headers.get("x-amz-checksum-mode", "").upper() == "ENABLED":
        if span is None:
            extra += checksum_headers(item)
        elif part:
            sums = item.parts[part - 1].checksums
            extra += [(f"x-amz-checksum-{name}", value) for name, value in sums.items()]
    overrides = {
        name.removeprefix("response-"): value
        for name, value in request.query
        if name.startswith("response-") and name.removeprefix("response-") in _KEPT
    }
    if overrides:
        head = replace(item, headers=dict(item.headers) | overrides).head
    start, stop = span or (0, size)
    if span is not None and not (part and start == stop):
        extra.append(("content-range", f"bytes {start}-{stop - 1}/{size}"))
    if extra:
        head += header_lines(extra)
    body = list(item.slices(start, stop)) if with_body else []
    return Response(200 if span is None else 206, head, body, stop - start)


def _md5(item: StoredObject) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    for chunk in _chunks(item):
        digest.update(chunk)
    return digest.hexdigest()


def _default_checksums(item: StoredObject) -> dict[str, str]:
    checksum = checksums.new_checksum(checksums.DEFAULT)
    for chunk in _chunks(item):
        checksum.update(chunk)
    return {checksums.DEFAULT: checksums.encoded(checksum)}


def _chunks(item: StoredObject) -> Iterator[bytes | memoryview]:
    return (chunk for blob, low, high in item.slices() for chunk in blob.chunks(low, high))
