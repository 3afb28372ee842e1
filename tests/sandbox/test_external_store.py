"""A sandbox with files in an external store; moto is used for that, and checks no policy.

What real stores make of the credentials is tried in ``tests/live``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import httpx
import pytest
from moto.server import ThreadedMotoServer

from provena_sdk.sandbox import ExternalStore, Sandbox, Seed
from provena_sdk.sandbox.__main__ import main
from provena_sdk.sandbox.external.policy import document, statements
from provena_sdk.sandbox.seed import metadata

KEYS: dict[str, Any] = {"access_key_id": "root", "secret_access_key": "secret-of-root"}


@pytest.fixture(scope="module")
def store_url() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(store_url: str) -> Any:
    httpx.post(f"{store_url}/moto-api/reset", trust_env=False)
    return boto3.client(
        "s3",
        endpoint_url=store_url,
        aws_access_key_id="root",
        aws_secret_access_key="secret-of-root",
        region_name="us-east-1",
    )


@pytest.fixture
def sandbox(store_url: str, bucket: Any) -> Iterator[Sandbox]:
    with Sandbox(
        s3=ExternalStore(url=store_url, bucket="reef-files", **KEYS), credentials_seconds=3600
    ) as made:
        yield made
        assert made.crashes == []


def _keys(bucket: Any) -> list[str]:
    return [entry["Key"] for entry in bucket.list_objects_v2(Bucket="reef-files").get("Contents", ())]


def test_files_are_kept_in_the_store(sandbox: Sandbox, bucket: Any, store_url: str, send: Any) -> None:
    handle = sandbox.add_dataset("Reef", files={"a.csv": b"1,2"})
    prefix = f"datasets/{handle.replace('.', '-').replace('/', '-')}/"
    assert _keys(bucket) == [f"{prefix}a.csv", f"{prefix}metadata.json"]
    assert sandbox.storage.files(handle)["a.csv"] == b"1,2"
    assert sandbox.environment()["PROVENA_S3_ENDPOINT"] == store_url
    token = sandbox.access_token()
    item = send(
        sandbox.datastore_url,
        "GET",
        "/registry/items/fetch-dataset",
        query={"handle_id": handle},
        token=token,
    )
    assert item.body["item"]["s3"]["bucket_name"] == "reef-files"
    asked = {"dataset_id": handle, "file_path": "a.csv"}
    url = send(
        sandbox.datastore_url, "POST", "/registry/items/generate-presigned-url", token=token, data=asked
    ).body["presigned_url"]
    assert httpx.get(url, trust_env=False).content == b"1,2"
    asked["file_path"] = "b.csv"
    missing = send(
        sandbox.datastore_url, "POST", "/registry/items/generate-presigned-url", token=token, data=asked
    )
    assert missing.status == 400


def test_credentials_come_from_the_store(sandbox: Sandbox, send: Any) -> None:
    handle = sandbox.add_dataset("Reef")
    for access in ("read", "write"):
        answer = send(
            sandbox.datastore_url,
            "POST",
            f"/registry/credentials/generate-{access}-access-credentials",
            token=sandbox.access_token(),
            data={"dataset_id": handle, "console_session_required": False},
        )
        assert answer.status == 200
        given = answer.body["credentials"]
        assert given["aws_session_token"]
        assert given["aws_access_key_id"] != "root"


def test_a_policy_grants_access_to_one_prefix() -> None:
    reading = json.dumps(document(statements("reef", "datasets/10378-1-12/", write=False)))
    assert "arn:aws:s3:::reef/datasets/10378-1-12/*" in reading
    assert "Put" not in reading
    writing = json.dumps(statements("reef", "datasets/10378-1-12/", write=True, accounts=["a", "b"]))
    assert '"Principal": {"AWS": ["a", "b"]}' in writing
    assert "s3:PutObject" in writing


def test_minted_datasets_get_their_file_there(sandbox: Sandbox, bucket: Any, send: Any) -> None:
    answer = send(
        sandbox.datastore_url,
        "POST",
        "/register/mint-dataset",
        token=sandbox.access_token(),
        data=metadata("Reef"),
    )
    location = answer.body["s3_location"]
    assert location["bucket_name"] == "reef-files"
    assert _keys(bucket) == [f"{location['path']}metadata.json"]


def test_it_removes_what_it_put_there_and_nothing_else(store_url: str, bucket: Any) -> None:
    bucket.create_bucket(Bucket="reef-files")
    bucket.put_object(Bucket="reef-files", Key="datasets/10378-1-1900011/kept.csv", Body=b"")
    with Sandbox(
        s3=ExternalStore(url=store_url, bucket="reef-files", **KEYS), seed=Seed(datasets=2)
    ) as sandbox:
        first = sandbox.add_dataset("Reef", files={"a.csv": b""})
        assert len(_keys(bucket)) == 5
        sandbox.reset()
        assert len(_keys(bucket)) == 3
        assert sandbox.add_dataset("Reef") > first, "no handle is given out twice"
    assert _keys(bucket) == ["datasets/10378-1-1900011/kept.csv"]


def test_a_store_that_refuses_is_quoted(store_url: str, sandbox: Sandbox, bucket: Any, send: Any) -> None:
    handle = sandbox.add_dataset("Reef")
    for key in _keys(bucket):
        bucket.delete_object(Bucket="reef-files", Key=key)
    bucket.delete_bucket(Bucket="reef-files")
    answer = send(
        sandbox.datastore_url,
        "POST",
        "/register/mint-dataset",
        token=sandbox.access_token(),
        data=metadata("Reef"),
    )
    assert answer.status == 500
    assert "NoSuchBucket" in answer.body["detail"]
    assert handle


def test_its_own_store_cannot_be_looked_into(sandbox: Sandbox, store_url: str) -> None:
    with pytest.raises(AttributeError, match=f"The files are stored at {store_url}"):
        _ = sandbox.storage.store
    with pytest.raises(AttributeError, match="are not recorded"):
        _ = sandbox.s3_requests
    with pytest.raises(RuntimeError, match="cannot be revoked"):
        sandbox.expire_credentials()


def test_a_store_that_does_not_answer_is_named() -> None:
    gone = ExternalStore(url="http://127.0.0.1:9", **KEYS)
    with pytest.raises(OSError, match=r"http://127\.0\.0\.1:9"):
        Sandbox(s3=gone).start()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"url": "127.0.0.1:9000"}, "url must be a URL"),
        ({"issuing": "keys"}, "issuing must be one of assume-role, web-identity, accounts, not 'keys'"),
        ({"issuing": "accounts"}, "accounts_url"),
        ({"sts_url": "sts"}, "sts_url must be a URL"),
    ],
)
def test_invalid_arguments_are_named(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ExternalStore(**({"url": "http://127.0.0.1:9000", **KEYS} | change))


def test_a_role_lasts_a_quarter_of_an_hour_at_least() -> None:
    with pytest.raises(ValueError, match="credentials_seconds"):
        Sandbox(s3=ExternalStore(url="http://127.0.0.1:9000", **KEYS), credentials_seconds=60)


def test_secrets_stay_out_of_the_repr() -> None:
    assert "secret-of-root" not in repr(ExternalStore(url="http://127.0.0.1:9000", **KEYS))


def test_the_command_takes_credentials_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY", raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "root")
    with pytest.raises(SystemExit):
        main(["--s3", "http://127.0.0.1:9000"])
    assert "s3: AWS_SECRET_ACCESS_KEY must be in the environment." in capsys.readouterr().err
