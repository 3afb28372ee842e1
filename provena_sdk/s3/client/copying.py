"""Copies of objects; within a folder, the bytes stay in the store."""

from __future__ import annotations

import contextlib
import logging
from typing import Final

from provena_sdk.concurrency.gather import all_of
from provena_sdk.display.text import quoted
from provena_sdk.errors import FileStoreError
from provena_sdk.s3.client.objects import ObjectClient
from provena_sdk.s3.client.ranges import read_range, read_slice
from provena_sdk.s3.client.writer import AT_ONCE, NOT_RESUMED, ObjectWriter, crc32_of_parts
from provena_sdk.s3.limits import MAX_PARTS
from provena_sdk.s3.models import ObjectState, StoredPart
from provena_sdk.s3.parts import is_in_parts

_log = logging.getLogger(__name__)

MAX_COPY_BYTES: Final = 5 * 1024**3
"""The largest object that S3 copies in one request."""

COPY_PART_BYTES: Final = 1024**3


async def copy_object(objects: ObjectClient, source: str, target: str) -> None:
    """Copy an object within its folder; the bytes stay in the store.

    Args:
        objects: The client.
        source: The object's path.
        target: The copy's path.

    Raises:
        DatasetFileNotFound: The object does not exist.
        FileError: The guard forbids writing the target.
    """
    if source == target:
        await objects.head(source)
        return
    try:
        await objects.copy(source, target)
    except FileStoreError:
        state = await objects.head(source)
        if state.size <= MAX_COPY_BYTES:
            raise
    else:
        return
    await _copy_large(objects, source, target, state)


async def copy_across(source_objects: ObjectClient, source: str, objects: ObjectClient, target: str) -> None:
    """Copy an object from another folder through this machine, a few parts at a time.

    Args:
        source_objects: The client of the other folder.
        source: The object's path there.
        objects: The client of the target's folder.
        target: The copy's path.

    Raises:
        DatasetFileNotFound: The object does not exist.
        IntegrityError: The object was replaced during the copy.
        FileError: The guard forbids writing the target.
    """
    state = await source_objects.head(source)
    writer = ObjectWriter(objects, target, content_type=state.content_type)
    if not is_in_parts(state.size, NOT_RESUMED):
        await writer.put(await read_slice(source_objects, source, etag=state.etag))
        return

    async def fetch(start: int, end: int) -> bytes:
        return bytes(await read_range(source_objects, source, start, end, etag=state.etag))

    await writer.write_parts(state.size, fetch)


async def begin_append(objects: ObjectClient, writer: ObjectWriter, state: ObjectState) -> int:
    """Begin an upload whose first parts the store copies from the present object.

    Args:
        objects: The client.
        writer: The object's writer; it must not have begun.
        state: The object's present state.

    Returns:
        The number of parts copied; 0 when the store cannot copy into parts, and then no upload is left.
    """
    await writer.begin()
    try:
        copied = await _copy_into_parts(objects, writer.path, str(writer.upload_id), writer.path, state)
        parts = await objects.list_parts(writer.path, str(writer.upload_id))
        if parts is not None and await writer.adopt(parts):
            return len(copied)
    except FileStoreError as error:
        # MinIO copies nothing into an upload that keeps checksums.
        _log.debug("The store does not copy %s into parts: %s", quoted(writer.path), error.message)
    except BaseException:
        await writer.abort()
        raise
    await writer.abort()
    return 0


async def _copy_large(objects: ObjectClient, source: str, target: str, state: ObjectState) -> None:
    """Copy an object that is too large for one request, in parts."""
    upload_id = await objects.create_upload(target, content_type=state.content_type)
    try:
        parts = await _copy_into_parts(objects, target, upload_id, source, state)
        await objects.complete_upload(target, upload_id, parts, crc32=crc32_of_parts(parts), size=state.size)
    except BaseException as error:
        with contextlib.suppress(Exception):
            await objects.abort_upload(target, upload_id)
        if not isinstance(error, FileStoreError):
            raise
    else:
        return
    # A store that does not copy into parts may still accept parts from here.
    await copy_across(objects, source, objects, target)


async def _copy_into_parts(
    objects: ObjectClient, target: str, upload_id: str, source: str, state: ObjectState
) -> list[StoredPart]:
    """Have the store copy an object into the parts of an upload."""
    parts: list[StoredPart] = []
    # Equal parts: appended parts may not follow one that is too small.
    count = min(-(-state.size // COPY_PART_BYTES), MAX_PARTS)
    step = -(-state.size // count)
    offsets = iter(enumerate(range(0, state.size, step), start=1))

    async def work() -> None:
        for number, offset in offsets:
            span = offset, min(step, state.size - offset)
            parts.append(
                await objects.copy_part(target, upload_id, number, source, span=span, if_match=state.etag)
            )

    await all_of(*(work() for _ in range(AT_ONCE)))
    return sorted(parts)
