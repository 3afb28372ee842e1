"""What a file system of ``provena://`` shows, logs or sends holds no token and no key."""

from __future__ import annotations

import json
import logging
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import fsspec
import pytest
from fsspec.utils import tokenize

from provena_sdk import Provena
from provena_sdk.datasets.credentials import Access
from provena_sdk.datasets.provider import DatasetCredentialsProvider
from provena_sdk.filesystem import ProvenaFileSystem
from provena_sdk.filesystem.leases import LEASES, LeasedDataset
from provena_sdk.sandbox import Sandbox

if TYPE_CHECKING:
    from tests.secrets.conftest import Secrets

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "stress" / "dask_parquet.py"
KEYS = {"S3 key id", "S3 secret key", "S3 session token"}


@pytest.fixture
def reef(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A dataset, in an environment that leads to the sandbox."""
    monkeypatch.setenv("PROVENA_STATE_DIR", str(tmp_path / "state"))
    for name, value in sandbox.environment().items():
        monkeypatch.setenv(name, value)
    ProvenaFileSystem.clear_instance_cache()
    yield sandbox.add_dataset("Reef", files={"obs/a.csv": b"1,2\n" * 1000})
    ProvenaFileSystem.clear_instance_cache()


def shown(thing: Any) -> list[bytes]:
    """All that may be kept of a thing, or sent elsewhere."""
    found = [pickle.dumps(thing), repr(thing).encode(), str(thing).encode(), str(tokenize(thing)).encode()]
    if isinstance(thing, fsspec.AbstractFileSystem):
        found += [
            thing.to_json().encode(),
            json.dumps(thing.to_dict()).encode(),
            repr(thing.storage_options).encode(),
            repr(thing.storage_args).encode(),
        ]
    return found


def test_file_systems_and_open_files(
    sandbox: Sandbox, reef: str, secrets: Secrets, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with Provena(interactive=True) as provena:
        provena.sign_in()
        plain = fsspec.filesystem("provena")
        folder = provena.datastore.interactive_dataset(reef).fs
        things: list[Any] = [plain, folder, folder.fs]
        for fs, root in ((plain, f"{reef}/"), (folder, "")):
            with fs.open(f"{root}obs/b.csv", "wb") as written:
                written.write(b"3,4\n")
            file = fs.open(f"{root}obs/a.csv")
            file.read(10)
            assert fs.cat_file(f"{root}obs/b.csv") == b"3,4\n"
            things += [file, fs.find(root, detail=True), fs.info(f"{root}obs/a.csv")]
            with pytest.raises(FileNotFoundError) as missing:
                fs.cat_file(f"{root}obs/c.csv")
            with pytest.raises(PermissionError) as refused:
                fs.pipe_file(f"{root}metadata.json", b"")
            things += [missing.value, refused.value]
            signed = fs.sign(f"{root}obs/a.csv", 60)
            secrets.note("signed URL", signed)
            secrets.note("signature", signed.partition("Signature=")[2].partition("&")[0])
        address = f"provena://{reef}/obs/a.csv"
        things += [fsspec.open(address), fsspec.open(f"simplecache::{address}"), fsspec.get_mapper(address)]
        cached = fsspec.filesystem(
            "filecache", target_protocol="provena", cache_storage=str(tmp_path / "cache")
        )
        assert cached.cat_file(f"{reef}/obs/a.csv")[:4] == b"1,2\n"
        things.append(cached)

    assert {"access token", "refresh token", "signed URL", "signature"} | KEYS <= secrets.kinds()
    for thing in things:
        for written in shown(thing):
            assert secrets.within(written) == [], repr(thing)
    assert secrets.within(caplog.text) == []
    on_disk = [path.read_bytes() for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert len(on_disk) >= 2
    for data in on_disk:
        assert secrets.within(data) == []


def test_a_lease_is_shown_without_its_credentials(
    sandbox: Sandbox, reef: str, secrets: Secrets, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with Provena(interactive=True) as provena:
        provena.sign_in()
        files = provena._datasets.files(reef)
        keys = DatasetCredentialsProvider(provena._transport)(reef, Access.READ)
    held = LeasedDataset("l", sandbox.domain, files.location, files.address, keys)
    LEASES.put(held)
    try:
        fs = fsspec.filesystem("provena", lease=True)
        file = fs.open(f"{reef}/obs/a.csv")
        assert file.read(4) == b"1,2\n"
        assert fs.cat_file(f"{reef}/obs/a.csv")[:4] == b"1,2\n"
        with pytest.raises(PermissionError) as refused:
            fs.pipe_file(f"{reef}/obs/b.csv", b"")
        sandbox.expire_credentials()
        with pytest.raises(PermissionError) as ended:
            fs.cat_file(f"{reef}/obs/a.csv")
    finally:
        LEASES.remove(held)
    assert secrets.kinds() >= KEYS
    for thing in (fs, file, refused.value, ended.value):
        for written in shown(thing):
            assert secrets.within(written) == []
    assert secrets.within(repr(held) + repr(LEASES) + caplog.text) == []


@pytest.mark.slow
def test_what_brings_a_lease_holds_keys_to_read_and_no_token(
    sandbox: Sandbox, reef: str, secrets: Secrets, caplog: pytest.LogCaptureFixture
) -> None:
    from distributed import Client

    from provena_sdk.dask import _Handover, lease

    caplog.set_level(logging.DEBUG)
    with (
        Provena(interactive=True) as provena,
        Client(processes=False, n_workers=1, threads_per_worker=1, dashboard_address=":0") as client,  # type: ignore[no-untyped-call]  # Dask's
    ):
        provena.sign_in()
        with lease(client, reef, provena=provena) as opened:
            brings = _Handover((LEASES.find(None, reef),))
            assert set(secrets.within(pickle.dumps(brings))) == KEYS
            again = pickle.loads(pickle.dumps(brings))
            assert pickle.dumps(again) == pickle.dumps(brings)
            told = [repr(brings), repr(opened), repr(opened.storage_options)]
            told += [repr(client.scheduler_info()), str(client.get_worker_logs())]
    assert secrets.within("".join(told) + caplog.text) == []


@pytest.mark.slow
@pytest.mark.parametrize("lease", [[], ["--lease"]], ids=["signed in", "lease"])
def test_a_cluster_that_loses_a_worker_reads_all_and_is_sent_no_secret(lease: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--files", "80", "--workers", "2", "--rows", "200", *lease],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "one killed: yes" in done.stdout
    assert "the sum is right" in done.stdout
    assert " 0 in the graph" in done.stdout
