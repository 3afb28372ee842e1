"""Protect ``metadata.json`` at a dataset's root, which only the service writes."""

from __future__ import annotations

from typing import Final

from provena_sdk.datasets.paths import check_not_reserved
from provena_sdk.errors import ServiceFileRefused

SERVICE_FILE: Final = "metadata.json"
"""The file at a dataset's root that the service writes at mint, update and revert."""


def is_service_file(path: str) -> bool:
    """Return whether the path is that of the service's file.

    Example:
        >>> is_service_file("metadata.json"), is_service_file("run/metadata.json")
        (True, False)
    """
    return path == SERVICE_FILE


def check_removable(path: str, dataset_id: str) -> None:
    """Refuse to remove the service's file.

    Args:
        path: The path within the dataset.
        dataset_id: The dataset's handle.

    Raises:
        ServiceFileRefused: The path is ``metadata.json`` at the root.
    """
    if is_service_file(path):
        raise ServiceFileRefused(
            f"{SERVICE_FILE!r} at the root of dataset {dataset_id} belongs to the service.",
            path=SERVICE_FILE,
            dataset_id=dataset_id,
            hint="Change the metadata through the datastore instead.",
        )


def check_writable(path: str, dataset_id: str) -> None:
    """Refuse to write the service's file, or one with a name reserved for the SDK's temporary files.

    Args:
        path: The path within the dataset.
        dataset_id: The dataset's handle.

    Raises:
        ServiceFileRefused: The path is ``metadata.json`` at the root.
        UnsafePath: The SDK reserves the name for its temporary files.
    """
    check_removable(path, dataset_id)
    check_not_reserved(path)


class ServiceFileGuard:
    """A guard that stops a dataset's object client from changing the service's file.

    Args:
        dataset_id: The dataset's handle.
    """

    def __init__(self, dataset_id: str) -> None:
        self._dataset_id = dataset_id

    def check_writable(self, path: str) -> None:
        """Refuse to write a path that :func:`check_writable` refuses."""
        check_writable(path, self._dataset_id)

    def check_removable(self, path: str) -> None:
        """Refuse to remove a path that :func:`check_removable` refuses."""
        check_removable(path, self._dataset_id)
