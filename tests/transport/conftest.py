"""A small server that does to connections what networks do, and both transports to try it with."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import json
import socket
import ssl
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest

from provena_sdk.config import Deployment
from provena_sdk.operations.workflow import Workflow
from provena_sdk.secret import Secret
from provena_sdk.transport.http import AsyncTransport, Options, Tokens, Transport
from provena_sdk.transport.policy import RetryPolicy

T = TypeVar("T")
ACCESS_TOKEN = "opaque-hush-token"


@dataclass
class Reply:
    """What to do with one request.

    Args:
        data: The JSON body.
        status: The status.
        headers: More headers.
        raw: The body's bytes instead of ``data``.
        cut: Send so many bytes of the body, and break the connection.
        silent: Break the connection without an answer.
        hold: Do not answer before ``release`` is called.
        close: Close the connection after the answer, without having said so.
        drip: Send the ``head`` or the ``body`` byte by byte, one each 50 ms.
    """

    data: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    cut: int | None = None
    silent: bool = False
    hold: bool = False
    close: bool = False
    drip: str = ""


@dataclass
class Seen:
    """One request as it came."""

    line: str
    headers: dict[str, str]
    body: bytes
    connection: int


class RoughServer:
    """Answers with the replies it was given, one a request, and then with ``default``."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.default: Reply | Callable[[Seen], Reply] = Reply({"message": "up"})
        self.script: deque[Reply] = deque()
        self.seen: list[Seen] = []
        self.connections = 0
        self.in_flight = self.most_in_flight = 0
        self.arrived = threading.Semaphore(0)
        self._released = threading.Event()
        self._context = context
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        scheme = "http" if context is None else "https"
        self.url = f"{scheme}://127.0.0.1:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def release(self) -> None:
        """Let go of every answer that is held back, and hold none back any more."""
        self._released.set()

    def close(self) -> None:
        self.release()
        self._listener.close()
        with self._lock:
            for connection in self._open:
                connection.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection, self.connections), daemon=True).start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        try:
            if self._context is not None:
                connection = self._context.wrap_socket(connection, server_side=True)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._open.add(connection)
            reader = connection.makefile("rb")
            while self._answer(connection, reader, number):
                pass
        except OSError:
            pass
        finally:
            with self._lock:
                self._open.discard(connection)
            connection.close()

    def _answer(self, connection: socket.socket, reader: Any, number: int) -> bool:
        line = reader.readline().decode("latin-1").strip()
        if not line:
            return False
        headers: dict[str, str] = {}
        while text := reader.readline().decode("latin-1").strip():
            name, _, value = text.partition(":")
            headers[name.lower()] = value.strip()
        seen = Seen(line, headers, reader.read(int(headers.get("content-length", 0))), number)
        with self._lock:
            self.seen.append(seen)
            self.in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self.in_flight)
            reply = self.script.popleft() if self.script else self.default
        if not isinstance(reply, Reply):
            reply = reply(seen)
        self.arrived.release()
        if reply.hold:
            self._released.wait(10)
        with self._lock:
            self.in_flight -= 1
        if reply.silent:
            return False
        body = json.dumps(reply.data).encode() if reply.raw is None else reply.raw
        told = {"content-type": "application/json", "content-length": str(len(body)), **reply.headers}
        head = "".join(f"{name}: {value}\r\n" for name, value in told.items())
        self._send(connection, f"HTTP/1.1 {reply.status} Told\r\n{head}\r\n".encode(), reply.drip == "head")
        self._send(connection, body[: reply.cut], reply.drip == "body")
        return reply.cut is None and not reply.close

    def _send(self, connection: socket.socket, data: bytes, slowly: bool) -> None:
        size = 1 if slowly else max(1, len(data))
        for start in range(0, len(data), size):
            if slowly and self._released.wait(0.05):
                return
            connection.sendall(data[start : start + size])


@pytest.fixture
def server() -> Iterator[RoughServer]:
    """A server without TLS."""
    made = RoughServer()
    yield made
    made.close()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that nobody has signed, with its key in the same file."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "nobody")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("certificate") / "server.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def tls_server(certificate: Path) -> Iterator[RoughServer]:
    """A server whose certificate nobody trusts."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    made = RoughServer(context)
    yield made
    made.close()


class FixedTokens:
    """Hands out one token, and another one each time it is rejected."""

    def __init__(self) -> None:
        self.value = Secret(ACCESS_TOKEN)
        self.renewed: list[Secret] = []
        self.asked = 0

    def current(self) -> Secret | None:
        return self.value

    def token(self) -> Secret:
        self.asked += 1
        return self.value

    def renew(self, rejected: Secret) -> Secret:
        self.renewed.append(rejected)
        self.value = Secret(f"{ACCESS_TOKEN}-{len(self.renewed)}")
        return self.value


@pytest.fixture
def tokens() -> FixedTokens:
    return FixedTokens()


def deployment_at(url: str) -> Deployment:
    return Deployment("localhost", datastore=url, search=url, issuer=url)


class Face:
    """One of the two transports, run from outside of any event loop; waits are noted and not waited."""

    def __init__(self, name: str, tokens: Tokens) -> None:
        self.name = name
        self.tokens = tokens
        self.waits: list[float] = []

    def run(
        self, url: str, *workflows: Workflow[Any], timeout: float = 5.0, max_retries: int = 2
    ) -> list[Any]:
        """Carry out workflows one after the other with one transport; the last one's result comes last."""
        options = Options(timeout, RetryPolicy(max_retries=max_retries))
        if self.name == "sync":
            transport = Transport(deployment_at(url), self.tokens, options, sleep=self.waits.append)
            try:
                return [transport.run(workflow) for workflow in workflows]
            finally:
                transport.close()

        async def sleep(seconds: float) -> None:
            self.waits.append(seconds)

        async def main() -> list[Any]:
            transport = AsyncTransport(deployment_at(url), self.tokens, options, sleep=sleep)
            try:
                return [await transport.run(workflow) for workflow in workflows]
            finally:
                await transport.close()

        return asyncio.run(main())


@pytest.fixture(params=["sync", "async"])
def face(request: pytest.FixtureRequest, tokens: FixedTokens) -> Face:
    """Each of the two transports in turn."""
    return Face(request.param, tokens)


@pytest.fixture
def deployment() -> Callable[[str], Deployment]:
    """Makes a deployment whose services are all at one address."""
    return deployment_at


@pytest.fixture(scope="session")
def reply() -> type[Reply]:
    """What a test tells the server to do with a request."""
    return Reply
