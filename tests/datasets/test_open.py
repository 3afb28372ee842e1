"""Open files: their modes, and how they end."""

import gc
import gzip
import logging
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from datetime import UTC
from typing import Any

import pytest

from provena_sdk.concurrency.io_thread import run_sync
from provena_sdk.datasets.credentials import Access
from provena_sdk.datasets.location import DatasetLocation
from provena_sdk.errors import DatasetFileExists, InvalidArgument, NotAFile
from provena_sdk.sandbox.object_store import Server
from tests.dataset import Dataset

Put = Callable[[dict[str, bytes]], None]
Stored = Callable[[], dict[str, bytes]]


def uploads(server: Server, location: DatasetLocation) -> list[str]:
    """The unfinished uploads of the test's own dataset."""
    return [one.key for one in server.store.uploads.values() if one.key.startswith(location.prefix)]


def wait_for_no_uploads(server: Server, location: DatasetLocation) -> None:
    """Wait until none is left: what is given up by the garbage collector is waited for by nobody else."""
    deadline = time.monotonic() + 10
    while uploads(server, location) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert uploads(server, location) == []


@pytest.mark.parametrize("mode", ["q", "r+b", "w+", "rw", "", "U", None, 1], ids=repr)
def test_modes_there_are_not(files: Dataset, asked: list[tuple[str, Access]], put: Put, mode: Any) -> None:
    put({"a": b"1"})
    with pytest.raises(InvalidArgument, match=r"one of rb, r, rt, wb") as caught:
        files.open("a", mode)
    assert caught.value.argument == "mode"
    assert asked == []


@pytest.mark.parametrize(
    ("mode", "option", "value"),
    [
        ("r", "encodng", "latin-1"),
        ("rb", "encoding", "latin-1"),
        ("rb", "block_size", -5),
        ("rb", "block_size", 0),
        ("rb", "block_size", "8M"),
        ("wb", "block_size", 1024**2),
        ("r", "acl", "public-read"),
    ],
)
def test_options_there_are_not(
    files: Dataset, asked: list[tuple[str, Access]], put: Put, mode: str, option: str, value: object
) -> None:
    put({"a": b"1"})
    with pytest.raises(InvalidArgument) as caught:
        files.open("a", mode, **{option: value})
    assert caught.value.argument == option
    assert asked == []


def test_options_there_are(files: Dataset, server: Server, location: DatasetLocation) -> None:
    with files.open("a.gz", "w", compression="infer", encoding="latin-1", ContentType="text/x-reef") as file:
        file.write("grün")
    kept = server.store.head(location.bucket, location.key("a.gz"))
    assert kept.content_type == "text/x-reef"
    assert gzip.decompress(files.open("a.gz").read()) == "grün".encode("latin-1")
    with files.open(
        "a.gz", "r", compression="gzip", encoding="latin-1", block_size=3, cache_type="none"
    ) as file:
        assert file.read() == "grün"


@pytest.mark.parametrize(
    ("path", "mode"),
    [("", "r"), ("", "w"), ("/", "r"), ("/", "w"), ("obs/", "r"), ("obs/", "w"), ("obs", "r")],
)
def test_folders_are_no_files(files: Dataset, put: Put, stored: Stored, path: str, mode: str) -> None:
    put({"obs/a": b"1"})
    with pytest.raises(NotAFile, match=r"is a folder of dataset|is not a file itself") as caught:
        files.open(path, mode)
    assert "datasets/" not in str(caught.value)
    assert stored() == {"obs/a": b"1"}


@pytest.mark.parametrize("content", [b"", b"new"])
def test_a_new_file_replaces_nothing(files: Dataset, put: Put, stored: Stored, content: bytes) -> None:
    put({"a": b"old"})
    with pytest.raises(DatasetFileExists, match=r"holds 'a' already\. Open it with mode 'w'"):
        files.open("a", "xb")
    with files.open("b", "xb") as file:
        file.write(content)
    late = files.open("c", "xb")
    late.write(content)
    put({"c": b"another's"})
    with pytest.raises(DatasetFileExists) as caught:
        late.close()
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    assert late.closed
    assert stored() == {"a": b"old", "b": content, "c": b"another's"}


def test_parts_of_a_file_that_failed_do_not_stay(
    server: Server, location: DatasetLocation, files: Dataset, put: Put, stored: Stored
) -> None:
    file = files.open("a", "xb", block_size=5 * 1024**2)
    file.write(b"x" * 6 * 1024**2)
    assert uploads(server, location)
    put({"a": b"another's"})
    with pytest.raises(DatasetFileExists):
        file.close()
    assert uploads(server, location) == []
    assert stored() == {"a": b"another's"}


@pytest.mark.parametrize("before", [b"", b"old,", b"x" * 6 * 1024**2])
def test_going_on_behind_what_is_there(files: Dataset, put: Put, stored: Stored, before: bytes) -> None:
    put({"a": before})
    with files.open("a", "ab") as file:
        file.write(b"new")
    assert stored() == {"a": before + b"new"}


@pytest.mark.own_store
def test_a_file_collected_on_the_io_thread_is_given_up(
    files: Dataset,
    server: Server,
    location: DatasetLocation,
    put: Put,
    stored: Stored,
    caplog: pytest.LogCaptureFixture,
) -> None:
    put({"a": b"old"})
    held = [files.open("a", "wb", block_size=5 * 1024**2)]
    held[0].write(b"x" * 6 * 1024**2)

    async def let_go() -> None:
        held.clear()
        gc.collect()

    with caplog.at_level(logging.WARNING, "provena_sdk"), pytest.warns(ResourceWarning):
        run_sync(let_go())
    assert [record.getMessage() for record in caplog.records] == [
        "'a' was never closed, and is not uploaded. Open it in a 'with' block."
    ]
    assert stored() == {"a": b"old"}
    wait_for_no_uploads(server, location)


@pytest.mark.parametrize("mode", ["w", "wb"])
def test_the_interpreter_ends_although_a_file_is_open(
    server: Server, location: DatasetLocation, put: Put, stored: Stored, mode: str
) -> None:
    put({"a": b"old"})
    keys = server.grants.issue(location.bucket, location.prefix, write=True, lifetime_seconds=600)
    script = f"""
        import datetime
        from tests.dataset import Dataset
        from provena_sdk.s3.models import StoreAddress
        from provena_sdk.datasets.location import DatasetLocation
        from provena_sdk.s3.credentials import Credentials
        from provena_sdk.datasets.credentials import CredentialsSource
        keys = Credentials({keys.access_key_id!r}, {keys.secret_access_key!r}, {keys.session_token!r},
                           datetime.datetime.fromisoformat({keys.expiry.astimezone(UTC).isoformat()!r}))
        place = DatasetLocation({location.dataset_id!r}, {location.bucket!r}, {location.prefix!r})
        files = Dataset(place, CredentialsSource(lambda *_: keys), StoreAddress({server.url!r}))
        files.list()
        file = files.open("a", {mode!r}, block_size=5 * 1024**2)
        file.write({"x" if mode == "w" else b"x"!r} * 6_000_000)
        file.write({"x" if mode == "w" else b"x"!r})
    """
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = [line for line in done.stderr.splitlines() if not line.startswith("Executing <")]
    assert said == ["'a' was never closed, and is not uploaded. Open it in a 'with' block."]
    assert stored() == {"a": b"old"}
