"""Decide what a transfer will do with each file, given the files on both sides. Only the local side is read here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Final, NamedTuple

from provena_sdk.datasets.files import DatasetFiles
from provena_sdk.datasets.paths import (
    ancestors,
    clashes,
    folded,
    form_matters,
    mapped,
    refusal,
    unmapped,
    upload_refusal,
)
from provena_sdk.datasets.service_file import SERVICE_FILE, is_service_file
from provena_sdk.display.text import quoted
from provena_sdk.s3.limits import MAX_OBJECT_BYTES
from provena_sdk.s3.models import FileInfo, modified_ns
from provena_sdk.transfer.local.scan import LocalFile, Rejected, Scan
from provena_sdk.transfer.local.seen import Seen
from provena_sdk.transfer.local.view import DestinationView, InTheWay
from provena_sdk.transfer.progress.meter import Meter
from provena_sdk.transfer.spec.items import PlanItem, conflict, refused
from provena_sdk.transfer.spec.patterns import Selection
from provena_sdk.transfer.verify.compare import Pair, compare

# Some file systems round times to two seconds, and some stores to one.
_TIME_STEP: Final = timedelta(seconds=2)

REPLACES_LINK: Final = "it replaces a link"
"""The reason for replacing a link with a file."""


class Draft(NamedTuple):
    """An unfinished plan.

    Args:
        items: One item per file.
        unsure: The files whose bytes must be compared. Until then their action is ``changed`` or ``conflict``.
        none_of: The number of available files if the selection takes none of them; otherwise 0.
    """

    items: list[PlanItem]
    unsure: list[Pair]
    none_of: int = 0


async def settle(draft: Draft, store: DatasetFiles, folder: Path, meter: Meter) -> list[PlanItem]:
    """Compare the unsure files of a draft, and return the finished items.

    Args:
        draft: The draft.
        store: The dataset's store.
        folder: The local folder.
        meter: Receives the progress.
    """
    if draft.unsure:
        verdicts = await compare(store, folder, draft.unsure, meter)
        for pair, verdict in zip(draft.unsure, verdicts, strict=True):
            item = draft.items[pair.place]
            draft.items[pair.place] = replace(
                item,
                action="same" if verdict.same else item.action,
                reason=None if verdict.same else verdict.reason or item.reason,
            )
    return draft.items


def has_store_time(seen: Seen, info: FileInfo) -> bool:
    """Return whether a local file has the store's modification time, within two seconds.

    Args:
        seen: The state of the local file.
        info: The file in the store.
    """
    return abs(seen.mtime_ns - modified_ns(info.modified)) <= _TIME_STEP / timedelta(microseconds=1) * 1000


def draft_download(
    files: Iterable[FileInfo],
    view: DestinationView,
    *,
    strip: str = "",
    add: str = "",
    windows: bool,
    map_names: bool = False,
    compare_times: bool = False,
) -> Draft:
    """Decide on the target and the action of each file to download.

    Args:
        files: The files in the store.
        view: The destination.
        strip: The dataset folder to download, ending in a slash; empty for the whole dataset.
        add: The folder below the destination for the targets, ending in a slash; empty for the destination itself.
        windows: Whether names must be valid on Windows.
        map_names: Whether to map names that are invalid on Windows.
        compare_times: Whether to compare files of equal size by time instead of checksum.
    """
    targets: dict[str, FileInfo] = {}
    items: list[PlanItem] = []
    for info in files:
        target = add + info.path.removeprefix(strip)
        if map_names:
            target = mapped(target)
        reason = refusal(target, windows=windows)
        if reason:
            items.append(refused(info.path, reason))
        else:
            targets[target] = info
    # The test for case creates a file, so run it only if it matters.
    fold = form_matters(targets) and view.ignores_case
    for target, reason in clashes(targets, fold=fold).items():
        info = targets.pop(target)
        items.append(conflict(info.path, reason, target, info.size))
    draft = Draft(items, [])
    for target, info in targets.items():
        _place_download(draft, info, target, view, compare_times=compare_times)
    return draft


def _place_download(
    draft: Draft, info: FileInfo, target: str, view: DestinationView, *, compare_times: bool
) -> None:
    existing = view.look(target)
    if existing is None:
        draft.items.append(PlanItem("new", info.path, info.size, target, info=info))
    elif isinstance(existing, InTheWay):
        if existing.unsafe:
            draft.items.append(refused(info.path, existing.reason, target))
        else:
            draft.items.append(conflict(info.path, existing.reason, target, info.size))
    else:
        seen = existing.seen
        changed = PlanItem("changed", info.path, info.size, target, info=info, seen=seen)
        if existing.link:
            changed = replace(changed, reason=REPLACES_LINK)
        elif seen.size == info.size:
            if info.size == 0 or (compare_times and has_store_time(seen, info)):
                changed = replace(changed, action="same")
            elif not compare_times:
                draft.unsure.append(Pair(len(draft.items), info, target))
        draft.items.append(changed)


def draft_upload(
    found: Scan,
    remote: Sequence[FileInfo],
    *,
    prefix: str,
    place: Callable[[str], str] = str,
    below: str = "",
    selection: Selection,
    map_names: bool = False,
    compare_times: bool = False,
    delete: bool = False,
) -> Draft:
    """Decide on the action of each local file, and of the dataset's files if they may be deleted.

    Args:
        found: The scan of the source folder.
        remote: All files of the dataset.
        prefix: The dataset's prefix, which counts towards the length of a key.
        place: Returns the path in the dataset of a path below the source.
        below: The folder of the dataset to upload into, ending in a slash; empty for its root.
        selection: The files to transfer.
        map_names: Whether to reverse the mapping of names for Windows.
        compare_times: Whether to compare files of equal size by time instead of checksum.
        delete: Whether to delete files of the dataset that are missing from the source.
    """
    items: list[PlanItem] = []
    chosen: dict[str, LocalFile] = {}
    for file in found.files:
        path = unmapped(file.path) if map_names else file.path
        if path is None:
            items.append(refused(place(file.path), "map_names never produces this name", file.path))
        elif selection.takes(path := place(path)):
            chosen[path] = file
    none_of = 0 if chosen or items else len(found.files)
    items += (_rejected_item(entry, place(entry.path)) for entry in found.rejected)
    known = {info.path: info for info in remote}
    gone = _extraneous(known, chosen, selection, below) if delete else {}
    draft = Draft(items, [], none_of)
    kept = [path for path in known if path not in gone]
    folders = {folder for path in kept for folder in ancestors(path)}
    for path, file in chosen.items():
        reason = upload_refusal(path, prefix)
        if reason is None and file.seen.size > MAX_OBJECT_BYTES:
            reason = "it is larger than 5 TiB, the limit of S3"
        if reason:
            items.append(refused(path, reason, file.path))
        elif is_service_file(path):
            items.append(
                PlanItem("skip", path, file.seen.size, file.path, reason="it belongs to the service")
            )
        else:
            _place_upload(draft, path, file, known, folders, gone, compare_times=compare_times)
    items += gone.values()
    return draft


def _rejected_item(entry: Rejected, path: str) -> PlanItem:
    if entry.error is None:
        return refused(path, entry.reason, entry.path)
    return PlanItem("refused", path, local=entry.path, reason=entry.reason, error=entry.error)


def _place_upload(
    draft: Draft,
    path: str,
    file: LocalFile,
    known: Mapping[str, FileInfo],
    folders: set[str],
    gone: Mapping[str, PlanItem],
    *,
    compare_times: bool,
) -> None:
    size, info = file.seen.size, known.get(path)
    if info is None:
        reason = None
        if path in folders:
            reason = "the dataset has a folder of that name"
        else:
            blocking = next(
                (folder for folder in ancestors(path) if folder in known and folder not in gone), None
            )
            if blocking is not None:
                reason = f"the dataset has a file {quoted(blocking)}"
        draft.items.append(
            conflict(path, reason, file.path, size)
            if reason
            else PlanItem("new", path, size, file.path, seen=file.seen)
        )
        return
    item = PlanItem("changed", path, size, file.path, info=info, seen=file.seen)
    if size == info.size:
        if size == 0 or (compare_times and file.seen.mtime_ns <= modified_ns(info.modified)):
            item = replace(item, action="same")
        elif not compare_times:
            draft.unsure.append(Pair(len(draft.items), info, file.path))
    draft.items.append(item)


def _extraneous(
    known: Mapping[str, FileInfo], chosen: Mapping[str, LocalFile], selection: Selection, below: str
) -> dict[str, PlanItem]:
    return {
        path: PlanItem("delete", path, info.size, info=info)
        for path, info in known.items()
        if path.startswith(below)
        and path not in chosen
        and path != SERVICE_FILE
        and not path.endswith("/")
        and selection.takes(path)
    }


def extraneous_locals(
    view: DestinationView,
    files: Iterable[FileInfo],
    *,
    strip: str,
    add: str,
    map_names: bool,
    selection: Selection,
) -> list[PlanItem]:
    """Return the deletions of selected local files that are missing from the dataset.

    Args:
        view: The destination.
        files: All files of the dataset in the folder to download, selected or not.
        strip: The dataset folder to download, ending in a slash; empty for the whole dataset.
        add: The folder below the destination for the targets, ending in a slash; empty for the destination itself.
        map_names: Whether to map names that are invalid on Windows.
        selection: The files to transfer.
    """
    targets = {add + info.path.removeprefix(strip) for info in files}
    if map_names:
        targets = set(map(mapped, targets))
    # A file system that ignores case may list a name in another spelling.
    spellings = set(map(folded, targets))
    items: list[PlanItem] = []
    for local, seen in view.files(add):
        if local in targets or (folded(local) in spellings and view.ignores_case):
            continue
        below: str | None = local.removeprefix(add)
        if map_names and below is not None:
            below = unmapped(below)
        path = strip + (local.removeprefix(add) if below is None else below)
        if path != SERVICE_FILE and selection.takes(path):
            items.append(PlanItem("delete", path, seen.size, local, seen=Seen(*seen)))
    return items
