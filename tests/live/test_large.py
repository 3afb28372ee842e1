"""A file of more than 5 GiB, which S3 takes only in parts, goes to a store and back."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from provena_sdk.sandbox import Sandbox
from provena_sdk.sandbox.data.users import SERVICE_USER
from scripts.live.stores import Store
from tests.live.conftest import MakeRealm
from tests.live.parts import external, signed_in
from tests.live.test_sandbox_parts import client

pytestmark = [pytest.mark.live, pytest.mark.slow, pytest.mark.timeout(1800)]
MIB = 1 << 20
GIB = 1 << 30
SIZE = 5 * GIB + 3 * MIB + 1
# The store keeps the parts beside the object while it completes the upload, and the download comes on top.
NEEDED = 16 * GIB
END = b"the end of the reef"
MARKS = {0: b"begin", 4 * GIB - 3: b"across 4 GiB", 5 * GIB - 1: b"across 5 GiB", SIZE - len(END): END}
BLOCK = 16 * MIB


@pytest.fixture
def sandbox(
    new_realm: MakeRealm, new_store: Callable[..., Store], tmp_path: Path
) -> Iterator[tuple[Sandbox, Store]]:
    free = shutil.disk_usage(tmp_path).free
    if free < NEEDED:
        pytest.skip(
            f"a file of 5 GiB needs {NEEDED / 1e9:.0f} GB of disk here, and {free / 1e9:.0f} GB are free"
        )
    with (
        new_store("versitygw") as store,
        Sandbox(issuer=new_realm().issuer, s3=external(store), credentials_seconds=3600) as running,
    ):
        yield running, store
        assert running.crashes == []


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Path]:
    """A folder with the file, which is sparse but for the marks."""
    folder = tmp_path / "source"
    folder.mkdir()
    with (folder / "large.bin").open("wb") as file:
        file.truncate(SIZE)
        for start, mark in MARKS.items():
            file.seek(start)
            file.write(mark)
    yield folder
    shutil.rmtree(folder)


def same(one: Path, other: Path) -> bool:
    with one.open("rb") as first, other.open("rb") as second:
        while block := first.read(BLOCK):
            if second.read(BLOCK) != block:
                return False
        return not second.read(1)


def test_it_goes_there_and_back(sandbox: tuple[Sandbox, Store], source: Path, tmp_path: Path) -> None:
    running, _ = sandbox
    handle = running.add_dataset("Reef", owner=SERVICE_USER)
    back = tmp_path / "back"
    with signed_in(running) as provena:
        reef = provena.datastore.interactive_dataset(handle)
        reef.upload_all_files(source)
        (entry,) = (entry for entry in reef.list_files() if entry.path == "large.bin")
        assert entry.size == SIZE

        place = provena.datastore.fetch_dataset(handle).item.s3
        reading = client(running, reef.generate_read_access_credentials().credentials)
        named = {"Bucket": place.bucket_name, "Key": f"{place.path}large.bin"}
        head = reading.head_object(**named, PartNumber=1)
        _, _, parts = head["ETag"].strip('"').partition("-")
        assert int(parts) == head["PartsCount"] > 1
        assert head["ContentLength"] < SIZE

        with reef.open("large.bin", "rb") as file:
            for start, mark in MARKS.items():
                file.seek(start)
                assert file.read(len(mark)) == mark
        assert reef.plan_upload(source).counts().get("new", 0) == 0
        reef.download_all_files(back)
    assert same(source / "large.bin", back / "large.bin")
    shutil.rmtree(back)
