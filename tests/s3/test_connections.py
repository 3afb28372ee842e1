"""Connections: kept, found dead, encrypted, through proxies, and never shared by accident."""

import asyncio
import base64
import contextlib
import datetime
import gc
import ipaddress
import os
import ssl
import threading
import zlib
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from provena_sdk.concurrency.io_thread import run_sync
from provena_sdk.datasets.credentials import Access, CredentialsSource, DatasetCredentials
from provena_sdk.datasets.location import DatasetLocation
from provena_sdk.errors import CertificateRejected, ConfigurationError, ConnectionFailed
from provena_sdk.s3.client import ObjectClient
from provena_sdk.s3.http import pool as connections
from provena_sdk.s3.http.endpoint import Endpoint
from provena_sdk.s3.http.http1 import Limits, head_of
from provena_sdk.s3.http.pool import proxy
from provena_sdk.s3.models import StoreAddress
from provena_sdk.s3.retry import RetryRule
from provena_sdk.sandbox.object_store import Server

Make = Callable[..., ObjectClient]
Put = Callable[[dict[str, bytes]], None]
Work = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]

LARGE = bytes(range(256)) * 8000
SETTINGS = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "AWS_CA_BUNDLE")


def crc32(data: bytes) -> str:
    return base64.b64encode(zlib.crc32(data).to_bytes(4, "big")).decode()


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.upper() in SETTINGS or name == "REQUESTS_CA_BUNDLE":
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for this machine that nobody vouches for, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "here")])
    now = datetime.datetime.now(datetime.UTC)
    hosts = [x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("store.test")]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(hosts), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "here.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return path


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    with contextlib.suppress(OSError, RuntimeError):
        writer.close()


