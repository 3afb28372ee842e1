"""fsspec's own tests of what every file system does."""

from __future__ import annotations

from collections.abc import Callable

import fsspec.tests.abstract as abstract
import pytest

from provena_sdk.filesystem import ProvenaFileSystem


class Fixtures(abstract.AbstractFixtures):  # type: ignore[misc]  # fsspec is not typed
    """A dataset of its own for each test."""

    @pytest.fixture
    def fs(self, fs: ProvenaFileSystem) -> ProvenaFileSystem:
        return fs

    @pytest.fixture
    def fs_path(self, dataset: str) -> str:
        return dataset

    @pytest.fixture
    def fs_join(self) -> Callable[..., str]:
        return lambda *parts: "/".join(map(str, parts))

    @pytest.fixture
    def supports_empty_directories(self) -> bool:
        return False


class TestOpen(Fixtures, abstract.AbstractOpenTests):  # type: ignore[misc]  # fsspec is not typed
    """Opening."""


class TestPipe(Fixtures, abstract.AbstractPipeTests):  # type: ignore[misc]  # fsspec is not typed
    """Writing what is in memory."""


class TestCopy(Fixtures, abstract.AbstractCopyTests):  # type: ignore[misc]  # fsspec is not typed
    """Copying within a dataset."""


class TestPut(Fixtures, abstract.AbstractPutTests):  # type: ignore[misc]  # fsspec is not typed
    """Sending local files."""


class TestGet(Fixtures, abstract.AbstractGetTests):  # type: ignore[misc]  # fsspec is not typed
    """Fetching to local files."""
