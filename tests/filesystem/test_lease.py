"""Leases: reading without signing in, by what was handed over."""

from __future__ import annotations

import os
import pickle
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import fsspec
import pytest
from distributed import Client

from provena_sdk import Provena
from provena_sdk.dask import Lease, _warn_of_open_connections, lease
from provena_sdk.datasets.location import DatasetLocation
from provena_sdk.errors import (
    ClosedError,
    DatasetAccessDenied,
    DatasetNotFound,
    FileAccessDenied,
    InvalidArgument,
    LeaseExpired,
    LeaseMissing,
)
from provena_sdk.filesystem import ProvenaFileSystem
from provena_sdk.filesystem.leases import LEASES, LeasedDataset, Leases
from provena_sdk.s3.credentials import Credentials
from provena_sdk.s3.models import StoreAddress
from provena_sdk.sandbox import Sandbox

HANDLE = "10378.1/1"


@pytest.fixture
def reef(sandbox: Sandbox) -> str:
    """A dataset with a file."""
    return sandbox.add_dataset("Reef", files={"obs/a.csv": b"123456"})


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    """A cluster with one worker, which is this process."""
    with Client(processes=False, n_workers=1, threads_per_worker=1, dashboard_address=":0") as made:  # type: ignore[no-untyped-call]  # Dask's
        yield made


@pytest.fixture
def opened(client: Client, sandbox: Sandbox, reef: str) -> Iterator[Lease]:
    """A lease of the dataset; nobody is signed in any more."""
    with Provena() as provena, lease(client, reef, provena=provena) as made:
        del os.environ["PROVENA_ACCESS_TOKEN"]
        sandbox.requests.clear()
        yield made
    assert LEASES.datasets(None) == []


@pytest.fixture
def leased(opened: Lease) -> ProvenaFileSystem:
    """The file system that the lease opens."""
    fs = fsspec.filesystem("provena", **opened.storage_options)
    assert isinstance(fs, ProvenaFileSystem)
    return fs


def dataset(
    ends_at: float, *, lease: str = "l", domain: str = "example.org", handle: str = HANDLE
) -> LeasedDataset:
    location = DatasetLocation(handle, "bucket", "datasets/1/")
    keys = Credentials("id", "key", "token", datetime.fromtimestamp(ends_at, UTC))
    return LeasedDataset(lease, domain, location, StoreAddress(), keys)


def wait_for(reached: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.02)


# What a process holds.


def test_the_credentials_that_end_last_are_used() -> None:
    leases = Leases(clock=lambda: 100.0)
    old, new = dataset(150), dataset(200)
    for held in (new, old):
        leases.put(held)
    assert leases.find(None, HANDLE) is new
    assert leases.credentials("l", HANDLE) is new.credentials
    leases.remove(new)
    assert leases.credentials("l", HANDLE) is old.credentials


def test_what_was_put_twice_is_removed_twice() -> None:
    leases = Leases(clock=lambda: 100.0)
    for _ in range(2):
        leases.put(dataset(200))
    leases.remove(dataset(200))
    assert leases.holds("l")
    leases.remove(dataset(200))
    assert not leases.holds("l")
    leases.remove(dataset(200))


def test_none_expired_and_closed() -> None:
    leases = Leases(clock=lambda: 100.0, patience=0.0)
    with pytest.raises(
        LeaseMissing, match=r"no lease of dataset 10378.1/1\. Open one .*lease\(client, '10378.1/1'\)"
    ):
        leases.find(None, HANDLE)
    leases.put(dataset(90))
    with pytest.raises(LeaseExpired, match="ended at 1970-01-01 00:01:30 UTC"):
        leases.credentials("l", HANDLE)
    with pytest.raises(LeaseMissing, match="was closed"):
        leases.credentials("other", HANDLE)
    with pytest.raises(LeaseMissing, match="was closed"):
        leases.credentials("l", "10378.1/2")


