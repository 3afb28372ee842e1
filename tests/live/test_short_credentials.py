"""Credentials of 60 seconds carry a transfer of five minutes: the line is slow, and the access token ends as soon."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from provena_sdk.sandbox import Sandbox
from provena_sdk.sandbox.data.users import SERVICE_USER
from provena_sdk.sandbox.object_store import TemporaryCredentials
from scripts.live.relay import Relay, relay
from scripts.live.stores import Minio
from tests.live.conftest import Realm
from tests.live.parts import external, signed_in

pytestmark = [pytest.mark.live, pytest.mark.slow, pytest.mark.timeout(900)]
MIB = 1 << 20
SECONDS = 300
# A request that has begun is answered to its end, whatever expires: only many requests need new credentials.
SIZES = {"large.bin": 96 * MIB} | {f"{number}.bin": 2 * MIB for number in range(150)}


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return {name: os.urandom(size) for name, size in SIZES.items()}


@pytest.fixture
def line(trusting_minio: tuple[Minio, Realm]) -> Iterator[Relay]:
    with relay(trusting_minio[0].port) as made:
        yield made


@pytest.fixture
def sandbox(trusting_minio: tuple[Minio, Realm], line: Relay) -> Iterator[Sandbox]:
    store, trusted = trusting_minio
    parts = external(store, issuing="web-identity", role_arn=store.role_arn, url=line.url)
    with Sandbox(issuer=trusted.issuer, s3=parts, credentials_seconds=60) as running:
        yield running
        line.rate = None
        assert running.crashes == []


@pytest.fixture
def issued(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The access keys that the sandbox has handed out."""
    keys: set[str] = set()
    issue = sandbox.storage.credentials_for

    def noted(*given: object, **more: object) -> TemporaryCredentials:
        credentials = issue(*given, **more)  # type: ignore[arg-type]
        keys.add(credentials.access_key_id)
        return credentials

    monkeypatch.setattr(sandbox.storage, "credentials_for", noted)
    return keys


def test_they_carry_a_download(
    sandbox: Sandbox, line: Relay, issued: set[str], files: dict[str, bytes], tmp_path: Path
) -> None:
    handle = sandbox.add_dataset("Reef", owner=SERVICE_USER, files=files)
    with signed_in(sandbox) as provena:
        dataset = provena.datastore.interactive_dataset(handle)
        line.rate = sum(SIZES.values()) / SECONDS
        began = time.monotonic()
        dataset.download_all_files(tmp_path)
        assert time.monotonic() - began > 240
    assert {name: (tmp_path / name).read_bytes() for name in files} == files
    assert len(issued) >= 4


def test_they_carry_an_upload(
    sandbox: Sandbox, line: Relay, issued: set[str], files: dict[str, bytes], tmp_path: Path
) -> None:
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    handle = sandbox.add_dataset("Reef", owner=SERVICE_USER)
    with signed_in(sandbox) as provena:
        dataset = provena.datastore.interactive_dataset(handle)
        line.rate = sum(SIZES.values()) / SECONDS
        began = time.monotonic()
        dataset.upload_all_files(tmp_path)
        assert time.monotonic() - began > 240
    line.rate = None
    there = sandbox.storage.files(handle)
    assert {name: there[name] for name in files} == files
    assert len(issued) >= 4
