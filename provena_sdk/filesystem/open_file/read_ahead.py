"""The cache of an open file, which reads ahead.

Each request to the object store takes tens of milliseconds before its first byte, but most code reads as if from a
disk: 8 kB at a time, or chunk by chunk. The cache predicts the next reads from earlier ones and from the file's suffix,
and fetches several ranges at once.
"""

from __future__ import annotations

import bisect
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any, Final, NamedTuple, TypeAlias

from fsspec.caching import BaseCache, register_cache

from provena_sdk.concurrency.fork import HomeProcess
from provena_sdk.concurrency.io_thread import wait_for
from provena_sdk.errors import InvalidArgument
from provena_sdk.tracebacks import OneFrame

CACHE: Final = "provena"
"""The name of this cache, for ``cache_type``."""

MEMORY_BYTES: Final = 48 * 1024**2
"""The most bytes that an open file holds, including requests in progress."""

AHEAD_BYTES: Final = 32 * 1024**2
"""The most bytes to read ahead: enough for a reader of 1 GB/s if a request takes 30 ms."""

# Any stands for bytes or bytearray: a Future[bytes] is not a Future[bytes | bytearray].
FutureBytes: TypeAlias = Future[Any]

_KIB: Final = 1024
_MIB: Final = 1024**2
_RANGE_BYTES: Final = 4 * _MIB
# Small enough that the first range arrives before the last, even if they saturate the connection.
_LEAST_RANGE_BYTES: Final = _MIB
_RANGES: Final = 4
# A reader that has come this far from the start will probably continue.
_IN_ORDER_BYTES: Final = 512 * _KIB
_USUAL_BYTES: Final = 8 * _MIB
# Reads at scattered positions end sooner than a whole file.
_MOST_SCATTERED_BYTES: Final = 16 * _MIB
_STREAMS: Final = 4
_GAP_BYTES: Final = 64 * _KIB
# Shorter reads are of headers and indexes, whose distances mean nothing.
_LEAST_STRIDING_BYTES: Final = 16 * _KIB
_MOST_STRIDES: Final = 32
_MOST_DOUBLINGS: Final = 4
_ALIKE: Final = 8
_SLACK: Final = 32


class AccessPattern(NamedTuple):
    """How files of a format are read.

    Attributes:
        block: Bytes to which a small read is rounded up.
        opening: Bytes to fetch when a file is opened; this is all of a shorter file.
        tail: Whether to fetch them from the end, where some formats have their index.
        eager: Whether a file read from the start is probably read to the end.
    """

    block: int
    opening: int
    tail: bool = False
    eager: bool = False


_IN_ORDER: Final = AccessPattern(_MIB, 2 * _MIB, eager=True)
_HEAD_FIRST: Final = AccessPattern(512 * _KIB, 2 * _MIB)
_TAIL_FIRST: Final = AccessPattern(256 * _KIB, _MIB, tail=True)
_PATTERNS: Final = {
    **dict.fromkeys(
        ("nc", "nc4", "cdf", "h5", "hdf5", "hdf", "he5", "h5ad", "mat", "tif", "tiff"), _HEAD_FIRST
    ),
    **dict.fromkeys(("parquet", "pq", "parq", "geoparquet", "feather", "arrow", "orc", "zip"), _TAIL_FIRST),
}


def pattern_of(path: str) -> AccessPattern:
    """Return the probable access pattern of a file, by its suffix.

    Args:
        path: The file's path.

    Example:
        >>> pattern_of("obs/2024.csv").eager, pattern_of("sst.NC").eager, pattern_of("a.parquet").tail
        (True, False, True)
    """
    return _PATTERNS.get(path.rpartition("/")[2].rpartition(".")[2].lower(), _IN_ORDER)


class CachedRange:
    """A range of the file that is cached or being fetched.

    Args:
        start: The offset of its first byte.
        end: The offset after its last byte.
        future: The future of its bytes.
    """

    __slots__ = ("end", "future", "read", "start", "used", "view")

    def __init__(self, start: int, end: int, future: FutureBytes) -> None:
        self.start = start
        self.end = end
        self.future = future
        self.view: memoryview | None = None
        self.used = 0
        self.read = False
        """Whether it was read in order to its end, so that it is hardly needed again."""

    def bytes(self) -> memoryview:
        """Return its bytes; wait for them if necessary."""
        if self.view is None:
            self.view = memoryview(wait_for(self.future))
        return self.view


