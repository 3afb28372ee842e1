"""Both transports over real connections that break in every way."""

from __future__ import annotations

import gzip
import logging
import pickle
import socket
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from provena_api.models import CollectionFormat

from provena_sdk import errors
from provena_sdk.operations import catalogue
from provena_sdk.operations.workflow import Workflow, call
from provena_sdk.secret import Secret
from provena_sdk.workflows import datastore, search

OK = {"status": {"success": True, "details": ""}}
MINTED = {**OK, "handle": "10378.1/1", "s3_location": None, "register_create_activity_session_id": None}
FOUND: dict[str, Any] = {**OK, "results": [], "warnings": None}
METADATA = {
    "associations": {"organisation_id": "1/1"},
    "approvals": {
        name: {"relevant": False}
        for name in ("ethics_registration", "ethics_access", "indigenous_knowledge", "export_controls")
    },
    "dataset_info": {
        "name": "n",
        "description": "d",
        "access_info": {"reposited": True},
        "publisher_id": "1/1",
        "created_date": {"relevant": False},
        "published_date": {"relevant": False},
        "license": "https://example.com",
    },
}


def health() -> Workflow[Any]:
    return datastore.health_check()


def look() -> Workflow[Any]:
    return search.search_registry("kelp", 5, None)


def mint() -> Workflow[Any]:
    return call(catalogue.datastore.MINT_DATASET(body=CollectionFormat.from_dict(METADATA)))


@pytest.fixture
def dead_url() -> Iterator[str]:
    """An address where nobody listens."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{reserved.getsockname()[1]}"


def test_a_request_goes_out_as_it_should(server: Any, face: Any, reply: Any) -> None:
    server.script += [reply({"message": "up"}), reply(FOUND)]
    face.run(server.url + "/base/", health(), search.search_registry("a b&c=ü", 5, "DATASET"))
    first, second = server.seen
    assert first.line == "GET /base/ HTTP/1.1"
    assert "authorization" not in first.headers
    assert first.headers["user-agent"].startswith("provena-sdk/")
    assert second.line.startswith("GET /base/search/entity-registry?")
    assert "query=a%20b%26c%3D%C3%BC" in second.line or "query=a+b%26c%3D%C3%BC" in second.line
    assert second.headers["authorization"] == "Bearer opaque-hush-token"
    assert (first.connection, second.connection) == (1, 1)


def test_a_handle_in_a_web_address_of_the_deployment(server: Any, face: Any, reply: Any) -> None:
    """The domain is asked of the transport; a page of another deployment is refused before anything is sent."""
    server.default = reply({"message": "up"}, status=500)
    with pytest.raises(errors.ServerError):
        face.run(
            server.url,
            datastore.fetch_dataset("id", "https://data.localhost/dataset/10378.1/7"),
            max_retries=0,
        )
    assert server.seen[0].line.split()[1] == "/registry/items/fetch-dataset?handle_id=10378.1%2F7"
    with pytest.raises(errors.InvalidArgument, match="id: "):
        face.run(server.url, datastore.fetch_dataset("id", "https://data.example.org/dataset/10378.1/7"))
    assert len(server.seen) == 1


def test_nobody_listens(dead_url: str, face: Any) -> None:
    for workflow in (health(), mint()):
        face.waits.clear()
        with pytest.raises(errors.ConnectionFailed, match="could not be reached") as caught:
            face.run(dead_url, workflow)
        assert type(caught.value) is errors.ConnectionFailed
        assert isinstance(caught.value.__cause__, OSError)
        assert len(face.waits) == 2


def test_no_answer_in_time(server: Any, face: Any, reply: Any) -> None:
    server.default = reply(hold=True)
    with pytest.raises(errors.RequestTimedOut, match="did not answer in time") as caught:
        face.run(server.url, health(), timeout=0.1, max_retries=1)
    assert isinstance(caught.value, TimeoutError)
    assert len(server.seen) == 2
    with pytest.raises(errors.OutcomeUnknown) as unknown:
        face.run(server.url, mint(), timeout=0.1)
    assert unknown.value.status is None
    assert len(server.seen) == 3


def test_a_connection_that_breaks_without_an_answer(server: Any, face: Any, reply: Any) -> None:
    server.script += [reply(silent=True), reply(cut=4, raw=b"0123456789"), reply({"message": "up"})]
    assert face.run(server.url, health())[0].message == "up"
    assert len(server.seen) == 3
    assert len(face.waits) == 2


@pytest.mark.parametrize("how", [{"silent": True}, {"cut": 0}, {"cut": 20}, {"raw": b"{", "close": True}])
def test_a_mint_whose_answer_is_lost_is_not_repeated(
    server: Any, face: Any, reply: Any, how: dict[str, Any]
) -> None:
    server.default = reply(**{"data": MINTED, **how})
    with pytest.raises(errors.OutcomeUnknown):
        face.run(server.url, mint())
    assert len(server.seen) == 1
    assert face.waits == []


def test_a_body_that_cannot_be_unpacked(server: Any, face: Any, reply: Any) -> None:
    """The HTTP client has an error of its own for this, which is none of its transport errors."""
    server.default = reply(raw=b"no gzip at all", headers={"content-encoding": "gzip"})
    with pytest.raises(errors.ConnectionFailed, match="damaged"):
        face.run(server.url, health())
    assert len(server.seen) == 3
    with pytest.raises(errors.OutcomeUnknown):
        face.run(server.url, mint())
    assert len(server.seen) == 4


def test_a_packed_body_is_unpacked(server: Any, face: Any, reply: Any) -> None:
    server.default = reply(raw=gzip.compress(b'{"message": "up"}'), headers={"content-encoding": "gzip"})
    assert face.run(server.url, health())[0].message == "up"


def test_a_connection_that_the_server_closed_meanwhile_is_replaced(
    server: Any, face: Any, reply: Any
) -> None:
    server.default = reply({"message": "up"}, close=True)
    assert [answer.message for answer in face.run(server.url, health(), health(), health())] == ["up"] * 3
    assert server.connections >= 3


def test_too_many_requests_and_then_well(server: Any, face: Any, reply: Any) -> None:
    server.script += [reply(status=429, headers={"Retry-After": "3"}), reply(status=503), reply(MINTED)]
    with pytest.raises(errors.OutcomeUnknown):
        face.run(server.url, mint())
    assert face.waits == [3.0]
    assert face.run(server.url, mint())[0].handle == "10378.1/1"


@pytest.mark.parametrize(
    "location",
    ["http://127.0.0.1:9/steal", "javascript:alert(1)", "http://[::1", "https://a..b/", "//", "\x1b[2J"],
)
def test_redirects_are_not_followed(server: Any, face: Any, reply: Any, location: str) -> None:
    server.default = reply(status=307, headers={"location": location})
    with pytest.raises(errors.EndpointNotFound):
        face.run(server.url, look())
    assert len(server.seen) == 1


def test_cookies_are_not_sent_back(server: Any, face: Any, reply: Any) -> None:
    server.default = reply({"message": "up"}, headers={"set-cookie": "planted=1"})
    face.run(server.url, health(), health())
    assert ["cookie" in seen.headers for seen in server.seen] == [False, False]


def test_a_rejected_token_is_renewed_once_and_then_used(
    server: Any, face: Any, tokens: Any, reply: Any
) -> None:
    rejected = reply({"detail": "Could not validate credentials"}, 401, {"WWW-Authenticate": "Bearer"})
    server.script += [rejected, reply(FOUND), reply(FOUND)]
    face.run(server.url, look(), look())
    assert [token.reveal() for token in tokens.renewed] == ["opaque-hush-token"]
    assert [seen.headers["authorization"][-2:] for seen in server.seen] == ["en", "-1", "-1"]
    server.default = rejected
    with pytest.raises(errors.TokenRejected):
        face.run(server.url, look())
    assert len(tokens.renewed) == 2


def test_a_certificate_nobody_trusts_is_not_tried_twice(tls_server: Any, face: Any) -> None:
    for workflow in (health(), mint()):
        with pytest.raises(errors.CertificateRejected) as caught:
            face.run(tls_server.url, workflow)
        assert "PROVENA_CA_FILE" in str(caught.value)
    assert face.waits == []
    assert tls_server.connections == 2
    assert tls_server.seen == []


def test_a_certificate_of_ones_own_can_be_trusted(
    tls_server: Any, face: Any, reply: Any, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    tls_server.default = reply({"message": "up"})
    assert face.run(tls_server.url, health())[0].message == "up"


def test_a_server_that_speaks_no_http(face: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        import threading

        def greet() -> None:
            for _ in range(2):
                connection, _ = listener.accept()
                connection.sendall(b"220 mail.example.org ESMTP\r\n")
                connection.close()

        threading.Thread(target=greet, daemon=True).start()
        with pytest.raises(errors.ConnectionFailed, match="broke"):
            face.run(f"http://127.0.0.1:{listener.getsockname()[1]}", health(), max_retries=1)


@pytest.mark.parametrize("token", ["opaque-hush\n", "opaque-hush-ü", "opaque-\x00hush"])
def test_a_token_that_no_header_can_carry_is_not_shown(
    server: Any, face: Any, tokens: Any, token: str
) -> None:
    """The HTTP client's own errors for these show the header."""
    tokens.value = Secret(token)
    with pytest.raises(errors.SignInError) as caught:
        face.run(server.url, look())
    assert "hush" not in everything_shown(caught.value)
    assert server.seen == []


