"""An environment without settings, and a network in which every server has a private authority's certificate."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import ipaddress
import os
import ssl
import threading
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from provena_sdk.sandbox import Sandbox

AMBIENT = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "AWS_CA_BUNDLE")
Work = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith("PROVENA_") or name.upper() in PROXIES or name in AMBIENT:
            monkeypatch.delenv(name)
    monkeypatch.setenv("PROVENA_CONFIG_FILE", str(tmp_path / "config.toml"))
    monkeypatch.setenv("PROVENA_STATE_DIR", str(tmp_path / "state"))


@pytest.fixture
def write_config(tmp_path: Path) -> Callable[[str], Path]:
    """Writes the configuration file that is in force."""

    def write(text: str) -> Path:
        path = tmp_path / "config.toml"
        path.write_text(text, "utf-8")
        return path

    return write


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """One sandbox for this folder."""
    with Sandbox() as running:
        yield running


@dataclass
class Authority:
    """A certificate authority that no machine knows.

    Attributes:
        file: Its certificate.
        server: A server's certificate and key, signed by it.
    """

    file: Path
    server: Path


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: str,
    issuer_key: ec.EllipticCurvePrivateKey,
    hosts: tuple[x509.GeneralName, ...] = (),
) -> bytes:
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=not hosts, path_length=None), critical=True)
        # Python 3.13 asks for these.
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False
        )
    )
    if hosts:
        builder = builder.add_extension(x509.SubjectAlternativeName(hosts), critical=False)
    else:
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        builder = builder.add_extension(usage, critical=True)
    return builder.sign(issuer_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority, and a certificate of it for this machine and for all of reef.test."""
    folder = tmp_path_factory.mktemp("authority")
    root, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    (folder / "ca.pem").write_bytes(_certificate("Reef authority", root, "Reef authority", root))
    hosts = (
        x509.DNSName("*.reef.test"),
        x509.DNSName("localhost"),
        x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    server = _certificate("reef.test", key, "Reef authority", root, hosts)
    (folder / "server.pem").write_bytes(secret + server)
    return Authority(folder / "ca.pem", folder / "server.pem")


@dataclass
class Network:
    """Servers with TLS before the sandbox's own, and a proxy that alone knows the way to reef.test.

    Attributes:
        ports: The port of each TLS server on this machine, by the first part of its name under reef.test.
        proxy: The proxy's URL.
        asked: The hosts that the proxy was asked for.
    """

    ports: dict[str, int] = field(default_factory=dict)
    proxy: str = ""
    asked: list[str] = field(default_factory=list)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
        else:
            writer.close()


async def _join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int) -> None:
    inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        await asyncio.gather(_pump(reader, inner_writer), _pump(inner_reader, writer))
    finally:
        inner_writer.close()
        writer.close()


async def _serve(
    network: Network, targets: dict[str, int], certificate: Path, ready: threading.Event, stop: asyncio.Event
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    alive: set[asyncio.Task[None]] = set()

    def keep(work: Work) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], None]:
        def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.ensure_future(work(reader, writer))
            alive.add(task)
            task.add_done_callback(alive.discard)

        return handle

    async def tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        host = head.split()[1].decode().rpartition(":")[0]
        network.asked.append(host)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await _join(reader, writer, network.ports[host.partition(".")[0]])

    for name, port in targets.items():

        async def forward(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int = port
        ) -> None:
            await _join(reader, writer, port)

        server = await asyncio.start_server(keep(forward), "127.0.0.1", 0, ssl=context)
        network.ports[name] = server.sockets[0].getsockname()[1]
    proxy = await asyncio.start_server(keep(tunnel), "127.0.0.1", 0)
    network.proxy = f"http://127.0.0.1:{proxy.sockets[0].getsockname()[1]}"
    ready.set()
    await stop.wait()
    for task in alive:
        task.cancel()
    await asyncio.gather(*alive, return_exceptions=True)


@pytest.fixture
def network(sandbox: Sandbox, authority: Authority) -> Iterator[Network]:
    """The network, on a thread of its own."""
    made, ready = Network(), threading.Event()
    urls = {
        "data-api": sandbox.datastore_url,
        "search": sandbox.search_url,
        "auth": sandbox.issuer_url,
        "s3": sandbox.s3_url,
    }
    targets = {name: urlsplit(url).port or 0 for name, url in urls.items()}
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()
    thread = threading.Thread(
        target=lambda: loop.run_until_complete(_serve(made, targets, authority.server, ready, stop))
    )
    thread.start()
    assert ready.wait(10)
    yield made
    loop.call_soon_threadsafe(stop.set)
    thread.join(10)
    loop.close()
