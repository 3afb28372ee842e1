"""Datasets that other libraries read and write by their addresses alone.

The tests below import nothing of ours, as nobody who uses those libraries has to.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import fsspec
import pytest

from provena_sdk.sandbox import Sandbox
from tests.chosen_store import sandbox_of_run

LIBRARIES = (
    "dask",
    "duckdb",
    "h5netcdf",
    "intake",
    "joblib",
    "polars",
    "rasterio",
    "upath",
    "xarray",
    "zarr",
)
# `make interop` installs them; other runs leave these tests out.
collect_ignore_glob = (
    ["test_*.py"] if any(importlib.util.find_spec(name) is None for name in LIBRARIES) else []
)

OBSERVED = {2023: b"day,temperature\n1,25.5\n2,26.0\n", 2024: b"day,temperature\n3,27.5\n"}


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[Sandbox]:
    """One sandbox for all tests of a process."""
    with sandbox_of_run() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A sandbox as good as new, in which ``writer`` is signed in by the environment, here and in child processes."""
    running_sandbox.reset()
    for name in list(os.environ):
        if name.startswith("PROVENA_") and name != "PROVENA_CONFIG_FILE":
            monkeypatch.delenv(name)
    for name, value in running_sandbox.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PROVENA_OFFLINE_TOKEN", running_sandbox.offline_token("writer"))
    fsspec.get_filesystem_class("provena").clear_instance_cache()
    yield running_sandbox
    fsspec.get_filesystem_class("provena").clear_instance_cache()
    assert running_sandbox.crashes == []


@pytest.fixture
def reef(sandbox: Sandbox) -> str:
    """The handle of a dataset with two small tables."""
    files = {f"obs/{year}.csv": table for year, table in OBSERVED.items()}
    return sandbox.add_dataset("Reef", files=files)


@pytest.fixture
def url(reef: str) -> str:
    """The dataset's address."""
    return f"provena://{reef}"


@pytest.fixture
def stored(sandbox: Sandbox, reef: str) -> Callable[[], dict[str, bytes]]:
    """Tells what the store holds of the dataset, whichever process wrote it."""
    return lambda: dict(sandbox.storage.files(reef))


@pytest.fixture
def open_uploads(sandbox: Sandbox) -> Callable[[], int]:
    """Tells how many uploads in parts were begun, and neither completed nor aborted."""

    def count() -> int:
        names = [request.operation for request in sandbox.s3_requests]
        ended = names.count("CompleteMultipartUpload") + names.count("AbortMultipartUpload")
        return names.count("CreateMultipartUpload") - ended

    return count


@pytest.fixture
def profile(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a profile that leads to the sandbox; the environment does not."""
    addresses = sandbox.environment()
    for name in [*addresses, "PROVENA_OFFLINE_TOKEN"]:
        monkeypatch.delenv(name)
    token = tmp_path / "token"
    token.write_text(sandbox.offline_token("writer"), "utf-8")
    token.chmod(0o600)
    fields = {name.removeprefix("PROVENA_").lower(): value for name, value in addresses.items()}
    fields["offline_token_file"] = token.name
    lines = ["[profiles.reef]", *(f"{name} = '{value}'" for name, value in fields.items())]
    config = tmp_path / "config.toml"
    config.write_text("\n".join(lines), "utf-8")
    monkeypatch.setenv("PROVENA_CONFIG_FILE", str(config))
    return "reef"