def test_a_renewal_that_is_late_is_waited_for() -> None:
    leases = Leases(clock=lambda: 100.0, patience=60.0)
    leases.put(dataset(90))
    threading.Timer(0.1, leases.put, [dataset(200)]).start()
    assert leases.credentials("l", HANDLE).expiry.timestamp() == 200


def test_closing_ends_the_wait() -> None:
    leases = Leases(clock=lambda: 100.0, patience=60.0)
    leases.put(dataset(90))
    threading.Timer(0.1, leases.remove, [dataset(90)]).start()
    with pytest.raises(LeaseMissing):
        leases.credentials("l", HANDLE)


def test_deployments_are_kept_apart() -> None:
    leases = Leases(clock=lambda: 100.0)
    for domain in ("a.org", "b.org"):
        leases.put(dataset(200, lease=domain, domain=domain))
    assert leases.find("b.org", HANDLE).domain == "b.org"
    with pytest.raises(InvalidArgument, match=r"a\.org and b\.org"):
        leases.find(None, HANDLE)
    with pytest.raises(LeaseMissing):
        leases.find("c.org", HANDLE)


def test_what_is_held_shows_and_pickles_no_secret() -> None:
    held = dataset(200)
    assert "token" not in repr(held)
    with pytest.raises(TypeError, match="never pickled"):
        pickle.dumps(held)


# The file system.


def test_reading_by_a_lease_asks_the_datastore_for_nothing(
    leased: ProvenaFileSystem, sandbox: Sandbox, reef: str
) -> None:
    path = f"{reef}/obs/a.csv"
    assert leased.cat_file(path) == b"123456"
    with leased.open(path, "rt") as file:
        assert file.read() == "123456"
    assert leased.find(reef) == [f"{reef}/metadata.json", path]
    assert leased.glob(f"{reef}/**/*.csv") == [path]
    assert leased.ls("", detail=False) == leased.ls("10378.1", detail=False) == [reef]
    assert leased.info(reef) == {"name": reef, "type": "directory", "size": 0}
    assert leased.exists(reef)
    assert leased.isdir(f"{reef}/obs")
    copy = pickle.loads(pickle.dumps(leased))
    assert copy.cat_file(path) == b"123456"
    assert sandbox.requests == []


def test_a_lease_only_reads(leased: ProvenaFileSystem, sandbox: Sandbox, reef: str) -> None:
    for change in (
        lambda: leased.pipe_file(f"{reef}/b", b"1"),
        lambda: leased.open(f"{reef}/b", "wb"),
        lambda: leased.rm(f"{reef}/obs", recursive=True),
        lambda: leased.touch(f"{reef}/b"),
    ):
        with pytest.raises(FileAccessDenied, match=r"opened with lease=True\. Open it without 'lease'\."):
            change()
    with pytest.raises(FileAccessDenied, match="needs a sign-in"):
        leased.sign(f"{reef}/obs/a.csv", 60)
    assert sandbox.requests == []


def test_another_dataset_is_not_leased(leased: ProvenaFileSystem, sandbox: Sandbox) -> None:
    other = sandbox.add_dataset("Other", files={"a": b"1"})
    for look in (leased.cat_file, leased.open, leased.info, leased.ls, leased.find):
        with pytest.raises(LeaseMissing, match=f"no lease of dataset {other}"):
            look(f"{other}/a")
    with pytest.raises(LeaseMissing):
        leased.exists(other)


def test_whoever_is_signed_in_uses_the_lease_alone(sandbox: Sandbox, reef: str) -> None:
    fs = fsspec.filesystem("provena", lease=True)
    with pytest.raises(LeaseMissing):
        fs.cat_file(f"{reef}/obs/a.csv")
    assert sandbox.requests == []


def test_options_that_a_lease_does_not_take(sandbox: Sandbox) -> None:
    wrong: list[dict[str, Any]] = [{"access": "write"}, {"profile": "p"}, {"realm": "r"}, {"lease": "yes"}]
    for options in wrong:
        with pytest.raises(InvalidArgument, match=next(iter(options))):
            ProvenaFileSystem(**{"lease": True, **options})
    assert ProvenaFileSystem(lease=True, access="read", deployment={"domain": "example.org"}).lease


