"""How files are read ahead, and how fsspec's own caches keep them."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import fsspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provena_sdk.errors import FileStoreError, IntegrityError, InvalidArgument
from provena_sdk.filesystem import ProvenaFileSystem
from provena_sdk.filesystem.open_file.read_ahead import (
    AHEAD_BYTES,
    CACHE,
    MEMORY_BYTES,
    ReadCache,
    pattern_of,
)
from provena_sdk.sandbox import Sandbox

KIB = 1024
MIB = 1024**2
DATA = random.Random(5).randbytes(24 * MIB)
# More than is read ahead of any file.
LONG = DATA * 4


class Slow(Future[bytes]):
    """What has arrived only once somebody asked for it."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = False

    def done(self) -> bool:
        asked, self.asked = self.asked, True
        return asked and super().done()


class Source:
    """A file that is fetched when the test says so, and remembers what was asked for.

    Args:
        data: The file.
        late: Whether what is begun does not arrive.
        slow: Whether whoever asks for it first has to wait for it.
    """

    def __init__(self, data: bytes, *, late: bool = False, slow: bool = False) -> None:
        self.data = data
        self.late = late
        self.slow = slow
        self.begun: list[tuple[int, int, Future[bytes]]] = []

    def fetch(self, start: int, end: int) -> bytes:
        raise AssertionError("everything is begun, and waited for")

    def begin(self, start: int, end: int) -> Future[bytes]:
        assert 0 <= start < end <= len(self.data)
        coming: Future[bytes] = Slow() if self.slow else Future()
        self.begun.append((start, end, coming))
        if not self.late:
            coming.set_result(self.data[start:end])
        return coming

    def spans(self) -> list[tuple[int, int]]:
        return [(start, end) for start, end, _ in self.begun]

    def fetched(self) -> int:
        return sum(end - start for start, end in self.spans())

    def cache(self, block: int, **options: Any) -> ReadCache:
        return ReadCache(block, self.fetch, len(self.data), begin=self.begin, **options)


@given(
    size=st.integers(0, 5000),
    block=st.integers(1, 700),
    memory=st.integers(0, 3000),
    ahead=st.integers(0, 2000),
    eager=st.booleans(),
    opening=st.tuples(st.booleans(), st.integers(0, 600)),
    reads=st.lists(st.tuples(st.integers(0, 5200), st.integers(0, 900)), max_size=30),
    onwards=st.integers(1, 300),
)
@settings(deadline=None)
def test_whatever_is_read_is_right(
    size: int,
    block: int,
    memory: int,
    ahead: int,
    eager: bool,
    opening: tuple[bool, int],
    reads: list[tuple[int, int]],
    onwards: int,
) -> None:
    source = Source(DATA[:size])
    tail, length = opening
    known = (
        (max(size - length, 0), DATA[:size][-length:]) if tail and length else (0, DATA[: min(length, size)])
    )
    cache = source.cache(block, memory=memory, ahead=ahead, eager=eager, opening=known)
    in_order = [(start, onwards) for start in range(0, size, onwards)]
    for start, wanted in [*reads, *in_order, *reads]:
        assert cache._fetch(start, start + wanted) == source.data[start : start + wanted]
    kept = sum(piece.end - piece.start for piece in cache._cached)
    assert kept == cache._held
    # The last one read stays, however large.
    assert kept <= max(memory, block, len(known[1]), wanted if reads else onwards) + block


def test_a_small_read_here_and_there_takes_one_block() -> None:
    source = Source(DATA)
    cache = source.cache(256 * KIB)
    for start in (10 * MIB + 5, 3 * MIB + 7, 17 * MIB, 3 * MIB + 100_000):
        assert cache._fetch(start, start + 100) == DATA[start : start + 100]
    assert source.spans() == [(at, at + 256 * KIB) for at in (10 * MIB, 3 * MIB, 17 * MIB)]


