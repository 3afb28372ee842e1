"""A sandbox with a dataset, and a cache of the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from provena_sdk import Deployment, Provena
from provena_sdk.sandbox import Sandbox

FILES = {
    "obs/2023.csv": b"day,temperature\n2023-01-01,26.5\n",
    "obs/2024.csv": b"day,temperature\n2024-01-01,27.5\n",
    "readme.txt": b"Reef",
}


@pytest.fixture(autouse=True)
def cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the cache."""
    monkeypatch.setenv("PROVENA_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def provena(provena_sandbox: Sandbox) -> Iterator[Provena]:
    """A client of the sandbox."""
    deployment = Deployment.from_env(provena_sandbox.environment())
    with Provena(deployment, access_token=provena_sandbox.access_token("writer")) as client:
        yield client


@pytest.fixture
def reef(provena_sandbox: Sandbox) -> str:
    """A dataset with files."""
    return provena_sandbox.add_dataset("Reef", files=FILES)


@pytest.fixture
def offline() -> Iterator[Provena]:
    """A client of a deployment that cannot be reached, with the URL of no server."""
    deployment = Deployment("localhost", datastore="http://127.0.0.1:9", s3_endpoint="http://127.0.0.1:9")
    with Provena(deployment, access_token="t", max_retries=0) as client:
        yield client
