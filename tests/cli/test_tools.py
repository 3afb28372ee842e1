"""Credentials for other tools: nothing but them on stdout, and no person is asked."""

from __future__ import annotations

import json
import os
import stat
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from provena_sdk.cli.app import run as run_command
from provena_sdk.sandbox import Sandbox
from tests.cli.conftest import Run


@pytest.fixture
def reef(provena_sandbox: Sandbox) -> str:
    return provena_sandbox.add_dataset("Reef", files={"a.csv": b"a\n"})


def test_a_process_prints_its_answer_and_nothing_else(
    run: Run, reef: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def warn(*_: object, **__: object) -> None:
        warnings.warn("unknown", stacklevel=2)

    # Some tools read stderr as a part of the answer.
    monkeypatch.setattr("provena_sdk.connection.warn_of_unknown", warn)
    done = run("credential-process", reef)
    assert (done.code, done.stderr) == (0, "")
    assert done.stdout.count("\n") == 1
    assert done.json.keys() == {"Version", "AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"}


def test_a_process_says_in_two_lines_that_nobody_is_signed_in(run: Run, reef: str) -> None:
    done = run("credential-process", reef, user=None)
    assert (done.code, done.stdout) == (3, "")
    assert "provena login" in done.stderr.splitlines()[1]


def test_quiet_credentials_are_the_credentials_alone(run: Run, reef: str) -> None:
    done = run("credentials", reef, "--quiet")
    assert (done.code, done.stderr) == (0, "")
    assert all(line.startswith("export AWS_") for line in done.lines)
    assert run("credentials", reef, "--json").json["dataset_id"] == reef


def test_a_profile_is_written_once(
    run: Run, reef: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, name = tmp_path / "aws", f"provena-{reef.replace('/', '-')}"
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    assert run("aws-profile", reef, "--dry-run").code == 0
    assert not config.exists()
    done = run("aws-profile", reef, "--quiet")
    assert (done.code, done.stdout) == (0, f"{name}\n")
    assert f"credential-process {reef}" in config.read_text()
    before = config.stat().st_mtime_ns
    assert "there already" in run("aws-profile", reef).stderr
    assert config.stat().st_mtime_ns == before
    assert (
        json.loads(run("aws-profile", reef, "--dry-run", "--json").stdout)["name"]
        == "provena-10378.1-1900011"
    )


def test_without_fuse_it_says_how_rclone_does_it(
    run: Run, reef: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "mfusepy", None)
    done = run("mount", reef, tmp_path)
    assert done.code == 1
    assert "rclone mount --read-only --s3-provider=Other --s3-env-auth=true" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="modes")
def test_credentials_are_written_for_their_owner_alone(run: Run, reef: str, tmp_path: Path) -> None:
    file = tmp_path / "new"
    assert run("credentials", reef, "--format", "json", "-o", file).stdout == ""
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert json.loads(file.read_text())["dataset_id"] == reef


@pytest.mark.skipif(sys.platform == "win32", reason="modes")
@pytest.mark.parametrize("command", ["credentials", "credential-process", "url"])
def test_secrets_go_into_no_file_that_others_can_read(
    command: str,
    reef: str,
    environment: Callable[..., None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    environment("writer")
    arguments = [command, f"{reef}/a.csv" if command == "url" else reef]
    reader, writer = os.pipe()
    places = {name: tmp_path / name for name in ("open", "private")}
    places["open"].touch(0o644)
    places["private"].touch(0o600)
    for place, code in ((places["open"], 2), (places["private"], 0), (os.devnull, 0), (writer, 0)):
        with open(place, "w") as output, monkeypatch.context() as changed:
            changed.setattr(sys, "stdout", output)
            assert run_command(arguments) == code
    assert places["open"].read_bytes() == b""
    with open(reader, "rb") as piped:
        assert piped.read()
