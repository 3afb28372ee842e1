"""What a session logs: signing in, and each request to the sign-in server and the services."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from provena_sdk import Deployment, Provena
from provena_sdk.sandbox import Fault, Sandbox

FIELDS = {"method", "path", "status", "bytes", "ms", "request_id"}


def test_a_session_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with Sandbox() as sandbox:
        deployment = Deployment.from_env(sandbox.environment())
        token = sandbox.offline_token("writer")
        for service, path in (("signin", "*/token"), ("datastore", "/registry/*")):
            sandbox.faults.add(Fault(service=service, path=path, status=503, body="no"))
        with (
            caplog.at_level(logging.DEBUG, "provena_sdk"),
            Provena(deployment, offline_token=token) as provena,
        ):
            provena.datastore.for_all_datasets().first()
            provena.sign_out()
            access = [record for record in caplog.records if "Signed in" in record.getMessage()]
    records = caplog.records
    requests = [record for record in records if set(vars(record)) >= FIELDS]
    for part, service in (("auth", "/token"), ("transport", "/registry/items/list")):
        mine = [record for record in requests if record.name.startswith(f"provena_sdk.{part}")]
        asked = [
            (vars(record)["method"], vars(record)["status"])
            for record in mine
            if service in vars(record)["path"]
        ]
        assert asked[:2] == [("POST", 503), ("POST", 200)]
        assert {record.levelno for record in mine} == {logging.DEBUG}
        retries = [
            record
            for record in records
            if record.levelno == logging.WARNING and record.name.startswith(f"provena_sdk.{part}")
        ]
        assert [vars(record)["attempt"] for record in retries] == [2]
        assert service in vars(retries[0])["path"]
    assert [(record.levelno, vars(record)["user"]) for record in access] == [(logging.INFO, "writer")]
    assert [record.getMessage().partition(" at ")[0] for record in records if hasattr(record, "user")] == [
        "Signed in",
        "Signed out",
    ]
    assert token not in repr([vars(record) for record in records])


def test_a_renewal_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with Sandbox(approve_as="writer", poll_interval=0.1) as sandbox:
        deployment = Deployment.from_env(sandbox.environment())
        with caplog.at_level(logging.INFO, "provena_sdk"), Provena(deployment, interactive=True) as provena:
            provena.sign_in()
            sandbox.advance(301)
            provena.datastore.check_access("read")
    events: list[Any] = [record.getMessage().partition(" at ")[0] for record in caplog.records]
    assert events == ["Signed in", "Session renewed"]
