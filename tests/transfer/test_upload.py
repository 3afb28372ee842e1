"""How one file is sent, to a store that keeps what each test needs it to keep."""

import asyncio
import base64
import contextlib
import json
import zlib
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provena_sdk.datasets.location import DatasetLocation
from provena_sdk.errors import ConnectionFailed, FileAccessDenied, FileStoreError, IntegrityError
from provena_sdk.s3 import parts as sizes
from provena_sdk.s3.budget import ByteBudget
from provena_sdk.s3.checksums import composite, md5
from provena_sdk.s3.limits import MAX_OBJECT_BYTES
from provena_sdk.s3.models import ListedUpload, StoreAddress, Stored, StoredPart, Streamed
from provena_sdk.transfer import upload
from provena_sdk.transfer.local.source_file import SourceFile
from provena_sdk.transfer.progress.meter import Meter, Progress
from provena_sdk.transfer.report import FileOutcome
from provena_sdk.transfer.resume.upload_journal import UploadJournals, UploadRecord
from provena_sdk.transfer.scheduler import Scheduler
from provena_sdk.transfer.spec.items import Upload

MIB = 1024**2
LOCATION = DatasetLocation("10378.1/1", "reef", "datasets/10378-1-1/")


def crc(data: bytes) -> str:
    return base64.b64encode(zlib.crc32(data).to_bytes(4, "big")).decode()


@dataclass
class Store:
    """An object client that keeps everything in memory, and computes as much as a test lets it."""

    keeps_crc: bool = True
    composite: bool = False
    opaque: bool = False
    flips: int = 0
    failure: Exception | None = None
    fails_in: str = ""
    uploads: dict[str, dict[int, bytes]] = field(default_factory=dict)
    objects: dict[str, bytes] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    during: Callable[[str], Awaitable[None]] | None = None

    async def _called(self, name: str) -> None:
        self.calls.append(name)
        if self.during is not None:
            await self.during(name)
        if self.failure is not None and name == self.fails_in:
            raise self.failure

    async def _received(self, data: bytes | Streamed, crc32: str) -> bytes:
        if isinstance(data, Streamed):
            chunks = [chunk async for chunk in data.chunks()]
            assert max(map(len, chunks)) <= 4 * MIB
            assert data.size == sum(map(len, chunks))
            data = b"".join(chunks)
        if self.flips:
            self.flips -= 1
            return data[:-1] + bytes([data[-1] ^ 1])
        assert crc32 == crc(data)
        return data

    def _etag(self, data: bytes) -> str:
        return md5(b"encrypted" + data) if self.opaque else md5(data)

    async def put(
        self,
        path: str,
        data: bytes,
        *,
        crc32: str,
        content_type: str | None,
        sent: Callable[[int], None] | None = None,
    ) -> Stored:
        await self._called("put")
        self.objects[path] = kept = await self._received(data, crc32)
        return Stored(self._etag(kept), crc(kept) if self.keeps_crc else None, self.opaque)

    async def create_upload(self, path: str, *, content_type: str | None) -> str:
        await self._called("create_upload")
        name = f"u{len(self.uploads) + 1}"
        self.uploads[name] = {}
        return name

    async def upload_part(
        self,
        path: str,
        upload_id: str,
        number: int,
        data: bytes | Streamed,
        *,
        crc32: str,
        sent: Callable[[int], None] | None = None,
    ) -> StoredPart:
        await self._called("upload_part")
        self.uploads[upload_id][number] = kept = await self._received(data, crc32)
        return self._part(number, kept)

    def _part(self, number: int, kept: bytes) -> StoredPart:
        return StoredPart(
            number, self._etag(kept), len(kept), crc(kept) if self.keeps_crc else None, self.opaque
        )

    async def list_parts(self, path: str, upload_id: str) -> list[StoredPart] | None:
        await self._called("list_parts")
        parts = self.uploads.get(upload_id)
        if parts is None:
            return None
        return [self._part(number, kept)._replace(opaque_etag=False) for number, kept in parts.items()]

    async def list_uploads(self, folder: str) -> list[ListedUpload]:
        await self._called("list_uploads")
        return [ListedUpload("big.nc", name, datetime.now(UTC)) for name in self.uploads]

    async def complete_upload(
        self, path: str, upload_id: str, parts: Sequence[StoredPart], *, crc32: str, size: int
    ) -> Stored:
        await self._called("complete_upload")
        kept = self.uploads.pop(upload_id)
        assert [part.number for part in parts] == sorted(kept) == list(range(1, len(parts) + 1))
        self.objects[path] = whole = b"".join(kept[part.number] for part in parts)
        assert size == len(whole)
        etag = composite([part.etag for part in parts])
        if not self.keeps_crc:
            return Stored(etag, None, self.opaque)
        if self.composite:
            of_parts = b"".join(zlib.crc32(kept[part.number]).to_bytes(4, "big") for part in parts)
            return Stored(etag, f"{crc(of_parts)}-{len(parts)}", self.opaque)
        assert crc32 == crc(whole)
        return Stored(etag, crc(whole), self.opaque)

    async def abort_upload(self, path: str, upload_id: str) -> None:
        await self._called("abort_upload")
        self.uploads.pop(upload_id, None)


