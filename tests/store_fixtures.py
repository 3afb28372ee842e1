"""An object store in a thread, and one dataset in it for each test."""

import asyncio
import itertools
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import NamedTuple, cast

import pytest

from provena_sdk.datasets.credentials import Access, CredentialsSource
from provena_sdk.datasets.location import DatasetLocation
from provena_sdk.s3.credentials import Credentials
from provena_sdk.s3.models import StoreAddress
from provena_sdk.sandbox.external.storage import ExternalStorage
from provena_sdk.sandbox.object_store import Grants, ObjectFaults, ObjectStore, Server, serve
from tests.chosen_store import ChosenLifetime, ChosenServer, bucket_of_run, chosen
from tests.dataset import Dataset

BUCKET = bucket_of_run("reef")
# A bucket that is used again must not show what earlier tests left.
_numbers = itertools.count(1 if chosen() is None else time.time_ns() // 1_000_000)


class Asked(NamedTuple):
    """One request: its line, its headers with names in lower case, and its body."""

    line: str
    headers: dict[str, str]
    body: bytes


class Script:
    """A store that answers each request with the next of its answers, and the last again and again.

    With ``route``, that answers instead, where it has an answer: with bytes, or what yields them one after the other.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.answers: list[bytes] = []
        self.asked: list[Asked] = []
        self.route: Callable[[Asked], bytes | AsyncIterator[bytes] | None] = lambda asked: None
        # How many requests have to have come before the first is answered.
        self.together = 1
        starting = asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.server = asyncio.run_coroutine_threadsafe(starting, loop).result()
        self.port = self.server.sockets[0].getsockname()[1]

    @property
    def url(self) -> str:
        """Where it is reached."""
        return f"http://127.0.0.1:{self.port}"

    @staticmethod
    def answer(status: str, *headers: str, body: bytes | str = b"", length: bool = True) -> bytes:
        """Write an answer."""
        data = body.encode() if isinstance(body, str) else body
        lines = [f"HTTP/1.1 {status}", *headers, *([f"Content-Length: {len(data)}"] if length else [])]
        return "\r\n".join([*lines, "", ""]).encode() + data

    def says(self, status: str, *headers: str, body: bytes | str = b"", length: bool = True) -> None:
        """Add an answer."""
        self.answers.append(self.answer(status, *headers, body=body, length=length))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := (await reader.readuntil(b"\r\n\r\n")).decode():
                line, *lines = head.removesuffix("\r\n\r\n").split("\r\n")
                headers = {
                    name.lower(): value.strip() for name, _, value in (one.partition(":") for one in lines)
                }
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                self.asked.append(Asked(line, headers, body))
                answer = self.route(self.asked[-1])
                if answer is None:
                    answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                while len(self.asked) < self.together:  # noqa: ASYNC110 reason=each connection has its own task here
                    await asyncio.sleep(0.001)
                if isinstance(answer, bytes):
                    writer.write(answer)
                    continue
                async for piece in answer:
                    writer.write(piece)
                    await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            writer.close()


@pytest.fixture
def script() -> Iterator[Script]:
    """A store whose answers a test writes."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    made = Script(loop)
    yield made

    async def end() -> None:
        made.server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    asyncio.run_coroutine_threadsafe(end(), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running object store with one bucket."""
    real = chosen()
    if real is not None:
        stand_in = ChosenServer(real, BUCKET)
        asyncio.run(stand_in.storage.start("", 0))
        yield cast("Server", stand_in)
        return
    store = ObjectStore(tmp_path_factory.mktemp("objects"))
    store.create_bucket(BUCKET)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    running = asyncio.run_coroutine_threadsafe(serve(store, Grants()), loop).result()
    yield running
    asyncio.run_coroutine_threadsafe(running.close(), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()
    store.close()


def _real(server: Server) -> ExternalStorage | None:
    return server.storage if isinstance(server, ChosenServer) else None


@pytest.fixture(autouse=True)
def state(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for what is kept between two runs, the test's own."""
    folder = tmp_path_factory.mktemp("state")
    monkeypatch.setenv("PROVENA_STATE_DIR", str(folder))
    return folder


@pytest.fixture
def faults(server: Server) -> Iterator[ObjectFaults]:
    """The server's faults, cleared after the test."""
    yield server.faults
    server.faults.clear()


@pytest.fixture
def location(server: Server) -> Iterator[DatasetLocation]:
    """A dataset of the test's own."""
    number = next(_numbers)
    yield DatasetLocation(f"10378.1/{number}", BUCKET, f"datasets/10378-1-{number}/")
    if (storage := _real(server)) is not None:
        storage.clear()


@pytest.fixture
def asked() -> list[tuple[str, Access]]:
    """What the datastore was asked for."""
    return []


@pytest.fixture
def lifetime() -> list[float]:
    """How long credentials are granted for, in seconds; a test may change the one entry."""
    return [3600.0] if chosen() is None else ChosenLifetime([3600.0])


@pytest.fixture
def source(
    server: Server, location: DatasetLocation, asked: list[tuple[str, Access]], lifetime: list[float]
) -> CredentialsSource:
    """Credentials as the datastore would grant them."""

    def provider(dataset_id: str, access: Access) -> Credentials:
        asked.append((dataset_id, access))
        if (storage := _real(server)) is not None:
            keys = storage.credentials_for(location.dataset_id, write=access is Access.WRITE)
        else:
            keys = server.grants.issue(
                location.bucket, location.prefix, write=access is Access.WRITE, lifetime_seconds=lifetime[0]
            )
        return Credentials(keys.access_key_id, keys.secret_access_key, keys.session_token, keys.expiry)

    return CredentialsSource(provider)


@pytest.fixture
def files(server: Server, location: DatasetLocation, source: CredentialsSource) -> Iterator[Dataset]:
    """The dataset's files."""
    made = Dataset(location, source, StoreAddress(server.url))
    yield made
    made.close()


@pytest.fixture
def put(server: Server, location: DatasetLocation) -> Callable[..., None]:
    """Puts files into the dataset behind the client's back: ``put({"a.csv": b"…"})``."""

    def put_all(contents: dict[str, bytes]) -> None:
        for path, data in contents.items():
            if (storage := _real(server)) is not None:
                storage.put(location.dataset_id, path, data)
            else:
                server.store.put(location.bucket, location.prefix + path, data)

    return put_all


@pytest.fixture
def stored(server: Server, location: DatasetLocation) -> Callable[[], dict[str, bytes]]:
    """Tells what the dataset holds, path by path."""

    def read() -> dict[str, bytes]:
        if (storage := _real(server)) is not None:
            return storage.files(location.dataset_id)
        keys = server.store.keys(location.bucket, location.prefix)
        return {key.removeprefix(location.prefix): server.store.get(location.bucket, key) for key in keys}

    return read


@pytest.fixture
def tree() -> Callable[[Path], dict[str, bytes]]:
    """Tells what a local folder holds, path by path."""

    def read(folder: Path) -> dict[str, bytes]:
        return {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }

    return read


@pytest.fixture
def plant() -> Callable[[Path, dict[str, bytes]], Path]:
    """Writes files into a local folder."""

    def write(folder: Path, contents: dict[str, bytes]) -> Path:
        for path, data in contents.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        return folder

    return write
