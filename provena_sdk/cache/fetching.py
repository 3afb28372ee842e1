"""Fetch a file, a folder or a dataset into the cache. Runs on the I/O thread."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

from provena_sdk.cache.file_cache import FileCache
from provena_sdk.cache.place import CACHE_DIR, COPIES, RECORDS, copy_name, dataset_name, request_name, trusted
from provena_sdk.cache.records import (
    CachedCopy,
    CachedFile,
    Content,
    note_use,
    read_record,
    records_of,
    write_record,
)
from provena_sdk.concurrency.background import on_thread
from provena_sdk.concurrency.gather import for_each
from provena_sdk.connection import Datasets
from provena_sdk.datasets.credentials import Access
from provena_sdk.datasets.files import DatasetFiles
from provena_sdk.datasets.paths import checked, mapped, refusal
from provena_sdk.display.amounts import counted
from provena_sdk.display.notices import warn
from provena_sdk.display.text import printable, quoted
from provena_sdk.errors import (
    CertificateRejected,
    ConnectionFailed,
    DatasetFileNotFound,
    IntegrityError,
    InvalidArgument,
    NotEnoughSpace,
)
from provena_sdk.filesystem import addresses
from provena_sdk.operations import handles
from provena_sdk.operations.arguments import flag
from provena_sdk.private_files import make_private_folder
from provena_sdk.s3.models import FileInfo
from provena_sdk.transfer import planner
from provena_sdk.transfer.report import TransferReport
from provena_sdk.transfer.spec.options import Choice, RunOptions, TransferOptions
from provena_sdk.transfer.spec.patterns import Patterns, Selection
from provena_sdk.transfer.verify.recorded import fetch_checksum

_log = logging.getLogger(__name__)

_ATTEMPTS: Final = 3
_REQUESTS: Final = 16
_RESOLVER: Final = "hdl.handle.net"
_WINDOWS: Final = os.name == "nt"
_READ_ONLY: Final = 0o444
"""Programs that open a file of the cache for writing would change it for all projects."""


class Fetched(NamedTuple):
    """What was fetched.

    Args:
        location: The file or folder.
        not_current: A warning if the dataset could not be reached to find out whether the copy is current.
    """

    location: Path
    not_current: str | None = None

    def warned(self) -> Path:
        """Return the location, after the warning if there is one."""
        if self.not_current is not None:
            warn(self.not_current)
        return self.location


@dataclass(frozen=True, slots=True)
class Request:
    """What to fetch; see :meth:`of`."""

    where: str
    include: tuple[str, ...]
    exclude: tuple[str, ...]
    selection: Selection
    offline: bool

    @classmethod
    def of(cls, where: str, include: Patterns, exclude: Patterns, offline: bool) -> Request:
        """Check what a caller passed.

        Args:
            where: A handle in any form, a ``provena://`` URL, or a handle followed by a path.
            include: Patterns of the files to include.
            exclude: Patterns of the files to leave out.
            offline: Whether to use a copy in the cache without asking whether it is current.

        Raises:
            InvalidArgument: A pattern or an option is malformed.
        """
        chosen, left_out = _several(include), _several(exclude)
        selection = Selection(chosen, left_out)
        flag("offline", offline)
        return cls(where, tuple(sorted(chosen)), tuple(sorted(left_out)), selection, offline)


async def fetch(datasets: Datasets, request: Request, limits: TransferOptions, run: RunOptions) -> Fetched:
    """Return a verified local copy of a file, a folder or a dataset, which is downloaded if it is missing.

    Args:
        datasets: The client's datasets.
        request: What to fetch.
        limits: The limits of the download; where it sets none, those of the client hold.
        run: The options for the download.

    Raises:
        InvalidArgument: It is not a handle or URL, or the patterns take none of the files.
        DatasetFileNotFound: The dataset has no such file or folder or, offline, the cache has no copy of it.
        ConfigurationError: The folder of the cache cannot be used.
        TransferFailed: Some files failed.
        NotEnoughSpace: The disk has no room for the files.
    """
    place = _place(request.where, datasets.transport.deployment.domain)
    work = await asyncio.to_thread(_Fetching, datasets, place, request, limits)
    try:
        if request.offline:
            found = await asyncio.to_thread(work.found)
            if found is None:
                raise _not_in_cache(request, place)
            return Fetched(found[0])
        return Fetched(await work.fetched(run))
    except CertificateRejected:
        raise
    except ConnectionFailed as error:
        found = await asyncio.to_thread(work.found)
        if found is None:
            raise
        location, copy = found
        return Fetched(
            location,
            f"{quoted(request.where, 120)} comes from the cache, as of {copy.used:%Y-%m-%d}, and may be outdated: "
            f"{printable(error.message)}",
        )
    finally:
        run.meter.finish(None)


def _not_in_cache(request: Request, place: addresses.Place) -> DatasetFileNotFound:
    return DatasetFileNotFound(
        f"The cache has no copy of {quoted(request.where)}.",
        path=place.path,
        dataset_id=place.handle,
        hint="Fetch it once with a connection to the deployment.",
    )


class _Fetching:
    """One call of :func:`fetch`.

    Args:
        datasets: The client's datasets.
        place: The handle, and the path within the dataset.
        request: What to fetch.
        limits: The limits of the download.
    """

    def __init__(
        self, datasets: Datasets, place: addresses.Place, request: Request, limits: TransferOptions
    ) -> None:
        self._datasets = datasets
        self._handle, self._path = place.handle, place.path
        self._request = request
        self._options = replace(limits.limited_as(datasets.limits), keep_times=True, map_names=_WINDOWS)
        self._cache = FileCache()
        self._own = trusted(self._cache.folder, make=not request.offline)
        # Two deployments may have datasets with the same handle.
        self._deployment = datasets.transport.deployment.datastore
        self._request_name = request_name(self._path, request.include, request.exclude)

    @property
    def _dataset(self) -> Path:
        """The dataset's folder in the cache."""
        return self._own / dataset_name(self._deployment, self._handle)

    def found(self) -> tuple[Path, CachedCopy] | None:
        """Return the location of what is wanted in the copy that was used last, and that copy."""
        request = self._request
        for copy in records_of(self._dataset):
            location = copy.held(self._path, request.include, request.exclude)
            if location is not None:
                note_use(copy)
                return location, copy
        return None

    async def fetched(self, run: RunOptions) -> Path:
        """Return the location of a current copy, after downloading what is missing."""
        files = await on_thread(self._datasets.files, self._handle)
        for _ in range(_ATTEMPTS):
            location = await self._attempt(files, run)
            if location is not None:
                return location
        raise IntegrityError(
            f"{quoted(self._request.where)} was replaced each time that it was fetched.",
            path=self._path,
            dataset_id=self._handle,
            hint="Fetch it again when nobody uploads to the dataset.",
        )

    async def _attempt(self, files: DatasetFiles, run: RunOptions) -> Path | None:
        """List and download; return None if a file was replaced in between."""
        listed = await planner.list_download(files, self._path, run.meter)
        copy = await asyncio.to_thread(self._prepare, listed)
        plan = await planner.plan_listed(
            files,
            listed,
            copy.folder,
            choice=Choice(self._request.selection, compare="time"),
            options=self._options,
            meter=run.meter,
        )
        if copy.known is not None and all(item.action == "same" for item in plan):
            return copy.location
        try:
            report = await plan.execute(run)
        except NotEnoughSpace as error:
            error.hint = f"Remove copies with FileCache().prune(), or name another folder in {CACHE_DIR}."
            raise
        checksums = await self._complete_checksums(files.for_access(Access.READ), copy, report)
        return await asyncio.to_thread(self._commit, copy, checksums)

    def _prepare(self, listed: planner.Listed) -> _Copy:
        """Create the folder of the copy, with links to the files that other copies have."""
        chosen = listed.chosen(self._request.selection)
        if not chosen and listed.files:
            raise InvalidArgument(
                "include" if self._request.include else "exclude",
                f"takes none of the {counted(len(listed.files))} in {quoted(self._request.where)}.",
            )
        wanted = {mapped(listed.target(info)) if _WINDOWS else listed.target(info): info for info in chosen}
        name = copy_name((local, _content(info)) for local, info in wanted.items())
        folder = self._dataset / COPIES / name
        location = folder / _local_name(self._path) if self._path else folder
        with self._cache.lock(self._own):
            make_private_folder(folder)
            # An unfinished copy is kept for a week from here.
            os.utime(folder)
            known = read_record(self._dataset, f"{self._request_name}-{name}.json")
            if known is not None:
                note_use(known)
                return _Copy(wanted, folder, location, known, _checksums([known]))
            others = records_of(self._dataset)
            _link(wanted, folder, others)
            return _Copy(wanted, folder, location, None, _checksums(others))

    async def _complete_checksums(
        self, store: DatasetFiles, copy: _Copy, report: TransferReport
    ) -> dict[str, str | None]:
        """Return the checksum of each file by its local path: known, reported by the download, or requested."""
        reported = {outcome.path: outcome.checksum for outcome in report}
        found: dict[str, str | None] = {}
        for local, info in copy.wanted.items():
            label = reported.get(info.path)
            if label is not None and "-" not in label:
                found[local] = label
            elif _content(info) in copy.checksums:
                found[local] = copy.checksums[_content(info)]

        async def ask(local: str) -> None:
            # What was replaced since has no checksum to ask for.
            with contextlib.suppress(IntegrityError, DatasetFileNotFound):
                found[local] = await fetch_checksum(store, copy.wanted[local])

        await for_each([local for local in copy.wanted if local not in found], ask, _REQUESTS)
        return found

    def _commit(self, copy: _Copy, checksums: Mapping[str, str | None]) -> Path | None:
        """Record the copy, unless one of its files is not what was listed."""
        files = tuple(
            CachedFile(local, *_content(info), checksums.get(local)) for local, info in copy.wanted.items()
        )
        if not all(file.is_unchanged(copy.folder) for file in files):
            return None
        for file in files if not _WINDOWS else ():
            (copy.folder / file.local).chmod(_READ_ONLY)
        request, now = self._request, datetime.now(UTC)
        record = self._dataset / RECORDS / f"{self._request_name}-{copy.folder.name}.json"
        made = CachedCopy(
            self._handle,
            self._deployment,
            self._path,
            request.include,
            request.exclude,
            copy.folder,
            copy.location,
            now if copy.known is None else copy.known.fetched,
            now,
            files,
            record,
        )
        try:
            with self._cache.lock(self._own):
                write_record(made)
        except OSError as error:
            # The copy is complete, but the next fetch will compare it again, and offline use will not find it.
            _log.warning("The cache cannot record a copy (%s)", error.strerror or type(error).__name__)
        return copy.location


