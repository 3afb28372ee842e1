"""How one file is fetched, from a store that tells of it what each test lets it tell."""

import asyncio
import base64
import contextlib
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import textwrap
import threading
import zlib
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provena_sdk.datasets.location import DatasetLocation
from provena_sdk.errors import (
    ConnectionFailed,
    DatasetFileNotFound,
    FileAccessDenied,
    FileError,
    IntegrityError,
)
from provena_sdk.s3.checksums import composite, md5
from provena_sdk.s3.client.reading import Taker
from provena_sdk.s3.http.io_loops import IoLoops
from provena_sdk.s3.models import FileInfo, ObjectState, Received, StoreAddress
from provena_sdk.sandbox.object_store import Server
from provena_sdk.transfer import download
from provena_sdk.transfer.download import download_file
from provena_sdk.transfer.local.destination import Destination
from provena_sdk.transfer.progress.meter import Meter, Progress
from provena_sdk.transfer.report import FileOutcome
from provena_sdk.transfer.resume import partial_download as resume
from provena_sdk.transfer.resume import ranges as pieces
from provena_sdk.transfer.resume.part_file import PartFile
from provena_sdk.transfer.resume.ranges import Layout, Segment
from provena_sdk.transfer.resume.segment_digest import SegmentDigest
from provena_sdk.transfer.scheduler import Scheduler
from provena_sdk.transfer.spec.items import Download
from provena_sdk.transfer.spec.options import TransferOptions
from provena_sdk.transfer.verify.checksum import (
    Checksum,
    RunningChecksum,
    digest_of,
    segment_algorithm,
)
from tests.dataset import Dataset

