"""Sending one file: in one piece, or in parts that are given up when anything fails."""

from __future__ import annotations

import asyncio
import contextlib
import mimetypes
import time
from typing import Any, Final

from provena_sdk.errors import IntegrityError
from provena_sdk.files.checksum import composite, md5, parse_etag
from provena_sdk.files.engine import PART_BYTES, Engine
from provena_sdk.files.local import SourceFile
from provena_sdk.files.plan import Upload, each_part
from provena_sdk.files.report import FileOutcome, Verified

MULTIPART_BYTES: Final = 16 * 1024 * 1024
"""The size from which a file is sent in parts."""

_MAX_PARTS: Final = 10_000


def part_size(size: int) -> int:
    """Return the size of the parts in which a file is sent: 8 MiB, or more when that took over 10,000 parts.

    Args:
        size: The file's size in bytes.

    Example:
        >>> part_size(20 * 1024**2) == 8 * 1024**2, 5 * 1024**4 / part_size(5 * 1024**4) <= 10_000
        (True, True)
    """
    return max(PART_BYTES, -(-size // _MAX_PARTS))


async def upload_file(engine: Engine, item: Upload) -> FileOutcome:
    """Send one file and compare the store's ETag with the bytes that were read.

    Args:
        engine: The transfer this is part of.
        item: What to send.

    Raises:
        Exception: Whatever made it impossible; no unfinished upload is left in the store.
    """
    started = time.monotonic()
    source = await engine.in_thread(SourceFile, item.source)
    try:
        headers: dict[str, str] = {}
        if kind := mimetypes.guess_type(item.path)[0]:
            headers["ContentType"] = kind
        send = _send_whole if source.size < MULTIPART_BYTES else _send_parts
        verified = await send(engine, item, source, headers)
    finally:
        source.close()
    return FileOutcome(
        item.path,
        "uploaded",
        bytes=source.size,
        seconds=time.monotonic() - started,
        local=item.source,
        verified=verified,
    )


async def _send_whole(engine: Engine, item: Upload, source: SourceFile, headers: dict[str, str]) -> Verified:
    async with engine.budget.hold(source.size):
        data, digest = await engine.in_thread(_read_and_hash, source, 0, source.size)
        answer = await engine.request("put_object", item.path, Body=data, **headers)
    return _compared(item, answer, digest)


async def _send_parts(engine: Engine, item: Upload, source: SourceFile, headers: dict[str, str]) -> Verified:
    size = part_size(source.size)
    created = await engine.request("create_multipart_upload", item.path, **headers)
    upload = {"UploadId": created["UploadId"]}
    parts: dict[int, dict[str, Any]] = {}
    digests: dict[int, str] = {}

    async def send(span: tuple[int, int]) -> None:
        offset, length = span
        number = offset // size + 1
        async with engine.budget.hold(length):
            data, digests[number] = await engine.in_thread(_read_and_hash, source, offset, length)
            answer = await engine.request("upload_part", item.path, PartNumber=number, Body=data, **upload)
        checksums = {
            name: value
            for name, value in answer.items()
            if name.startswith("Checksum") and name != "ChecksumType"
        }
        parts[number] = {"PartNumber": number, "ETag": answer["ETag"], **checksums}

    try:
        await engine.parts(each_part(source.size, size), send)
        ordered = [parts[number] for number in sorted(parts)]
        answer = await engine.request(
            "complete_multipart_upload", item.path, MultipartUpload={"Parts": ordered}, **upload
        )
    except BaseException:
        # Parts that are left behind cost money and show in no listing.
        with contextlib.suppress(Exception):
            await asyncio.shield(engine.request("abort_multipart_upload", item.path, **upload))
        raise
    return _compared(item, answer, composite([digests[number] for number in sorted(digests)]))


def _read_and_hash(source: SourceFile, offset: int, length: int) -> tuple[bytes, str]:
    data = source.read(offset, length)
    return data, md5(data)


def _compared(item: Upload, answer: dict[str, Any], expected: str) -> Verified:
    etag = parse_etag(answer["ETag"], answer)
    if etag is None:
        return "size"
    if answer["ETag"].strip('"').lower() != expected:
        raise IntegrityError(
            f"The store holds something else than {item.path!r} after its upload.",
            path=item.path,
            hint="Upload it again.",
        )
    return "checksum"
