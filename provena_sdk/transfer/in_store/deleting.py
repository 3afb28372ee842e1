"""Delete files of a dataset."""

from __future__ import annotations

import time
from collections.abc import Sequence

from provena_sdk.datasets.credentials import Access
from provena_sdk.datasets.files import DatasetFiles
from provena_sdk.datasets.service_file import check_removable
from provena_sdk.display.text import quoted
from provena_sdk.errors import UnsafePath
from provena_sdk.transfer.report import FileOutcome, TransferReport


async def delete_files(files: DatasetFiles, paths: Sequence[str]) -> TransferReport:
    """Delete files; those that are not there count as deleted.

    Args:
        files: The dataset.
        paths: Their paths within it, as checked by :func:`check_paths`.

    Returns:
        The outcome of every file.
    """
    started = time.monotonic()
    await files.ask_to_write()
    failures = await files.for_access(Access.WRITE).objects.delete(paths)
    outcomes = [deleted(path, failures.get(path)) for path in sorted(set(paths))]
    return TransferReport(tuple(outcomes), time.monotonic() - started, done="deleted")


def deleted(path: str, error: Exception | None) -> FileOutcome:
    """Return the outcome of deleting a file."""
    return FileOutcome(path, "deleted" if error is None else "failed", error=error)


def check_paths(paths: Sequence[str], dataset_id: str) -> None:
    """Refuse paths that are not those of files, or that must not be deleted.

    A name reserved for temporary files may be deleted.

    Args:
        paths: The paths within the dataset.
        dataset_id: The dataset's handle.

    Raises:
        UnsafePath: One is not the path of a file.
        ServiceFileRefused: One is ``metadata.json`` at the root.
    """
    for path in paths:
        if any(segment in ("", ".", "..") for segment in path.split("/")):
            raise UnsafePath(
                f"{quoted(path)} is not the path of a file.",
                path=path,
                dataset_id=dataset_id,
                hint="Give the paths of files, as list_files() returns them.",
            )
        check_removable(path, dataset_id)
