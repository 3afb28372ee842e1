"""Handlers for multipart uploads."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from xml.etree import ElementTree

from provena_sdk.sandbox.object_store.handlers.context import Context
from provena_sdk.sandbox.object_store.handlers.objects import checksum_headers, stored_headers, write
from provena_sdk.sandbox.object_store.http import checksums, xml
from provena_sdk.sandbox.object_store.http.conditions import parse_range
from provena_sdk.sandbox.object_store.http.request import Response, header_lines, xml_response
from provena_sdk.sandbox.object_store.storage.errors import S3Error
from provena_sdk.sandbox.object_store.storage.objects import Part, StoredObject, Upload

MAX_PARTS = 10_000


def create(context: Context) -> Response:
    """POST ``?uploads``: begin an upload."""
    request = context.request
    context.received()
    context.store.bucket(request.bucket)
    named = request.headers.get("x-amz-checksum-algorithm", "").lower()
    algorithm = named or checksums.DEFAULT
    if algorithm not in checksums.ALGORITHMS:
        raise S3Error("InvalidRequest", "Checksum algorithm provided is unsupported.")
    usual = "FULL_OBJECT" if algorithm == "crc64nvme" else "COMPOSITE"
    kind = request.headers.get("x-amz-checksum-type", usual).upper()
    if kind not in ("FULL_OBJECT", "COMPOSITE"):
        raise S3Error("InvalidRequest", "Value for x-amz-checksum-type header is invalid.")
    if (kind == "FULL_OBJECT" and algorithm not in checksums.CRCS) or (
        kind == "COMPOSITE" and algorithm == "crc64nvme"
    ):
        raise S3Error("InvalidRequest", f"The {kind} checksum type cannot be used with this algorithm.")
    headers = stored_headers(request.headers) | context.encryption()
    upload = Upload(request.bucket, request.key, headers, algorithm, kind)
    context.store.uploads[upload.id] = upload
    head = (
        header_lines([("x-amz-checksum-algorithm", algorithm.upper()), ("x-amz-checksum-type", kind)])
        if named
        else b""
    )
    parts = [
        xml.element("Bucket", upload.bucket),
        xml.element("Key", upload.key),
        xml.element("UploadId", upload.id),
    ]
    return xml_response(200, xml.document("InitiateMultipartUploadResult", parts), head)


def part_algorithm(context: Context) -> str:
    """Return the checksum to compute for a part, whatever the client sends.

    Raises:
        S3Error: ``NoSuchUpload``, or the part's number is out of bounds.
    """
    _part_number(context)
    return _upload(context).algorithm


def upload_part(context: Context) -> Response:
    """PUT one part."""
    blob, body = context.received()
    upload = _upload(context)
    if upload.is_composite and upload.algorithm not in body.given_checksums:
        given = next(iter(body.given_checksums), "null")
        raise S3Error(
            "InvalidRequest",
            f"Checksum Type mismatch occurred, expected checksum Type: {upload.algorithm}, "
            f"actual checksum Type: {given}",
        )
    part = Part(_part_number(context), blob, body.etag, body.checksums)
    upload.parts[part.number] = part
    pairs = [("etag", f'"{part.etag}"'), *context.encryption().items()]
    pairs += [(f"x-amz-checksum-{name}", value) for name, value in part.checksums.items()]
    return Response(200, header_lines(pairs))


def upload_part_copy(context: Context) -> Response:
    """PUT one part as a copy of another object, or of a range of it."""
    context.received()
    upload, number = _upload(context), _part_number(context)
    source = context.copy_source()
    span: tuple[int, int] = (0, source.size)
    if (value := context.request.headers.get("x-amz-copy-source-range")) is not None:
        found = parse_range(value, source.size)
        first, _, last = value.removeprefix("bytes=").partition("-")
        if found is None or not first or not last or int(last) >= source.size:
            raise S3Error(
                "InvalidArgument", "The x-amz-copy-source-range value must be of the form bytes=first-last."
            )
        span = found
    digest = hashlib.md5(usedforsecurity=False)
    spool = context.store.space.spool()
    checksum = checksums.new_checksum(upload.algorithm)
    for blob, low, high in source.slices(*span):
        for chunk in blob.chunks(low, high):
            digest.update(chunk)
            spool.write(chunk)
            checksum.update(chunk)
    sums = {upload.algorithm: checksums.encoded(checksum)}
    part = Part(number, spool.finish(), digest.hexdigest(), sums)
    upload.parts[number] = part
    result = xml.element("LastModified", xml.time(part.modified)) + xml.element("ETag", f'"{part.etag}"')
    return xml_response(200, xml.document("CopyPartResult", [result]))


def list_parts(context: Context) -> Response:
    """GET ``?uploadId``: the parts received so far."""
    upload = _upload(context)
    limit = min(context.number("max-parts", 1000, low=0, high=2**31 - 1), 1000)
    marker = context.number("part-number-marker", 0, low=0, high=2**31 - 1)
    found = [upload.parts[number] for number in sorted(upload.parts) if number > marker]
    page = found[:limit]
    encode = xml.key_encoder(context.request.params.get("encoding-type"))
    parts = [
        xml.element("Bucket", upload.bucket),
        encode("Key", upload.key),
        xml.element("UploadId", upload.id),
        xml.element("PartNumberMarker", marker),
        xml.element("NextPartNumberMarker", page[-1].number if page else 0),
        xml.element("MaxParts", limit),
        xml.element("IsTruncated", len(found) > len(page)),
        xml.element("StorageClass", "STANDARD"),
    ]
    parts.append(xml.element("ChecksumAlgorithm", upload.algorithm.upper()))
    parts.append(xml.element("ChecksumType", upload.checksum_type))
    parts += [_part(part) for part in page]
    return xml_response(200, xml.document("ListPartsResult", parts))


def complete(context: Context) -> Response:
    """POST ``?uploadId``: complete the upload."""
    data = context.document()
    upload = _upload(context)
    chosen = _chosen(xml.parse(data, "CompleteMultipartUpload"), upload)
    if any(part.blob.size < context.min_part_bytes for part in chosen[:-1]):
        raise S3Error("EntityTooSmall")
    size = context.request.headers.get("x-amz-mp-object-size")
    if size is not None and size != str(sum(part.blob.size for part in chosen)):
        raise S3Error("InvalidRequest", "The provided x-amz-mp-object-size does not match the object's size.")
    sums = _checksums(upload, chosen)
    for name, value in sums.items():
        given = context.request.headers.get(f"x-amz-checksum-{name}")
        if given is not None and given != value:
            raise S3Error("BadDigest")
    digests = b"".join(bytes.fromhex(part.etag) for part in chosen)
    etag = f"{hashlib.md5(digests, usedforsecurity=False).hexdigest()}-{len(chosen)}"
    renumbered = tuple(
        Part(number, part.blob, part.etag, part.checksums, part.modified)
        for number, part in enumerate(chosen, start=1)
    )
    item = StoredObject(
        upload.key,
        renumbered,
        etag,
        datetime.now(UTC),
        upload.headers,
        sums,
        upload.checksum_type,
        multipart=True,
    )
    write(context, item)
    context.store.uploads.pop(upload.id, None)
    parts = [
        xml.element(
            "Location", f"http://{context.request.headers.get('host', '')}{context.request.raw_path}"
        ),
        xml.element("Bucket", upload.bucket),
        xml.element("Key", upload.key),
        xml.element("ETag", f'"{etag}"'),
    ]
    parts += [xml.element(f"Checksum{name.upper()}", value) for name, value in sums.items()]
    parts.append(xml.element("ChecksumType", item.checksum_type))
    return xml_response(
        200,
        xml.document("CompleteMultipartUploadResult", parts),
        header_lines([*context.encryption().items(), *checksum_headers(item)]),
    )


def abort(context: Context) -> Response:
    """DELETE ``?uploadId``: abort the upload."""
    del context.store.uploads[_upload(context).id]
    return Response(204, length=None)


def _upload(context: Context) -> Upload:
    request = context.request
    return context.store.upload(request.params["uploadId"], request.bucket, request.key)


def _part_number(context: Context) -> int:
    number = context.number("partNumber", 0, low=1, high=MAX_PARTS)
    if not number:
        raise S3Error("InvalidArgument", "partNumber is missing.", ArgumentName="partNumber")
    return number


def _chosen(tree: ElementTree.Element, upload: Upload) -> list[Part]:
    """Return the parts named in a request to complete an upload."""
    chosen: list[Part] = []
    for node in tree.findall("Part"):
        number, etag = node.findtext("PartNumber", ""), node.findtext("ETag", "").strip().strip('"')
        if not number.strip().isdecimal() or not etag:
            raise S3Error("MalformedXML")
        part = upload.parts.get(int(number))
        if part is None or part.etag != etag:
            raise S3Error("InvalidPart", UploadId=upload.id, PartNumber=number, ETag=etag)
        for name, value in part.checksums.items():
            given = node.findtext(f"Checksum{name.upper()}")
            if given is None and upload.is_composite:
                raise S3Error(
                    "InvalidRequest",
                    f"The upload was created using a {name} checksum. The complete request must include the "
                    f"checksum for each part. It was missing for part {number} in the request.",
                )
            if given is not None and given.strip() != value:
                raise S3Error("InvalidPart", UploadId=upload.id, PartNumber=number, ETag=etag)
        if chosen and part.number <= chosen[-1].number:
            raise S3Error("InvalidPartOrder", UploadId=upload.id)
        chosen.append(part)
    if not chosen:
        raise S3Error("MalformedXML")
    return chosen


def _checksums(upload: Upload, chosen: list[Part]) -> dict[str, str]:
    name = upload.algorithm
    digests = [base64.b64decode(part.checksums[name]) for part in chosen]
    if upload.is_composite:
        checksum = checksums.new_checksum(name)
        checksum.update(b"".join(digests))
        return {name: f"{checksums.encoded(checksum)}-{len(chosen)}"}
    sizes = (part.blob.size for part in chosen)
    whole = checksums.combined(name, zip(digests, sizes, strict=True))
    return {name: base64.b64encode(whole).decode()}


def _part(part: Part) -> str:
    sums = "".join(xml.element(f"Checksum{name.upper()}", value) for name, value in part.checksums.items())
    return (
        f"<Part>{xml.element('PartNumber', part.number)}<LastModified>{xml.time(part.modified)}</LastModified>"
        f"<ETag>&quot;{part.etag}&quot;</ETag>{sums}<Size>{part.blob.size}</Size></Part>"
    )
