"""Whose file system it is: storage options, clients and pickles."""

from __future__ import annotations

import asyncio
import json
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import fsspec
import pytest

from provena_sdk import AsyncProvena, Deployment, Provena
from provena_sdk.errors import ConfigurationError, DatasetAccessDenied, InvalidArgument
from provena_sdk.filesystem import ProvenaFileSystem
from provena_sdk.sandbox import Sandbox


@pytest.fixture
def reef(sandbox: Sandbox) -> str:
    """A dataset with a file."""
    return sandbox.add_dataset("Reef", files={"obs/a.csv": b"1"})


@pytest.mark.parametrize(
    "name", ["access_token", "offline_token", "client_secret", "token", "key", "secret", "password"]
)
def test_secrets_are_no_storage_options(sandbox: Sandbox, name: str) -> None:
    with pytest.raises(InvalidArgument, match="PROVENA_OFFLINE_TOKEN") as caught:
        fsspec.filesystem("provena", **{name: "s3cr3t"})
    assert "s3cr3t" not in str(caught.value)


def test_options_there_are_not(sandbox: Sandbox) -> None:
    with pytest.raises(InvalidArgument, match="no such storage option"):
        ProvenaFileSystem(profil="x")
    with pytest.raises(InvalidArgument, match="must be 'read', 'write' or None, not"):
        ProvenaFileSystem(access="append")
    with pytest.raises(InvalidArgument, match="fields of a Deployment"):
        ProvenaFileSystem(deployment={"host": "x"}).ls("")
    with pytest.raises(ConfigurationError, match="nowhere"):
        ProvenaFileSystem(profile="nowhere").ls("")


def test_nothing_is_asked_before_it_is_needed(sandbox: Sandbox) -> None:
    ProvenaFileSystem(profile="nowhere")
    fsspec.filesystem("provena")
    assert sandbox.requests == []


def test_instances_are_shared_by_their_options(sandbox: Sandbox) -> None:
    plain = fsspec.filesystem("provena")
    assert fsspec.filesystem("provena") is plain
    others = [
        fsspec.filesystem("provena", profile="other"),
        fsspec.filesystem("provena", access="read"),
        fsspec.filesystem("provena", deployment="example.org"),
        fsspec.filesystem("provena", deployment="example.org", realm="other"),
    ]
    assert len({id(fs) for fs in [plain, *others]}) == 5
    assert len({plain, *others}) == 5
    assert ProvenaFileSystem(skip_instance_cache=True) is not plain


def test_a_datasets_own(sandbox: Sandbox, reef: str) -> None:
    with Provena() as provena:
        fs = provena.datastore.interactive_dataset(reef).fs
        assert fs.find("") == ["metadata.json", "obs/a.csv"]
        assert fs.ls("obs", detail=False) == ["obs/a.csv"]
        assert fs.info("")["display_name"] == "Reef"
        assert fs.cat_file("obs/a.csv") == b"1"
        with fs.open("b.txt", "w") as file:
            file.write("2")
        assert fs.cat("b.txt") == b"2"
        assert fs.glob("**/*.csv") == ["obs/a.csv"]
        fs.mv("b.txt", "c.txt")
        fs.rm("c.txt")
        with fs.transaction, fs.open("t", "wb") as file:
            file.write(b"3")
            file.close()
            assert not fs.exists("t")
        assert fs.exists("t")
        assert fs.sign("t").startswith("http")
        fs.rm("", recursive=True)
        assert fs.find("") == ["metadata.json"]


def test_a_slash_says_that_a_target_is_a_folder(sandbox: Sandbox, reef: str, tmp_path: Path) -> None:
    local = tmp_path / "b.csv"
    local.write_bytes(b"2")
    with Provena() as provena:
        fs = provena.datastore.interactive_dataset(reef).fs
        fs.put(str(local), "put/")
        fs.cp("obs/a.csv", "copied/")
        fs.mv("put/b.csv", "moved/")
        assert fs.find("") == ["copied/a.csv", "metadata.json", "moved/b.csv", "obs/a.csv"]
        assert fs.ls("obs/", detail=False) == ["obs/a.csv"]
        assert fs.ls("/", detail=False) == fs.ls("", detail=False)
        assert fs.isdir("obs/")


