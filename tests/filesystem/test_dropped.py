"""Files that are written and dropped, by every door: half a file never replaces a whole one."""

from __future__ import annotations

import asyncio
import gc
import gzip
import io
import json
import logging
import lzma
import time
import warnings
from collections.abc import Callable
from typing import Any

import fsspec
import pytest

from provena_sdk import AsyncProvena, Provena
from provena_sdk.sandbox import Sandbox

pytestmark = pytest.mark.own_store
Stored = Callable[..., dict[str, bytes]]
Open = Callable[..., Any]

PART = 5 * 1024**2
SAID = "'keep.csv' was never closed, and is not uploaded. Open it in a 'with' block."


def by_dataset(client: Provena, handle: str, mode: str, **options: Any) -> Any:
    return client.datastore.interactive_dataset(handle).open("keep.csv", mode, **options)


def by_datasets_file_system(client: Provena, handle: str, mode: str, **options: Any) -> Any:
    return client.datastore.interactive_dataset(handle).fs.open("keep.csv", mode, **options)


def by_file_system(client: Provena, handle: str, mode: str, **options: Any) -> Any:
    return fsspec.filesystem("provena").open(f"provena://{handle}/keep.csv", mode, **options)


def by_fsspec(client: Provena, handle: str, mode: str, **options: Any) -> Any:
    return fsspec.open(f"provena://{handle}/keep.csv", mode, **options).open()


DOORS = [by_dataset, by_datasets_file_system, by_file_system, by_fsspec]
WAYS: list[tuple[str, dict[str, Any]]] = [
    ("wb", {}),
    ("w", {}),
    ("ab", {}),
    ("wb", {"compression": "gzip"}),
    ("wt", {"compression": "gzip"}),
    ("w", {"compression": "xz"}),
]


def half(mode: str) -> Any:
    return "half" if "b" not in mode else b"half"


def wait_for_no_uploads(sandbox: Sandbox) -> None:
    """Wait until no upload in parts is left: what is given up is given up on another thread."""
    deadline = time.monotonic() + 10
    while sandbox.storage.store.uploads and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not sandbox.storage.store.uploads


def said_of_file(warned: list[warnings.WarningMessage]) -> list[str]:
    """Return what was warned of the file: other warnings, of sockets, come from clients of other tests."""
    return [str(one.message) for one in warned if "keep.csv" in str(one.message)]


def unpacked(data: bytes, options: dict[str, Any]) -> bytes:
    unpack = {"gzip": gzip.decompress, "xz": lzma.decompress}.get(options.get("compression", ""), bytes)
    return unpack(data)


@pytest.fixture
def drops(sandbox: Sandbox, dataset: str, stored: Stored, caplog: pytest.LogCaptureFixture) -> Open:
    """Runs what drops a file, and looks whether it was given up."""

    def run(drop: Callable[[Provena], None]) -> None:
        sandbox.storage.put(dataset, "keep.csv", b"whole")
        with Provena() as client:
            with (
                caplog.at_level(logging.WARNING, "provena_sdk"),
                warnings.catch_warnings(record=True) as warned,
            ):
                warnings.simplefilter("always")
                drop(client)
                gc.collect()
            assert said_of_file(warned) == [SAID]
            assert [record.getMessage() for record in caplog.records] == [SAID]
            wait_for_no_uploads(sandbox)
            assert stored() == {"keep.csv": b"whole"}

    return run


@pytest.mark.parametrize("open_by", DOORS)
@pytest.mark.parametrize(("mode", "options"), WAYS)
def test_a_dropped_file_is_given_up(
    drops: Open, dataset: str, open_by: Open, mode: str, options: dict[str, Any]
) -> None:
    def drop(client: Provena) -> None:
        open_by(client, dataset, mode, **options).write(half(mode))

    drops(drop)


@pytest.mark.parametrize("open_by", [by_dataset, by_fsspec])
@pytest.mark.parametrize(("mode", "options"), WAYS)
def test_a_file_dropped_in_a_circle_is_given_up(
    drops: Open, dataset: str, open_by: Open, mode: str, options: dict[str, Any]
) -> None:
    def drop(client: Provena) -> None:
        circle: dict[str, Any] = {"file": open_by(client, dataset, mode, **options)}
        circle["circle"] = circle
        circle["file"].write(half(mode))

    drops(drop)


