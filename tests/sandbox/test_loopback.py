"""Pages elsewhere control nothing in the sandbox, although the browser that shows them runs on this machine.

Datastore and search answer any page, as the real ones do, but only with a token.
"""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from provena_sdk.sandbox import Sandbox
from provena_sdk.sandbox.http.loopback import wrong_host, wrong_origin

DEVICE = "/auth/realms/provena/protocol/openid-connect/auth/device"
PATHS = {"signin": "/sandbox/codes", "s3": "/"}
SERVERS = tuple(PATHS)
LOOPBACK = ["localhost", "LOCALHOST", "localhost.", "127.0.0.1", "127.9.9.9", "[::1]"]
FOREIGN = [
    "attacker.example",
    "localhost.attacker.example",
    "127.0.0.1.attacker.example",
    "attacker-localhost",
    "192.168.0.7",
    "0.0.0.0",
    "[::2]",
    "user@localhost",
    "localhost,attacker.example",
    "",
]


def urls(sandbox: Sandbox) -> dict[str, str]:
    return {"signin": sandbox.issuer_url.partition("/auth/")[0], "s3": sandbox.s3_url}


def ask(
    url: str, method: str, path: str, headers: Mapping[str, str | None], body: bytes = b""
) -> tuple[int, str]:
    """Send headers just as given; a Host of None sends none."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    try:
        connection.putrequest(method, path, skip_host=True)
        sent = {"Host": parts.netloc, "Content-Length": str(len(body)), **headers}
        for name, value in sent.items():
            if value is not None:
                connection.putheader(name, value)
        connection.endheaders(body)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def refused(answer: tuple[int, str]) -> bool:
    return answer[0] == 403 and "this machine only" in answer[1]


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("host", FOREIGN)
def test_a_foreign_host_is_refused(sandbox: Sandbox, server: str, host: str) -> None:
    for port in ("", ":8000"):
        assert refused(ask(urls(sandbox)[server], "GET", PATHS[server], {"Host": host + port}))


@pytest.mark.parametrize("server", SERVERS)
def test_a_request_without_a_host_is_refused(sandbox: Sandbox, server: str) -> None:
    assert refused(ask(urls(sandbox)[server], "GET", PATHS[server], {"Host": None}))


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("host", LOOPBACK)
def test_every_name_of_this_machine_is_served(sandbox: Sandbox, server: str, host: str) -> None:
    for port in ("", ":8000"):
        assert not refused(ask(urls(sandbox)[server], "GET", PATHS[server], {"Host": host + port}))


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize(
    "origin",
    ["https://attacker.example", "http://localhost.attacker.example", "null", "file://", "localhost"],
)
def test_a_foreign_origin_is_refused(sandbox: Sandbox, server: str, origin: str) -> None:
    for method in ("GET", "POST", "OPTIONS"):
        assert refused(ask(urls(sandbox)[server], method, PATHS[server], {"Origin": origin}))


@pytest.mark.parametrize("origin", ["http://localhost:3000", "https://127.0.0.1", "http://[::1]:8888"])
def test_a_page_of_this_machine_is_served(sandbox: Sandbox, origin: str) -> None:
    for server, url in urls(sandbox).items():
        assert not refused(ask(url, "GET", PATHS[server], {"Origin": origin}))


def control(code: str) -> list[tuple[str, str, bytes]]:
    """What a page could do to a sandbox: method, path, body."""
    form = urlencode({"user_code": code, "user": "admin", "decision": "approve"}).encode()
    return [
        ("GET", f"/auth/realms/provena/device?user_code={code}", b""),
        ("POST", "/auth/realms/provena/device", form),
        ("POST", "/sandbox/approve", json.dumps({"user_code": code, "user": "admin"}).encode()),
        ("POST", "/sandbox/advance", b'{"seconds": 1000}'),
        ("POST", "/sandbox/faults", b'{"status": 500}'),
        ("DELETE", "/sandbox/faults", b""),
        ("POST", "/sandbox/outages", b'["registry"]'),
        ("GET", "/sandbox/codes", b""),
        ("GET", "/sandbox/requests", b""),
    ]


@pytest.mark.parametrize("headers", [{"Host": "attacker.example"}, {"Origin": "https://attacker.example"}])
def test_a_page_elsewhere_neither_approves_a_device_nor_moves_the_clock(
    sandbox: Sandbox, headers: dict[str, str]
) -> None:
    url = urls(sandbox)["signin"]
    _, answer = ask(
        url,
        "POST",
        DEVICE,
        {"Content-Type": "application/x-www-form-urlencoded"},
        b"client_id=client-tools",
    )
    code = json.loads(answer)["user_code"]
    before, waiting = sandbox.clock.now(), sandbox.pending_user_codes()
    for method, path, body in control(code):
        assert refused(ask(url, method, path, headers, body)), path
    assert code in sandbox.pending_user_codes()
    assert sandbox.pending_user_codes() == waiting
    assert sandbox.clock.now() - before < 900
    assert sandbox.faults.pending() == []
    assert sandbox.faults.outages == set()


def test_no_page_elsewhere_signs_in(sandbox: Sandbox) -> None:
    # A browser sends Origin with every POST, also to a name that was made to resolve to this machine.
    rebound = {"Host": "attacker.example", "Origin": "http://attacker.example"}
    assert refused(ask(urls(sandbox)["signin"], "POST", DEVICE, rebound, b"client_id=client-tools"))
    through_a_proxy = {"Host": "auth.reef.test", "Content-Type": "application/x-www-form-urlencoded"}
    answer = ask(urls(sandbox)["signin"], "POST", DEVICE, through_a_proxy, b"client_id=client-tools")
    assert answer[0] == 200


def test_no_page_elsewhere_may_frame_ours(sandbox: Sandbox) -> None:
    url = urlsplit(sandbox.issuer_url)
    for method, body in (("GET", b""), ("POST", b"user_code=AAAA-BBBB&user=writer&decision=approve")):
        connection = http.client.HTTPConnection(url.hostname or "", url.port, timeout=10)
        connection.request(method, f"{url.path}/device", body)
        response = connection.getresponse()
        response.read()
        connection.close()
        assert "frame-ancestors 'none'" in (response.getheader("content-security-policy") or "")
        assert response.getheader("x-frame-options") == "DENY"


def test_the_page_approves_for_whoever_opens_it_here(sandbox: Sandbox) -> None:
    url = urls(sandbox)["signin"]
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    code = json.loads(ask(url, "POST", DEVICE, form, b"client_id=client-tools")[1])["user_code"]
    decision = urlencode({"user_code": code, "user": "reader", "decision": "approve"}).encode()
    answer = ask(url, "POST", "/auth/realms/provena/device", {**form, "Origin": url}, decision)
    assert answer[0] == 200
    assert "Device connected" in answer[1]


def test_presigned_urls_and_names_of_buckets_still_lead_to_the_store(sandbox: Sandbox, send: Any) -> None:
    dataset = sandbox.add_dataset(files={"a.csv": b"1,2"})
    presigned = urlsplit(sandbox.storage.presigned(dataset, "a.csv", 60))
    target = f"{presigned.path}?{presigned.query}"
    assert ask(sandbox.s3_url, "GET", target, {}) == (200, "1,2")
    assert refused(ask(sandbox.s3_url, "GET", target, {"Host": "attacker.example"}))
    for host in ("provena-storage.localhost:1", "my.bucket.localhost", "provena-storage.127.0.0.1"):
        assert not refused(ask(sandbox.s3_url, "GET", "/a.csv", {"Host": host}))
        assert refused(ask(urls(sandbox)["signin"], "GET", PATHS["signin"], {"Host": host}))
    assert refused(ask(sandbox.s3_url, "GET", "/a.csv", {"Host": "provena-storage.attacker.example"}))


@pytest.fixture(scope="module")
def command() -> Iterator[dict[str, str]]:
    arguments = [sys.executable, "-m", "provena_sdk.sandbox", "--json", "--approve", "writer"]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        printed: dict[str, str] = json.loads(process.stdout.readline())
        yield printed
    finally:
        process.terminate()
        process.wait(20)


def test_the_command_prints_addresses_of_this_machine(command: dict[str, str]) -> None:
    addresses = [value for name, value in command.items() if name.endswith(("_URL", "_ENDPOINT"))]
    assert len(addresses) == 8
    assert all(urlsplit(address).hostname == "127.0.0.1" for address in addresses)


@pytest.mark.parametrize("headers", [{"Host": "attacker.example"}, {"Origin": "https://attacker.example"}])
def test_the_command_serves_no_page_elsewhere(command: dict[str, str], headers: dict[str, str]) -> None:
    url = command["PROVENA_ISSUER_URL"].partition("/auth/")[0]
    for method, path, body in control("AAAA-BBBB"):
        assert refused(ask(url, method, path, headers, body)), path
    status, answer = ask(url, "POST", "/sandbox/advance", {}, b'{"seconds": 0}')
    assert (status, list(json.loads(answer))) == (200, ["now"])


def test_a_long_header_is_refused_and_not_read() -> None:
    assert wrong_host({"host": "a." * 100_000 + "localhost"}, subdomains=True)
    assert wrong_origin({"origin": "http://" + "a" * 100_000})
