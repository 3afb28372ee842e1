"""Fixtures for tests against a sandbox; pytest finds them when the package is installed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

import provena_sdk.sandbox

if TYPE_CHECKING:
    from provena_sdk.sandbox import Sandbox


@pytest.fixture(scope="session")
def provena_sandbox_session() -> Iterator[Sandbox]:
    """Return a sandbox shared by all tests of a run (of a worker, with pytest-xdist)."""
    with provena_sdk.sandbox.Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def provena_sandbox(provena_sandbox_session: Sandbox) -> Iterator[Sandbox]:
    """Return the shared sandbox, reset before and after the test; its servers keep running."""
    provena_sandbox_session.reset()
    yield provena_sandbox_session
    provena_sandbox_session.reset()


@pytest.fixture
def provena_environment(provena_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Set the environment variables that point the SDK to the sandbox, for the test."""
    environment = provena_sandbox.environment()
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return environment