@pytest.mark.parametrize("length", [8 * KIB, 300 * KIB, MIB])
def test_what_is_read_in_order_is_there_before_it_is_asked_for(length: int) -> None:
    source = Source(DATA)
    cache = source.cache(MIB, eager=True, opening=(0, DATA[: 2 * MIB]))
    waited = 0
    for start in range(0, len(DATA), length):
        known = set(source.spans())
        assert cache._fetch(start, start + length) == DATA[start : start + length]
        here = {
            span for span in source.spans() if span[0] < min(start + length, len(DATA)) and span[1] > start
        }
        waited += bool(here - known)
    assert waited <= 2
    assert source.fetched() == len(DATA) - 2 * MIB
    assert len(source.begun) < 16


def test_several_ranges_are_on_their_way_at_once() -> None:
    source = Source(DATA)
    cache = source.cache(MIB, eager=True, opening=(0, DATA[: 2 * MIB]))
    for start in range(0, 8 * MIB, MIB):
        cache._fetch(start, start + MIB)
    source.late = True
    for start in range(8 * MIB, 12 * MIB, MIB):
        if any(begun <= start < end and not coming.done() for begun, end, coming in source.begun):
            break
        cache._fetch(start, start + MIB)
    assert len([coming for _, _, coming in source.begun if not coming.done()]) >= 2


def test_reading_ahead_goes_no_further_than_twice_what_was_read() -> None:
    source = Source(DATA)
    cache = source.cache(512 * KIB)
    for start in range(4 * MIB, 6 * MIB, 500_000):
        cache._fetch(start, start + 500_000)
        done = start + 500_000 - 4 * MIB
        assert max(end for _, end in source.spans()) <= start + 500_000 + 2 * done + 512 * KIB


@pytest.mark.parametrize("noise", [0, 2000])
def test_chunks_at_equal_distances_are_read_ahead_without_what_lies_between(noise: int) -> None:
    source, numbers = Source(DATA), random.Random(1)
    cache = source.cache(16 * KIB)
    reads = [(at * MIB + numbers.randint(0, noise), 100_000) for at in range(24)]
    there = 0
    for start, length in reads:
        before = source.spans()
        assert cache._fetch(start, start + length) == DATA[start : start + length]
        there += any(low <= start and start + length <= high for low, high in before)
    assert there >= len(reads) - (4 if not noise else 10)
    assert source.fetched() < 2 * 24 * 100_000


def test_nobody_who_never_waits_has_more_ahead_than_is_usual() -> None:
    source = Source(LONG)
    cache = source.cache(MIB, eager=True, opening=(0, LONG[: 2 * MIB]))
    for start in range(0, len(LONG), MIB):
        cache._fetch(start, start + MIB)
        assert max((end for _, end in source.spans()), default=0) - start - MIB <= 8 * MIB


@pytest.mark.parametrize("length", [8 * KIB, 256 * KIB, 900_000, 6 * MIB])
def test_a_file_that_is_read_in_order_has_enough_on_its_way_and_no_more(length: int) -> None:
    source = Source(LONG, slow=True)
    cache = source.cache(MIB, eager=True, opening=(0, LONG[: 2 * MIB]))
    for start in range(0, len(LONG), length):
        end = min(start + length, len(LONG))
        assert cache._fetch(start, end) == LONG[start:end]
        furthest = max((begun for _, begun in source.spans()), default=0)
        assert furthest - end <= AHEAD_BYTES
        assert cache._held <= MEMORY_BYTES
        if end > 24 * MIB:
            assert furthest == len(LONG) or furthest - end > AHEAD_BYTES // 2
    # Nothing twice, and nothing in crumbs.
    assert source.fetched() == len(LONG) - 2 * MIB
    assert len(source.begun) <= 2 * len(LONG) // (4 * MIB)


