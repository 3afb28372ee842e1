"""The inventory of a deployment's datasets, for both clients."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from provena_sdk.concurrency.gather import for_each
from provena_sdk.connection import Datasets
from provena_sdk.datasets.listing import each_entry, is_marker
from provena_sdk.display.notebook import pretty
from provena_sdk.errors import ProvenaError
from provena_sdk.export.table_files import StrPath, excel_file, parquet_file
from provena_sdk.operations.workflow import ENDS_ALL
from provena_sdk.paging import AsyncResults, AsyncSubmit, Page, PageKey, Results, Submit
from provena_sdk.tracebacks import short_tracebacks
from provena_sdk.workflows.inventory import COLUMNS, InventoryList, InventoryPage, InventoryRow, failed

if TYPE_CHECKING:
    from provena_api.models import ItemDataset

_AT_ONCE: Final = 16
_MOST_ENDINGS: Final = 1_000
_SHOWN_ENDINGS: Final = 20


@short_tracebacks
class Inventory(Results[InventoryRow]):
    """An inventory of datasets, fetched page by page: an iterator that is read once, and writes itself to files."""

    def __repr__(self) -> str:
        return self._position.named("Inventory")

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        pretty(self, printer)

    def to_parquet(self, path: StrPath) -> Path:
        """Write the remaining rows to a Parquet file, page by page; it has its name only once it is complete.

        Args:
            path: The file, which is replaced if it exists.

        Returns:
            The path.

        Raises:
            ImportError: pyarrow is not installed.
            OSError: The file cannot be written.
        """
        with parquet_file(path, COLUMNS) as write:
            for rows in self.pages():
                write([row.cells() for row in rows])
        return Path(path)

    def to_excel(self, path: StrPath) -> Path:
        """Write the remaining rows to an Excel workbook, page by page; it has its name only once it is complete.

        Args:
            path: The file, which is replaced if it exists.

        Returns:
            The path.

        Raises:
            ImportError: openpyxl is not installed.
            OSError: The file cannot be written.
        """
        with excel_file(path, COLUMNS) as write:
            for rows in self.pages():
                write([row.cells() for row in rows])
        return Path(path)


@short_tracebacks
class AsyncInventory(AsyncResults[InventoryRow]):
    """An inventory of datasets, fetched page by page: an iterator that is read once, and writes itself to files."""

    def __repr__(self) -> str:
        return self._position.named("AsyncInventory")

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        pretty(self, printer)

    async def to_parquet(self, path: StrPath) -> Path:
        """Write the remaining rows to a Parquet file, page by page; it has its name only once it is complete.

        Args:
            path: The file, which is replaced if it exists.

        Returns:
            The path.

        Raises:
            ImportError: pyarrow is not installed.
            OSError: The file cannot be written.
        """
        with parquet_file(path, COLUMNS) as write:
            async for rows in self.pages():
                await asyncio.to_thread(write, [row.cells() for row in rows])
        return Path(path)

    async def to_excel(self, path: StrPath) -> Path:
        """Write the remaining rows to an Excel workbook, page by page; it has its name only once it is complete.

        Args:
            path: The file, which is replaced if it exists.

        Returns:
            The path.

        Raises:
            ImportError: openpyxl is not installed.
            OSError: The file cannot be written.
        """
        with excel_file(path, COLUMNS) as write:
            async for rows in self.pages():
                await asyncio.to_thread(write, [row.cells() for row in rows])
        return Path(path)


def open_inventory(
    fetch: Callable[[PageKey | None], Page[InventoryRow]], submit: Submit, total_limit: int | None
) -> Inventory:
    """Return an inventory that fetches its pages when they are read."""
    return Inventory(fetch, submit, total_limit=total_limit, kind=InventoryList)


def open_inventory_async(
    fetch: Callable[[PageKey | None], Coroutine[Any, Any, Page[InventoryRow]]],
    submit: AsyncSubmit,
    total_limit: int | None,
) -> AsyncInventory:
    """Return an inventory that fetches its pages when they are read."""
    return AsyncInventory(fetch, submit, total_limit=total_limit, kind=InventoryList)


async def with_files(datasets: Datasets, page: InventoryPage) -> Page[InventoryRow]:
    """Count the files of the datasets on a page, several at a time; await on the I/O thread.

    A dataset whose files cannot be listed does not stop the others.
    """
    rows = list(page.rows)

    async def count(index: int) -> None:
        try:
            rows[index] = await _counted(datasets, page.items[index], rows[index])
        except ENDS_ALL:
            raise
        except ProvenaError as error:
            rows[index] = failed(rows[index], error)

    await for_each(range(len(rows)), count, _AT_ONCE)
    return Page(rows, page.key, page.unreadable)


async def _counted(datasets: Datasets, item: ItemDataset, row: InventoryRow) -> InventoryRow:
    files = datasets.for_once(item)
    count = size = 0
    endings: Counter[str] = Counter()
    try:
        async for info in each_entry(files):
            if is_marker(info):
                continue
            count += 1
            size += info.size
            ending = info.suffix.lower()
            # Endings are chosen by others; there may be as many as files.
            if ending in endings or len(endings) < _MOST_ENDINGS:
                endings[ending] += 1
    finally:
        await files.objects.close()
    formats = sorted(filter(None, endings), key=lambda ending: (-endings[ending], ending))
    return replace(row, files=count, bytes=size, formats=tuple(formats[:_SHOWN_ENDINGS]))
