"""Transfers that take minutes: credentials expire meanwhile, or there are many files."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from provena_sdk.sandbox import Sandbox
from provena_sdk.sandbox.data.users import SERVICE_USER
from provena_sdk.sandbox.object_store import TemporaryCredentials
from scripts.live.relay import relay
from scripts.live.stores import Minio, Store
from tests.live.conftest import MakeRealm, Realm
from tests.live.parts import external, signed_in

pytestmark = [pytest.mark.live, pytest.mark.slow, pytest.mark.timeout(1200)]
MIB = 1 << 20
FILES = 10_000


@pytest.fixture(scope="module")
def reef(new_realm: MakeRealm) -> Realm:
    return new_realm()


def test_credentials_of_a_minute_carry_a_transfer_of_five(
    trusting_minio: tuple[Minio, Realm], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line is slow; credentials and the access token behind them last for 60 seconds."""
    store, trusted = trusting_minio
    data = os.urandom(20 * MIB)
    with relay(store.port) as line:
        parts = external(store, issuing="web-identity", role_arn=store.role_arn, url=line.url)
        with Sandbox(issuer=trusted.issuer, s3=parts, credentials_seconds=60) as sandbox:
            issued: list[TemporaryCredentials] = []
            issue = sandbox.storage.credentials_for

            def counted(*given: object, **more: object) -> TemporaryCredentials:
                issued.append(credentials := issue(*given, **more))  # type: ignore[arg-type]
                return credentials

            monkeypatch.setattr(sandbox.storage, "credentials_for", counted)
            handle = sandbox.add_dataset("Reef", owner=SERVICE_USER, files={"a.bin": data})
            with signed_in(sandbox) as provena:
                reef = provena.datastore.interactive_dataset(handle)
                line.rate = len(data) / 300
                began = time.monotonic()
                reef.download_all_files(tmp_path)
                assert time.monotonic() - began > 240
            assert (tmp_path / "a.bin").read_bytes() == data
            assert len({credentials.access_key_id for credentials in issued}) >= 4
            line.rate = None
            assert sandbox.crashes == []


def test_ten_thousand_files(reef: Realm, store: Store, tmp_path: Path) -> None:
    source = tmp_path / "source"
    for number in range(FILES):
        folder = source / f"{number % 100:02}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{number}.csv").write_text(str(number), "utf-8")
    with (
        Sandbox(issuer=reef.issuer, s3=external(store), credentials_seconds=3600) as sandbox,
        signed_in(sandbox) as provena,
    ):
        handle = sandbox.add_dataset("Reef", owner=SERVICE_USER)
        dataset = provena.datastore.interactive_dataset(handle)
        assert len(dataset.upload_all_files(source)) == FILES
        assert len(dataset.list_files()) >= FILES
        assert len(dataset.download_all_files(tmp_path / "back")) >= FILES
        assert (tmp_path / "back" / "99" / "9999.csv").read_text("utf-8") == "9999"
        assert dataset.plan_upload(source).counts().get("new", 0) == 0
        assert sandbox.crashes == []