class Transfer:
    """As much of an engine as one file needs."""

    def __init__(self, store: Any, progress: Progress | None = None) -> None:
        self.objects = store
        self.budget = ByteBudget(96 * MIB)
        self.progress = Meter(progress)
        self.store = SimpleNamespace(location=LOCATION, address=StoreAddress())
        self.sending_rate: float | None = None

    async def in_thread(self, work: Callable[..., object], *args: object, **kwargs: object) -> object:
        return await asyncio.to_thread(work, *args, **kwargs)

    finish = Scheduler.finish

    async def parts(self, parts: Iterable[Any], work: Callable[[Any], Coroutine[Any, Any, None]]) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                for part in parts:
                    group.create_task(work(part))
        except ExceptionGroup as errors:
            first = errors.exceptions[0]
        else:
            return
        raise first


async def send(
    store: Any,
    source: Path,
    path: str = "big.nc",
    *,
    size: int | None = None,
    progress: Progress | None = None,
) -> FileOutcome:
    engine = cast("Scheduler", Transfer(store, progress))
    return await upload.upload_file(engine, Upload(source, path, length(source) if size is None else size))


def length(path: Path) -> int:
    return path.stat().st_size


def content(path: Path) -> bytes:
    return path.read_bytes()


def change(path: Path) -> None:
    path.write_bytes(b"changed")


