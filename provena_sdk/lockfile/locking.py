"""Lock the datasets of a project: choose their versions, and record their files. Runs on the I/O thread."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from provena_sdk.concurrency.background import on_thread
from provena_sdk.concurrency.gather import for_each
from provena_sdk.connection import Datasets
from provena_sdk.datasets.credentials import Access
from provena_sdk.datasets.files import DatasetFiles
from provena_sdk.datasets.listing import list_files
from provena_sdk.datasets.paths import refusal
from provena_sdk.datasets.service_file import SERVICE_FILE
from provena_sdk.display.text import quoted
from provena_sdk.errors import ConfigurationError, UnsafePath
from provena_sdk.lockfile.lock_file import LockedDataset, LockedFile, LockFile, refuse_clashes
from provena_sdk.lockfile.project import PROJECT_FILE, Dependency, read_project
from provena_sdk.operations.arguments import flag
from provena_sdk.s3.models import FileInfo
from provena_sdk.transfer.verify.recorded import fetch_checksum
from provena_sdk.workflows import datastore

_REQUESTS: Final = 16


async def lock(datasets: Datasets, folder: str | os.PathLike[str], *, dry_run: bool) -> LockFile:
    """Lock the datasets that ``provena.toml`` names, and write ``provena.lock``.

    Args:
        datasets: The client's datasets.
        folder: The project's folder.
        dry_run: Whether to write nothing.

    Raises:
        ConfigurationError: ``provena.toml`` is missing or malformed, or two files would have the same path.
        UnsafePath: A file has a name that cannot be stored in a folder.
        DatasetNotFound: A dataset does not exist.
        DatasetAccessDenied: You may not read a dataset's files.
        OSError: The lock file cannot be written.
    """
    flag("dry_run", dry_run)
    wanted = await asyncio.to_thread(read_project, folder)
    known = await asyncio.to_thread(_known, folder)
    found = tuple([await _locked(datasets, each, known) for each in wanted])
    try:
        await asyncio.to_thread(refuse_clashes, found)
    except ValueError as error:
        raise ConfigurationError(f"{PROJECT_FILE}: {error}.") from None
    made = LockFile(Path(folder), datasets.transport.deployment.domain, found)
    if not dry_run:
        await asyncio.to_thread(made.write)
    return made


@dataclass(frozen=True, slots=True)
class _Object:
    """An object whose checksum is known."""

    handle: str
    path: str
    size: int
    etag: str


def _known(folder: str | os.PathLike[str]) -> dict[_Object, str]:
    """Return the checksums in the lock file that will be replaced."""
    try:
        before = LockFile.read(folder)
    except ConfigurationError:
        return {}
    return {
        _Object(dataset.handle, file.path, file.size, file.etag): file.checksum
        for dataset in before.datasets
        for file in dataset.files
        if file.checksum is not None
    }


async def _locked(datasets: Datasets, wanted: Dependency, known: Mapping[_Object, str]) -> LockedDataset:
    handle = wanted.handle
    if wanted.latest:
        handle = await on_thread(datasets.transport.run, datastore.latest_version("handle", handle))
    files = (await on_thread(datasets.files, handle)).for_access(Access.READ)
    selection = wanted.selection
    # The service rewrites its file whenever the metadata are edited.
    chosen = [
        info for info in await list_files(files) if info.path != SERVICE_FILE and selection.takes(info.path)
    ]
    for info in chosen:
        reason = refusal(info.path, windows=False)
        if reason:
            raise UnsafePath(
                f"{quoted(info.path)} of dataset {handle} cannot be stored in a folder: {reason}.",
                path=info.path,
                dataset_id=handle,
                hint=f"Leave it out with exclude in {PROJECT_FILE}.",
            )
    if not chosen:
        raise ConfigurationError(
            f"{PROJECT_FILE}, {wanted.name}: dataset {handle} has no such files.",
            hint="Check its include and exclude, and whether this version has files.",
        )
    return LockedDataset(wanted, handle, await _files(files, handle, chosen, known))


async def _files(
    store: DatasetFiles, handle: str, chosen: list[FileInfo], known: Mapping[_Object, str]
) -> tuple[LockedFile, ...]:
    found: dict[str, str | None] = {}

    async def ask(info: FileInfo) -> None:
        before = known.get(_Object(handle, info.path, info.size, info.etag))
        found[info.path] = before or await fetch_checksum(store, info)

    await for_each(chosen, ask, _REQUESTS)
    return tuple(
        LockedFile(info.path, info.size, info.modified, info.etag, found[info.path]) for info in chosen
    )
