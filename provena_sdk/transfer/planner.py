"""Make plans: list both sides, and decide what to do with each file. Runs on the I/O thread."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Final

from provena_sdk import telemetry
from provena_sdk.datasets.credentials import Access
from provena_sdk.datasets.files import DatasetFiles
from provena_sdk.datasets.listing import each_entry, look_up, not_found
from provena_sdk.datasets.paths import checked
from provena_sdk.datasets.service_file import SERVICE_FILE
from provena_sdk.display.text import quoted
from provena_sdk.errors import InvalidArgument
from provena_sdk.s3.models import FileInfo
from provena_sdk.transfer.draft import Draft, draft_download, draft_upload, extraneous_locals, settle
from provena_sdk.transfer.items import PlanItem
from provena_sdk.transfer.local.scan import destination_folder, scan, source_folder
from provena_sdk.transfer.local.view import DestinationView
from provena_sdk.transfer.options import Choice, TransferOptions
from provena_sdk.transfer.plan import DownloadPlan, UploadPlan
from provena_sdk.transfer.progress.meter import Meter
from provena_sdk.transfer.runner import DownloadRunner, UploadRunner

_REPORTED: Final = 1000


@telemetry.traced("transfer.plan")
async def plan_download(
    files: DatasetFiles,
    destination_directory: str | os.PathLike[str],
    *,
    path: str | os.PathLike[str] = "",
    choice: Choice,
    options: TransferOptions,
    meter: Meter,
) -> DownloadPlan:
    """Plan a download, without changing anything on either side.

    Args:
        files: The dataset's files.
        destination_directory: The folder to download into, which need not exist.
        path: A file or folder of the dataset; with a slash at the end, the contents of a folder; empty for everything.
        choice: The files to transfer, how to compare them, and whether to delete other local files.
        options: The options for the transfer.
        meter: Receives the progress of listing and comparing.

    Raises:
        InvalidArgument: The destination is not a folder, or ``delete`` would remove everything in it.
        DatasetFileNotFound: The path is neither a file nor a folder of the dataset.
    """
    plain = checked(path)
    destination = await asyncio.to_thread(destination_folder, destination_directory)
    entries, strip, add = await _files_at(files, plain, meter)
    one_file = bool(plain) and len(entries) == 1 and entries[0].path == plain
    view = DestinationView(destination)

    def drafted() -> Draft:
        remote = [info for info in entries if not info.path.endswith("/")]
        selection = choice.selection
        chosen = remote if selection.everything else [info for info in remote if selection.takes(info.path)]
        draft = draft_download(
            chosen,
            view,
            strip=strip,
            add=add,
            windows=os.name == "nt",
            map_names=options.map_names,
            compare_times=choice.compare == "time",
        )
        if choice.delete and not one_file:
            gone = extraneous_locals(
                view, remote, strip=strip, add=add, map_names=options.map_names, selection=selection
            )
            if gone and all(info.path == SERVICE_FILE for info in chosen):
                raise _would_empty_folder(len(gone), destination)
            draft.items.extend(gone)
        return draft if chosen else draft._replace(none_of=len(remote))

    draft = await asyncio.to_thread(drafted)
    items = await settle(draft, files.for_access(Access.READ), destination, meter)
    return DownloadPlan(
        await asyncio.to_thread(_by_path, items),
        destination,
        files.location.dataset_id,
        options,
        DownloadRunner(files),
        draft.none_of,
    )


@telemetry.traced("transfer.plan")
async def plan_upload(
    files: DatasetFiles,
    source_directory: str | os.PathLike[str],
    *,
    choice: Choice,
    options: TransferOptions,
    meter: Meter,
    access: Access = Access.READ,
) -> UploadPlan:
    """Plan an upload, without changing anything on either side.

    Args:
        files: The dataset's files.
        source_directory: The folder whose contents are uploaded.
        choice: The files to transfer, how to compare them, and whether to delete the dataset's other files.
        options: The options for the transfer.
        meter: Receives the progress of listing and comparing.
        access: The access to list the dataset with; write access if the upload follows at once.

    Raises:
        InvalidArgument: The source is not a folder, or ``delete`` would remove everything in the dataset.
    """
    folder = await asyncio.to_thread(source_folder, source_directory)
    found = await asyncio.to_thread(scan, folder)
    remote: list[FileInfo] = []
    if found.files or choice.delete:
        if access is Access.WRITE:
            # Check once that writing is allowed, instead of failing file by file.
            await files.ask_to_write()
        remote = await _listed(each_entry(files.for_access(access)), meter)

    def drafted() -> Draft:
        draft = draft_upload(
            found,
            remote,
            prefix=files.location.prefix,
            selection=choice.selection,
            map_names=options.map_names,
            compare_times=choice.compare == "time",
            delete=choice.delete,
        )
        gone = sum(item.action == "delete" for item in draft.items)
        if gone and not any(item.action in ("new", "changed", "same") for item in draft.items):
            raise _would_empty_dataset(gone, folder)
        return draft

    draft = await asyncio.to_thread(drafted)
    items = await settle(draft, files.for_access(access), folder, meter)
    return UploadPlan(
        await asyncio.to_thread(_by_path, items),
        folder,
        files.location.dataset_id,
        options,
        UploadRunner(files),
        draft.none_of,
    )


async def _files_at(files: DatasetFiles, path: str, meter: Meter) -> tuple[list[FileInfo], str, str]:
    """Return the files that a path refers to, the folder to strip from their paths, and the folder to add."""
    store = files.for_access(Access.READ)
    if path and not path.endswith("/"):
        info = await look_up(store, path)
        if info is not None:
            return [info], path.rpartition("/")[0] + "/" if "/" in path else "", ""
    folder = path.removesuffix("/") + "/" if path else ""
    entries = await _listed(each_entry(store, folder), meter)
    if folder and not entries:
        raise await not_found(files, path)
    keeps_name = bool(path) and not path.endswith("/")
    return entries, folder, path.rpartition("/")[2] + "/" if keeps_name else ""


async def _listed(entries: AsyncIterator[FileInfo], meter: Meter) -> list[FileInfo]:
    meter.list(0)
    found: list[FileInfo] = []
    async for info in entries:
        found.append(info)
        if len(found) % _REPORTED == 0:
            meter.list(_REPORTED)
    return found


def _by_path(items: Iterable[PlanItem]) -> list[PlanItem]:
    return sorted(items, key=lambda item: item.path)


def _would_empty_dataset(count: int, folder: Path) -> InvalidArgument:
    return InvalidArgument(
        "source_directory",
        f"{quoted(folder)} has none of the selected files, and delete=True would delete all {count} of the dataset.",
        hint="Check the folder; to empty a dataset, delete its files by name.",
    )


def _would_empty_folder(count: int, folder: Path) -> InvalidArgument:
    return InvalidArgument(
        "destination_directory",
        f"the dataset has none of the selected files, and delete=True would delete all {count} in {quoted(folder)}.",
        hint="Check the dataset and the folder.",
    )
