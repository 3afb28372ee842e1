"""A sandbox with Keycloak for its issuer and a real store for its files, as a maintainer tries a deployment's parts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from provena_sdk import Deployment, Provena
from provena_sdk.sandbox import Sandbox
from provena_sdk.sandbox.data.users import SERVICE_CLIENT, SERVICE_SECRET, SERVICE_USER
from provena_sdk.sandbox.seed import metadata
from scripts.live.stores import Minio, Store
from tests.live.conftest import MakeRealm, Realm
from tests.live.parts import carry, external, signed_in
from tests.live.test_guard import ROOT

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]


def client(sandbox: Sandbox, given: Any) -> Any:
    """Return an S3 client with credentials as the datastore gave them."""
    return boto3.client(
        "s3",
        endpoint_url=sandbox.s3_url,
        region_name="us-east-1",
        aws_access_key_id=given.aws_access_key_id,
        aws_secret_access_key=given.aws_secret_access_key,
        aws_session_token=given.aws_session_token or None,
        config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
    )


@pytest.fixture(scope="module")
def reef(new_realm: MakeRealm) -> Realm:
    return new_realm()


@pytest.fixture
def sandbox(reef: Realm, store: Store) -> Iterator[Sandbox]:
    with Sandbox(issuer=reef.issuer, s3=external(store), credentials_seconds=3600) as running:
        yield running
        assert running.crashes == []


@pytest.fixture
def provena(sandbox: Sandbox) -> Iterator[Provena]:
    with signed_in(sandbox) as made:
        yield made


def test_a_dataset_goes_there_and_back(provena: Provena, tmp_path: Path) -> None:
    assert provena.whoami().username == SERVICE_USER
    handle = carry(provena, tmp_path)
    assert provena.datastore.fetch_dataset(handle).item is not None
    with provena.datastore.interactive_dataset(handle).open("new.txt", "wb") as file:
        file.write(b"new")
    names = [entry.path for entry in provena.datastore.interactive_dataset(handle).list_files()]
    assert sorted(names) == ["a.csv", "metadata.json", "new.txt", "sub/b c.csv", "ümlaut.txt"]


def test_the_store_keeps_each_to_its_prefix(sandbox: Sandbox, provena: Provena) -> None:
    owner = SERVICE_USER
    mine = sandbox.add_dataset("Mine", owner=owner, files={"a.csv": b"mine"})
    neighbour = sandbox.add_dataset("Neighbour", owner=owner, files={"a.csv": b"neighbour"})
    place = provena.datastore.fetch_dataset(mine).item.s3
    there = provena.datastore.fetch_dataset(neighbour).item.s3
    # 10378-1-12 is a prefix of 10378-1-123.
    longer = place.path.rstrip("/") + "3/"
    sandbox.storage.put(mine + "3", "a.csv", b"longer")
    reading = client(
        sandbox, provena.datastore.interactive_dataset(mine).generate_read_access_credentials().credentials
    )
    writing = client(
        sandbox, provena.datastore.interactive_dataset(mine).generate_write_access_credentials().credentials
    )
    named = {"Bucket": place.bucket_name}

    def refused(act: Callable[..., Any], **arguments: Any) -> None:
        with pytest.raises(ClientError) as caught:
            act(**named, **arguments)
        assert caught.value.response["Error"]["Code"] == "AccessDenied"

    assert reading.get_object(**named, Key=place.path + "a.csv")["Body"].read() == b"mine"
    refused(reading.get_object, Key=there.path + "a.csv")
    refused(reading.get_object, Key=longer + "a.csv")
    refused(writing.get_object, Key=longer + "a.csv")
    refused(writing.delete_object, Key=longer + "a.csv")
    refused(reading.put_object, Key=place.path + "b.csv", Body=b"")
    refused(reading.delete_object, Key=place.path + "a.csv")
    refused(reading.create_multipart_upload, Key=place.path + "b.csv")
    writing.put_object(**named, Key=place.path + "b.csv", Body=b"b")
    refused(writing.put_object, Key=there.path + "b.csv", Body=b"b")
    refused(writing.put_object, Key=longer + "b.csv", Body=b"b")
    refused(writing.delete_object, Key=there.path + "a.csv")
    refused(
        writing.copy_object, Key=place.path + "c.csv", CopySource=f"{place.bucket_name}/{there.path}a.csv"
    )
    assert sandbox.storage.files(neighbour)["a.csv"] == b"neighbour"


def test_a_presigned_url_expires(sandbox: Sandbox, provena: Provena) -> None:
    handle = sandbox.add_dataset("Reef", owner=SERVICE_USER, files={"a b.csv": b"mine"})
    reef = provena.datastore.interactive_dataset(handle)
    for_long, briefly = reef.presigned_url("a b.csv"), reef.presigned_url("a b.csv", expires_in=1)
    time.sleep(2.1)
    assert httpx.get(for_long, trust_env=False).content == b"mine"
    assert httpx.get(briefly, trust_env=False).status_code in (400, 403)
    assert httpx.get(for_long.replace("a%20b.csv", "c.csv"), trust_env=False).status_code == 403


def test_each_caller_gets_credentials_by_the_own_token(
    trusting_minio: tuple[Minio, Realm], tmp_path: Path
) -> None:
    store, trusted = trusting_minio
    parts = external(store, issuing="web-identity", role_arn=store.role_arn)
    with (
        Sandbox(issuer=trusted.issuer, s3=parts, credentials_seconds=60) as sandbox,
        signed_in(sandbox) as provena,
    ):
        handle = carry(provena, tmp_path)
        given = provena.datastore.interactive_dataset(handle).generate_read_access_credentials().credentials
        assert given.aws_session_token
        assert sandbox.crashes == []


def test_an_account_of_a_store_ends_in_time(reef: Realm, store_of: Callable[[str], Store]) -> None:
    store = store_of("versitygw")
    with Sandbox(issuer=reef.issuer, s3=external(store), credentials_seconds=2) as sandbox:
        handle = sandbox.add_dataset("Mine", owner=SERVICE_USER, files={"a.csv": b"mine"})
        with signed_in(sandbox) as provena:
            place = provena.datastore.fetch_dataset(handle).item.s3
            given = (
                provena.datastore.interactive_dataset(handle).generate_read_access_credentials().credentials
            )
        reading, key = client(sandbox, given), {"Bucket": place.bucket_name, "Key": place.path + "a.csv"}
        assert reading.get_object(**key)["Body"].read() == b"mine"

        def read_on() -> None:
            for _ in range(600):
                time.sleep(0.05)
                reading.head_object(**key)

        with pytest.raises(ClientError) as caught:
            read_on()
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_the_command_starts_it(reef: Realm, store_of: Callable[[str], Store]) -> None:
    store = store_of("versitygw")
    command = [
        sys.executable,
        "-m",
        "provena_sdk.sandbox",
        "--json",
        "--issuer",
        reef.issuer,
        "--s3",
        store.url,
    ]
    issuing = ["--s3-issuing", "accounts", "--s3-accounts", store.admin_url or ""]
    keys = {"AWS_ACCESS_KEY_ID": store.access_key_id, "AWS_SECRET_ACCESS_KEY": store.secret_access_key}
    running = subprocess.Popen(
        [*command, *issuing], cwd=ROOT, env=os.environ | keys, stdout=subprocess.PIPE, text=True
    )
    assert running.stdout is not None
    try:
        environment = json.loads(running.stdout.readline())
        with Provena(
            Deployment.from_env(environment), client_id=SERVICE_CLIENT, client_secret=SERVICE_SECRET
        ) as provena:
            assert provena.datastore.check_access("write").username == SERVICE_USER
            assert provena.datastore.mint_dataset(metadata("Reef")).handle
    finally:
        running.terminate()
        running.stdout.close()
        assert running.wait() == 0
