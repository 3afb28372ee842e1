"""Tools that know nothing of ours read and write a dataset with a profile that ``aws-profile`` wrote."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest

from provena_sdk import AwsProfile, Provena
from provena_sdk.sandbox import Sandbox

pytestmark = pytest.mark.interop
Stored = Callable[[], dict[str, bytes]]


@pytest.fixture
def aws(
    sandbox: Sandbox, reef: str, profile: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AwsProfile:
    """A profile of the AWS tools; a profile of ours leads to the sandbox, and the environment does not."""
    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "aws"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no-credentials"))
    monkeypatch.setenv("PROVENA_STATE_DIR", str(tmp_path / "state"))
    with Provena(profile=profile) as provena:
        made = provena.datastore.interactive_dataset(reef).aws_profile("reef", access="write")
    assert not made.needs_environment
    made.save()
    return made


def test_boto3(aws: AwsProfile, stored: Stored) -> None:
    client: Any = boto3.Session(profile_name="reef").client("s3")
    got = client.get_object(Bucket=aws.bucket, Key=f"{aws.prefix}obs/2024.csv")
    assert got["Body"].read() == stored()["obs/2024.csv"]
    client.put_object(Bucket=aws.bucket, Key=f"{aws.prefix}results/new.txt", Body=b"by boto3")
    assert stored()["results/new.txt"] == b"by boto3"


@pytest.mark.skipif(shutil.which("rclone") is None, reason="there is no rclone here")
def test_rclone(aws: AwsProfile, stored: Stored, tmp_path: Path) -> None:
    def rclone(*arguments: str) -> str:
        command = ["rclone", arguments[0], *aws.rclone_options, *arguments[1:]]
        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=100, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert sorted(rclone("lsf", "-R", "--files-only", aws.rclone_path).split()) == sorted(stored())
    rclone("copy", aws.rclone_path, "copy")
    assert (tmp_path / "copy" / "obs" / "2024.csv").read_bytes() == stored()["obs/2024.csv"]
    rclone("copyto", "copy/obs/2024.csv", f"{aws.rclone_path}results/again.csv")
    assert stored()["results/again.csv"] == stored()["obs/2024.csv"]