RANGE_BYTES = 1000
DATA = random.Random(4).randbytes(9_500)
MODIFIED = datetime(2024, 5, 1, 12, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut into kilobytes what is otherwise cut into megabytes."""
    monkeypatch.setattr(pieces, "PART_BYTES", RANGE_BYTES)
    monkeypatch.setattr(pieces, "MAX_RANGE_BYTES", 2 * RANGE_BYTES)
    monkeypatch.setattr(download, "PART_BYTES", RANGE_BYTES)
    monkeypatch.setattr("provena_sdk.transfer.scheduler._LONGEST_WAIT", 0.001)


def encoded(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


def cut(data: bytes, sizes: Sequence[int]) -> list[bytes]:
    found, start = [], 0
    for size in sizes:
        found.append(data[start : start + size])
        start += size
    return found


@dataclass
class Objects:
    """An object client with one file in it."""

    data: bytes = DATA
    parts: Sequence[int] | None = None
    checksums: dict[str, str] = field(default_factory=dict)
    opaque: bool = False
    tells_parts: bool = True
    etag: str = ""
    fetched: list[tuple[int, int]] = field(default_factory=list)
    asked: list[int | None] = field(default_factory=list)
    before: Callable[[int], Awaitable[None]] | None = None
    damage: Callable[[int, bytearray], None] | None = None

    def __post_init__(self) -> None:
        parts = None if self.parts is None else [md5(part) for part in cut(self.data, self.parts)]
        self.etag = self.etag or (md5(self.data) if parts is None else composite(parts))

    @property
    def info(self) -> FileInfo:
        return FileInfo("obs/a.nc", len(self.data), self.etag, MODIFIED)

    def state(self, size: int, part: int | None = None) -> ObjectState:
        kind = None
        if self.checksums:
            kind = "COMPOSITE" if any("-" in value for value in self.checksums.values()) else "FULL_OBJECT"
        count = len(self.parts) if part is not None and self.parts and self.tells_parts else None
        return ObjectState(size, self.etag, MODIFIED, self.checksums, kind, count, self.opaque, None)

    async def head(self, path: str, *, part: int | None = None, if_match: str | None = None) -> ObjectState:
        self.asked.append(part)
        self._match(path, if_match)
        size = len(self.data)
        if part is not None and self.parts is not None:
            size = self.parts[part - 1]
        return self.state(size, part)

    async def get(
        self,
        path: str,
        *,
        span: tuple[int, int] | None = None,
        if_match: str | None = None,
        size: int | None = None,
        into: Taker | None = None,
        io_loops: IoLoops | None = None,
        received: Callable[[int], None] | None = None,
    ) -> Received:
        offset, length = span or (0, len(self.data))
        if self.before is not None:
            await self.before(offset)
        self._match(path, if_match)
        self.fetched.append((offset, length))
        data = bytearray(self.data[offset : offset + length])
        if self.damage is not None:
            self.damage(offset, data)
        if into is not None:
            for start in range(0, len(data), 300):
                into.take(memoryview(data)[start : start + 300])
            data = bytearray()
        return Received(data, self.state(len(self.data)))

    def _match(self, path: str, etag: str | None) -> None:
        if etag is not None and etag != self.etag:
            raise IntegrityError("replaced meanwhile", path=path)


async def fetch(
    objects: Objects,
    folder: Path,
    *,
    info: FileInfo | None = None,
    progress: Progress | None = None,
    **options: Any,
) -> FileOutcome:
    store = cast(
        "Any",
        SimpleNamespace(
            objects=objects,
            location=DatasetLocation("x", "reef", "datasets/x/"),
            address=StoreAddress("https://store.example.org"),
        ),
    )
    async with Scheduler(store, options=TransferOptions(**options), progress=Meter(progress)) as engine:
        return await download_file(engine, Download(info or objects.info, "obs/a.nc"), folder)


def add(
    running: RunningChecksum, checksum: Checksum, data: bytes | bytearray, offset: int, length: int
) -> None:
    """Add a range as a download does: in two segments, hashed as it passes if that is possible."""
    stream = running.claim(offset)
    if stream is not None:
        stream.update(data[offset : offset + length])
    for start, end in ((0, length // 3), (length // 3, length)):
        if start < end:
            hasher = SegmentDigest(segment_algorithm(checksum), None).hasher("")
            hasher.update(data[offset + start : offset + end])
            digest = hasher.digest()
            running.add(Segment(offset + start, end - start, digest), digest)
    if stream is not None:
        running.release(offset, offset + length)
    running.catch_up(offset)


def held(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "obs").iterdir()}


def whole_crc(data: bytes = DATA) -> dict[str, str]:
    return {"crc32": encoded(zlib.crc32(data).to_bytes(4, "big"))}


def composite_crc(sizes: Sequence[int]) -> dict[str, str]:
    digests = b"".join(zlib.crc32(part).to_bytes(4, "big") for part in cut(DATA, sizes))
    return {"crc32": f"{encoded(zlib.crc32(digests).to_bytes(4, 'big'))}-{len(sizes)}"}


EVEN = [1500] * 6 + [500]


def kept(algorithm: str) -> dict[str, str]:
    return {algorithm: encoded(digest_of([DATA], algorithm))}


def shown(algorithm: str) -> str:
    return f"{algorithm}:{digest_of([DATA], algorithm).hex()}"


GREAT = [4200, 4200, 1100]
UNEVEN = [1500, 3000, 2500, 2500]
LOOKS_EVEN = [2500, 3000, 1500, 2500]
SHA256 = {"sha256": encoded(hashlib.sha256(DATA).digest())}
KINDS = {
    "full crc32": (Objects(checksums=whole_crc()), f"crc32:{zlib.crc32(DATA):08x}"),
    "full crc32 of parts": (Objects(parts=EVEN, checksums=whole_crc()), f"crc32:{zlib.crc32(DATA):08x}"),
    "md5": (Objects(), f"md5:{md5(DATA)}"),
    "even parts": (Objects(parts=EVEN), None),
    "great parts": (Objects(parts=GREAT), None),
    "one part": (Objects(parts=[9_500]), None),
    "uneven parts": (Objects(parts=UNEVEN), None),
    "parts that look even": (Objects(parts=LOOKS_EVEN), None),
    "composite crc32": (
        Objects(parts=EVEN, checksums=composite_crc(EVEN), opaque=True),
        f"crc32:{base64.b64decode(composite_crc(EVEN)['crc32'][:8]).hex()}-7",
    ),
    "sha256": (Objects(checksums=SHA256, opaque=True), f"sha256:{hashlib.sha256(DATA).hexdigest()}"),
    "sha256 before etag": (Objects(checksums=SHA256), f"sha256:{hashlib.sha256(DATA).hexdigest()}"),
    "crc64nvme before etag": (Objects(parts=EVEN, checksums=kept("crc64nvme")), shown("crc64nvme")),
    "crc64nvme, managed key": (Objects(checksums=kept("crc64nvme"), opaque=True), shown("crc64nvme")),
    "crc32c before sha256": (Objects(checksums=SHA256 | kept("crc32c")), shown("crc32c")),
}


@pytest.mark.parametrize("kind", KINDS)
async def test_each_checksum_proves_a_large_file(kind: str, tmp_path: Path) -> None:
    given_objects, checksum = KINDS[kind]
    objects = Objects(**{**vars(given_objects), "fetched": [], "asked": []})
    outcome = await fetch(objects, tmp_path)
    assert held(tmp_path) == {"a.nc": DATA}
    assert outcome.verified == "checksum"
    assert outcome.reason is None
    assert outcome.checksum == (checksum or f"etag:{objects.etag}")
    # Every byte is asked for once.
    assert sorted(objects.fetched)[0][0] == 0
    ends = [offset + length for offset, length in sorted(objects.fetched)]
    assert [offset for offset, _ in sorted(objects.fetched)][1:] == ends[:-1]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("at", [0, 4_321, 9_499])
async def test_each_checksum_notices_one_wrong_bit(kind: str, at: int, tmp_path: Path) -> None:
    given_objects, _ = KINDS[kind]

    def flip(offset: int, data: bytearray) -> None:
        if offset <= at < offset + len(data):
            data[at - offset] ^= 4

    objects = Objects(**{**vars(given_objects), "damage": flip})
    with pytest.raises(IntegrityError, match="arrived damaged"):
        await fetch(objects, tmp_path)
    assert held(tmp_path) == {}


@pytest.mark.parametrize("kind", ["full crc32", "md5", "one part"])
async def test_small_files_need_one_request(kind: str, tmp_path: Path) -> None:
    data = DATA[:900]
    objects = Objects(
        data=data,
        parts=[900] if kind == "one part" else None,
        checksums=whole_crc(data) if kind == "full crc32" else {},
    )
    outcome = await fetch(objects, tmp_path)
    assert (objects.fetched, objects.asked) == ([(0, 900)], [])
    assert held(tmp_path) == {"a.nc": data}
    assert outcome.verified == "checksum"


@pytest.mark.parametrize("parts", [[300, 300, 300], [300, 400, 200]])
async def test_small_files_that_were_uploaded_in_parts(parts: list[int], tmp_path: Path) -> None:
    outcome = await fetch(Objects(data=DATA[:900], parts=parts), tmp_path)
    assert outcome.verified == "checksum"
    assert held(tmp_path) == {"a.nc": DATA[:900]}


@pytest.mark.parametrize("size", [0, 900, 9_500])
async def test_by_size_alone_nothing_is_asked_or_hashed(
    size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object) -> bytes:
        raise AssertionError("nothing is to be hashed")

    monkeypatch.setattr("provena_sdk.transfer.verify.checksum.digest_of", never)
    monkeypatch.setattr("provena_sdk.transfer.verify.checksum.hasher_for", never)
    objects = Objects(data=DATA[:size], etag="0" * 32)
    outcome = await fetch(objects, tmp_path, verify="size")
    assert held(tmp_path) == {"a.nc": DATA[:size]}
    assert (outcome.verified, outcome.reason, outcome.checksum) == ("size", None, None)
    assert objects.asked == []


PARTS_UNKNOWN = "only its size could be verified; the store does not report the sizes of its parts"
NOT_A_CHECKSUM = "only its size could be verified; the store's ETag is not a checksum here"


@pytest.mark.parametrize("size", [900, 9_500])
@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"opaque": True}, NOT_A_CHECKSUM),
        ({"etag": "no-md5"}, NOT_A_CHECKSUM),
        ({"parts": [300] * 40, "tells_parts": False}, PARTS_UNKNOWN),
        ({"checksums": {"crc32": "bm90IG9uZQ==-x"}, "opaque": True}, NOT_A_CHECKSUM),
        ({"checksums": {"crc32": "???"}, "opaque": True}, NOT_A_CHECKSUM),
    ],
)
async def test_what_cannot_be_proven_is_said(
    size: int, told: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    outcome = await fetch(Objects(data=DATA[:size], **told), tmp_path)
    assert (outcome.verified, outcome.reason, outcome.checksum) == ("size", reason, None)
    assert held(tmp_path) == {"a.nc": DATA[:size]}


async def broken_off(
    objects: Objects, folder: Path, error: BaseException, after: int = 4, **options: Any
) -> None:
    """Download until so many pieces were fetched, and fail."""

    async def fail(offset: int) -> None:
        if offset // RANGE_BYTES >= after:
            # The others have been written by then.
            await asyncio.sleep(0.1)
            raise error

    objects.before = fail
    with contextlib.suppress(type(error)):
        await fetch(objects, folder, **options)
    objects.before = None
    objects.fetched.clear()


class Told(Progress):
    """Adds up what is told."""

    def __init__(self) -> None:
        self.there = 0
        self.moved = 0

    def resumed(self, path: str, bytes: int) -> None:
        self.there += bytes

    def advance(self, path: str, bytes: int) -> None:
        self.moved += bytes


INTERRUPTIONS = [ConnectionFailed("lost"), FileAccessDenied("withdrawn"), asyncio.CancelledError()]


@pytest.mark.parametrize("error", INTERRUPTIONS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("verify", ["checksum", "size"])
@pytest.mark.parametrize("kind", ["full crc32", "md5"])
async def test_what_was_broken_off_is_gone_on_with(
    kind: str, verify: str, error: BaseException, tmp_path: Path
) -> None:
    objects = Objects(checksums=whole_crc() if kind == "full crc32" else {})
    await broken_off(objects, tmp_path, error, verify=verify)
    assert {name.rpartition("-")[2] for name in held(tmp_path)} == {"part", "journal"}
    told = Told()
    outcome = await fetch(objects, tmp_path, verify=verify, progress=told)
    assert sorted(objects.fetched) == [
        (offset, min(RANGE_BYTES, 9_500 - offset)) for offset in range(4000, 9500, RANGE_BYTES)
    ]
    assert held(tmp_path) == {"a.nc": DATA}
    assert outcome.verified == verify
    assert (told.there, told.moved) == (4_000, 5_500)


async def test_pieces_that_a_power_cut_lost_are_fetched_again(tmp_path: Path) -> None:
    objects = Objects()
    await broken_off(objects, tmp_path, ConnectionFailed("lost"))
    [part] = (path for path in (tmp_path / "obs").iterdir() if path.name.endswith("-part"))
    content = bytearray(part.read_bytes())
    content[2_000:3_000] = bytes(1_000)
    part.write_bytes(content[:3_500])
    await fetch(objects, tmp_path)
    assert {2000, 3000} <= {offset for offset, _ in objects.fetched}
    assert not {0, 1000} & {offset for offset, _ in objects.fetched}
    assert held(tmp_path) == {"a.nc": DATA}


async def test_an_object_replaced_meanwhile_is_begun_anew(tmp_path: Path) -> None:
    await broken_off(Objects(), tmp_path, ConnectionFailed("lost"))
    changed = bytes(reversed(DATA))
    objects = Objects(data=changed)
    await fetch(objects, tmp_path)
    assert len(objects.fetched) == 10
    assert held(tmp_path) == {"a.nc": changed}


async def test_an_object_replaced_while_it_is_read_is_read_anew(tmp_path: Path) -> None:
    objects = Objects()
    before = objects.info

    async def replace(offset: int) -> None:
        if offset == 5_000 and objects.data == DATA:
            objects.data = DATA[::-1]
            objects.etag = md5(objects.data)

    objects.before = replace
    outcome = await fetch(objects, tmp_path, info=before)
    assert held(tmp_path) == {"a.nc": DATA[::-1]}
    assert outcome.checksum == f"md5:{md5(DATA[::-1])}"


async def test_an_object_that_is_gone_leaves_nothing(tmp_path: Path) -> None:
    objects = Objects()
    with pytest.raises(BaseException, match="gone"):
        await fetch_failing(objects, tmp_path, DatasetFileNotFound("gone"))
    assert held(tmp_path) == {}


async def fetch_failing(objects: Objects, folder: Path, error: Exception) -> None:
    async def fail(offset: int) -> None:
        if offset >= 4_000:
            await asyncio.sleep(0.02)
            raise error

    objects.before = fail
    await fetch(objects, folder)


async def test_a_part_file_taken_away_is_noticed(tmp_path: Path) -> None:
    objects = Objects()

    async def take(offset: int) -> None:
        if offset == 9_000:
            for path in (tmp_path / "obs").iterdir():
                if path.name.endswith("-part"):
                    path.unlink()
                    path.write_bytes(b"another's")

    objects.before = take
    with pytest.raises(FileError, match="removed or changed by another process"):
        await fetch(objects, tmp_path)
    assert "a.nc" not in held(tmp_path)


@pytest.mark.parametrize("size", [900, 9_500])
async def test_times_are_kept_and_disks_are_waited_for(
    size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        synced.append(os.readlink(f"/proc/self/fd/{descriptor}"))
        real(descriptor)

    if sys.platform == "linux":
        monkeypatch.setattr(os, "fsync", fsync)
    await fetch(Objects(data=DATA[:size]), tmp_path, keep_times=True, fsync=True)
    assert (tmp_path / "obs" / "a.nc").stat().st_mtime_ns == int(MODIFIED.timestamp()) * 10**9 + 123_456_000
    if sys.platform == "linux":
        assert synced[0].endswith("-part")
        assert synced[1:] == [str(tmp_path / "obs")]


async def test_a_cancelled_download_ends_with_its_files_closed(tmp_path: Path) -> None:
    objects, reached = Objects(), asyncio.Event()

    async def wait(offset: int) -> None:
        reached.set()
        await asyncio.sleep(60)

    objects.before = wait
    task = asyncio.create_task(fetch(objects, tmp_path))
    await reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert held(tmp_path) == {}


async def test_what_a_thread_opens_after_the_caller_gave_up_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin, begun, go_on, ended = (
        resume.begin_or_resume,
        threading.Event(),
        threading.Event(),
        threading.Event(),
    )

    def late(*arguments: Any) -> Any:
        begun.set()
        assert go_on.wait(10)
        try:
            return begin(*arguments)
        finally:
            ended.set()

    monkeypatch.setattr("provena_sdk.transfer.download.begin_or_resume", late)
    task = asyncio.create_task(fetch(Objects(), tmp_path))
    assert await asyncio.to_thread(begun.wait, 10)
    task.cancel()
    asyncio.get_running_loop().call_later(0.05, go_on.set)
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await asyncio.to_thread(ended.wait, 10)
    await asyncio.sleep(0.05)
    assert held(tmp_path) == {}


def test_closing_a_part_file_waits_for_its_users(tmp_path: Path) -> None:
    part = PartFile(Destination(tmp_path).target("a"), "t")
    with part._open() as descriptor:
        assert descriptor is not None
        part.discard()
        # The number must not be another file's yet.
        os.fstat(descriptor)
        assert not part.write(0, b"late")
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ValueError, match="closed"):
        part.read(0, 1)


def test_where_files_have_no_positioned_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "pwrite")
    monkeypatch.delattr(os, "pread")
    part = PartFile(Destination(tmp_path).target("a"), "t")
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda at: part.write(at, DATA[at : at + 100]), range(0, len(DATA), 100)))
        blocks = threads.map(lambda at: b"".join(part.blocks(at, 100)), range(0, len(DATA), 100))
        assert b"".join(blocks) == DATA
    part.commit(size=len(DATA))
    assert (tmp_path / "a").read_bytes() == DATA


@given(st.data())
def test_pieces_prove_a_file_in_any_order(data: st.DataObject) -> None:
    sizes = data.draw(st.lists(st.integers(1, 40), min_size=1, max_size=8))
    content = data.draw(st.binary(min_size=sum(sizes), max_size=sum(sizes)))
    layout = Layout(sizes, data.draw(st.sampled_from([None, 1, 7, 16, 100])))
    kind = data.draw(st.sampled_from(["crc32", "md5", "etag", "crc32s"]))
    parts = cut(content, sizes)
    checksum = {
        "crc32": Checksum("crc32", "crc32", f"{zlib.crc32(content):08x}"),
        "md5": Checksum("etag", "md5", md5(content)),
        "etag": Checksum(
            "etag", "md5", composite([md5(part) for part in parts])[:32], len(parts), tuple(sizes)
        ),
        "crc32s": Checksum(
            "crc32",
            "crc32",
            f"{zlib.crc32(b''.join(zlib.crc32(part).to_bytes(4, 'big') for part in parts)):08x}",
            len(parts),
            tuple(sizes),
        ),
    }[kind]
    if checksum.count is None:
        layout = Layout([len(content)], layout.range_bytes)
    spans = list(layout.ranges(0, len(content)))
    assert spans[0][0] == 0
    assert [offset + length for offset, length in spans] == [offset for offset, _ in spans[1:]] + [
        len(content)
    ]
    assert all(0 < length <= layout.range_bytes for _, length in spans)
    assert all(layout.part(offset) == layout.part(offset + length - 1) for offset, length in spans)
    wrong = data.draw(st.none() | st.integers(0, len(content) - 1))
    held = bytearray(content)
    if wrong is not None:
        held[wrong] ^= 1
    running = RunningChecksum(
        checksum, layout, lambda offset, length: [bytes(held[offset : offset + length])]
    )
    for span in data.draw(st.permutations(spans)):
        add(running, checksum, held, *span)
    assert running.matches() == (wrong is None)


@pytest.mark.parametrize("algorithm", ["md5", "crc32"])
def test_many_threads_prove_a_file(algorithm: str) -> None:
    content = random.Random(5).randbytes(200_000)
    layout = Layout([60_000, 60_000, 60_000, 20_000], 1_000)
    digests = [digest_of([part], algorithm) for part in cut(content, layout.parts)]
    checksum = Checksum(algorithm, algorithm, digest_of(digests, algorithm).hex(), 4, layout.parts)
    for seed in range(10):
        running = RunningChecksum(
            checksum, layout, lambda offset, length: [content[offset : offset + length]]
        )

        def add_range(span: tuple[int, int], running: RunningChecksum = running) -> None:
            add(running, checksum, content, *span)

        order = list(layout.ranges(0, len(content)))
        random.Random(seed).shuffle(order)
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(add_range, order))
        assert running.matches()


def test_a_segment_is_taken_once() -> None:
    running = RunningChecksum(None, Layout([10], 5), lambda *_: [])
    running.add(Segment(0, 5, b""), b"")
    with pytest.raises(ValueError, match="added before"):
        running.add(Segment(0, 5, b""), b"")


PROGRAM = """
    import sys
    from datetime import datetime, timezone
    from provena_sdk.s3.credentials import Credentials
    from provena_sdk.datasets.credentials import CredentialsSource
    from tests.dataset import Dataset
    from provena_sdk.s3.models import StoreAddress
    from provena_sdk.datasets.location import DatasetLocation

    url, bucket, prefix, folder, *keys = sys.argv[1:]
    granted = Credentials(*keys, datetime(2100, 1, 1, tzinfo=timezone.utc))
    files = Dataset(DatasetLocation("x", bucket, prefix), CredentialsSource(lambda *_: granted), StoreAddress(url))
    files.download_all(folder)
"""


def recorded_bytes(journal: str) -> int:
    return sum(json.loads(line)[1] for line in journal.splitlines(keepends=True)[1:] if line.endswith("\n"))


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
@pytest.mark.parametrize("replaced", [False, True])
def test_the_next_process_goes_on_where_a_killed_one_died(
    files: Dataset,
    server: Server,
    location: DatasetLocation,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    state: Path,
    replaced: bool,
) -> None:
    monkeypatch.undo()
    monkeypatch.setenv("PROVENA_STATE_DIR", str(state))
    size, piece = 64 * 1024**2, 8 * 1024**2
    content = random.Random(6).randbytes(size)
    server.store.put(location.bucket, location.key("a.nc"), content)
    keys = server.grants.issue(location.bucket, location.prefix, write=False, lifetime_seconds=3600)
    secrets = [keys.access_key_id, keys.secret_access_key, keys.session_token]
    arguments = [server.url, location.bucket, location.prefix, str(tmp_path), *secrets]
    from provena_sdk.sandbox.object_store import ObjectFault

    server.faults.add(ObjectFault(kind="stall", operation="GetObject", skip=5, times=None, seconds=15))
    with subprocess.Popen([sys.executable, "-c", textwrap.dedent(PROGRAM), *arguments]) as process:
        journal = ""
        while recorded_bytes(journal) < 5 * piece and process.poll() is None:
            [journal] = [path.read_text() for path in tmp_path.glob(".*-journal")] or [""]
        os.kill(process.pid, signal.SIGKILL)
    server.faults.clear()
    assert recorded_bytes(journal) == 5 * piece
    assert not (tmp_path / "a.nc").exists()
    if replaced:
        content = content[::-1]
        server.store.put(location.bucket, location.key("a.nc"), content)
    before = len(server.requests)
    [outcome] = files.download_all(tmp_path)
    assert outcome.verified == "checksum"
    assert (tmp_path / "a.nc").read_bytes() == content
    assert [path.name for path in tmp_path.iterdir()] == ["a.nc"]
    gets = [record for record in list(server.requests)[before:] if record.operation == "GetObject"]
    asked = sum(int(last) - int(first) + 1 for first, last in (get.range[6:].split("-") for get in gets))
    assert outcome.resumed == (0 if replaced else 5 * piece)
    assert asked == size - outcome.resumed