def everything_shown(error: BaseException) -> str:
    """Whatever a log, a traceback or a pickle would hold of an error and of what hangs from it."""
    shown = "".join(traceback.format_exception(error))
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is not None:
            waiting += [one.__cause__, one.__context__]
            shown += f"{one!r} {one.args!r} {vars(one)!r} {pickle.dumps(one)!r}"
            for name in ("request", "_request", "response", "object", "doc"):
                held = getattr(one, name, None)
                shown += f"{held!r} {getattr(held, 'headers', '')} {dict(getattr(held, 'headers', {}))}"
    return shown


FAILURES: list[Callable[[Any], Any]] = [
    lambda reply: reply(silent=True),
    lambda reply: reply(hold=True),
    lambda reply: reply(MINTED, cut=9),
    lambda reply: reply(status=500),
    lambda reply: reply(raw=b"x", headers={"content-encoding": "gzip"}),
    lambda reply: reply({"detail": "Bearer opaque-hush-token"}, 400),
    lambda reply: reply({"detail": "Not authenticated"}, 401),
]


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("workflow", [look, mint])
def test_no_secret_in_errors_or_logs(
    server: Any,
    face: Any,
    reply: Any,
    caplog: pytest.LogCaptureFixture,
    failure: Callable[[Any], Any],
    workflow: Callable[[], Workflow[Any]],
) -> None:
    server.default = failure(reply)
    with caplog.at_level(logging.DEBUG), pytest.raises(errors.ProvenaError) as caught:
        face.run(server.url, workflow(), timeout=0.1, max_retries=1)
    assert "hush" not in everything_shown(caught.value)
    logged = "".join(f"{record.getMessage()} {record.args}" for record in caplog.records)
    assert "127.0.0.1" in logged
    assert "hush" not in logged
