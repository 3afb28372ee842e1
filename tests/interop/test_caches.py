"""fsspec's caches before an address."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fsspec
import pytest

pytestmark = pytest.mark.interop
CACHES = ["simplecache", "filecache", "blockcache"]


def opened(name: str, url: str, folder: Path, **options: Any) -> Any:
    """Return a file to be opened through a cache in a folder."""
    return fsspec.open(f"{name}::{url}", **{name: {"cache_storage": str(folder), **options}})


@pytest.mark.parametrize("name", CACHES)
def test_a_file_is_fetched_once(sandbox: Any, url: str, tmp_path: Path, name: str) -> None:
    for _ in range(2):
        with opened(name, f"{url}/obs/2023.csv", tmp_path) as file:
            assert file.read().startswith(b"day,temperature\n1,25.5")
        fsspec.get_filesystem_class(name).clear_instance_cache()
    reads = [request for request in sandbox.s3_requests if request.operation == "GetObject"]
    assert len(reads) == 1


@pytest.mark.parametrize("name", ["filecache", "blockcache"])
def test_a_changed_file_is_fetched_again(url: str, tmp_path: Path, name: str) -> None:
    path = f"{url}/obs/2023.csv"
    with opened(name, path, tmp_path, check_files=True) as file:
        assert file.read().startswith(b"day")
    with fsspec.open(path, "wb") as file:
        file.write(b"another")
    fsspec.get_filesystem_class(name).clear_instance_cache()
    with opened(name, path, tmp_path, check_files=True) as file:
        assert file.read() == b"another"


@pytest.mark.parametrize("name", ["simplecache", "filecache"])
def test_writing_through_a_cache(url: str, tmp_path: Path, name: str) -> None:
    with fsspec.open(f"{name}::{url}/new.bin", "wb", **{name: {"cache_storage": str(tmp_path)}}) as file:
        file.write(b"123")
        file.seek(0)
        file.write(b"0")
    assert fsspec.filesystem("provena").cat_file(f"{url}/new.bin") == b"023"
