"""``cache``, ``install`` and the lock file, from the shell."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from provena_sdk import Provena
from provena_sdk.sandbox import Sandbox
from tests.cli.conftest import Run


@pytest.fixture
def reef(provena_sandbox: Sandbox) -> str:
    return provena_sandbox.add_dataset("Reef", files={"obs/2024.csv": b"day\n1\n"})


@pytest.fixture
def project(reef: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that is locked, and the current folder."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    Path("provena.toml").write_text(f"[datasets.reef]\nhandle = '{reef}'\n")
    assert run("api", "GET", "/").code == 0
    with Provena() as provena:
        provena.lock_project()
    return folder


def fetch(run: Run, reef: str) -> Path:
    [line] = run("get", f"{reef}/obs/2024.csv", "--cached").lines
    return Path(line)


@pytest.mark.parametrize("more", [["data"], ["--dry-run"], ["--map-names"], ["--verify", "size"]])
def test_what_does_not_go_with_the_cache(run: Run, reef: str, more: list[str]) -> None:
    refused = run("get", reef, "--cached", *more)
    assert refused.code == 2
    assert "--cached goes without" in refused.stderr


def test_the_cache(run: Run, reef: str) -> None:
    assert run("cache", "ls", user=None).stdout == ""
    file = fetch(run, reef)
    [listed] = run("cache", "ls", reef, "--json", user=None).json
    assert (listed["dataset"], listed["path"], listed["bytes"]) == (reef, "obs/2024.csv", 6)
    assert listed["location"] == str(file)
    assert file.read_bytes() == b"day\n1\n"
    assert run("get", reef, "--cached", "--include", "*.csv", "--limit-rate", "5MB/s", "--json").json
    assert run("cache", "ls", "10378.1/1", "--json").json == []
    assert run("cache", "verify").code == 0

    file.chmod(0o600)
    file.write_bytes(b"day\n2\n")
    damaged = run("cache", "verify", "--quiet")
    # Both copies have the same file, by a hard link.
    assert (damaged.code, damaged.lines) == (10, ["obs/2024.csv"] * 2)
    assert run("cache", "verify", reef, "--remove").code == 10
    assert not file.exists()
    assert fetch(run, reef) == file

    assert run("cache", "prune", "--quiet").lines == []
    assert run("cache", "prune", "--days", "0", "--dry-run", "--quiet").lines == [reef, reef]
    pruned = run("cache", "prune", "--days", "0")
    assert "Removed 2 copies, 6 B." in pruned.stderr
    assert not file.exists()
    assert run("cache", "prune", "--days", "-1").code == 2


def test_an_installation(run: Run, project: Path) -> None:
    missing = run("install", "--check", "--json", user=None)
    assert missing.code == 10
    assert missing.json == [{"name": "reef", "path": "data/reef/obs/2024.csv", "reason": "it is missing"}]
    assert run("install", "--dry-run", user=None).code == 0
    first = run("install", "--json")
    assert (first.code, first.json[0]["outcome"]) == (0, "downloaded")
    assert run("install", "--json", user=None).json[0]["outcome"] == "same"
    assert run("install", "--check", project, user=None).code == 0
    file = project / "data/reef/obs/2024.csv"
    state = file.stat()
    file.write_bytes(b"day\n2\n")
    os.utime(file, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert run("install", "--check", "--compare", "time").code == 0
    assert run("install", "--check").code == 10
    assert run("install").code == 0
    assert file.read_bytes() == b"day\n1\n"


def test_an_installation_that_fails(run: Run, project: Path, reef: str, provena_sandbox: Sandbox) -> None:
    provena_sandbox.storage.put(reef, "obs/2024.csv", b"day\n3\n")
    failed = run("install")
    assert failed.code == 1
    assert "was replaced after provena.lock was written" in failed.stdout
    Path("provena.lock").unlink()
    missing = run("install")
    assert missing.code == 2
    assert "provena install --lock" in missing.stderr
    assert run("install", "--lock", "--check").code == 2
    assert run("install", "--lock").code == 0
    assert Path("provena.lock").exists()
