"""Comparing local files with the store's checksums."""

from __future__ import annotations

import asyncio
import os
import threading
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from provena_sdk.s3.models import FileInfo, ObjectState
from provena_sdk.transfer.progress.meter import Meter
from provena_sdk.transfer.verify.compare import Pair, compare

SIZE = 64 * 1024 * 1024
ETAG = "0" * 32


async def test_a_large_file_is_read_no_further_once_the_comparison_is_cancelled(tmp_path: Path) -> None:
    (tmp_path / "large.nc").touch()
    os.truncate(tmp_path / "large.nc", SIZE)
    reading, cancelled = threading.Event(), threading.Event()
    read: list[int] = []

    class Paused(Meter):
        def compared(self, *, files: int = 0, bytes: int = 0) -> None:
            read.append(bytes)
            reading.set()
            cancelled.wait(30)

    class Objects:
        async def head(self, path: str, **_: Any) -> ObjectState:
            return ObjectState(SIZE, ETAG, None, {}, None, None, False, None)

    pair = Pair(0, FileInfo("large.nc", SIZE, ETAG, datetime.now(UTC)), "large.nc")
    store = cast("Any", SimpleNamespace(objects=Objects()))
    comparing = asyncio.ensure_future(compare(store, tmp_path, [pair], Paused()))
    assert await asyncio.to_thread(reading.wait, 30)
    comparing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await comparing
    cancelled.set()
    for thread in threading.enumerate():
        if thread.name.startswith("provena-compare"):
            await asyncio.to_thread(thread.join, 30)
    assert sum(read) < SIZE