class Stream:
    """Consecutive reads, or reads at equal distances.

    Args:
        start: The offset at which the latest read starts.
        end: The offset at which it ends.
    """

    __slots__ = ("ahead", "chunks", "end", "seen", "spread", "start", "step", "turns", "window")

    def __init__(self, start: int, end: int) -> None:
        self.start = start
        self.end = end
        self.seen = end - start
        self.turns = 0
        self.chunks = 0
        """The number of large reads in a row, up to the latest."""
        self.window = 0
        self.ahead = 0
        self.step = 0
        self.spread = 0


class ReadCache(BaseCache):  # type: ignore[misc]  # fsspec is not typed
    """Caches recent reads, and reads ahead in the background.

    Small reads are rounded up to a block. The cache recognizes up to four streams: consecutive reads, or reads at equal
    distances, such as the chunks of one variable among others. How far it reads ahead depends on the stream: after
    small reads, twice as far as they have come; after chunks of at least a block, 4 chunks and soon 16, but at most
    16 MiB. For a format that is read in order, it is 8 MiB once 512 KiB have been read, and up to ``ahead`` if the
    reader has to wait. Large reads are fetched without rounding, and not cached.

    Args:
        blocksize: Bytes to which a small read is rounded up.
        fetcher: Fetches a range.
        size: The file's size in bytes.
        memory: The most bytes to hold, including requests in progress but not the read being served.
        ahead: The most bytes to read ahead of a stream; 0 turns reading ahead off.
        begin: Starts to fetch a range; None turns reading ahead off.
        eager: Whether a file read from the start is probably read to the end.
        opening: Offset and bytes of a range that has been fetched already.

    Raises:
        InvalidArgument: ``memory`` or ``ahead`` is not a number, or is negative.
    """

    name = CACHE

    def __init__(
        self,
        blocksize: int,
        fetcher: Callable[[int, int], bytes],
        size: int,
        *,
        memory: int = MEMORY_BYTES,
        ahead: int = AHEAD_BYTES,
        begin: Callable[[int, int], FutureBytes] | None = None,
        eager: bool = False,
        opening: tuple[int, bytes] | None = None,
    ) -> None:
        for name, value in (("memory", memory), ("ahead", ahead)):
            if not isinstance(value, int) or value < 0:
                raise InvalidArgument(f"cache_options[{name!r}]", "must be a number of bytes, 0 or more.")
        super().__init__(blocksize, fetcher, size)
        self._memory = memory
        self._most_ahead = min(ahead, memory * 2 // 3) if begin is not None else 0
        self._most_scattered = min(self._most_ahead, _MOST_SCATTERED_BYTES)
        self._begin = begin if begin is not None else self._at_once
        self._eager = eager
        self._process = HomeProcess()
        self._lock = threading.Lock()
        self._cached: list[CachedRange] = []
        self._held = 0
        self._clock = 0
        self._streams: list[Stream] = []
        self._current: Stream | None = None
        self._near: CachedRange | None = None
        self._last = 0
        # A read beyond this offset within the opening starts reading ahead.
        self._wake = size + 1
        if opening is not None and opening[1]:
            self._open_with(*opening)

    def _open_with(self, start: int, data: bytes) -> None:
        future: Future[bytes] = Future()
        future.set_result(data)
        cached = CachedRange(start, start + len(data), future)
        cached.bytes()
        self._keep(cached)
        self._near = cached
        self.total_requested_bytes += len(data)
        if self._eager and not start:
            # The first read after it continues this stream.
            self._current = Stream(0, 0)
            self._current.seen = len(data)
            self._streams.append(self._current)
            if len(data) < self.size:
                self._wake = min(_IN_ORDER_BYTES, len(data) // 2)

    def _at_once(self, start: int, end: int) -> FutureBytes:
        done: Future[bytes] = Future()
        done.set_result(self.fetcher(start, end))
        return done

    def _fetch(self, start: int | None, stop: int | None) -> bytes:
        first = 0 if start is None else start
        last = self.size if stop is None else min(stop, self.size)
        if first >= last:
            return b""
        near = self._near
        if (
            near is not None
            and near.start <= first
            and last <= near.end
            and near.view is not None
            and last < self._wake
        ):
            self.hit_count += 1
            self._last = last
            return bytes(near.view[first - near.start : last - near.start])
        if self._process.moved():
            self._drop_parents_requests()
        with OneFrame(), self._lock:
            return self._gather(first, last)

    def _drop_parents_requests(self) -> None:
        """Drop the ranges that the parent process was fetching at the fork."""
        self._process = HomeProcess()
        self._lock = threading.Lock()
        for cached in [cached for cached in self._cached if cached.view is None]:
            self._drop(cached)
        self._streams.clear()
        self._current = None

    def close(self) -> None:
        """Release all memory, and cancel requests in progress."""
        self._near = None
        with self._lock:
            for cached in self._cached[:]:
                self._drop(cached)
            self._streams.clear()

    # Reading.

    def _gather(self, first: int, last: int) -> bytes:
        """Join a range from cached ranges; fetch those that are missing."""
        previous, near, self._wake = self._current, self._near, self.size + 1
        stream = self._follow(first, last)
        if stream is previous and near is not None and near.end <= first:
            near.read = True
        large = last - first >= self.blocksize
        holes = list(self._holes(first, last))
        passing: list[CachedRange] = []
        for start, end in holes:
            if large:
                passing.append(self._requested(start, end))
            else:
                self._keep(self._requested(*self._widened(start, end)))
        if holes:
            self.miss_count += 1
        else:
            self.hit_count += 1
        needed = sorted([*self._between(first, last), *passing], key=_start)
        for cached in needed:
            self._clock += 1
            cached.used = self._clock
        # Start to read ahead before waiting for the ranges needed now.
        self._read_ahead(stream, first, last, waits=any(not cached.future.done() for cached in needed))
        data = self._joined(needed, first, last)
        self._near = None if needed[-1] in passing else needed[-1]
        self._last = last
        for cached in needed:
            if stream.turns and cached.end <= last:
                cached.read = True
        self._make_room(needed)
        return data

    def _joined(self, needed: list[CachedRange], first: int, last: int) -> bytes:
        try:
            views = [
                cached.bytes()[max(first - cached.start, 0) : min(last, cached.end) - cached.start]
                for cached in needed
            ]
        except BaseException:
            for cached in needed:
                if cached.view is None:
                    self._drop(cached)
            raise
        if len(views) == 1:
            whole = views[0].obj
            return whole if isinstance(whole, bytes) and len(whole) == last - first else bytes(views[0])
        return b"".join(views)

    def _requested(self, start: int, end: int) -> CachedRange:
        self.total_requested_bytes += end - start
        return CachedRange(start, end, self._begin(start, end))

    def _widened(self, start: int, end: int) -> tuple[int, int]:
        """Extend a hole to whole blocks, but not into cached ranges."""
        at = bisect.bisect_right(self._cached, start, key=_start)
        low = self._cached[at - 1].end if at else 0
        high = self._cached[at].start if at < len(self._cached) else self.size
        block = self.blocksize
        return max(start - start % block, low), min(end + -end % block, high)

    def _between(self, first: int, last: int) -> list[CachedRange]:
        """Return the cached ranges that overlap a range."""
        low = bisect.bisect_right(self._cached, first, key=_end)
        high = bisect.bisect_left(self._cached, last, key=_start)
        return self._cached[low:high]

    def _holes(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """Yield the ranges within a range that are not cached."""
        for cached in self._between(first, last):
            if first < cached.start:
                yield first, cached.start
            first = cached.end
        if first < last:
            yield first, last

    # Caching.

    def _keep(self, cached: CachedRange) -> None:
        self._clock += 1
        cached.used = self._clock
        bisect.insort(self._cached, cached, key=_start)
        self._held += cached.end - cached.start

    def _drop(self, cached: CachedRange) -> None:
        cached.future.cancel()
        if cached in self._cached:
            self._cached.remove(cached)
            self._held -= cached.end - cached.start
        if cached is self._near:
            self._near = None

    def _make_room(self, needed: list[CachedRange]) -> None:
        """Drop ranges that were read in order, then the least recently used."""
        if self._held <= self._memory:
            return
        for cached in sorted(self._cached, key=lambda one: (not one.read, one.used)):
            if self._held <= self._memory:
                return
            if cached is not needed[-1]:
                self._drop(cached)

    # Reading ahead.

    def _follow(self, first: int, last: int) -> Stream:
        """Return the stream that a read belongs to."""
        current = self._current
        if (
            current is not None
            and self._near is not None
            and self._near.start <= self._last <= self._near.end
        ):
            # Reads served from one range do not update the stream.
            current.end = self._last
        stream = self._continued(first, last) or self._strided(first, last)
        if stream is None:
            stream = Stream(first, last)
        else:
            self._streams.remove(stream)
        self._streams.append(stream)
        del self._streams[:-_STREAMS]
        stream.chunks = stream.chunks + 1 if last - first >= self.blocksize else 0
        self._current = stream
        return stream

    def _continued(self, first: int, last: int) -> Stream | None:
        for stream in reversed(self._streams):
            if -_GAP_BYTES <= first - stream.end <= _GAP_BYTES and last > stream.end:
                stream.seen += last - stream.end
                stream.turns += 1
                stream.step = 0
                stream.start, stream.end = first, last
                return stream
        return None

    def _strided(self, first: int, last: int) -> Stream | None:
        length = last - first
        if length < _LEAST_STRIDING_BYTES:
            return None
        alike = [
            stream
            for stream in reversed(self._streams)
            if first > stream.end and abs(length - (stream.end - stream.start)) * 2 <= length
        ]
        for stream in alike:
            other = abs(first - stream.start - stream.step)
            if stream.step and other * _ALIKE <= stream.step:
                stream.turns += 1
                # Something else, such as a part of the index, may lie between two chunks.
                stream.spread = max(stream.spread // 2, other)
                stream.step = first - stream.start
                stream.start, stream.end = first, last
                return stream
        for stream in alike:
            # A single chunk and what lies before it, such as an index, are not a stream.
            if not stream.turns or (not stream.step and stream.chunks == 1):
                stream.step = first - stream.start
                stream.turns = stream.spread = stream.ahead = stream.window = 0
                stream.start, stream.end = first, last
                return stream
        return None

    def _read_ahead(self, stream: Stream, first: int, last: int, *, waits: bool) -> None:
        if not self._most_ahead:
            return
        if stream.step:
            if stream.turns:
                self._read_strides_ahead(stream, first, last)
            return
        if not stream.turns and not (self._eager and not first):
            return
        window = self._window(stream, last - first, waits)
        if stream.ahead - last > window - min(_RANGE_BYTES, window // _RANGES):
            return
        stream.window = window
        stream.ahead = min(last + window, self.size)
        length = min(max(window // _RANGES, _LEAST_RANGE_BYTES), _RANGE_BYTES)
        self._begin_ranges(last, stream.ahead, length)

    def _window(self, stream: Stream, length: int, waits: bool) -> int:
        """Return how many bytes to read ahead, given the length of a read and whether it waits for the store."""
        # More than usual only for readers that are faster than the store.
        usual = max(stream.window, _USUAL_BYTES)
        window: int = stream.window * 2 if waits else min(stream.window * 2, usual)
        window = max(window, self.blocksize, min(2 * length, _MOST_SCATTERED_BYTES))
        if self._eager:
            if stream.seen >= _IN_ORDER_BYTES:
                window = max(window, usual)
            sharing = sum(other is stream or other.window > 0 for other in self._streams)
            return min(window, self._most_ahead // sharing)
        if stream.chunks:
            # A reader of adjacent chunks reads many of them.
            window = max(window, length << min(stream.chunks + 1, _MOST_DOUBLINGS))
        else:
            window = min(window, 2 * stream.seen)
        return min(window, self._most_scattered)

    def _read_strides_ahead(self, stream: Stream, first: int, last: int) -> None:
        length = last - first
        count = min(2 * (stream.turns + 2), self._most_scattered // length, _MOST_STRIDES)
        for number in range(1, count + 1):
            expected = first + number * stream.step
            if expected <= stream.ahead + stream.step // 2:
                continue
            # Compressed chunks differ in length, so they are not exactly where expected.
            slack = number * stream.spread + length // _SLACK if stream.spread else 0
            if slack > length:
                break
            start = expected - slack
            if start >= self.size:
                break
            self._begin_ranges(start, min(start + length + 2 * slack, self.size))
            stream.ahead = expected

    def _begin_ranges(self, start: int, end: int, length: int = _RANGE_BYTES) -> None:
        for low, high in list(self._holes(start, end)):
            for at in range(low, high, length):
                self._keep(self._requested(at, min(at + length, high)))


def _start(cached: CachedRange) -> int:
    return cached.start


def _end(cached: CachedRange) -> int:
    return cached.end


register_cache(ReadCache, clobber=True)