def test_the_beginning_alone_takes_nothing_more() -> None:
    source = Source(DATA)
    cache = source.cache(MIB, eager=True, opening=(0, DATA[: 2 * MIB]))
    for start in range(0, 256 * KIB, 8 * KIB):
        cache._fetch(start, start + 8 * KIB)
    cache._fetch(MIB + 700_000, MIB + 700_100)
    assert source.spans() == []


def test_what_follows_the_beginning_is_begun_before_that_is_used_up() -> None:
    source = Source(DATA, late=True)
    cache = source.cache(MIB, eager=True, opening=(0, DATA[: 2 * MIB]))
    for start in range(0, MIB, 8 * KIB):
        assert cache._fetch(start, start + 8 * KIB) == DATA[start : start + 8 * KIB]
    assert len(source.begun) >= 2
    assert min(source.spans())[0] == 2 * MIB


def test_chunks_behind_each_other_are_read_ahead_by_their_size() -> None:
    source = Source(DATA)
    cache = source.cache(512 * KIB)
    chunk, index = 900_000, 4 * MIB
    cache._fetch(index, index + 3000)
    starts = range(index + 3000, index + 3000 + 16 * chunk, chunk)
    there = 0
    for number, start in enumerate(starts, start=1):
        known = source.spans()
        assert cache._fetch(start, start + chunk) == DATA[start : start + chunk]
        # A single one may be all that is wanted; of more, there will be many.
        furthest = max(end for _, end in source.spans()) - start - chunk
        assert furthest <= min(chunk << (number + 1), 16 * MIB)
        there += any(end >= start + chunk for _, end in known)
    assert there == len(starts) - 1


def test_the_pieces_of_a_short_way_ahead_are_shorter() -> None:
    source = Source(DATA)
    cache = source.cache(512 * KIB)
    for start in (4 * MIB, 5 * MIB):
        cache._fetch(start, start + MIB)
    # So that the first of them is there before the last, even where they fill the line.
    ahead = [end - start for start, end in source.spans() if start >= 6 * MIB]
    assert len(ahead) >= 4
    assert max(ahead) <= 2 * MIB


def test_three_chunks_at_equal_distances_are_followed_by_more_at_once() -> None:
    source = Source(LONG)
    cache = source.cache(512 * KIB)
    chunk, step = 900_000, 5_000_000
    # The first one lies behind its index, and another part of the index between the first two.
    cache._fetch(0, 3000)
    starts = [3000, *range(step + 20_000, len(LONG) - chunk, step)]
    for number, start in enumerate(starts):
        known = source.spans()
        assert cache._fetch(start, start + chunk) == LONG[start : start + chunk]
        assert any(low <= start and start + chunk <= high for low, high in known) == (number >= 3)
    assert source.fetched() < 1.2 * len(starts) * chunk + 4 * chunk
    assert min(end - start for start, end in source.spans()[1:]) > chunk // 4


def test_what_is_read_now_and_then_outlives_what_is_read_in_order() -> None:
    source = Source(LONG, slow=True)
    cache = source.cache(512 * KIB, opening=(0, LONG[: 2 * MIB]))
    for start in range(8 * MIB, 88 * MIB, MIB):
        assert cache._fetch(start, start + MIB) == LONG[start : start + MIB]
        assert cache._fetch(100_000, 100_500) == LONG[100_000:100_500]
    assert min(source.spans())[0] == 8 * MIB


def test_streams_share_what_is_read_ahead() -> None:
    source = Source(LONG, slow=True)
    cache = source.cache(MIB, eager=True)
    for start in range(0, 24 * MIB, MIB):
        for base in (0, 24 * MIB, 48 * MIB):
            at = base + start
            assert cache._fetch(at, at + MIB) == LONG[at : at + MIB]
        assert cache._held <= MEMORY_BYTES
    # What was read ahead of one is not let go for another.
    assert source.fetched() <= 72 * MIB + AHEAD_BYTES


def test_two_streams_at_once_are_told_apart() -> None:
    source = Source(DATA)
    cache = source.cache(64 * KIB)
    for start in range(0, 4 * MIB, 100_000):
        for base in (0, 12 * MIB):
            at = base + start
            assert cache._fetch(at, at + 100_000) == DATA[at : at + 100_000]
    assert len(source.begun) < 40


