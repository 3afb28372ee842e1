"""A sandbox whose files are reached through ``provena://``."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator

import fsspec
import pytest

from provena_sdk.filesystem import ProvenaFileSystem
from provena_sdk.sandbox import Sandbox
from tests.chosen_store import sandbox_of_run

Stored = Callable[..., dict[str, bytes]]


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[Sandbox]:
    """One sandbox for all tests of this folder."""
    with sandbox_of_run() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A sandbox as good as new, in which ``writer`` is signed in by the environment."""
    running_sandbox.reset()
    for name in list(os.environ):
        if name.startswith("PROVENA_") and name != "PROVENA_CONFIG_FILE":
            monkeypatch.delenv(name)
    for name, value in running_sandbox.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PROVENA_ACCESS_TOKEN", running_sandbox.access_token("writer"))
    ProvenaFileSystem.clear_instance_cache()
    yield running_sandbox
    ProvenaFileSystem.clear_instance_cache()
    assert running_sandbox.crashes == []


@pytest.fixture
def fs(sandbox: Sandbox) -> ProvenaFileSystem:
    """The file system, as fsspec makes it."""
    made = fsspec.filesystem("provena")
    assert isinstance(made, ProvenaFileSystem)
    return made


@pytest.fixture
def dataset(sandbox: Sandbox) -> str:
    """An empty dataset's handle."""
    return sandbox.add_dataset("Reef", files={})


@pytest.fixture
def stored(sandbox: Sandbox, dataset: str) -> Stored:
    """Tells what a dataset holds, path by path; the service's own file is left out."""

    def read(handle: str = dataset) -> dict[str, bytes]:
        files = sandbox.storage.files(handle)
        return {path: data for path, data in files.items() if path != "metadata.json"}

    return read


@pytest.fixture
def requests(sandbox: Sandbox) -> Callable[[], list[str]]:
    """Tells which operations the object store was asked for so far."""

    def read() -> list[str]:
        # A request is noted just after its answer was sent.
        known = -1
        while known != len(sandbox.s3_requests):
            known = len(sandbox.s3_requests)
            time.sleep(0.05)
        return [request.operation for request in sandbox.s3_requests]

    return read
