"""What an interactive dataset has fetched of itself, until something changes it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from provena_api.models import RegistryFetchResponse

from provena_sdk.datasets.file_list import FileList

if TYPE_CHECKING:
    from provena_sdk.views.versions import DatasetVersions
    from provena_sdk.workflows.details import NamesOf


class DatasetCache:
    """The item of one dataset, the names in it, and its versions, as they were last fetched.

    Attributes:
        dataset_id: The dataset's handle.
    """

    dataset_id: str
    _names: dict[str, str]
    _answer: RegistryFetchResponse | None = None
    _named: NamesOf | None = None
    _versions: DatasetVersions | None = None
    _amount: tuple[int, int] | None = None
    """Number and bytes of its files, as they were last listed."""

    def _keep(self, answer: RegistryFetchResponse) -> RegistryFetchResponse:
        """Keep an item that was just fetched."""
        self._answer = answer
        return answer

    def _keep_if(self, answer: RegistryFetchResponse | None) -> None:
        """Keep an item after a change, unless it could not be fetched."""
        if answer is not None:
            self._keep(answer)

    def _count(self, files: FileList) -> FileList:
        """Keep the number and bytes of the files that were just listed."""
        self._amount = len(files), files.total_bytes
        return files

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Forget the item and its versions at the end of a block that changes the dataset, whatever the outcome.

        The names stay: they are those of others, which a change of the dataset leaves as they are.
        """
        try:
            yield
        finally:
            self._answer = self._versions = None
