"""What the S3 client logs of its requests, and reports of its retries."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys

import pytest

from provena_sdk.concurrency.io_thread import run_sync
from provena_sdk.logs import Retry
from provena_sdk.s3.client.request import observed_retries
from tests.s3.conftest import Make
from tests.store_fixtures import Script


def test_each_request_is_logged_at_debug(
    make: Make, script: Script, caplog: pytest.LogCaptureFixture
) -> None:
    script.says("200 OK", "x-amz-request-id: A1", 'etag: "e"', body=b"abc")
    with caplog.at_level(logging.DEBUG, "provena_sdk.s3"):
        run_sync(make(url=script.url).get("obs/a b.csv"))
    (record,) = [one for one in caplog.records if one.name == "provena_sdk.s3"]
    fields = vars(record)
    assert record.levelno == logging.DEBUG
    assert (fields["method"], fields["status"], fields["bytes"], fields["request_id"]) == (
        "GET",
        200,
        3,
        "A1",
    )
    assert fields["path"].endswith("/obs/a%20b.csv")
    assert isinstance(fields["ms"], int)


def test_a_store_that_repeats_what_it_was_sent_is_not_logged(
    make: Make, script: Script, caplog: pytest.LogCaptureFixture
) -> None:
    def repeat(asked: object) -> bytes:
        token = script.asked[-1].headers["x-amz-security-token"]
        return script.answer("200 OK", f"x-amz-request-id: {token}", 'etag: "e"', body=b"abc")

    script.route = repeat
    with caplog.at_level(logging.DEBUG, "provena_sdk.s3"):
        run_sync(make(url=script.url).get("a"))
    assert caplog.records
    assert script.asked[-1].headers["x-amz-security-token"] not in repr([vars(one) for one in caplog.records])


def test_retries_are_warnings_and_go_to_the_observer_of_this_work_only(
    make: Make, script: Script, caplog: pytest.LogCaptureFixture
) -> None:
    script.says("503 Slow Down")
    script.says("500 Broken")
    script.says("200 OK", 'etag: "e"', body=b"abc")
    mine: list[Retry] = []
    others: list[Retry] = []
    client = make(url=script.url)

    async def observed() -> None:
        with observed_retries(mine.append):
            await asyncio.gather(client.get("a"))

    async def both() -> None:
        with observed_retries(others.append):
            pass
        await asyncio.gather(observed(), asyncio.sleep(0))

    run_sync(both())
    assert [(retry.path, retry.reason, retry.attempt, retry.most) for retry in mine] == [
        ("a", "the store failed", 2, 8),
        ("a", "the store failed", 3, 8),
    ]
    assert others == []
    warnings = [one for one in caplog.records if one.levelno == logging.WARNING]
    assert [vars(one)["attempt"] for one in warnings] == [2, 3]


def test_a_retry_is_not_printed_unless_asked_for() -> None:
    code = """
import logging
import provena_sdk.s3.client
logging.getLogger("provena_sdk.s3").warning("again")
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stderr == ""
