"""Make plans: list both sides, and decide what to do with each file. Runs on the I/O thread."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from provena_sdk import telemetry
from provena_sdk.datasets.credentials import Access
from provena_sdk.datasets.files import DatasetFiles, not_a_file
from provena_sdk.datasets.listing import each_entry, is_marker, look_up, not_found
from provena_sdk.datasets.paths import checked, checked_name
from provena_sdk.datasets.service_file import SERVICE_FILE
from provena_sdk.display.text import quoted
from provena_sdk.errors import InvalidArgument
from provena_sdk.s3.models import FileInfo
from provena_sdk.transfer.draft import (
    REPLACES_LINK,
    Draft,
    draft_download,
    draft_upload,
    extraneous_locals,
    settle,
)
from provena_sdk.transfer.local.scan import Sources, destination_folder, existing_folder, scan, source_of
from provena_sdk.transfer.local.view import DestinationView
from provena_sdk.transfer.plan import DownloadPlan, UploadPlan
from provena_sdk.transfer.plan_file.here import items_here
from provena_sdk.transfer.plan_file.saved import SavedPlan
from provena_sdk.transfer.progress.meter import Meter
from provena_sdk.transfer.report.verification import FileState, Verification, VerifiedFile
from provena_sdk.transfer.runner import DownloadRunner, UploadRunner
from provena_sdk.transfer.spec.items import Action, PlanItem
from provena_sdk.transfer.spec.options import Choice, TransferOptions
from provena_sdk.transfer.spec.patterns import Selection

_REPORTED: Final = 1000
_STATES: Final[dict[Action, FileState]] = {
    "new": "missing",
    "changed": "different",
    "same": "same",
    "delete": "extra",
    "conflict": "different",
    "refused": "missing",
}


class Listed(NamedTuple):
    """The files that a path of a dataset refers to.

    Args:
        entries: The files.
        strip: The start of their paths that their targets do not have.
        add: The start that their targets have instead.
        one: Whether the path is that of a file.
    """

    entries: list[FileInfo]
    strip: str
    add: str
    one: bool = False

    @property
    def files(self) -> list[FileInfo]:
        """The files, without the folder markers that some tools create."""
        return [info for info in self.entries if not is_marker(info)]

    def chosen(self, selection: Selection) -> list[FileInfo]:
        """Return the files that a selection takes."""
        files = self.files
        return files if selection.everything else [info for info in files if selection.takes(info.path)]

    def target(self, info: FileInfo) -> str:
        """Return the target of a file, before names are mapped for Windows."""
        return self.add + info.path.removeprefix(self.strip)


@telemetry.traced("transfer.plan")
async def plan_download(
    files: DatasetFiles,
    destination_directory: str | os.PathLike[str],
    *,
    path: str | os.PathLike[str] = "",
    name: str = "",
    choice: Choice,
    options: TransferOptions,
    meter: Meter,
) -> DownloadPlan:
    """Plan a download, without changing anything on either side.

    Args:
        files: The dataset's files.
        destination_directory: The folder to download into, which need not exist.
        path: A file or folder of the dataset; with a slash at the end, the contents of a folder; empty for everything.
        name: The name for the file, if ``path`` is one; empty for its own.
        choice: The files to transfer, how to compare them, and whether to delete other local files.
        options: The options for the transfer.
        meter: Receives the progress of listing and comparing.

    Raises:
        InvalidArgument: The destination is not a folder, or ``delete`` would remove everything in it.
        DatasetFileNotFound: The path is neither a file nor a folder of the dataset.
        NotAFile: There is a ``name``, but the path is a folder.
    """
    destination = await asyncio.to_thread(destination_folder, destination_directory)
    found = await list_download(files, path, meter, name=name)
    return await plan_listed(files, found, destination, choice=choice, options=options, meter=meter)


async def list_download(
    files: DatasetFiles, path: str | os.PathLike[str], meter: Meter, *, name: str = ""
) -> Listed:
    """List the files that a path refers to.

    Args:
        files: The dataset's files.
        path: A file or folder of the dataset; see :func:`plan_download`.
        meter: Receives the progress of listing.
        name: The name for the file, if ``path`` is one; empty for its own.

    Raises:
        DatasetFileNotFound: The path is neither a file nor a folder of the dataset.
        NotAFile: There is a ``name``, but the path is a folder.
    """
    return await _files_at(files, checked(path), checked_name(name), meter)


async def plan_listed(
    files: DatasetFiles,
    found: Listed,
    destination: Path,
    *,
    choice: Choice,
    options: TransferOptions,
    meter: Meter,
) -> DownloadPlan:
    """Plan a download of files that were listed.

    Args:
        files: The dataset's files.
        found: The files.
        destination: The folder to download into, which need not exist.
        choice: The files to transfer, how to compare them, and whether to delete other local files.
        options: The options for the transfer.
        meter: Receives the progress of comparing.
    """
    draft = await _drafted_download(found, destination, choice, options)
    items = await settle(draft, files.for_access(Access.READ), destination, meter)
    return DownloadPlan(
        await asyncio.to_thread(_by_path, items),
        destination,
        files.location.dataset_id,
        options,
        DownloadRunner(files),
        draft.none_of,
    )


async def verify_folder(
    files: DatasetFiles,
    directory: str | os.PathLike[str],
    *,
    path: str | os.PathLike[str] = "",
    selection: Selection,
    options: TransferOptions,
    meter: Meter,
) -> Verification:
    """Compare a local folder with a dataset, without changing anything on either side.

    Args:
        files: The dataset's files.
        directory: The folder.
        path: A file or folder of the dataset; see :func:`plan_download`.
        selection: The files to compare.
        options: Whether names are mapped.
        meter: Receives the progress of listing and comparing.

    Raises:
        InvalidArgument: The directory is not a folder.
        DatasetFileNotFound: The path is neither a file nor a folder of the dataset.
    """
    folder = await asyncio.to_thread(existing_folder, "directory", directory)
    found = await _files_at(files, checked(path), "", meter)
    choice = Choice(selection, delete=True)
    draft = await _drafted_download(found, folder, choice, options, may_empty=True)
    items = await settle(draft, files.for_access(Access.READ), folder, meter)
    items = await asyncio.to_thread(_by_path, items)
    return Verification(
        tuple(_verified(item, folder) for item in items), files.location.dataset_id, folder, draft.none_of
    )


def _verified(item: PlanItem, folder: Path) -> VerifiedFile:
    """Return the state of a local file by what a download would do with it."""
    state, reason = _STATES[item.action], item.reason
    if reason == REPLACES_LINK:
        reason = "it is a link"
    elif item.action == "changed" and reason:
        state = "unverified"
    local = None if item.local is None else folder / item.local
    return VerifiedFile(item.path, state, item.bytes, local, reason)


def restored(saved: SavedPlan, files: DatasetFiles) -> DownloadPlan | UploadPlan:
    """Return the plan that was saved in a file. This call blocks: it looks at the local folder.

    Args:
        saved: What the file holds.
        files: The dataset's files.
    """
    items, dataset_id = items_here(saved), files.location.dataset_id
    if saved.transfer == "upload":
        return UploadPlan(items, saved.folder, dataset_id, saved.options, UploadRunner(files), saved.none_of)
    return DownloadPlan(items, saved.folder, dataset_id, saved.options, DownloadRunner(files), saved.none_of)


async def _drafted_download(
    found: Listed, destination: Path, choice: Choice, options: TransferOptions, *, may_empty: bool = False
) -> Draft:
    _, strip, add, one = found
    view = DestinationView(destination)

    def drafted() -> Draft:
        remote, selection = found.files, choice.selection
        chosen = found.chosen(selection)
        draft = draft_download(
            chosen,
            view,
            strip=strip,
            add=add,
            windows=os.name == "nt",
            map_names=options.map_names,
            compare_times=choice.compare == "time",
        )
        if choice.delete and not one:
            gone = extraneous_locals(
                view, remote, strip=strip, add=add, map_names=options.map_names, selection=selection
            )
            if gone and not may_empty and all(info.path == SERVICE_FILE for info in chosen):
                raise _would_empty_folder(len(gone), destination)
            draft.items.extend(gone)
        return draft if chosen else draft._replace(none_of=len(remote))

    return await asyncio.to_thread(drafted)


@telemetry.traced("transfer.plan")
async def plan_upload(
    files: DatasetFiles,
    source_directory: Sources,
    *,
    path: str | os.PathLike[str] = "",
    choice: Choice,
    options: TransferOptions,
    meter: Meter,
    access: Access = Access.READ,
) -> UploadPlan:
    """Plan an upload, without changing anything on either side.

    Args:
        files: The dataset's files.
        source_directory: A folder, whose contents are uploaded; a file; or a list of files and folders of one folder.
        path: The folder of the dataset to upload into; for a single file, also its new path.
        choice: The files to transfer, how to compare them, and whether to delete the dataset's other files.
        options: The options for the transfer.
        meter: Receives the progress of listing and comparing.
        access: The access to list the dataset with; write access if the upload follows at once.

    Raises:
        InvalidArgument: The source does not exist, ``delete`` would remove everything in the dataset, or there is no
            whole folder to compare with.
    """
    source = await asyncio.to_thread(source_of, source_directory)
    if choice.delete and source.only is not None:
        raise InvalidArgument(
            "delete", "a single file has no folder to compare with.", hint="Name its folder."
        )
    folder, plain = source.folder, checked(path)
    found = await asyncio.to_thread(scan, folder, source.only)
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
            place=_placed(plain, remote, one_file=source.file),
            below=plain.removesuffix("/") + "/" if plain else "",
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


async def _files_at(files: DatasetFiles, path: str, name: str, meter: Meter) -> Listed:
    """Return the files that a path refers to, and where they go."""
    store = files.for_access(Access.READ)
    if path and not path.endswith("/"):
        info = await look_up(store, path)
        if info is not None:
            return Listed([info], path if name else _parent(path), name, one=True)
    folder = path.removesuffix("/") + "/" if path else ""
    if name:
        async for _ in each_entry(store, folder):
            raise not_a_file(path, files.location.dataset_id)
    entries = await _listed(each_entry(store, folder), meter)
    if folder and not entries:
        raise await not_found(files, path)
    keeps_name = bool(path) and not path.endswith("/")
    return Listed(entries, folder, path.rpartition("/")[2] + "/" if keeps_name else "")


def _parent(path: str) -> str:
    return path[: path.rfind("/") + 1]


async def _listed(entries: AsyncIterator[FileInfo], meter: Meter) -> list[FileInfo]:
    meter.list(0)
    found: list[FileInfo] = []
    async for info in entries:
        found.append(info)
        if len(found) % _REPORTED == 0:
            meter.list(_REPORTED)
    return found


def _placed(path: str, remote: Sequence[FileInfo], *, one_file: bool) -> Callable[[str], str]:
    """Return the function that gives the path in the dataset of a file below the source folder."""
    folder = path.removesuffix("/") + "/" if path else ""
    if one_file and path and path != folder and not any(info.path.startswith(folder) for info in remote):
        return lambda local: path
    return lambda local: folder + local


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