@dataclass
class Doors:
    """Servers in front of the sandbox, on a loop of their own.

    Attributes:
        store_port: The sandbox's port.
        heads: The first lines and headers that proxies were sent.
    """

    store_port: int
    certificate: Path
    loop: asyncio.AbstractEventLoop
    heads: list[str] = field(default_factory=list)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def open(self, work: Work, *, secure: bool = False) -> int:
        """Serve connections by ``work``; return the port."""
        context = None
        if secure:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(self.certificate)

        def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.ensure_future(work(reader, writer))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

        starting = asyncio.start_server(handle, "127.0.0.1", 0, ssl=context)
        server = asyncio.run_coroutine_threadsafe(starting, self.loop).result()
        return int(server.sockets[0].getsockname()[1])

    async def through(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, first: bytes = b""
    ) -> None:
        """Pass everything on to the sandbox."""
        onward_reader, onward = await asyncio.open_connection("127.0.0.1", self.store_port)
        onward.write(first)
        await asyncio.gather(pump(reader, onward), pump(onward_reader, writer))

    async def proxied(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Do what a proxy does for one connection: a tunnel, or one request."""
        head = await reader.readuntil(b"\r\n\r\n")
        self.heads.append(head.decode())
        line, rest = head.split(b"\r\n", 1)
        method, target, version = line.split()
        if method == b"CONNECT":
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            onward_reader, onward = await asyncio.open_connection("127.0.0.1", int(target.rsplit(b":", 1)[1]))
            await asyncio.gather(pump(reader, onward), pump(onward_reader, writer))
            return
        path = b"/" + target.split(b"/", 3)[3]
        kept = [part for part in rest.split(b"\r\n") if not part.lower().startswith(b"proxy-")]
        kept.insert(0, b"connection: close")
        await self.through(reader, writer, b" ".join((method, path, version)) + b"\r\n" + b"\r\n".join(kept))

    async def refusing(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer every request as a proxy does that wants to know who asks."""
        self.heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(b"HTTP/1.1 407 Who are you\r\nContent-Length: 0\r\n\r\n")
        writer.close()


@pytest.fixture
def doors(server: Server, certificate: Path) -> Iterator[Doors]:
    """Makes servers in front of the sandbox."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    made = Doors(int(server.url.rsplit(":", 1)[1]), certificate, loop)
    yield made

    async def end() -> None:
        for task in list(made.tasks):
            task.cancel()
        await asyncio.gather(*made.tasks, return_exceptions=True)

    asyncio.run_coroutine_threadsafe(end(), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture
def at(location: DatasetLocation, source: CredentialsSource) -> Iterator[Callable[..., ObjectClient]]:
    """Makes clients of a store at some address."""
    made: list[ObjectClient] = []

    def client(url: str, ca_file: Path | None = None) -> ObjectClient:
        # The names that proxies resolve are those of other machines.
        address = StoreAddress(url, ca_file=str(ca_file) if ca_file else None)
        credentials = DatasetCredentials(source, location.dataset_id, Access.WRITE)
        made.append(ObjectClient(location.folder, credentials, address, rule=RetryRule(base=0.001, most=4)))
        return made[-1]

    yield client
    for one in made:
        run_sync(one.close())


async def both_ways(client: ObjectClient, path: str = "a b") -> None:
    for data in (b"small", LARGE):
        await client.put(path, data, crc32=crc32(data))
        assert (await client.get(path, size=len(data))).data == data
        assert (await client.get(path, span=(1, 3))).data == data[1:4]


def test_one_connection_serves_many_requests_and_another_those_that_carry_much(
    doors: Doors, at: Callable[..., ObjectClient]
) -> None:
    seen: list[None] = []

    async def counting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(None)
        await doors.through(reader, writer)

    client = at(f"http://127.0.0.1:{doors.open(counting)}")
    for _ in range(5):
        run_sync(both_ways(client))
    assert len(seen) == 2
    run_sync(client.close())
    run_sync(both_ways(client))
    assert len(seen) == 4


def test_a_connection_that_was_closed_meanwhile_is_not_used(
    doors: Doors, at: Callable[..., ObjectClient]
) -> None:
    writers: list[asyncio.StreamWriter] = []

    async def keeping(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        await doors.through(reader, writer)

    client = at(f"http://127.0.0.1:{doors.open(keeping)}")
    run_sync(both_ways(client))
    for writer in writers[:]:
        doors.loop.call_soon_threadsafe(writer.close)

    async def later() -> None:
        await asyncio.sleep(0.05)
        await both_ways(client)

    assert len(writers) == 2
    run_sync(later())
    assert len(writers) == 4


def test_connections_that_nobody_uses_are_closed(
    doors: Doors, at: Callable[..., ObjectClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "_KEPT_SECONDS", 0.0)
    monkeypatch.setattr(connections, "_CHECKS", 1000)
    ended = threading.Event()

    async def noting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await doors.through(reader, writer)
        ended.set()

    run_sync(both_ways(at(f"http://127.0.0.1:{doors.open(noting)}")))
    assert ended.wait(5)


def test_over_tls(doors: Doors, at: Callable[..., ObjectClient], certificate: Path) -> None:
    port = doors.open(doors.through, secure=True)
    run_sync(both_ways(at(f"https://127.0.0.1:{port}", certificate)))


def test_aws_ca_bundle_counts(
    doors: Doors, at: Callable[..., ObjectClient], certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate))
    run_sync(both_ways(at(f"https://127.0.0.1:{doors.open(doors.through, secure=True)}")))


@pytest.mark.parametrize("wrong", ["authorities", "proxy"])
def test_settings_that_cannot_be_used_keep_being_refused_and_nothing_goes_in_the_clear(
    doors: Doors, at: Callable[..., ObjectClient], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, wrong: str
) -> None:
    reached: list[None] = []

    async def noting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.append(None)
        writer.close()

    port = doors.open(noting)
    monkeypatch.setattr(connections, "CONNECT_SECONDS", 0.2)
    if wrong == "proxy":
        monkeypatch.setenv("https_proxy", "socks5://proxy:1080")
    client = at(f"https://store.test:{port}", tmp_path / "missing.pem" if wrong == "authorities" else None)
    for _ in range(2):
        with pytest.raises(ConfigurationError):
            run_sync(client.head("a"))
    assert reached == []


def test_a_tunnel_is_used_again_though_the_proxy_speaks_an_older_http(
    doors: Doors, at: Callable[..., ObjectClient], certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def old(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        doors.heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(b"HTTP/1.0 200 Connection established\r\nConnection: close\r\n\r\n")
        onward_reader, onward = await asyncio.open_connection("127.0.0.1", store)
        await asyncio.gather(pump(reader, onward), pump(onward_reader, writer))

    store = doors.open(doors.through, secure=True)
    monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{doors.open(old)}")
    run_sync(both_ways(at(f"https://store.test:{store}", certificate)))
    # One for small requests, and one for large ones.
    assert len(doors.heads) == 2


def test_a_certificate_nobody_vouches_for_is_refused_at_once(
    doors: Doors, at: Callable[..., ObjectClient]
) -> None:
    tried: list[None] = []

    async def through(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tried.append(None)

    client = at(f"https://127.0.0.1:{doors.open(through, secure=True)}")
    with pytest.raises(CertificateRejected, match="could not be verified: self-signed certificate") as caught:
        run_sync(both_ways(client))
    assert caught.value.__context__ is None
    assert tried == []


def test_a_certificate_for_another_host_is_refused(
    doors: Doors, at: Callable[..., ObjectClient], certificate: Path
) -> None:
    client = at(f"https://localhost:{doors.open(doors.through, secure=True)}", certificate)
    with pytest.raises(CertificateRejected):
        run_sync(both_ways(client))


def test_a_store_that_speaks_no_tls(
    server: Server, at: Callable[..., ObjectClient], certificate: Path
) -> None:
    client = at(server.url.replace("http:", "https:"), certificate)
    with pytest.raises(ConnectionFailed) as caught:
        run_sync(both_ways(client))
    assert not isinstance(caught.value, CertificateRejected)


@pytest.mark.parametrize("proxy_tls", [False, True])
@pytest.mark.parametrize("store_tls", [False, True])
def test_through_a_proxy(
    doors: Doors,
    at: Callable[..., ObjectClient],
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
    proxy_tls: bool,
    store_tls: bool,
) -> None:
    port = doors.open(doors.proxied, secure=proxy_tls)
    scheme = "https" if proxy_tls else "http"
    monkeypatch.setenv(f"{'https' if store_tls else 'http'}_proxy", f"{scheme}://me:p%40ss@127.0.0.1:{port}")
    store = doors.open(doors.through, secure=store_tls)
    url = f"{'https' if store_tls else 'http'}://store.test:{store}"
    client = at(url, certificate)
    run_sync(both_ways(client))
    password = base64.b64encode(b"me:p@ss").decode()
    first = doors.heads[0]
    assert f"proxy-authorization: Basic {password}" in first
    assert first.startswith(f"CONNECT store.test:{store} " if store_tls else f"PUT {url}/reef/")
    assert "x-amz-security-token" not in first if store_tls else "x-amz-security-token" in first


def test_a_proxy_that_refuses(
    doors: Doors, at: Callable[..., ObjectClient], certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", f"http://me:secretword@127.0.0.1:{doors.open(doors.refusing)}")
    with pytest.raises(ConnectionFailed, match="answered 407") as caught:
        run_sync(both_ways(at("https://store.test", certificate)))
    assert "HTTPS_PROXY" in str(caught.value.hint)
    assert "secretword" not in str(caught.value)
    # It is not asked again: it knows already who asks.
    assert len(doors.heads) == 1
    assert doors.heads[0].startswith("CONNECT store.test:443 ")


STORE = Endpoint("https", "s3.us-east-1.amazonaws.com", 443, "/reef")


@pytest.mark.parametrize(
    ("settings", "endpoint", "expected"),
    [
        ({}, STORE, None),
        ({"https_proxy": "http://proxy:3128"}, STORE, ("proxy", 3128, False)),
        ({"HTTPS_PROXY": "proxy:3128"}, STORE, ("proxy", 3128, False)),
        ({"all_proxy": "https://proxy"}, STORE, ("proxy", 443, True)),
        ({"http_proxy": "http://proxy:3128"}, STORE, None),
        ({"https_proxy": "http://proxy", "no_proxy": ".amazonaws.com"}, STORE, None),
        ({"https_proxy": "http://proxy", "no_proxy": "*"}, STORE, None),
        ({"http_proxy": "http://proxy"}, Endpoint("http", "127.0.0.1", 9000, ""), None),
        ({"http_proxy": "http://proxy"}, Endpoint("http", "localhost", 9000, ""), None),
        ({"http_proxy": "http://proxy"}, Endpoint("http", "::1", 9000, ""), None),
    ],
    ids=range(10),
)
def test_which_proxy_is_used(
    monkeypatch: pytest.MonkeyPatch,
    settings: dict[str, str],
    endpoint: Endpoint,
    expected: tuple[str, int, bool] | None,
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    found = proxy(endpoint)
    assert (found and (found.hostname, found.port, found.secure)) == expected


@pytest.mark.parametrize("value", ["socks5://me:secretword@proxy:1080", "http://proxy:x", "http://"])
def test_proxies_of_another_kind_are_refused_without_their_password(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("https_proxy", value)
    with pytest.raises(ConfigurationError) as caught:
        proxy(STORE)
    assert "secretword" not in str(caught.value)
    assert "HTTPS_PROXY" in str(caught.value)


def test_no_password_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://me:secretword@proxy:3128")
    assert repr(proxy(STORE)) == "<Proxy proxy:3128>"


def test_a_client_works_on_each_loop_it_is_used_from(make: Make, put: Put) -> None:
    put({"a": b"1"})
    client = make()

    async def read() -> None:
        for _ in range(2):
            assert (await client.get("a")).data == b"1"

    run_sync(read())
    asyncio.run(read())
    run_sync(read())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_child_uses_connections_of_its_own(make: Make, put: Put, server: Server) -> None:
    put({"a": b"1"})
    client = make()

    async def read() -> None:
        await asyncio.gather(*[client.get("a") for _ in range(10)])

    async def fork_in_the_middle() -> int:
        # Admitted but not finished: the child must not count these as its own.
        slots = [client.admission.slot(0) for _ in range(64)]
        for slot in slots:
            await slot.__aenter__()
        child = os.fork()
        if child == 0:
            os._exit(_in_child(read))
        for slot in slots:
            await slot.__aexit__(None, None, None)
        return child

    run_sync(read())
    child = run_sync(fork_in_the_middle())
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    run_sync(read())


def _in_child(read: Callable[[], Coroutine[Any, Any, None]]) -> int:
    done: list[int] = []

    def work() -> None:
        asyncio.run(asyncio.wait_for(read(), 20))
        done.append(0)

    # The thread that forked still runs its parent's loop.
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return done[0] if done else 1


async def test_no_socket_stays_open_when_nobody_waits_for_it_any_more(
    doors: Doors, recwarn: pytest.WarningsRecorder
) -> None:
    async def waiting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            await reader.read()
        writer.close()

    port = doors.open(waiting)
    pool = connections.Connections(Endpoint("http", "127.0.0.1", port, ""), None)
    for steps in [*range(1, 15)] * 10:
        request = asyncio.ensure_future(
            pool.exchange("GET", "/", {"host": "h"}, None, Limits(1, 1, 5.0, 5.0))
        )
        for _ in range(steps):
            await asyncio.sleep(0)
        request.cancel()
        with pytest.raises(asyncio.CancelledError):
            await request
    await asyncio.sleep(0.1)
    gc.collect()
    # Other tests of this process may have left sockets of their own.
    left = [str(warning.message) for warning in recwarn if warning.category is ResourceWarning]
    assert [message for message in left if f"raddr=('127.0.0.1', {port})" in message] == []


@pytest.mark.parametrize("value", ["a\r\nb: c", "a\nb", "a\rb", "\ud800"])
def test_headers_cannot_be_added_by_a_value(value: str) -> None:
    with pytest.raises(ValueError, match="line break"):
        head_of("GET / HTTP/1.1", {"x": value})


def test_the_authorities_are_read_once_and_again_when_their_file_changes(
    certificate: Path, tmp_path: Path
) -> None:
    mine = tmp_path / "mine.pem"
    mine.write_bytes(certificate.read_bytes())
    first = connections.trust(str(mine))
    assert connections.trust(str(mine)) is first
    os.utime(mine, (1, 1))
    assert connections.trust(str(mine)) is not first
    assert connections.trust(None) is connections.trust(None)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        connections.trust(str(tmp_path / "gone.pem"))
