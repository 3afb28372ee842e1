"""Logging: PROVENA_LOG, the fields of each record, and nothing that costs when it is off."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Iterator

import pytest

from provena_sdk import ConfigurationError, Provena, logs
from provena_sdk.logs import Retry, follow_environment, log_request, log_retry

ROOT = logging.getLogger("provena_sdk")


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    handlers, level = list(ROOT.handlers), ROOT.level
    yield
    ROOT.handlers[:] = handlers
    ROOT.setLevel(level)


@pytest.mark.parametrize(("value", "level"), [("info", logging.INFO), (" DEBUG ", logging.DEBUG)])
def test_the_variable_prints_records_once(
    value: str, level: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PROVENA_LOG", value)
    follow_environment()
    follow_environment()
    assert ROOT.level == level
    logging.getLogger("provena_sdk.transfer").info("downloaded")
    assert capsys.readouterr().err.endswith(" INFO provena_sdk.transfer: downloaded\n")
    assert len([handler for handler in ROOT.handlers if handler is logs._handler]) == 1


def test_nothing_is_set_up_without_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROVENA_LOG", " ")
    before = list(ROOT.handlers)
    follow_environment()
    assert ROOT.handlers == before


def test_another_value_is_refused_by_the_client(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROVENA_LOG", "loud")
    with pytest.raises(
        ConfigurationError, match=r"^PROVENA_LOG must be 'debug', 'info' or 'warning', not 'loud'"
    ):
        Provena("example.org")


def test_a_script_turns_it_on() -> None:
    code = """
import logging
from provena_sdk import Provena
Provena("example.org")
logging.getLogger("provena_sdk.s3").debug("GET")
"""
    program = [sys.executable, "-W", "error", "-c", code]
    ended = subprocess.run(program, env={"PROVENA_LOG": "debug"}, capture_output=True, text=True, check=True)
    assert ended.stderr.endswith(" DEBUG provena_sdk.s3: GET\n")


def test_a_request_is_logged_without_its_query(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "provena_sdk"):
        log_request(
            logging.getLogger("provena_sdk.s3"),
            "GET",
            "/reef/a\x1b.csv?X-Amz-Signature=secret",
            status=206,
            size=10,
            seconds=0.0126,
            request_id="A1",
        )
    (record,) = caplog.records
    assert record.getMessage() == r"GET /reef/a\x1b.csv: 206, 10 bytes, 13 ms, request A1"
    fields = {name: vars(record)[name] for name in ("method", "path", "status", "bytes", "ms", "request_id")}
    assert json.loads(json.dumps(fields)) == {
        "method": "GET",
        "path": r"/reef/a\x1b.csv",
        "status": 206,
        "bytes": 10,
        "ms": 13,
        "request_id": "A1",
    }
    assert "secret" not in repr(vars(record))


def test_a_retry_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    log_retry(logging.getLogger("provena_sdk.s3"), "GET", Retry("obs/a.csv", "connection lost", 4.04, 3, 8))
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert record.getMessage() == "GET 'obs/a.csv': connection lost, trying again in 4.0 s (3 of 8)"
    fields = vars(record)
    assert (fields["path"], fields["reason"], fields["wait"]) == ("obs/a.csv", "connection lost", 4.04)
    assert (fields["attempt"], fields["most"]) == (3, 8)