@dataclass(frozen=True, slots=True)
class _Copy:
    """A copy that is being made or brought up to date.

    Args:
        wanted: Its files by their local paths.
        folder: Its folder.
        location: The file or folder that was asked for.
        known: Its record; None if it has none.
        checksums: The checksums of files that are known.
    """

    wanted: Mapping[str, FileInfo]
    folder: Path
    location: Path
    known: CachedCopy | None
    checksums: Mapping[Content, str | None]


def _checksums(copies: Iterable[CachedCopy]) -> dict[Content, str | None]:
    return {file.content: file.checksum for copy in copies for file in copy.files}


def _link(wanted: Mapping[str, FileInfo], folder: Path, others: Iterable[CachedCopy]) -> None:
    """Link the files that other copies have. What cannot be linked is downloaded."""
    sources = {file.content: (file, other.folder) for other in others for file in other.files}
    made: set[Path] = set()
    for local, info in wanted.items():
        file, where = sources.get(_content(info), (None, folder))
        target = folder / local
        # Unsafe names are reported by the plan.
        if file is None or refusal(local) or os.path.lexists(target) or not file.is_unchanged(where):
            continue
        with contextlib.suppress(OSError):
            if target.parent not in made:
                make_private_folder(target.parent)
                made.add(target.parent)
            os.link(where / file.local, target)


def _content(info: FileInfo) -> Content:
    # Some answers of a store have fractions of a second, and some have not.
    return Content(info.path, info.size, info.etag, int(info.modified.timestamp()))


def _local_name(path: str) -> str:
    """Return the name of a file or folder on this machine."""
    name = path.rpartition("/")[2]
    return mapped(name) if _WINDOWS else name


def _several(patterns: Patterns) -> list[str]:
    """Return one or several patterns as a list, which can be read twice."""
    return [patterns] if isinstance(patterns, str) or not isinstance(patterns, Iterable) else list(patterns)


def _place(where: object, domain: str) -> addresses.Place:
    """Split what a caller passed into handle and path."""
    if not isinstance(where, str):
        raise InvalidArgument("where", f"must be a str, not {type(where).__name__}.")
    text = where.strip()
    if handles.web_host(text) not in (None, _RESOLVER):
        return addresses.Place(handles.handle("where", text, domain=domain), "")
    found = addresses.place(text)
    handle = handles.handle("where", found.handle or text, domain=domain)
    return addresses.Place(handle, checked(found.path))
