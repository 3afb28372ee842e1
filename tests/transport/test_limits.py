"""Answers that take too long, or are too large: both transports end them."""

from __future__ import annotations

import asyncio
import gzip
import tracemalloc
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provena_sdk import Deployment, errors
from provena_sdk.net.bodies import Body, DamagedBody
from provena_sdk.transport.http import MOST_BYTES, MOST_ERROR_BYTES, AsyncTransport, Options, Transport
from provena_sdk.transport.policy import RetryPolicy
from provena_sdk.workflows import datastore

UP = b'{"message": "up"}'


def inflated(data: bytes, wbits: int) -> bytes:
    made = zlib.compressobj(wbits=wbits)
    return made.compress(data) + made.flush()


@pytest.mark.parametrize("where", ["head", "body"])
def test_an_answer_that_drips_ends_with_the_deadline(server: Any, face: Any, reply: Any, where: str) -> None:
    """Each byte comes well within the timeout; the whole answer would take several times as long."""
    server.default = reply({"message": "up" * 20}, drip=where)
    with pytest.raises(errors.RequestTimedOut, match="did not answer in time"):
        face.run(server.url, datastore.health_check(), timeout=0.5, max_retries=0)
    server.release()


@pytest.mark.parametrize("where", ["head", "body"])
def test_a_deadline_holds_over_tls(
    tls_server: Any, certificate: Path, monkeypatch: pytest.MonkeyPatch, face: Any, reply: Any, where: str
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    tls_server.default = reply({"message": "up" * 20}, drip=where)
    with pytest.raises(errors.RequestTimedOut):
        face.run(tls_server.url, datastore.health_check(), timeout=0.5, max_retries=0)
    tls_server.release()


def test_a_deadline_holds_through_a_proxy(
    server: Any, monkeypatch: pytest.MonkeyPatch, tokens: Any, reply: Any
) -> None:
    monkeypatch.setenv("http_proxy", server.url)
    place = Deployment("lab.test", datastore="http://data.lab.test", allow_plain_http=True)
    options = Options(0.5, RetryPolicy(max_retries=0))
    server.default = reply({"message": "up" * 20}, drip="head")
    transport = Transport(place, tokens, options)
    with pytest.raises(errors.RequestTimedOut):
        transport.run(datastore.health_check())
    transport.close()

    async def awaiting() -> None:
        transport = AsyncTransport(place, tokens, options)
        try:
            await transport.run(datastore.health_check())
        finally:
            await transport.close()

    with pytest.raises(errors.RequestTimedOut):
        asyncio.run(awaiting())
    assert [seen.line.split()[1] for seen in server.seen] == ["http://data.lab.test/"] * 2
    server.release()


def test_a_deadline_is_for_one_request(server: Any, face: Any, reply: Any) -> None:
    server.script += [reply({"message": "up" * 20}, drip="body")]
    answers = face.run(server.url, datastore.health_check(), datastore.health_check(), timeout=0.5)
    assert [answer.message for answer in answers] == ["up", "up"]
    assert len(face.waits) == 1


def test_a_timeout_may_be_as_long_as_one_likes(server: Any, face: Any) -> None:
    assert face.run(server.url, datastore.health_check(), timeout=1e300)[0].message == "up"


def test_a_compressed_answer_that_expands_is_refused(server: Any, face: Any, reply: Any) -> None:
    bomb = gzip.compress(bytes(3 * MOST_BYTES), compresslevel=1)
    server.default = reply(raw=bomb, headers={"content-encoding": "gzip"})
    tracemalloc.start()
    try:
        with pytest.raises(errors.UnreadableAnswer, match="too large to be read"):
            face.run(server.url, datastore.health_check())
        assert tracemalloc.get_traced_memory()[1] < 1.5 * MOST_BYTES
    finally:
        tracemalloc.stop()
    assert len(server.seen) == 1


def test_an_answer_that_says_it_is_too_large_is_not_read(server: Any, face: Any, reply: Any) -> None:
    server.default = reply(raw=UP, headers={"content-length": str(MOST_BYTES + 1)})
    with pytest.raises(errors.UnreadableAnswer, match="too large to be read"):
        face.run(server.url, datastore.health_check())


def test_a_large_error_is_still_the_error_it_is(server: Any, face: Any, reply: Any) -> None:
    server.default = reply(
        raw=b"x" * (2 * MOST_ERROR_BYTES), status=403, headers={"content-type": "text/plain"}
    )
    with pytest.raises(errors.Forbidden) as caught:
        face.run(server.url, datastore.health_check())
    assert len(caught.value.message) < 700


@pytest.mark.parametrize("digits", [20, 5_000])
def test_a_length_that_is_no_length(server: Any, face: Any, reply: Any, digits: int) -> None:
    server.default = reply(raw=UP, headers={"content-length": "9" * digits}, close=True)
    with pytest.raises(errors.ConnectionFailed):
        face.run(server.url, datastore.health_check())


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, gzip", "x\x7fy"])
def test_a_coding_that_was_not_asked_for(server: Any, face: Any, reply: Any, coding: str) -> None:
    server.default = reply(raw=UP, headers={"content-encoding": coding})
    with pytest.raises(errors.ConnectionFailed):
        face.run(server.url, datastore.health_check())
    assert server.seen[0].headers["accept-encoding"] == "gzip, deflate"


@pytest.mark.parametrize("charset", ["idna", "utf-16", "utf-7", "unicode_escape", "no such", "undefined"])
def test_no_charset_is_taken_from_the_headers(server: Any, face: Any, reply: Any, charset: str) -> None:
    told = {"content-type": f"application/json; charset={charset}"}
    server.script += [reply(raw=b'\xef\xbb\xbf{"message": "caf\xe9"}', headers=told)]
    assert face.run(server.url, datastore.health_check())[0].message == "caf\ufffd"
    server.script += [reply(raw='{"message": "up"}'.encode("utf-16"), headers=told)]
    with pytest.raises(errors.UnreadableAnswer, match="is not JSON"):
        face.run(server.url, datastore.health_check())


@given(
    st.binary(max_size=4000),
    st.sampled_from(
        [("gzip", 31), ("x-gzip", 31), ("deflate", 15), ("Deflate", -15), ("identity", 0), ("", 0)]
    ),
    st.integers(1, 500),
)
def test_each_coding_is_decoded_however_it_is_cut(data: bytes, coding: tuple[str, int], size: int) -> None:
    name, wbits = coding
    sent = inflated(data, wbits) if wbits else data
    body = Body({"content-encoding": name}, MOST_BYTES)
    for start in range(0, len(sent), size):
        assert body.add(sent[start : start + size])
    assert body.whole
    assert body.content() == data


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_a_compressed_body_that_ends_too_early_is_damaged(coding: str) -> None:
    sent = inflated(b"reef" * 1000, 31 if coding == "gzip" else 15)
    body = Body({"content-encoding": coding}, MOST_BYTES)
    body.add(sent[:-9])
    with pytest.raises(DamagedBody):
        body.content()


def test_no_body_at_all_is_whole() -> None:
    assert Body({"content-encoding": "gzip"}, MOST_BYTES, keeps_part=True).content() == b""
    assert Body({"content-encoding": "deflate"}, MOST_BYTES).content() == b""


def test_what_is_too_large_is_not_kept() -> None:
    body = Body({}, MOST_BYTES)
    chunk = bytes(MOST_BYTES // 4)
    assert [body.add(chunk) for _ in range(5)] == [True, True, True, True, False]
    assert not body.whole
    error = Body({}, MOST_ERROR_BYTES, keeps_part=True)
    assert not error.add(bytes(MOST_ERROR_BYTES + 1))
    assert len(error.content()) == MOST_ERROR_BYTES
