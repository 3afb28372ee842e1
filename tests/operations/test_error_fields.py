"""What errors say about the request that failed."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest

from provena_sdk import AsyncProvena, Deployment, Provena, ProvenaError, errors
from provena_sdk.s3 import retry
from provena_sdk.sandbox import Fault, Sandbox

NAMES = ("code", "operation", "url", "status", "attempts", "request_id", "dataset_id")


@pytest.fixture
def sandbox() -> Any:
    with Sandbox() as made:
        yield made


@pytest.fixture
def deployment(sandbox: Sandbox) -> Deployment:
    return Deployment.from_env(sandbox.environment())


def fields(error: ProvenaError) -> tuple[object, ...]:
    return tuple(getattr(error, name) for name in NAMES)


def test_a_refusal(sandbox: Sandbox, deployment: Deployment) -> None:
    handle = "10378.1/9999999"
    sandbox.faults.add(
        Fault(
            service="datastore",
            path="*/fetch-dataset",
            times=None,
            status=503,
            body="no",
            headers={"x-amzn-requestid": "abc-123\x1b"},
        )
    )
    with Provena(deployment, access_token=sandbox.access_token(), max_retries=1) as provena:
        with pytest.raises(errors.GatewayError) as caught:
            provena.datastore.fetch_dataset(handle)
        url = f"{deployment.datastore}/registry/items/fetch-dataset"
        assert fields(caught.value) == (
            "gateway-error",
            "datastore.fetch_dataset",
            url,
            503,
            2,
            "abc-123\\x1b",
            handle,
        )
        again = pickle.loads(pickle.dumps(caught.value))
        assert fields(again) == fields(caught.value)


async def test_the_same_awaited(sandbox: Sandbox, deployment: Deployment) -> None:
    async with AsyncProvena(deployment, access_token=sandbox.access_token()) as provena:
        with pytest.raises(errors.DatasetNotFound) as caught:
            await provena.datastore.fetch_dataset("10378.1/9999999")
    assert fields(caught.value)[:5] == (
        "dataset-not-found",
        "datastore.fetch_dataset",
        f"{deployment.datastore}/registry/items/fetch-dataset",
        400,
        1,
    )


def test_no_answer(sandbox: Sandbox, deployment: Deployment) -> None:
    sandbox.faults.add(Fault(service="datastore", path="/register/*", times=None, drop="after"))
    with (
        Provena(deployment, access_token=sandbox.access_token(), max_retries=0) as provena,
        pytest.raises(errors.OutcomeUnknown) as caught,
    ):
        provena.datastore.interactive_dataset("10378.1/1900011").version("a better one")
    assert fields(caught.value) == (
        "outcome-unknown",
        "datastore.version_dataset",
        f"{deployment.datastore}/register/version",
        None,
        1,
        None,
        "10378.1/1900011",
    )


def test_nothing_was_sent(deployment: Deployment) -> None:
    with Provena(deployment, access_token="t") as provena, pytest.raises(errors.InvalidArgument) as caught:
        provena.datastore.fetch_dataset("reef")
    assert fields(caught.value) == ("invalid-argument", None, None, None, None, None, None)


def test_signing_in(sandbox: Sandbox, deployment: Deployment) -> None:
    with Provena(deployment, offline_token="wrong") as provena, pytest.raises(errors.SignInError) as caught:
        provena.datastore.check_access("read")
    error = caught.value
    assert (error.operation, error.status) == ("sign-in.refresh", 400)
    assert error.url == f"{deployment.issuer}/protocol/openid-connect/token"


def test_files(
    sandbox: Sandbox, deployment: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "RULE", retry.RetryRule(base=0.001, cap=0.01, patience=1.0, most=4))
    handle = sandbox.add_dataset("Reef", owner="writer", files={"a.csv": b"1"})
    with Provena(deployment, access_token=sandbox.access_token()) as provena:
        reef = provena.datastore.interactive_dataset(handle)
        with pytest.raises(errors.DatasetFileNotFound) as missing:
            reef.open("b.csv")
        assert missing.value.dataset_id == handle
        sandbox.s3_faults.add(fault("internal_error", "*/a.csv"))
        with pytest.raises(errors.FileStoreError) as denied:
            reef.open("a.csv").read()
        with pytest.raises(errors.TransferFailed) as failed:
            reef.download_all_files(tmp_path / "data")
    error = denied.value
    assert (error.operation, error.status, error.dataset_id) in {
        ("object-store.get", 500, handle),
        ("object-store.head", 500, handle),
    }
    assert error.url is not None
    assert error.url.endswith("/a.csv")
    assert error.request_id
    assert failed.value.dataset_id == handle
    assert getattr(failed.value.errors[0], "dataset_id", None) == handle


def fault(kind: Any, key: str) -> Any:
    from provena_sdk.sandbox.object_store import ObjectFault

    return ObjectFault(kind=kind, key=key, times=None)