def test_a_range_that_did_not_come_is_asked_for_again() -> None:
    source = Source(DATA)
    cache = source.cache(MIB)
    source.late = True
    failing = cache._begin

    def begin(start: int, end: int) -> Future[bytes]:
        coming = failing(start, end)
        coming.set_exception(FileStoreError("The store has a bad day.", store_code="InternalError"))
        return coming

    cache._begin = begin
    with pytest.raises(FileStoreError):
        cache._fetch(0, 100)
    source.late, cache._begin = False, failing
    assert cache._fetch(0, 100) == DATA[:100]


def test_closing_gives_up_what_is_on_its_way() -> None:
    source = Source(DATA)
    cache = source.cache(MIB, eager=True, opening=(0, DATA[: 2 * MIB]))
    source.late = True
    cache._begin_ranges(2 * MIB, 12 * MIB)
    assert len(source.begun) == 3
    cache.close()
    assert all(coming.cancelled() for _, _, coming in source.begun)
    assert cache._held == 0


def test_a_fork_asks_again_for_what_its_parent_waits_for() -> None:
    source = Source(DATA, late=True)
    cache = source.cache(MIB, opening=(0, DATA[:MIB]))
    cache._begin_ranges(4 * MIB, 8 * MIB)
    cache._process._number = -1
    source.late = False
    assert cache._fetch(4 * MIB, 5 * MIB) == DATA[4 * MIB : 5 * MIB]
    assert cache._fetch(0, 100) == DATA[:100]
    assert len(source.begun) == 2


@pytest.mark.parametrize("option", ["memory", "ahead"])
@pytest.mark.parametrize("value", [-1, "1 MB", None])
def test_sizes_there_are_not(option: str, value: Any) -> None:
    with pytest.raises(InvalidArgument, match="number of bytes"):
        Source(DATA).cache(MIB, **{option: value})


# Opened files.


@pytest.fixture
def requests(sandbox: Sandbox) -> Callable[[], list[tuple[str, str]]]:
    """Tells what the object store was asked for since it was last told."""
    seen = [0]

    def told() -> list[tuple[str, str]]:
        records = sandbox.s3_requests[seen[0] :]
        seen[0] += len(records)
        return [(record.operation, record.range) for record in records]

    return told


Told = Callable[[], list[tuple[str, str]]]


@pytest.mark.parametrize("size", [1, 5000, MIB])
@pytest.mark.parametrize("name", ["a.csv", "a.nc", "a.parquet", "a"])
def test_a_small_file_takes_one_request(
    fs: ProvenaFileSystem, sandbox: Sandbox, dataset: str, requests: Told, name: str, size: int
) -> None:
    sandbox.storage.put(dataset, name, DATA[:size])
    requests()
    with fs.open(f"{dataset}/{name}", "rb") as file:
        assert file.read(1) == DATA[:1]
        assert file.read() == DATA[1:size]
        file.seek(0)
        assert file.read() == DATA[:size]
        assert file.size == size
    assert [operation for operation, _ in requests()] == ["GetObject"]


@pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
def test_an_empty_file(fs: ProvenaFileSystem, sandbox: Sandbox, dataset: str, name: str) -> None:
    sandbox.storage.put(dataset, name, b"")
    with fs.open(f"{dataset}/{name}", "rb") as file:
        assert (file.read(), file.size) == (b"", 0)


def test_a_files_kind_says_where_it_is_read_first(
    fs: ProvenaFileSystem, sandbox: Sandbox, dataset: str, requests: Told
) -> None:
    for name, span in (("a.parquet", f"bytes=-{MIB}"), ("a.nc", f"bytes=0-{2 * MIB - 1}")):
        sandbox.storage.put(dataset, name, DATA[: 6 * MIB])
        requests()
        with fs.open(f"{dataset}/{name}", "rb") as file:
            file.seek(-8 if name == "a.parquet" else 0, 2 if name == "a.parquet" else 0)
            file.read(8)
        assert [asked for _, asked in requests()] == [span]
    assert not pattern_of("obs/a.nc").eager
    assert pattern_of("obs.nc/a").eager