@pytest.mark.parametrize("open_by", DOORS)
@pytest.mark.parametrize("mode", ["wb", "w"])
def test_a_file_held_by_a_traceback_is_given_up(drops: Open, dataset: str, open_by: Open, mode: str) -> None:
    def write(client: Provena) -> None:
        file = open_by(client, dataset, mode)
        file.write(half(mode))
        raise ZeroDivisionError

    def drop(client: Provena) -> None:
        kept = None
        try:
            write(client)
        except ZeroDivisionError as error:
            kept = error
        gc.collect()
        del kept

    drops(drop)


def test_parts_that_were_sent_are_removed(drops: Open, sandbox: Sandbox, dataset: str) -> None:
    def drop(client: Provena) -> None:
        file = by_dataset(client, dataset, "wb", block_size=PART)
        file.write(b"x" * (2 * PART + 1))
        assert sandbox.storage.store.uploads

    drops(drop)


@pytest.mark.parametrize("wrap", [io.TextIOWrapper, io.BufferedWriter])
def test_a_dropped_wrapper_of_others(drops: Open, dataset: str, wrap: Any) -> None:
    def drop(client: Provena) -> None:
        wrapped = wrap(by_file_system(client, dataset, "wb"))
        wrapped.write("half" if wrap is io.TextIOWrapper else b"half")

    drops(drop)


async def test_a_file_of_an_awaiting_client_that_is_dropped(
    sandbox: Sandbox, dataset: str, stored: Stored, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.storage.put(dataset, "keep.csv", b"whole")
    async with AsyncProvena() as client:
        with caplog.at_level(logging.WARNING, "provena_sdk"), warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            file = await client.datastore.interactive_dataset(dataset).open("keep.csv", "w")
            await file.write("half")
            del file
            # Another thread may hold it for a moment after it has written.
            for _ in range(100):
                gc.collect()
                if warned:
                    break
                await asyncio.sleep(0.05)
    assert said_of_file(warned) == [SAID]
    assert [record.getMessage() for record in caplog.records] == [SAID]
    assert stored() == {"keep.csv": b"whole"}


async def test_a_dropped_stream_is_given_up(
    sandbox: Sandbox, dataset: str, stored: Stored, fs: Any, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.storage.put(dataset, "keep.csv", b"whole")
    file = await fs.open_async(f"{dataset}/keep.csv", "wb", block_size=PART)
    await file.write(b"x" * (PART + 1))
    assert sandbox.storage.store.uploads
    with caplog.at_level(logging.WARNING, "provena_sdk"), warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        del file
        gc.collect()
    assert said_of_file(warned) == [SAID]
    assert [record.getMessage() for record in caplog.records] == [SAID]
    await asyncio.to_thread(wait_for_no_uploads, sandbox)
    assert stored() == {"keep.csv": b"whole"}


@pytest.mark.filterwarnings("error:'keep.csv':ResourceWarning")
@pytest.mark.parametrize("open_by", [by_dataset, by_file_system])
@pytest.mark.parametrize(("mode", "options"), WAYS)
def test_a_closed_file_is_uploaded_without_a_word(
    sandbox: Sandbox,
    dataset: str,
    stored: Stored,
    caplog: pytest.LogCaptureFixture,
    open_by: Open,
    mode: str,
    options: dict[str, Any],
) -> None:
    with Provena() as client, caplog.at_level(logging.WARNING, "provena_sdk"):
        file = open_by(client, dataset, mode, **options)
        file.write(half(mode))
        file.close()
        del file
        gc.collect()
    assert unpacked(stored()["keep.csv"], options) == b"half"
    assert caplog.records == []


@pytest.mark.parametrize(("mode", "options"), WAYS)
def test_an_open_file_of_fsspec_that_is_closed(
    sandbox: Sandbox, dataset: str, stored: Stored, mode: str, options: dict[str, Any]
) -> None:
    file = fsspec.open(f"provena://{dataset}/keep.csv", mode, **options)
    file.open().write(half(mode))
    file.close()
    assert unpacked(stored()["keep.csv"], options) == b"half"


def test_the_idiom_that_never_closes(drops: Open, dataset: str) -> None:
    drops(lambda client: json.dump({"a": 1}, by_dataset(client, dataset, "w")))
