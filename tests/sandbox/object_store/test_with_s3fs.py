from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import s3fs

from provena_sdk.sandbox.object_store import Grants, ObjectStore, serve

PREFIX = "datasets/10378-1-12/"


@pytest.fixture
def files() -> Iterator[tuple[Any, ObjectStore]]:
    """A file system on a server in a thread of its own, with keys limited to one prefix."""
    store, grants = ObjectStore(), Grants()
    store.create_bucket("reef")
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(serve(store, grants), loop).result(5)
    keys = grants.issue("reef", PREFIX, write=True, lifetime_seconds=600)
    yield (
        s3fs.S3FileSystem(
            key=keys.access_key_id,
            secret=keys.secret_access_key,
            token=keys.session_token,
            endpoint_url=server.url,
            skip_instance_cache=True,
        ),
        store,
    )
    asyncio.run_coroutine_threadsafe(server.close(), loop).result(5)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(5)
    loop.close()
    store.close()


def test_a_folder_goes_up_and_comes_back(files: tuple[Any, ObjectStore], tmp_path: Path) -> None:
    fs, store = files
    source, target = tmp_path / "up", tmp_path / "down"
    contents = {"a.csv": b"site", "sub/b c+d%20#.nc": os.urandom(300_000), "sub/empty": b"", "ü/🐠": b"fish"}
    for name, data in contents.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes(data)
    root = f"reef/{PREFIX}".rstrip("/")
    fs.put(f"{source}/", f"{root}/", recursive=True)
    assert {key.removeprefix(PREFIX): store.get("reef", key) for key in store.keys("reef")} == contents
    assert {name.removeprefix(f"{root}/") for name in fs.find(root)} == set(contents)
    fs.get(f"{root}/", f"{target}/", recursive=True)
    assert {name: (target / name).read_bytes() for name in contents} == contents
    assert fs.glob(f"{root}/**/*.nc") == [f"{root}/sub/b c+d%20#.nc"]
    fs.rm(f"{root}/sub", recursive=True)
    assert len(store.keys("reef")) == 2


def test_a_large_file_goes_up_in_parts(files: tuple[Any, ObjectStore]) -> None:
    fs, store = files
    data = os.urandom(12 << 20)
    with fs.open(f"reef/{PREFIX}big", "wb", block_size=5 << 20) as file:
        file.write(data[: 6 << 20])
        file.write(data[6 << 20 :])
    assert store.get("reef", f"{PREFIX}big") == data
    assert store.head("reef", f"{PREFIX}big").etag.endswith("-2")
    with fs.open(f"reef/{PREFIX}big", "rb") as file:
        file.seek(6 << 20)
        assert file.read(1000) == data[6 << 20 : (6 << 20) + 1000]
    with pytest.raises(PermissionError):
        fs.pipe_file("reef/elsewhere", b"x")