def test_how_a_file_is_read_can_be_chosen(
    fs: ProvenaFileSystem, sandbox: Sandbox, dataset: str, requests: Told
) -> None:
    sandbox.storage.put(dataset, "a.nc", DATA[: 6 * MIB])
    with fs.open(f"{dataset}/a.nc", "rb", block_size=1000, cache_options={"ahead": 0}) as file:
        assert (file.cache.name, file.blocksize) == (CACHE, 1000)
        requests()
        file.seek(5_000_000)
        assert file.read(10) == DATA[5_000_000:5_000_010]
        assert requests() == [("GetObject", "bytes=5000000-5000999")]
    with fs.open(f"{dataset}/a.nc", "rb", cache_type="readahead", block_size=2000) as file:
        assert file.cache.name == "readahead"
        assert file.read(100) == DATA[:100]
    assert requests() == [("HeadObject", ""), ("GetObject", "bytes=0-2099")]
    with pytest.raises(InvalidArgument, match="memory"):
        fs.open(f"{dataset}/a.nc", "rb", cache_options={"memory": -1})


@pytest.mark.parametrize("cache_type", [None, "none"])
def test_a_file_that_is_replaced_is_an_error_and_no_mixture(
    fs: ProvenaFileSystem, sandbox: Sandbox, dataset: str, cache_type: str | None
) -> None:
    sandbox.storage.put(dataset, "a.csv", DATA[: 9 * MIB])
    with fs.open(f"{dataset}/a.csv", "rb", cache_type=cache_type) as file:
        assert file.read(100) == DATA[:100]
        sandbox.storage.put(dataset, "a.csv", bytes(9 * MIB))
        file.seek(6 * MIB)
        with pytest.raises(IntegrityError, match="replaced meanwhile"):
            file.read(100)


@pytest.mark.parametrize("name", ["a.csv", "a.nc"])
def test_a_large_file_in_small_bites(
    fs: ProvenaFileSystem, sandbox: Sandbox, dataset: str, name: str
) -> None:
    sandbox.storage.put(dataset, name, DATA)
    read = bytearray()
    with fs.open(f"{dataset}/{name}", "rb") as file:
        while data := file.read(100_000):
            read += data
    assert read == DATA


# fsspec's own caches.


@pytest.mark.parametrize("kind", ["filecache", "blockcache"])
def test_what_changed_is_not_served_from_fsspecs_caches(
    fs: ProvenaFileSystem, sandbox: Sandbox, dataset: str, tmp_path: Path, requests: Told, kind: str
) -> None:
    options = {"cache_storage": str(tmp_path), "check_files": True}
    url = f"{kind}::provena://{dataset}/a.csv"

    def read() -> bytes:
        with fsspec.open(url, "rb", **{kind: options}) as file:
            data: bytes = file.read()
            return data

    sandbox.storage.put(dataset, "a.csv", b"first")
    assert read() == b"first"
    requests()
    assert read() == b"first"
    assert {operation for operation, _ in requests()} <= {"HeadObject"}
    sandbox.storage.put(dataset, "a.csv", b"other")
    assert read() == b"other"


def test_simplecache_fetches_once(sandbox: Sandbox, dataset: str, tmp_path: Path, requests: Told) -> None:
    sandbox.storage.put(dataset, "a.csv", b"first")
    for _ in range(2):
        with fsspec.open(
            f"simplecache::provena://{dataset}/a.csv", "rb", simplecache={"cache_storage": str(tmp_path)}
        ) as file:
            assert file.read() == b"first"
    assert [operation for operation, _ in requests()].count("GetObject") == 1
