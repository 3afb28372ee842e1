"""Every door to an open file takes the same options and refuses the same ones, before anything is sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from provena_sdk import AsyncProvena, Provena
from provena_sdk.errors import InvalidArgument
from provena_sdk.filesystem import ProvenaFileSystem
from provena_sdk.sandbox import Sandbox

Open = Callable[..., Any]


def by_dataset(client: Provena, handle: str, *asked: Any, **options: Any) -> Any:
    return client.datastore.interactive_dataset(handle).open("b.csv", *asked, **options)


def by_io(client: Provena, handle: str, *asked: Any, **options: Any) -> Any:
    return client.datastore.io.open(handle, "b.csv", *asked, **options)


def by_datasets_file_system(client: Provena, handle: str, *asked: Any, **options: Any) -> Any:
    return client.datastore.interactive_dataset(handle).fs.open("b.csv", *asked, **options)


def by_file_system(client: Provena, handle: str, *asked: Any, **options: Any) -> Any:
    return ProvenaFileSystem().open(f"provena://{handle}/b.csv", *asked, **options)


DOORS = [by_dataset, by_io, by_datasets_file_system, by_file_system]

TAKEN: list[tuple[str, dict[str, Any]]] = [
    ("wb", {"content_type": "text/x-reef"}),
    ("w", {"ContentType": "text/x-reef"}),
    ("xb", {"content_type": "text/x-reef", "ContentType": "text/x-reef"}),
    ("wt", {"content_type": "text/x-reef", "encoding": "latin-1", "errors": "replace", "newline": ""}),
    ("wb", {"content_type": "text/x-reef", "block_size": 6 * 1024**2, "fill_cache": False, "encoding": None}),
]

REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("wb", {"ContentType": 5}, "ContentType"),
    ("wb", {"ContentType": "text/csv\r\nx-amz-acl: public-read"}, "ContentType"),
    ("wb", {"ContentType": "a/b", "content_type": "c/d"}, "ContentType"),
    ("wb", {"content_type": b"text/csv"}, "content_type"),
    ("wb", {"content_type": "text/csv\n"}, "content_type"),
    ("wb", {"content_type": "x" * 300}, "content_type"),
    ("wb", {"content_type": ""}, "content_type"),
    ("rb", {"content_type": "text/csv"}, "content_type"),
    ("rb", {"ContentType": "text/csv"}, "content_type"),
    ("wb", {"Metadata": {"a": "b"}}, "Metadata"),
    ("wb", {"ACL": "public-read"}, "ACL"),
    ("r", {"encodng": "latin-1"}, "encodng"),
    ("rb", {"encoding": "latin-1"}, "encoding"),
    ("w", {"encoding": "no-such"}, "encoding"),
    ("w", {"errors": "no-such"}, "errors"),
    ("w", {"newline": "\n\n"}, "newline"),
    ("wb", {"compression": "no-such"}, "compression"),
    ("wb", {"block_size": 1024}, "block_size"),
    ("rb", {"block_size": "8M"}, "block_size"),
    ("rb", {"cache_type": "no-such"}, "cache_type"),
    ("rb", {"cache_options": 5}, "cache_options"),
    ("rb", {"size": -1}, "size"),
    ("rb", {"etag": 5}, "etag"),
    ("r+b", {}, "mode"),
]


@pytest.mark.parametrize("open_by", DOORS)
@pytest.mark.parametrize(("mode", "options"), TAKEN)
def test_what_is_taken(
    sandbox: Sandbox, dataset: str, open_by: Open, mode: str, options: dict[str, Any]
) -> None:
    with Provena() as client:
        with open_by(client, dataset, mode, **options) as file:
            file.write(b"x" if "b" in mode else "x")
        store = sandbox.storage.store
        place = client.datastore.fetch_dataset(dataset).item.s3
        assert store.head(place.bucket_name, f"{place.path}b.csv").content_type == "text/x-reef"


@pytest.mark.parametrize("open_by", DOORS)
@pytest.mark.parametrize(("mode", "options", "argument"), REFUSED)
def test_what_is_refused(
    sandbox: Sandbox, dataset: str, open_by: Open, mode: str, options: dict[str, Any], argument: str
) -> None:
    with Provena() as client:
        with pytest.raises(InvalidArgument) as caught:
            open_by(client, dataset, mode, **options)
        assert caught.value.argument == argument
    assert (sandbox.requests, sandbox.s3_requests) == ([], [])


async def test_an_awaiting_client_takes_the_same(sandbox: Sandbox, dataset: str) -> None:
    async with AsyncProvena() as client:
        reef = client.datastore.interactive_dataset(dataset)
        async with await reef.open("b.csv", "wb", content_type="text/x-reef") as file:
            await file.write(b"x")
        with pytest.raises(InvalidArgument) as caught:
            await reef.open("b.csv", "wb", ContentType="a\nb")
    assert caught.value.argument == "ContentType"


def test_a_bad_type_is_refused_by_pipe_as_well(sandbox: Sandbox, dataset: str, fs: ProvenaFileSystem) -> None:
    with pytest.raises(InvalidArgument) as caught:
        fs.pipe_file(f"{dataset}/b.csv", b"x", content_type="a\nb")
    assert caught.value.argument == "content_type"
    assert sandbox.requests == []
