"""Iterating over a dataset's files: page by page, one page ahead, and again after an error."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from provena_sdk import errors
from provena_sdk.datasets.files import DatasetFiles
from provena_sdk.datasets.listing import FilePages
from provena_sdk.s3.models import FileInfo, Page

DAY = datetime(2024, 1, 1, tzinfo=UTC)


def info(path: str) -> FileInfo:
    return FileInfo(path, 1, "etag", DAY)


class Listing:
    """Lists pages of paths; raises an error that stands in place of a page once.

    Args:
        pages: The pages.
    """

    def __init__(self, *pages: list[str] | Exception) -> None:
        self.pages = list(pages)
        self.asked: list[str] = []

    async def list(self, folder: str = "", *, start_after: str = "") -> AsyncIterator[Page]:
        self.asked.append(start_after)
        for place, page in enumerate(self.pages):
            if isinstance(page, Exception):
                del self.pages[place]
                raise page
            found = [info(path) for path in page if path > start_after]
            if found or not page:
                yield Page(found, [])


def pages_of(listing: Listing) -> FilePages:
    async def opened() -> DatasetFiles:
        return cast("DatasetFiles", SimpleNamespace(objects=listing))

    return FilePages(opened)


async def test_pages_follow_each_other() -> None:
    listing = Listing(["a", "b/"], [], ["b/c"])
    pages = pages_of(listing)
    assert await pages.after("") == ([info("a")], "b/")
    assert await pages.after("b/") == ([info("b/c")], "b/c")
    assert await pages.after("b/c") == ([], None)
    assert listing.asked == [""]


async def test_a_page_that_failed_can_be_asked_for_again() -> None:
    listing = Listing(["a", "b"], errors.FileStoreError("down"), ["c"])
    pages = pages_of(listing)
    assert await pages.after("") == ([info("a"), info("b")], "b")
    with pytest.raises(errors.FileStoreError):
        await pages.after("b")
    assert await pages.after("b") == ([info("c")], "c")
    assert listing.asked == ["", "b"]


async def test_all_files_are_listed(sign_in: Any, sandbox: Any) -> None:
    files = {f"obs/{number:05}.csv": b"1" for number in range(2300)}
    handle = sandbox.add_dataset("Kelp", files=files)
    async with sign_in() as provena:
        kelp = provena.datastore.interactive_dataset(handle)
        listed = await kelp.list_files()
        assert len(listed) == 2301
        assert [file async for file in kelp.iter_files()] == listed
        assert await kelp.iter_files().first() == listed[0]


async def test_nothing_is_asked_before_the_first_step(sign_in: Any, sandbox: Any) -> None:
    private = sandbox.add_dataset("Private", private=True, owner="writer2")
    async with sign_in() as provena:
        files = provena.datastore.interactive_dataset(private).iter_files()
        assert len(sandbox.requests) == 0
        with pytest.raises(errors.DatasetAccessDenied):
            [file async for file in files]


def test_a_table_of_files(sandbox: Any, deployment: Any) -> None:
    pytest.importorskip("pandas")
    from provena_sdk import Provena

    handle = sandbox.add_dataset("Kelp", files={"obs/1.csv": b"12"})
    with Provena(deployment, access_token=sandbox.access_token("writer")) as provena:
        table = provena.datastore.interactive_dataset(handle).iter_files().to_pandas()
    assert list(table.index) == ["metadata.json", "obs/1.csv"]
    assert table.loc["obs/1.csv", "size"] == 2
    assert table["modified"].dt.year.min() >= 2020


async def test_an_abandoned_call_does_not_advance_later_ones() -> None:
    """Ctrl-C ends the wait for a page; the listing that was begun for it may go on."""
    listing = Listing(["a"], ["b"], ["c"])
    pages = pages_of(listing)
    _, upto = await pages.after("")
    assert upto is not None
    abandoned = asyncio.ensure_future(pages.after(upto))
    again = await pages.after(upto)
    assert await abandoned == again
