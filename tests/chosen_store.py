"""The object store that tests run against: the sandbox's own, or a real one that ``LIVE_STORE`` describes.

``python -m scripts.live.suites`` starts real stores and runs the tests. Tests that look into the sandbox's own store,
or inject faults into it, are skipped then: they carry the marker ``own_store``, or reach for something that a real
store does not have. Tests that fail because a store differs from Amazon S3 are expected to fail, with the reason from
:mod:`tests.live.differences`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from provena_sdk.sandbox import ExternalStore, Sandbox
from provena_sdk.sandbox.external.storage import ExternalStorage, NotOurs
from provena_sdk.sandbox.object_store import Server
from tests.live.differences import BY_CHANCE, DIFFERENCES

VARIABLE = "LIVE_STORE"
# A test without any of these fixtures does not use a store.
STORE_FIXTURES = frozenset({"server", "sandbox", "store", "running_sandbox"})
# What the sandbox's server has besides its methods.
_PARTS_OF_A_SERVER = frozenset({"store", "grants", "faults", "activity"})


@dataclass(frozen=True)
class Chosen:
    """A real store.

    Attributes:
        name: Its name in ``scripts.live``.
        url: Its URL.
        access_key_id: The access key of its administrator.
        secret_access_key: The secret to it.
        accounts_url: The URL where accounts are created, if it has no STS.
    """

    name: str
    url: str
    access_key_id: str
    secret_access_key: str
    accounts_url: str | None = None

    def external(self, bucket: str) -> ExternalStore:
        """Return how the sandbox uses it."""
        keys: dict[str, Any] = {
            "access_key_id": self.access_key_id,
            "secret_access_key": self.secret_access_key,
        }
        if self.accounts_url is not None:
            keys |= {"issuing": "accounts", "accounts_url": self.accounts_url}
        return ExternalStore(url=self.url, bucket=bucket, **keys)


def chosen() -> Chosen | None:
    """Return the store of this run, or None for the sandbox's own."""
    described = os.environ.get(VARIABLE)
    return Chosen(**json.loads(described)) if described else None


def bucket_of_run(name: str) -> str:
    """Return a bucket's name: in a real store one that no other process of the run uses."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "alone")
    return name if chosen() is None else f"{name}-{worker}"


def sandbox_of_run(**options: Any) -> Sandbox:
    """Return a sandbox that keeps files in the store of this run."""
    store = chosen()
    return (
        Sandbox(**options)
        if store is None
        else Sandbox(s3=store.external(bucket_of_run("provena-storage")), **options)
    )


class ChosenServer:
    """Stands in for the sandbox's object store where a real one is used; only its URL is known."""

    def __init__(self, store: Chosen, bucket: str) -> None:
        self.url = store.url
        self.storage = ExternalStorage(store.external(bucket), 3600, None)

    def __getattr__(self, name: str) -> Any:
        if not hasattr(Server, name) and name not in _PARTS_OF_A_SERVER:
            raise AttributeError(name)
        raise NotOurs(f"A real store does not have {name}.")


class ChosenLifetime(list[float]):
    """The lifetime of credentials, which tests cannot choose for a real store."""

    def __setitem__(self, index: Any, value: Any) -> None:
        raise NotOurs("A real store does not issue credentials for so short a time.")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect tests that do not use a store, skip those that need the sandbox's, and mark known differences."""
    store = chosen()
    if store is None:
        return
    using = [item for item in items if STORE_FIXTURES & set(getattr(item, "fixturenames", ()))]
    config.hook.pytest_deselected(items=[item for item in items if item not in set(using)])
    items[:] = using
    reasons = {test: reason for reason, tests in DIFFERENCES[store.name].items() for test in tests}
    for item in items:
        name = f"{item.path.name}::{item.name}"
        if item.get_closest_marker("own_store"):
            item.add_marker(pytest.mark.skip(reason="It looks into the sandbox's own store."))
        elif name in BY_CHANCE:
            item.add_marker(pytest.mark.skip(reason="Whether it meets a difference of this store is chance."))
        elif name in reasons:
            item.add_marker(pytest.mark.xfail(reason=reasons[name], strict=True))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Skip a test when it reaches for the sandbox's own store."""
    with _skipping():
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: Any, request: Any) -> Iterator[None]:
    """Skip a test whose fixtures reach for the sandbox's own store."""
    with _skipping():
        return (yield)


@contextmanager
def _skipping() -> Iterator[None]:
    try:
        yield
    except NotOurs as error:
        if chosen() is None:
            raise
        pytest.skip(f"It looks into the sandbox's own store. {error}")
