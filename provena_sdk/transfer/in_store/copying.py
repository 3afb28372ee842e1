"""Copy and move files within a dataset and between two; within one, the bytes do not leave the store."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

from provena_sdk.concurrency.gather import for_each
from provena_sdk.datasets.credentials import Access
from provena_sdk.datasets.files import DatasetFiles
from provena_sdk.datasets.listing import as_folder, each_entry, files_at, look_up
from provena_sdk.datasets.service_file import SERVICE_FILE, check_removable, is_service_file
from provena_sdk.display.text import quoted
from provena_sdk.errors import ConnectionFailed, FileConflict, FileError, InvalidArgument
from provena_sdk.s3.models import FileInfo
from provena_sdk.transfer.in_store.deleting import deleted
from provena_sdk.transfer.report import FileOutcome, TransferReport

_AT_ONCE: Final = 16


class _Pair(NamedTuple):
    """A file to copy, and the path of its copy."""

    info: FileInfo
    target: str


@dataclass(frozen=True, slots=True)
class Copying:
    """What to copy, and how.

    Args:
        source: The path of a file or a folder; empty for all files.
        target: The path of the copy; with a slash at its end, or empty, the folder that receives it.
        replace: Whether to replace files that are there.
        dry_run: Whether to report only what would be done.
    """

    source: str
    target: str
    replace: bool = False
    dry_run: bool = False


async def copy_files(files: DatasetFiles, to: DatasetFiles, copying: Copying) -> TransferReport:
    """Copy a file, or all files of a folder.

    Args:
        files: The dataset to copy from.
        to: The dataset to copy to, which may be the same.
        copying: What to copy, and how.

    Returns:
        The outcome of every file.

    Raises:
        InvalidArgument: The target lies inside the source, or is the source.
        DatasetFileNotFound: There is neither a file nor a folder of the source's path.
    """
    started = time.monotonic()
    outcomes = await _copied(files, to, copying, await _pairs(files, to, copying))
    return _report(outcomes, started, "copied")


async def move_files(files: DatasetFiles, to: DatasetFiles, copying: Copying) -> TransferReport:
    """Copy like :func:`copy_files`, then delete each file that was copied and did not change meanwhile.

    Args:
        files: The dataset to move from.
        to: The dataset to move to, which may be the same.
        copying: What to move, and how.

    Raises:
        InvalidArgument: The target lies inside the source, or is the source.
        DatasetFileNotFound: There is neither a file nor a folder of the source's path.
        ServiceFileRefused: The source is ``metadata.json`` at the root.
    """
    started = time.monotonic()
    check_removable(copying.source, files.location.dataset_id)
    pairs = await _pairs(files, to, copying)
    if not copying.dry_run and to.location.dataset_id != files.location.dataset_id:
        await files.ask_to_write()
    outcomes = await _copied(files, to, copying, pairs)
    if not copying.dry_run:
        outcomes = await _without_sources(files, copying.source, pairs, outcomes)
    return _report(outcomes, started, "moved")


def target_of(source: str, target: str) -> str:
    """Return the path of the copy of a file or a folder.

    A target that is empty or ends in a slash receives it under its own name, a source that ends in a slash without it.

    Example:
        >>> target_of("obs/a.csv", "b.csv"), target_of("obs/a.csv", "old/"), target_of("obs", "old/")
        ('b.csv', 'old/a.csv', 'old/obs')
        >>> target_of("obs/", "old/"), target_of("obs", "old"), target_of("obs", "")
        ('old/', 'old', 'obs')
    """
    return target + source.rpartition("/")[2] if not target or target.endswith("/") else target


async def _pairs(files: DatasetFiles, to: DatasetFiles, copying: Copying) -> list[_Pair]:
    found, _ = await files_at(files.for_access(Access.READ), copying.source)
    target = target_of(copying.source, copying.target)
    is_file = len(found) == 1 and found[0].path == copying.source
    source, base = (copying.source, target) if is_file else (as_folder(copying.source), as_folder(target))
    if files.location.dataset_id == to.location.dataset_id:
        if source == base:
            raise InvalidArgument("target", f"{quoted(target)} is the source itself.")
        if not is_file and base.startswith(source):
            raise InvalidArgument("target", f"{quoted(target)} lies inside the source.")
    return [_Pair(info, base + info.path[len(source) :]) for info in found]


async def _copied(
    files: DatasetFiles, to: DatasetFiles, copying: Copying, pairs: list[_Pair]
) -> dict[str, FileOutcome]:
    """Copy files, and return the outcome of each by its path."""
    if not copying.dry_run:
        await to.ask_to_write()
    there = await _present(to.for_access(Access.READ), pairs)
    outcomes: dict[str, FileOutcome] = {}
    ready: list[_Pair] = []
    for pair in pairs:
        settled = _settled(pair, there, copying, to)
        if settled is None:
            ready.append(pair)
        else:
            outcomes[pair.info.path] = settled
    run = _Run(files, to)
    await for_each(ready, run.copy, _AT_ONCE)
    return outcomes | run.outcomes


async def _present(to: DatasetFiles, pairs: list[_Pair]) -> dict[str, FileInfo | None]:
    """Return what has the names of the copies: a file, or None for a folder."""
    if len(pairs) == 1:
        target = pairs[0].target
        info = await look_up(to, target)
        if info is not None:
            return {target: info}
        return {target: None} if await to.exists(target) else {}
    found: dict[str, FileInfo | None] = {}
    if pairs:
        targets = {pair.target for pair in pairs}
        async for info in each_entry(to, _common_folder(targets)):
            if info.path in targets:
                found[info.path] = info
            above = info.path
            while above := above.rpartition("/")[0]:
                if above in targets:
                    found.setdefault(above, None)
    return found


def _common_folder(paths: Iterable[str]) -> str:
    """Return the folder that all paths are in.

    Example:
        >>> _common_folder(["a/b/1", "a/b/c/2"]), _common_folder(["a/1", "b/1"])
        ('a/b/', '')
    """
    low, high = min(paths), max(paths)
    end = next((at for at, (a, b) in enumerate(zip(low, high, strict=False)) if a != b), 0)
    return low[: low.rfind("/", 0, end) + 1]


def _settled(
    pair: _Pair, there: dict[str, FileInfo | None], copying: Copying, to: DatasetFiles
) -> FileOutcome | None:
    """Return the outcome of a file that is not to be copied, or of any in a dry run."""
    path, target = pair.info.path, pair.target
    if is_service_file(path) and path != copying.source:
        return FileOutcome(path, "skipped", reason=f"{SERVICE_FILE} belongs to the service")
    try:
        to.check_file(target)
    except FileError as error:
        return FileOutcome(path, "refused", target=target, error=error)
    if target in there:
        present = there[target]
        if present is None:
            return _conflict(
                path, target, "a folder has that name", "End the target in a slash to copy into it."
            )
        if (present.size, present.etag) == (pair.info.size, pair.info.etag):
            return FileOutcome(path, "same", target=target)
        if not copying.replace:
            return _conflict(
                path, target, "the file exists and is different", "Replace it with replace=True."
            )
    if copying.dry_run:
        return FileOutcome(path, "planned", pair.info.size, target=target)
    return None


def _conflict(path: str, target: str, reason: str, hint: str) -> FileOutcome:
    error = FileConflict(f"{quoted(target)} was not written: {reason}.", path=target, hint=hint)
    return FileOutcome(path, "conflict", target=target, reason=reason, error=error)


class _Run:
    """Copies files, and collects their outcomes by path; without the store, the other files are not attempted."""

    def __init__(self, files: DatasetFiles, to: DatasetFiles) -> None:
        self._reading = files.for_access(Access.READ)
        self._writing = to.for_access(Access.WRITE)
        self._within = files.location.dataset_id == to.location.dataset_id
        self._lost: ConnectionFailed | None = None
        self.outcomes: dict[str, FileOutcome] = {}

    async def copy(self, pair: _Pair) -> None:
        """Copy a file; a failure is its outcome."""
        started = time.monotonic()
        path, target = pair.info.path, pair.target
        try:
            if self._lost is not None:
                raise self._lost
            if self._within:
                await self._writing.copy(path, target)
            else:
                await self._writing.copy_from(self._reading, path, target)
        except Exception as error:
            if isinstance(error, ConnectionFailed):
                self._lost = error
            self.outcomes[path] = FileOutcome(path, "failed", target=target, error=error)
        else:
            seconds = time.monotonic() - started
            self.outcomes[path] = FileOutcome(path, "copied", pair.info.size, seconds, target=target)


async def _without_sources(
    files: DatasetFiles, source: str, pairs: list[_Pair], outcomes: dict[str, FileOutcome]
) -> dict[str, FileOutcome]:
    """Delete the files that were copied, unless they changed meanwhile, and return all outcomes."""
    now, _ = await files_at(files.for_access(Access.READ), source)
    etags = {info.path: info.etag for info in now}
    copied = [pair for pair in pairs if outcomes[pair.info.path].outcome in ("copied", "same")]
    unchanged = [pair.info.path for pair in copied if etags.get(pair.info.path) == pair.info.etag]
    failures = await files.for_access(Access.WRITE).objects.delete(unchanged)
    moved = dict(outcomes)
    for pair in copied:
        path = pair.info.path
        was = outcomes[path]
        if path not in unchanged:
            moved[path] = _conflict(path, pair.target, "the source changed meanwhile", "Move it again.")
        elif path in failures:
            moved[path] = deleted(path, failures[path])
        else:
            moved[path] = FileOutcome(path, "moved", was.bytes, was.seconds, target=pair.target)
    return moved


def _report(outcomes: dict[str, FileOutcome], started: float, done: str) -> TransferReport:
    found = sorted(outcomes.values(), key=lambda outcome: outcome.path)
    return TransferReport(tuple(found), time.monotonic() - started, done=done)