async def test_a_datasets_own_for_code_that_awaits(sandbox: Sandbox, reef: str) -> None:
    async with AsyncProvena() as provena:
        fs = provena.datastore.interactive_dataset(reef).fs
        assert await fs._cat_file("obs/a.csv") == b"1"
        found = await asyncio.gather(fs._exists("obs"), fs._exists("ob"))
        assert list(found) == [True, False]


def test_two_clients_are_never_mixed(sandbox: Sandbox) -> None:
    private = sandbox.add_dataset("Private", owner="admin", files={"a": b"1"}, private=True)
    deployment = Deployment.from_env()
    with (
        Provena(deployment, access_token=sandbox.access_token("admin")) as admin,
        Provena(deployment, access_token=sandbox.access_token("reader")) as reader,
    ):
        owns, reads = (client.datastore.interactive_dataset(private).fs for client in (admin, reader))
        assert owns != reads
        assert owns.fs != reads.fs
        assert owns.cat_file("a") == b"1"
        with pytest.raises(DatasetAccessDenied):
            reads.cat_file("a")
        again = reader.datastore.interactive_dataset(private).fs
        with pytest.raises(DatasetAccessDenied):
            again.cat_file("a")
        with pytest.raises(DatasetAccessDenied):
            fsspec.filesystem("provena").cat_file(f"{private}/a")


def test_pickles_and_json_hold_settings_and_no_secret(
    sandbox: Sandbox, reef: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = sandbox.access_token("writer")
    monkeypatch.delenv("PROVENA_ACCESS_TOKEN")
    with Provena(access_token=token) as provena:
        fs = provena.datastore.interactive_dataset(reef).fs
        file = fs.open("obs/a.csv")
        assert file.read(0) == b""
        fs.cat_file("obs/a.csv")
        shown = [pickle.dumps(fs), pickle.dumps(file), repr(fs).encode(), repr(fs.fs).encode()]
        shown += [
            fs.to_json().encode(),
            json.dumps(fs.fs.to_dict()).encode(),
            repr(fs.fs.storage_options).encode(),
        ]
        for written in shown:
            assert token.encode() not in written
        copies: list[Any] = [pickle.loads(shown[0]), fsspec.AbstractFileSystem.from_json(fs.to_json())]
        monkeypatch.setenv("PROVENA_ACCESS_TOKEN", "none.that.is")
        for copy in copies:
            assert copy.path == reef
            with pytest.raises(PermissionError):
                copy.cat_file("obs/a.csv")
        ProvenaFileSystem.clear_instance_cache()
        monkeypatch.setenv("PROVENA_ACCESS_TOKEN", token)
        assert pickle.loads(shown[0]).cat_file("obs/a.csv") == b"1"
        assert pickle.loads(shown[1]).read() == b"1"


def test_a_pickled_file_stays_the_one_it_was(fs: ProvenaFileSystem, sandbox: Sandbox, reef: str) -> None:
    with fs.open(f"{reef}/obs/a.csv") as file:
        pickled = pickle.dumps(file)
    assert pickle.loads(pickled).read() == b"1"
    sandbox.storage.put(reef, "obs/a.csv", b"2")
    with pytest.raises(OSError, match="replaced"):
        pickle.loads(pickled).read()


def test_nothing_needs_to_be_imported(sandbox: Sandbox, reef: str, tmp_path: Path) -> None:
    program = f"import fsspec\nwith fsspec.open('provena://{reef}/obs/a.csv') as file: print(file.read())"
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert ran.stdout == "b'1'\n"
    assert ran.stderr == ""


def test_importing_it_loads_no_client() -> None:
    program = (
        "import sys, provena_sdk.filesystem\n"
        "print([name for name in ('s3fs', 'botocore', 'aiohttp', 'httpx') if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"


def test_no_deployment_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("PROVENA_DOMAIN", raising=False)
    monkeypatch.setenv("PROVENA_CONFIG_FILE", str(tmp_path / "config.toml"))
    with pytest.raises(ConfigurationError, match="No deployment is named") as caught:
        ProvenaFileSystem(skip_instance_cache=True).ls("10378.1/1")
    assert "as in Provena('example.org') or storage_options={'deployment': 'example.org'}, set" in str(
        caught.value
    )
