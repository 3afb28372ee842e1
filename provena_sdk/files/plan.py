"""What a transfer is going to do, worked out before it begins. Nothing here touches disk or network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from provena_sdk.errors import ServiceFileRefused, UnsafePath
from provena_sdk.files.location import FileInfo
from provena_sdk.files.paths import SERVICE_FILE, clashes, is_service_file, refusal, upload_refusal
from provena_sdk.files.report import FileOutcome

MAX_FILE_BYTES: Final = 5 * 1024**4
"""The largest file that S3 holds in one object."""


@dataclass(frozen=True, slots=True)
class Download:
    """One file to fetch.

    Args:
        info: The file in the store.
        target: Where it goes, relative to the destination, with forward slashes.
    """

    info: FileInfo
    target: str


@dataclass(frozen=True, slots=True)
class Upload:
    """One file to send.

    Args:
        source: The local file.
        path: Its path within the dataset.
        size: Its size in bytes when it was looked at.
    """

    source: Path
    path: str
    size: int


@dataclass(frozen=True, slots=True)
class DownloadPlan:
    """The files to fetch, and what was refused beforehand."""

    downloads: tuple[Download, ...]
    settled: tuple[FileOutcome, ...] = ()


@dataclass(frozen=True, slots=True)
class UploadPlan:
    """The files to send, and what was skipped or refused beforehand."""

    uploads: tuple[Upload, ...]
    settled: tuple[FileOutcome, ...] = ()


def plan_download(
    files: Iterable[FileInfo], *, strip: str = "", add: str = "", windows: bool, fold: bool
) -> DownloadPlan:
    """Decide where each file goes, and refuse one by one those that cannot go anywhere safe.

    Args:
        files: The files in the store.
        strip: The folder whose contents are fetched, ending in a slash; empty for the whole dataset.
        add: A folder to put before each target, ending in a slash; empty for none.
        windows: Whether the destination follows Windows' rules for names.
        fold: Whether the destination ignores case and Unicode form.
    """
    targets: dict[str, FileInfo] = {}
    settled: list[FileOutcome] = []
    for info in files:
        target = add + info.path.removeprefix(strip)
        reason = refusal(target, windows=windows)
        if reason:
            settled.append(_refused(info.path, reason))
        else:
            targets[target] = info
    for target, reason in clashes(targets, fold=fold).items():
        settled.append(_refused(targets.pop(target).path, reason))
    return DownloadPlan(tuple(Download(info, target) for target, info in targets.items()), tuple(settled))


def plan_upload(files: Iterable[Upload], *, prefix: str) -> UploadPlan:
    """Decide which local files are sent, and leave out those that may not be.

    Args:
        files: The files found below the source folder.
        prefix: The dataset's prefix, which counts towards a key's length.
    """
    uploads: list[Upload] = []
    settled: list[FileOutcome] = []
    for file in files:
        reason = upload_refusal(file.path, prefix)
        if reason is None and file.size > MAX_FILE_BYTES:
            reason = "S3 holds no file larger than 5 TiB"
        if reason:
            settled.append(_refused(file.path, reason, file.source))
        elif is_service_file(file.path):
            settled.append(
                FileOutcome(file.path, "skipped", local=file.source, reason="it belongs to the service")
            )
        else:
            uploads.append(file)
    return UploadPlan(tuple(uploads), tuple(settled))


def each_part(size: int, part_size: int) -> Iterator[tuple[int, int]]:
    """Yield offset and length of each part of a file.

    Example:
        >>> list(each_part(10, 4))
        [(0, 4), (4, 4), (8, 2)]
    """
    for offset in range(0, size, part_size):
        yield offset, min(part_size, size - offset)


def service_file_refusal(dataset_id: str) -> ServiceFileRefused:
    """Return the error for writing the file that belongs to the service."""
    return ServiceFileRefused(
        f"{SERVICE_FILE!r} at the root of dataset {dataset_id} belongs to the service.",
        path=SERVICE_FILE,
        hint="Change the metadata through the datastore instead.",
    )


def _refused(path: str, reason: str, local: Path | None = None) -> FileOutcome:
    error = UnsafePath(f"{path!r} was refused: {reason}.", path=path)
    return FileOutcome(path, "refused", local=local, reason=reason, error=error)