# The cluster.


def exists_there(options: dict[str, Any], path: str) -> bool:
    """Look for a file; runs on a worker."""
    return bool(fsspec.filesystem("provena", **options).exists(path))


def test_a_worker_reads_by_the_lease(client: Client, opened: Lease, reef: str) -> None:
    found = client.submit(exists_there, opened.storage_options, f"{reef}/obs/a.csv", pure=False)
    assert found.result() is True


def test_a_renewal_leaves_no_gap(
    client: Client, opened: Lease, leased: ProvenaFileSystem, sandbox: Sandbox, reef: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("PROVENA_ACCESS_TOKEN", sandbox.access_token("writer"))
    first = LEASES.find(None, reef)
    held = [LEASES.holds(first.lease)]
    remove = LEASES.remove

    def removed(one: LeasedDataset) -> None:
        remove(one)
        held.append(LEASES.holds(first.lease))

    with monkeypatch.context() as patch:
        patch.setattr(LEASES, "remove", removed)
        opened.renew()
    assert held == [True, True, True]
    second = LEASES.find(None, reef)
    assert second.lease == first.lease
    assert second.credentials.access_key_id != first.credentials.access_key_id
    assert opened.expiry == second.credentials.expiry
    assert len(handed_out(client)) == 1


def handed_out(client: Client) -> list[str]:
    """The names of the plugins that bring leases."""
    names: list[str] = client.run_on_scheduler(plugin_names)  # type: ignore[no-untyped-call]  # Dask's
    return [name for name in names if "lease" in name]


def plugin_names(dask_scheduler: Any) -> list[str]:
    """Return the names of the plugins for workers; runs on the scheduler."""
    return list(dask_scheduler.worker_plugins)


def test_keys_that_ended_are_replaced_by_renewed_ones(
    opened: Lease, leased: ProvenaFileSystem, sandbox: Sandbox, reef: str
) -> None:
    assert leased.cat_file(f"{reef}/obs/a.csv") == b"123456"
    sandbox.expire_credentials()
    with pytest.raises(PermissionError):
        leased.cat_file(f"{reef}/obs/a.csv")
    opened.renew()
    assert leased.cat_file(f"{reef}/obs/a.csv") == b"123456"


def test_it_is_renewed_before_it_ends(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("provena_sdk.dask._SOONEST_SECONDS", 0.1)
    with Sandbox(credentials_seconds=2) as sandbox:
        reef = sandbox.add_dataset("Reef", files={"a.csv": b"1"})
        for name, value in sandbox.environment().items():
            monkeypatch.setenv(name, value)
        token = sandbox.access_token("writer")
        with Provena(access_token=token) as provena, lease(client, reef, provena=provena) as opened:
            first = opened.expiry
            wait_for(lambda: opened.expiry > first)
            assert exists_there(opened.storage_options, f"{reef}/a.csv")


def test_a_renewal_that_fails_is_tried_again(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("provena_sdk.dask._SOONEST_SECONDS", 0.1)
    with Sandbox(credentials_seconds=2) as sandbox:
        reef = sandbox.add_dataset("Reef", files={"a.csv": b"1"})
        for name, value in sandbox.environment().items():
            monkeypatch.setenv(name, value)
        token = sandbox.access_token("writer")
        with Provena(access_token=token) as provena, lease(client, reef, provena=provena) as opened:
            grant, fails = opened._grant, [True]

            def failing(*args: Any) -> Credentials:
                if fails:
                    fails.pop()
                    raise DatasetAccessDenied("No.", operation="x", status=401)
                return grant(*args)

            monkeypatch.setattr(opened, "_grant", failing)
            first = opened.expiry
            wait_for(lambda: opened.expiry > first)
            assert fails == []
    assert [record.getMessage() for record in caplog.records if record.name == "provena_sdk.dask"] == [
        f"The lease of {reef} was not renewed (DatasetAccessDenied); trying again."
    ]


def test_a_renewal_that_not_all_workers_got_leaves_nothing_behind(
    client: Client, sandbox: Sandbox, reef: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with lease(client, reef) as opened:
        register = client.register_plugin

        def registered(*args: Any, **options: Any) -> None:
            register(*args, **options)
            raise OSError("A worker died.")

        with monkeypatch.context() as patch:
            patch.setattr(client, "register_plugin", registered)
            with pytest.raises(OSError, match="died"):
                opened.renew()
        assert len(handed_out(client)) == 2
        opened.renew()
        assert len(handed_out(client)) == 1
        assert exists_there(opened.storage_options, f"{reef}/obs/a.csv")
    assert handed_out(client) == []
    assert LEASES.datasets(None) == []


def test_closing_takes_it_back(client: Client, sandbox: Sandbox, reef: str) -> None:
    with lease(client, reef) as opened:
        fs = fsspec.filesystem("provena", **opened.storage_options)
        assert fs.exists(reef)
        assert repr(opened) == f"<Lease of {reef}, open>"
    assert repr(opened) == f"<Lease of {reef}, closed>"
    with pytest.raises(LeaseMissing):
        fs.cat_file(f"{reef}/obs/a.csv")
    assert handed_out(client) == []
    for use in (opened.renew, lambda: opened.expiry):
        with pytest.raises(ClosedError):
            use()
    opened.close()


def test_it_ends_with_the_client_of_the_cluster(sandbox: Sandbox, reef: str) -> None:
    with Client(processes=False, n_workers=1, threads_per_worker=1, dashboard_address=":0") as ended:  # type: ignore[no-untyped-call]  # Dask's
        opened = lease(ended, reef)
    opened.close()
    assert LEASES.datasets(None) == []


def test_it_is_not_pickled(opened: Lease) -> None:
    with pytest.raises(TypeError, match="send its storage_options"):
        pickle.dumps(opened)


def test_arguments(client: Client, sandbox: Sandbox, reef: str) -> None:
    with pytest.raises(InvalidArgument, match="client must be a Dask client"):
        lease("tcp://scheduler", reef)  # type: ignore[arg-type]  # that is the point
    with pytest.raises(InvalidArgument, match="provena must be a Provena client"):
        lease(client, reef, provena="example.org")  # type: ignore[arg-type]  # that is the point
    with pytest.raises(InvalidArgument, match="at least one"):
        lease(client)
    with pytest.raises(InvalidArgument, match="not a handle"):
        lease(client, reef, "reef")
    assert sandbox.requests == []
    with pytest.raises(DatasetNotFound):
        lease(client, reef, "10378.1/404")
    private = sandbox.add_dataset("Private", owner="admin", files={}, private=True)
    with pytest.raises(DatasetAccessDenied):
        lease(client, private)
    assert LEASES.datasets(None) == []
    assert handed_out(client) == []


async def test_a_client_that_awaits(sandbox: Sandbox) -> None:
    async with Client(asynchronous=True, processes=False, n_workers=0, dashboard_address=":0") as awaiting:  # type: ignore[no-untyped-call]  # Dask's
        with pytest.raises(InvalidArgument, match="client must be a sync client"):
            lease(awaiting, HANDLE)


@pytest.mark.parametrize(
    ("address", "warns"),
    [
        ("tcp://10.1.2.3:8786", True),
        ("tcp://scheduler:8786", True),
        ("ws://scheduler:8786", True),
        ("tls://scheduler:8786", False),
        ("wss://scheduler:8786", False),
        ("tcp://127.0.0.1:8786", False),
        ("tcp://[::1]:8786", False),
        ("tcp://localhost:8786", False),
        ("inproc://10.1.2.3/1/2", False),
    ],
)
def test_it_warns_of_connections_that_are_not_encrypted(
    address: str, warns: bool, recwarn: pytest.WarningsRecorder
) -> None:
    cluster: Any = SimpleNamespace(scheduler_info=lambda workers: {"address": address})
    _warn_of_open_connections(cluster, "read everything")
    assert [("not encrypted" in str(warned.message)) for warned in recwarn] == [True] * warns
