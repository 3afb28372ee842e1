"""Fetching one file: into a part file, verified, and only then under its own name."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Final

from provena_sdk.errors import FileError, IntegrityError
from provena_sdk.files.checksum import ETag, even_parts, file_etag, md5, parse_etag
from provena_sdk.files.engine import PART_BYTES, Engine, pause
from provena_sdk.files.listing import look_up
from provena_sdk.files.local import PartFile
from provena_sdk.files.location import FileInfo
from provena_sdk.files.plan import Download, each_part
from provena_sdk.files.report import FileOutcome, Verified

_ATTEMPTS: Final = 3
_PARTS_ASKED: Final = 1000
_UNPROVEN: Final = "only its size could be verified; the store's ETag is no checksum here"


async def download_file(engine: Engine, item: Download, destination: Path) -> FileOutcome:
    """Fetch one file. When it is replaced or damaged on the way, it is fetched again as it is then.

    Args:
        engine: The transfer this is part of.
        item: What to fetch.
        destination: The folder its target lies in.

    Raises:
        Exception: Whatever made it impossible; no part of the file is left behind.
    """
    started = time.monotonic()
    info = item.info
    attempt = 1
    while True:
        try:
            verified, local = await _once(engine, info, item.target, destination)
            break
        except IntegrityError:
            latest = await look_up(engine.store, info.path) if attempt < _ATTEMPTS else None
            if latest is None:
                raise
            info = latest
        await pause(attempt)
        attempt += 1
    return FileOutcome(
        info.path,
        "downloaded",
        bytes=info.size,
        seconds=time.monotonic() - started,
        local=local,
        reason=_UNPROVEN if verified == "size" else None,
        verified=verified,
    )


async def _once(engine: Engine, info: FileInfo, target: str, destination: Path) -> tuple[Verified, Path]:
    if info.size > PART_BYTES:
        part = await engine.in_thread(PartFile, destination, target)
        with contextlib.closing(part):
            return await _fetch_large(engine, info, part), part.target
    async with engine.budget.hold(info.size):
        data, headers = await engine.fetch(info.path, IfMatch=f'"{info.etag}"')
        etag = parse_etag(info.etag, headers)
        if etag is not None and etag.parts is None:
            return "checksum", await engine.in_thread(_settle_small, info, data, etag, destination, target)
        part = await engine.in_thread(_written, info, data, destination, target)
    with contextlib.closing(part):
        return await _settle(engine, info, part, etag), part.target


def _settle_small(info: FileInfo, data: bytearray, etag: ETag, destination: Path, target: str) -> Path:
    if md5(data) != etag.digest:
        raise _damaged(info)
    with contextlib.closing(_written(info, data, destination, target)) as part:
        part.commit()
        return part.target


def _written(info: FileInfo, data: bytearray, destination: Path, target: str) -> PartFile:
    if len(data) != info.size:
        raise _damaged(info)
    part = PartFile(destination, target)
    try:
        part.write(0, data)
    except BaseException:
        part.close()
        raise
    return part


async def _fetch_large(engine: Engine, info: FileInfo, part: PartFile) -> Verified:
    headers: dict[str, Any] = {}

    async def fetch_part(span: tuple[int, int]) -> None:
        offset, length = span
        async with engine.budget.hold(length):
            data, answer = await engine.fetch(
                info.path, IfMatch=f'"{info.etag}"', Range=f"bytes={offset}-{offset + length - 1}"
            )
            if len(data) != length:
                raise _damaged(info)
            headers.update({name: value for name, value in answer.items() if name != "Body"})
            await engine.in_thread(part.write, offset, data)

    await engine.parts(each_part(info.size, PART_BYTES), fetch_part)
    return await _settle(engine, info, part, parse_etag(info.etag, headers))


async def _settle(engine: Engine, info: FileInfo, part: PartFile, etag: ETag | None) -> Verified:
    def compute(sizes: Sequence[int] | None) -> Awaitable[str]:
        return engine.in_thread(file_etag, part.path, sizes)

    verified = await _verify(engine, info, etag, compute)
    await engine.in_thread(part.commit)
    return verified


async def _verify(
    engine: Engine,
    info: FileInfo,
    etag: ETag | None,
    compute: Callable[[Sequence[int] | None], Awaitable[str]],
) -> Verified:
    """Compare with the ETag; return how far that proves the file right.

    Raises:
        IntegrityError: The file is not what the store holds.
    """
    if etag is None:
        return "size"
    if etag.parts is None:
        if await compute(None) != etag.digest:
            raise _damaged(info)
        return "checksum"
    first = await _part_size(engine, info, 1)
    if first is None:
        return "size"
    even = list(even_parts(info.size, first))
    if len(even) == etag.parts and await compute(even) == info.etag:
        return "checksum"
    if etag.parts > _PARTS_ASKED:
        return "size"
    sizes = await _part_sizes(engine, info, etag.parts)
    if sizes is None:
        return "size"
    if sum(sizes) != info.size or await compute(sizes) != info.etag:
        raise _damaged(info)
    return "checksum"


async def _part_sizes(engine: Engine, info: FileInfo, count: int) -> list[int] | None:
    sizes: dict[int, int | None] = {}

    async def ask(number: int) -> None:
        sizes[number] = await _part_size(engine, info, number)

    await engine.parts(range(1, count + 1), ask)
    found = [sizes[number] for number in range(1, count + 1)]
    known = [size for size in found if size is not None]
    return known if len(known) == count else None


async def _part_size(engine: Engine, info: FileInfo, number: int) -> int | None:
    """Ask how large one part of an object was, or return None when the store does not tell."""
    try:
        answer = await engine.request("head_object", info.path, PartNumber=number)
    except FileError:
        return None
    if answer["ETag"].strip('"') != info.etag:
        raise IntegrityError(f"{info.path!r} was replaced meanwhile.", path=info.path, hint="Try again.")
    return int(answer["ContentLength"]) if answer.get("PartsCount") else None


def _damaged(info: FileInfo) -> IntegrityError:
    return IntegrityError(
        f"{info.path!r} arrived damaged: its size or checksum is not the store's.",
        path=info.path,
        hint="Try again.",
    )