@pytest.fixture(autouse=True)
def journals(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> UploadJournals:
    """Where this test's uploads are remembered; sizes are cut down so that tests are fast."""
    monkeypatch.setenv("PROVENA_STATE_DIR", str(tmp_path / "state"))
    for name in ("PART_BYTES", "LEAST_PART_BYTES"):
        monkeypatch.setattr(sizes, name, 400)
    return UploadJournals(LOCATION)


@pytest.fixture(params=["small", "parts", "streamed"])
def source(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A file for each of the ways in which files are sent."""
    path = tmp_path / "source"
    path.write_bytes(bytes(number % 251 for number in range(700 if request.param == "small" else 3000)))
    if request.param == "streamed":
        monkeypatch.setattr(upload, "STREAMED_BYTES", 300)
        monkeypatch.setattr(upload, "_CHUNK_BYTES", 90)
    return path


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A file that goes in 8 parts."""
    path = tmp_path / "source"
    path.write_bytes(bytes(number % 251 for number in range(3000)))
    return path


def left(tmp_path: Path) -> list[Path]:
    folder = tmp_path / "state" / "uploads"
    return list(folder.iterdir()) if folder.exists() else []


@pytest.mark.parametrize("in_parts", [False, True])
async def test_the_stores_own_checksum_proves_it(source: Path, tmp_path: Path, in_parts: bool) -> None:
    store = Store(composite=in_parts)
    outcome = await send(store, source)
    data = content(source)
    assert store.objects == {"big.nc": data}
    assert (outcome.outcome, outcome.verified, outcome.bytes) == ("uploaded", "checksum", len(data))
    assert outcome.checksum == f"crc32:{zlib.crc32(data):08x}"
    assert outcome.reason is None
    assert left(tmp_path) == []


async def test_a_store_without_checksums_is_held_to_its_etag(source: Path) -> None:
    store = Store(keeps_crc=False)
    outcome = await send(store, source)
    data = content(source)
    digests = [md5(data[at : at + 400]) for at in range(0, 3000, 400)]
    assert outcome.verified == "checksum"
    assert outcome.checksum == (f"md5:{md5(data)}" if len(data) == 700 else f"etag:{composite(digests)}")


async def test_what_nothing_proves_is_said(source: Path) -> None:
    outcome = await send(Store(keeps_crc=False, opaque=True), source)
    assert (outcome.verified, outcome.checksum) == ("size", None)
    assert outcome.reason is not None
    assert "only its size" in outcome.reason


async def test_an_encrypted_object_is_proven_by_its_checksum(source: Path) -> None:
    assert (await send(Store(opaque=True), source)).verified == "checksum"


@pytest.mark.parametrize("keeps_crc", [True, False])
async def test_what_arrives_damaged_is_sent_again(source: Path, keeps_crc: bool) -> None:
    store = Store(keeps_crc=keeps_crc, flips=2)
    assert (await send(store, source)).verified == "checksum"
    assert store.objects == {"big.nc": content(source)}


async def test_what_stays_damaged_fails_and_leaves_no_upload(source: Path, tmp_path: Path) -> None:
    store = Store(flips=1000)
    with pytest.raises(IntegrityError, match=r"checksum of 'big\.nc' differs"):
        await send(store, source)
    assert store.uploads == {}
    assert left(tmp_path) == []


@pytest.mark.parametrize("stored", [Stored("e-8", None, False), Stored("e-8", "AAAAAA==", False)])
async def test_parts_that_were_put_together_wrongly_are_noticed(
    large: Path, monkeypatch: pytest.MonkeyPatch, stored: Stored
) -> None:
    async def complete(*_: object, **__: object) -> Stored:
        return stored

    store = Store()
    monkeypatch.setattr(store, "complete_upload", complete)
    with pytest.raises(IntegrityError, match="differs"):
        await send(store, large)


async def test_a_file_that_grew_since_it_was_listed(source: Path) -> None:
    store = Store()
    outcome = await send(store, source, size=10)
    assert outcome.bytes == len(content(source))
    assert store.objects == {"big.nc": content(source)}


async def test_a_file_that_shrank_since_it_was_listed(source: Path) -> None:
    store = Store()
    await send(store, source, size=5000)
    assert store.objects == {"big.nc": content(source)}


async def test_a_file_that_is_just_being_written_anew_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its writer has emptied it, and not filled it again yet: neither the old file nor the new one."""
    source = tmp_path / "small.csv"
    source.write_bytes(b"")
    monkeypatch.setattr("provena_sdk.transfer.upload.time.sleep", lambda _: source.write_bytes(b"new"))
    store = Store()
    with pytest.raises(IntegrityError, match="changed while it was read"):
        await send(store, source, size=3)
    assert store.objects == {}


@pytest.mark.parametrize("when", ["create_upload", "upload_part"])
async def test_a_file_that_changes_meanwhile_fails(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    if len(content(source)) < 1000:
        read = SourceFile._some

        def late(self: SourceFile, offset: int, size: int) -> bytes:
            change(source)
            return read(self, offset, size)

        monkeypatch.setattr(SourceFile, "_some", late)

    async def during(name: str) -> None:
        if name == when:
            change(source)

    store = Store(during=during)
    with pytest.raises(IntegrityError, match="changed while it was read"):
        await send(store, source)
    assert store.uploads == {}
    assert store.objects == {}
    assert left(tmp_path) == []


async def test_a_file_that_changes_after_its_last_part_was_read_fails(large: Path) -> None:
    async def during(name: str) -> None:
        if store.calls.count("upload_part") == 8:
            change(large)

    store = Store(during=during)
    with pytest.raises(IntegrityError, match="changed while it was read"):
        await send(store, large)
    assert store.calls[-1] == "abort_upload"


async def test_a_change_is_told_and_not_the_connection_that_broke_by_it(
    large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload, "STREAMED_BYTES", 300)
    monkeypatch.setattr(upload, "_CHUNK_BYTES", 90)

    class Breaking(Store):
        async def _received(self, data: bytes | Streamed, crc32: str) -> bytes:
            if not isinstance(data, Streamed):
                # The last part, which is a small one.
                await asyncio.Event().wait()
                return b""
            try:
                async for _ in data.chunks():
                    change(large)
            except IntegrityError:
                pass
            with pytest.raises(IntegrityError):
                data.chunks()
            raise ConnectionFailed("The connection broke.")

    with pytest.raises(IntegrityError, match="changed while it was read") as caught:
        await send(Breaking(), large)
    assert not isinstance(caught.value.__context__, ConnectionFailed)


@pytest.mark.parametrize("call", ["upload_part", "complete_upload"])
async def test_a_failure_gives_the_upload_up(large: Path, tmp_path: Path, call: str) -> None:
    store = Store(failure=FileStoreError("No.", store_code="Nope"), fails_in=call)
    with pytest.raises(FileStoreError, match="No"):
        await send(store, large)
    assert store.uploads == {}
    assert left(tmp_path) == []


async def test_a_store_that_refuses_is_not_asked_for_what_it_did_not_begin(
    large: Path, tmp_path: Path
) -> None:
    store = Store(failure=FileAccessDenied("No."), fails_in="create_upload")
    with pytest.raises(FileAccessDenied):
        await send(store, large)
    assert store.calls == ["create_upload"]
    assert left(tmp_path) == []


@pytest.mark.parametrize("call", ["create_upload", "upload_part"])
async def test_cancelling_before_a_part_is_stored_aborts_the_upload(
    large: Path, tmp_path: Path, call: str
) -> None:
    reached = asyncio.Event()

    async def during(name: str) -> None:
        if name == call:
            reached.set()
            await asyncio.sleep(0.05)

    store = Store(during=during)
    task = asyncio.create_task(send(store, large))
    await reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert store.uploads == {}
    assert store.objects == {}
    assert store.calls[-1] == "abort_upload"
    assert left(tmp_path) == []


@pytest.mark.parametrize(("rate", "kept"), [(None, 0), (100.0, 0), (300.0, 400)])
async def test_a_part_that_is_nearly_sent_is_finished_after_cancelling(
    large: Path, rate: float | None, kept: int
) -> None:
    """Within half a second, a line sends the last 100 bytes at 300 per second, and not at 100 per second."""
    begun, seen = asyncio.Event(), Seen()

    class Halfway(Store):
        async def upload_part(
            self,
            path: str,
            upload_id: str,
            number: int,
            data: bytes | Streamed,
            *,
            crc32: str,
            sent: Callable[[int], None] | None = None,
        ) -> StoredPart:
            assert sent is not None
            if number > 1:
                # Nothing of it has been sent.
                await asyncio.Event().wait()
            sent(300)
            begun.set()
            await asyncio.sleep(0.1)
            return await super().upload_part(path, upload_id, number, data, crc32=crc32)

    store = Halfway()
    engine = Transfer(store, seen)
    engine.sending_rate = rate
    engine.progress.start(1, 3000)
    sending = upload.upload_file(cast("Scheduler", engine), Upload(large, "big.nc", length(large)))
    task = asyncio.create_task(sending)
    await asyncio.wait_for(begun.wait(), 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert {len(part) for parts in store.uploads.values() for part in parts.values()} == ({kept} - {0})
    assert store.calls.count("abort_upload") == (0 if kept else 1)
    assert engine.progress.interrupted(where="there").bytes == kept


async def test_a_whole_file_that_is_nearly_sent_is_finished_after_cancelling(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload, "SMALL_BYTES", 100)
    source = tmp_path / "source"
    source.write_bytes(bytes(700))
    begun = asyncio.Event()

    class Halfway(Store):
        async def put(
            self,
            path: str,
            data: bytes,
            *,
            crc32: str,
            content_type: str | None,
            sent: Callable[[int], None] | None = None,
        ) -> Stored:
            assert sent is not None
            sent(600)
            begun.set()
            await asyncio.sleep(0.1)
            return await super().put(path, data, crc32=crc32, content_type=content_type)

    store = Halfway()
    engine = Transfer(store)
    engine.sending_rate = 300.0
    sending = upload.upload_file(cast("Scheduler", engine), Upload(source, "a.nc", 700))
    task = asyncio.create_task(sending)
    await asyncio.wait_for(begun.wait(), 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert store.objects == {"a.nc": bytes(700)}


@pytest.mark.parametrize("stored", [1, 2, 3])
async def test_a_cancelled_upload_keeps_its_parts_for_the_next(
    large: Path, tmp_path: Path, stored: int
) -> None:
    enough = asyncio.Event()

    async def during(name: str) -> None:
        if store.calls.count("upload_part") > stored or name == "complete_upload":
            enough.set()
            await asyncio.Event().wait()

    store = Store(during=during)
    task = asyncio.create_task(send(store, large))
    await asyncio.wait_for(enough.wait(), 10)
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert "abort_upload" not in store.calls
    assert len(left(tmp_path)) == 1
    store.during = None
    store.calls.clear()
    kept = sum(len(part) for part in store.uploads["u1"].values())
    outcome = await send(store, large)
    assert outcome.resumed == kept > 0
    assert "create_upload" not in store.calls
    assert store.objects == {"big.nc": content(large)}
    assert left(tmp_path) == []


async def test_what_cannot_be_given_up_is_left_to_the_next(
    large: Path, journals: UploadJournals, tmp_path: Path
) -> None:
    class Gone(Store):
        async def upload_part(
            self,
            path: str,
            upload_id: str,
            number: int,
            data: bytes | Streamed,
            *,
            crc32: str,
            sent: Callable[[int], None] | None = None,
        ) -> StoredPart:
            if number == 8:
                raise ConnectionFailed("Gone.")
            return await super().upload_part(path, upload_id, number, data, crc32=crc32)

        async def abort_upload(self, path: str, upload_id: str) -> None:
            raise ConnectionFailed("Gone.")

    store = Gone()
    with pytest.raises(ConnectionFailed):
        await send(store, large)
    assert list(store.uploads) == ["u1"]
    back = Store(uploads=store.uploads)
    await send(back, large)
    assert "create_upload" not in back.calls
    assert back.calls.count("upload_part") < 8
    assert back.objects == {"big.nc": content(large)}
    assert left(tmp_path) == []


class Seen(Progress):
    def __init__(self) -> None:
        self.resumed_bytes = self.advanced = 0

    def resumed(self, path: str, bytes: int) -> None:
        self.resumed_bytes += bytes

    def advance(self, path: str, bytes: int) -> None:
        assert bytes > 0
        self.advanced += bytes


def abandoned(journals: UploadJournals, source: Path, **changes: object) -> None:
    """Remember an upload as a dead process would have."""
    status = source.stat()
    fields = {
        "path": "big.nc",
        "upload_id": "old",
        "source": str(source),
        "size": status.st_size,
        "modified_ns": status.st_mtime_ns,
        "part_size": 400,
        "begun": datetime.now(UTC).timestamp(),
    }
    begun = UploadRecord(**(fields | changes))  # type: ignore[arg-type]  # each test changes what it is about
    journal = journals.new(begun)
    journal.write(upload_id=begun.upload_id)
    journal.release()


@pytest.mark.parametrize("keeps_crc", [True, False])
@pytest.mark.parametrize("streamed", [True, False])
async def test_an_upload_is_gone_on_with(
    large: Path,
    journals: UploadJournals,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    keeps_crc: bool,
    streamed: bool,
) -> None:
    if streamed:
        monkeypatch.setattr(upload, "STREAMED_BYTES", 300)
        monkeypatch.setattr(upload, "_CHUNK_BYTES", 90)
    data = content(large)
    there = {1: data[:400], 2: b"x" * 400, 3: data[800:1100], 8: data[2800:], 9: b"no such part"}
    store = Store(keeps_crc=keeps_crc, uploads={"old": there})
    abandoned(journals, large)
    seen = Seen()

    async def during(name: str) -> None:
        if name == "complete_upload":
            store.uploads["old"].pop(9, None)

    store.during = during
    outcome = await send(store, large, progress=seen)
    assert outcome.verified == "checksum"
    assert store.objects == {"big.nc": data}
    assert store.calls.count("upload_part") == 6
    assert "create_upload" not in store.calls
    assert seen.resumed_bytes == 400 + 200
    assert seen.resumed_bytes + seen.advanced == 3000
    assert left(tmp_path) == []


@pytest.mark.parametrize("part_size", [400, 1000])
async def test_a_resumed_upload_keeps_its_parts_sizes(
    large: Path, journals: UploadJournals, part_size: int
) -> None:
    data = content(large)
    store = Store(uploads={"old": {1: data[:part_size]}})
    abandoned(journals, large, part_size=part_size)
    outcome = await send(store, large)
    assert outcome.resumed == part_size
    assert store.objects == {"big.nc": data}
    assert store.calls.count("upload_part") == -(-3000 // part_size) - 1


async def test_where_a_managed_key_hides_the_md5_the_crc_proves_a_part(
    large: Path, journals: UploadJournals
) -> None:
    data = content(large)
    there = {1: data[:400], 2: b"x" * 400, 8: data[2800:]}
    store = Store(opaque=True, uploads={"old": there})
    abandoned(journals, large, opaque_etags=True)
    outcome = await send(store, large)
    assert (outcome.resumed, outcome.verified) == (600, "checksum")
    assert store.objects == {"big.nc": data}


async def test_where_an_md5_is_kept_the_crc_proves_nothing(
    large: Path, journals: UploadJournals, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(uploads={"old": {1: content(large)[:400]}})
    part = store._part(1, content(large)[:400])._replace(etag="0" * 32)

    async def listed(*_: object) -> list[StoredPart]:
        return [part]

    monkeypatch.setattr(store, "list_parts", listed)
    abandoned(journals, large)
    assert (await send(store, large)).resumed == 0


async def test_a_part_that_nothing_proves_is_sent_again(large: Path, journals: UploadJournals) -> None:
    store = Store(opaque=True, keeps_crc=False, uploads={"old": {1: content(large)[:400]}})
    abandoned(journals, large, opaque_etags=True)
    assert (await send(store, large)).resumed == 0


async def test_a_managed_key_is_recorded_once_a_part_is_stored(large: Path, tmp_path: Path) -> None:
    enough = asyncio.Event()

    async def during(name: str) -> None:
        if store.calls.count("upload_part") > 3:
            enough.set()
            await asyncio.Event().wait()

    store = Store(opaque=True, during=during)
    task = asyncio.create_task(send(store, large))
    await asyncio.wait_for(enough.wait(), 10)
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    [journal] = left(tmp_path)
    assert json.loads(journal.read_bytes())["opaque_etags"] is True
    store.during = None
    assert (await send(store, large)).resumed >= 1200


@pytest.mark.parametrize(
    "changes",
    [{"size": 3001}, {"modified_ns": 1}, {"part_size": 399}],
    ids=lambda changes: next(iter(changes)),
)
async def test_an_upload_of_another_file_is_given_up(
    large: Path, journals: UploadJournals, tmp_path: Path, changes: dict[str, object]
) -> None:
    store = Store(uploads={"old": {1: content(large)[:400]}})
    abandoned(journals, large, **changes)
    await send(store, large)
    assert store.calls.index("abort_upload") < store.calls.index("create_upload")
    assert store.calls.count("upload_part") == 8
    assert store.uploads == {}
    assert left(tmp_path) == []


async def test_an_upload_that_the_store_forgot_is_begun_anew(
    large: Path, journals: UploadJournals, tmp_path: Path
) -> None:
    abandoned(journals, large)
    store = Store()
    await send(store, large)
    assert store.objects == {"big.nc": content(large)}
    assert left(tmp_path) == []


async def test_an_upload_that_somebody_gave_up_meanwhile_is_begun_anew(
    large: Path, journals: UploadJournals, tmp_path: Path
) -> None:
    abandoned(journals, large)

    class Forgetful(Store):
        async def upload_part(
            self,
            path: str,
            upload_id: str,
            number: int,
            data: bytes | Streamed,
            *,
            crc32: str,
            sent: Callable[[int], None] | None = None,
        ) -> StoredPart:
            if upload_id == "old":
                raise FileStoreError("No such upload.", store_code="NoSuchUpload")
            return await super().upload_part(path, upload_id, number, data, crc32=crc32)

    store = Forgetful(uploads={"old": {}})
    await send(store, large)
    assert store.objects == {"big.nc": content(large)}
    assert left(tmp_path) == []


async def test_where_parts_may_not_be_listed_the_upload_is_begun_anew(
    large: Path, journals: UploadJournals, tmp_path: Path
) -> None:
    abandoned(journals, large)
    store = Store(uploads={"old": {}}, failure=FileAccessDenied("No."), fails_in="list_parts")
    await send(store, large)
    assert store.objects == {"big.nc": content(large)}
    assert store.uploads == {}
    assert left(tmp_path) == []


async def test_an_upload_is_kept_while_the_store_is_out_of_reach(
    large: Path, journals: UploadJournals, tmp_path: Path
) -> None:
    abandoned(journals, large)
    store = Store(uploads={"old": {}}, failure=ConnectionFailed("Gone."), fails_in="list_parts")
    with pytest.raises(ConnectionFailed):
        await send(store, large)
    back = Store(uploads=store.uploads)
    await send(back, large)
    assert "create_upload" not in back.calls
    assert left(tmp_path) == []


@pytest.mark.parametrize("call", ["list_parts", "abort_upload"])
@pytest.mark.parametrize("failure", [ConnectionFailed("Gone."), asyncio.CancelledError()])
async def test_uploads_that_were_taken_over_in_vain_are_left_to_the_next(
    large: Path, journals: UploadJournals, tmp_path: Path, call: str, failure: BaseException
) -> None:
    for name in ("old", "older", "oldest"):
        abandoned(journals, large, upload_id=name, size=1 if call == "abort_upload" else length(large))
    store = Store(uploads={"old": {}, "older": {}, "oldest": {}})

    async def during(name: str) -> None:
        if name == call:
            raise failure

    store.during = during
    with contextlib.suppress(ConnectionFailed, asyncio.CancelledError):
        await send(store, large)
    owners = [json.loads(path.read_bytes())["owner"] for path in left(tmp_path)]
    assert owners == [None, None, None]


async def test_a_process_that_died_before_it_heard_the_uploads_name(
    large: Path, journals: UploadJournals, tmp_path: Path
) -> None:
    abandoned(journals, large, upload_id=None)
    alive = journals.new(UploadRecord("big.nc", None, "", 1, 1, 1, 1.0))
    alive.write(upload_id="alive")
    store = Store(uploads={"orphan": {}, "alive": {}})
    await send(store, large)
    assert list(store.uploads) == ["alive"]
    assert len(left(tmp_path)) == 1


async def test_what_nobody_went_on_with_is_given_up_after_a_week(
    large: Path, journals: UploadJournals, tmp_path: Path
) -> None:
    abandoned(journals, large, begun=1.0)
    abandoned(journals, large, path="new.nc", upload_id="new")
    store = Store(uploads={"old": {}, "new": {}})
    await upload.abort_forgotten(cast("Scheduler", Transfer(store)))
    assert list(store.uploads) == ["new"]
    assert len(left(tmp_path)) == 1


@given(st.integers(10 * MIB, MAX_OBJECT_BYTES) | st.just(MAX_OBJECT_BYTES), st.none() | st.floats(0, 1e9))
def test_no_file_has_more_parts_than_the_store_takes(size: int, rate: float | None) -> None:
    with pytest.MonkeyPatch.context() as whole:
        whole.setattr(sizes, "PART_BYTES", 8 * MIB)
        whole.setattr(sizes, "LEAST_PART_BYTES", 5 * MIB)
        assert sizes.is_part_size(sizes.part_size(size, rate), size)


async def test_a_file_of_five_terabytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sizes, "PART_BYTES", 8 * MIB)
    monkeypatch.setattr(sizes, "LEAST_PART_BYTES", 5 * MIB)
    path = tmp_path / "huge"
    size = MAX_OBJECT_BYTES
    with path.open("wb") as file:
        try:
            file.truncate(size)
        except OSError:
            # The largest file of a file system with blocks of 4 kB is a little less than this.
            size = 2 * 1024**4
            file.truncate(size)

    async def unread(self: upload._StreamedPart) -> bytes:
        spans.append(self._span)
        if len(spans) in (1, 10_000):
            assert sum(length for _, length in self._chunk_spans()) == self._span[1]
        return bytes(4)

    class Counting(Store):
        async def upload_part(
            self,
            path: str,
            upload_id: str,
            number: int,
            data: bytes | Streamed,
            *,
            crc32: str,
            sent: Callable[[int], None] | None = None,
        ) -> StoredPart:
            assert isinstance(data, Streamed)
            return StoredPart(number, f"{number:032x}", data.size, crc32)

        async def complete_upload(
            self, path: str, upload_id: str, parts: Sequence[StoredPart], *, crc32: str, size: int
        ) -> Stored:
            assert [part.number for part in parts] == list(range(1, len(parts) + 1))
            assert sum(part.size for part in parts) == size
            return Stored("", crc32, False)

    spans: list[tuple[int, int]] = []
    monkeypatch.setattr(upload._StreamedPart, "prepare", unread)
    outcome = await send(Counting(), path)
    assert outcome.bytes == size
    assert len(spans) <= 10_000
    assert sorted(spans) == list(sizes.each_part(size, sizes.part_size(size)))


async def test_media_types_are_guessed(large: Path) -> None:
    kinds: list[str | None] = []

    class Noting(Store):
        async def create_upload(self, path: str, *, content_type: str | None) -> str:
            kinds.append(content_type)
            return await super().create_upload(path, content_type=content_type)

    await send(Noting(), large, "a.csv")
    await send(Noting(), large, "a.no-such-kind")
    assert kinds == ["text/csv", None]
