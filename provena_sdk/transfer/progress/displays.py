"""Telling how a transfer gets on, to whoever wants to know.

A transfer drives a :class:`Meter`, which turns what the workers know, how far each file is, into the few calls of
:class:`Progress`. Adapters show them by rich, by tqdm, to a callback of fsspec, or as one plain line.
"""

from __future__ import annotations

import logging
import shutil
import sys
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Protocol, TextIO, TypeAlias

from provena_sdk.display.notebook import kernel
from provena_sdk.errors import InvalidArgument
from provena_sdk.transfer.report import FileOutcome, TransferReport, human_size

if TYPE_CHECKING:
    from fsspec.callbacks import Callback
    from rich.progress import Progress as RichDisplay
    from rich.progress import TaskID

_log = logging.getLogger(__name__)

_WINDOW_SECONDS: Final = 15.0
_STEP_SECONDS: Final = 0.5
_REDRAW_SECONDS: Final = 0.2
_TICK_SECONDS: Final = 1.0
_WAITING_SECONDS: Final = 5.0
_SETTLED_SECONDS: Final = 2.0
_SETTLED_SHARE: Final = 0.01
_LONG_SECONDS: Final = 48 * 3600


class Progress(Protocol):
    """What a transfer tells while it goes on. Inherit from it, and leave out what does not matter to you.

    It is called from other threads than the one that began the transfer, but never by two at once. It should return
    soon, because the transfer waits for it. If it raises, that is logged, and the transfer goes on without it.

    Example:
        >>> class Names(Progress):
        ...     def file_done(self, outcome: FileOutcome) -> None:
        ...         print(outcome.path)
        >>> meter = Meter(Names())
        >>> meter.done(FileOutcome("obs/2024.csv", "downloaded", bytes=32))
        obs/2024.csv
    """

    def start(self, files: int, bytes: int) -> None:
        """The transfer begins.

        Args:
            files: How many files are to be transferred.
            bytes: How many bytes they have together.
        """
        return

    def resumed(self, path: str, bytes: int) -> None:
        """Some bytes were there already, from an earlier transfer that broke off.

        They count towards the total and say nothing about the speed.

        Args:
            path: The file's path within the dataset.
            bytes: How many more of its bytes are there.
        """
        return

    def advance(self, path: str, bytes: int) -> None:
        """Some bytes more were transferred. What is fetched twice, after a failure, counts once.

        Args:
            path: The file's path within the dataset.
            bytes: How many more of its bytes are there.
        """
        return

    def file_done(self, outcome: FileOutcome) -> None:
        """A file is settled, for better or worse.

        Args:
            outcome: What became of it.
        """
        return

    def tick(self) -> None:
        """About a second has passed, whether anything was transferred or not: time to show how long it is quiet."""
        return

    def finish(self, report: TransferReport | None) -> None:
        """The transfer is over.

        Args:
            report: What became of all files; None when the transfer was broken off.
        """
        return


ProgressLike: TypeAlias = Progress | bool | None
"""What callers may give: an adapter, True for whatever suits the place, or False or None for nothing."""


class Meter:
    """Adds up how far the files of one transfer are, and tells a :class:`Progress`. Safe to use from many threads.

    What is told only ever grows, and never beyond the total, whatever is repeated or resumed.

    Args:
        progress: Whom to tell; None tells nobody.
    """

    def __init__(self, progress: Progress | None = None) -> None:
        self._progress = progress
        self._lock = threading.Lock()
        self._told: dict[str, int] = {}
        self._left: int | None = None
        self._over = threading.Event()

    def start(self, files: int, bytes: int) -> None:
        """Begin.

        Args:
            files: How many files are to be transferred.
            bytes: How many bytes they have together.
        """
        with self._lock:
            self._left = bytes
            self._tell("start", files, bytes)
        if hasattr(self._progress, "tick"):
            threading.Thread(
                target=_keep_ticking,
                args=(weakref.ref(self), self._over),
                name="provena-progress",
                daemon=True,
            ).start()

    def resumed(self, path: str, upto: int) -> None:
        """Note how many bytes of a file were there before it was begun.

        Args:
            path: The file's path within the dataset.
            upto: The bytes.
        """
        if self._progress is not None:
            with self._lock:
                self._credit("resumed", path, upto)

    def moved(self, path: str, upto: int) -> None:
        """Note how far a file is.

        Args:
            path: The file's path within the dataset.
            upto: How many of its bytes are done; fewer than before, after a failure, are no step back.
        """
        if self._progress is not None:
            with self._lock:
                self._credit("advance", path, upto)

    def done(self, outcome: FileOutcome) -> None:
        """Note what became of a file. Those of its bytes that were not noted before are noted now.

        Args:
            outcome: The file's outcome.
        """
        if self._progress is not None:
            with self._lock:
                if outcome.ok:
                    self._credit("advance", outcome.path, outcome.bytes)
                self._told.pop(outcome.path, None)
                self._tell("file_done", outcome)

    def tick(self) -> None:
        """Note that time has passed. From the start to the end this is called once a second."""
        with self._lock:
            self._tell("tick")

    def finish(self, report: TransferReport | None) -> None:
        """End; to be called however the transfer ends, once.

        Args:
            report: What became of all files; None when the transfer was broken off.
        """
        self._over.set()
        with self._lock:
            self._tell("finish", report)
            self._progress = None

    def _credit(self, call: str, path: str, upto: int) -> None:
        told = self._told.get(path, 0)
        if upto <= told:
            return
        self._told[path] = upto
        more = upto - told
        if self._left is not None:
            # A file that was replaced by a larger one meanwhile.
            more = min(more, self._left)
            self._left -= more
        if more:
            self._tell(call, path, more)

    def _tell(self, call: str, *args: object) -> None:
        if self._progress is None:
            return
        try:
            getattr(self._progress, call)(*args)
        except Exception as error:
            _log.warning(
                "The transfer goes on without showing its progress: %s.%s() failed.",
                type(self._progress).__name__,
                call,
                exc_info=error,
            )
            self._progress = None


def _keep_ticking(reference: weakref.ref[Meter], over: threading.Event) -> None:
    # A meter that nobody ends must not live on in its thread.
    while not over.wait(_TICK_SECONDS):
        meter = reference()
        if meter is None:
            return
        meter.tick()
        del meter


def progress_for(given: ProgressLike, stream: TextIO | None = None) -> Progress | None:
    """Return the adapter for what a caller gave.

    Args:
        given: An adapter comes back as it is. True means a line on a terminal, a bar in a notebook, and nothing
            where nobody watches.
        stream: Where the line goes; None means stderr.

    Returns:
        The adapter, or None to tell nobody.

    Raises:
        InvalidArgument: It is neither an adapter nor True, False or None.

    Example:
        >>> progress_for(None)
    """
    if given is None or given is False:
        return None
    if given is True:
        return _fitting(sys.stderr if stream is None else stream)
    for name in ("start", "resumed", "advance", "file_done", "finish"):
        if isinstance(given, type) or not callable(getattr(given, name, None)):
            raise InvalidArgument(
                "progress",
                f"{type(given).__name__} has no method {name}().",
                hint="Give True, or an object like RichProgress(), TqdmProgress() or FsspecProgress(callback).",
            )
    return given


def _fitting(stream: TextIO) -> Progress | None:
    if kernel() is not None:
        try:
            return TqdmProgress()
        except InvalidArgument:
            return LineProgress(stream)
    return LineProgress(stream) if stream.isatty() else None


class _Tally:
    """Counts files and bytes, and works out the rate of the last seconds and the time left."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.files = self.all_files = 0
        self.bytes = self.all_bytes = 0
        self.failed = 0
        self._moved = self._resumed = 0
        self._samples: deque[tuple[float, int]] = deque()
        self._news_at = clock()
        self._first_at: float | None = None
        self._flowing_since = float("inf")

    def start(self, files: int, size: int) -> None:
        self.all_files, self.all_bytes = files, size
        self._news_at = self._clock()
        self._samples.append((self._news_at, 0))

    def add(self, size: int, *, resumed: bool) -> None:
        self.bytes += size
        now = self._clock()
        quiet, self._news_at = now - self._news_at, now
        if resumed:
            self._resumed += size
            return
        if self._first_at is None:
            self._first_at = self._flowing_since = now
        elif quiet >= _WAITING_SECONDS:
            self._flowing_since = now
        self._moved += size
        if not self._samples or now - self._samples[-1][0] >= _STEP_SECONDS:
            self._samples.append((now, self._moved))
            while len(self._samples) > 2 and now - self._samples[0][0] > _WINDOW_SECONDS:
                self._samples.popleft()

    def settle(self, outcome: FileOutcome) -> None:
        self.files += 1
        self.failed += not outcome.ok
        self._news_at = self._clock()

    def rate(self) -> float | None:
        """Return bytes a second, which fall while nothing comes; None while there is nothing to go by."""
        if not self._samples:
            return None
        since, before = self._samples[0]
        seconds = self._clock() - since
        return (self._moved - before) / seconds if seconds >= _STEP_SECONDS and self._moved > before else None

    def seconds_left(self) -> float | None:
        """Return how long it will take still; None when there is nothing left, or too little to go by."""
        rate, left, now = self.rate(), self.all_bytes - self.bytes, self._clock()
        if not rate or not left or self._first_at is None:
            return None
        # The first bytes come late, all at once, or after a wait, and tell little about the others.
        if now - self._flowing_since < _SETTLED_SECONDS:
            return None
        some = self._moved >= _SETTLED_SHARE * (self.all_bytes - self._resumed)
        return left / rate if some or now - self._first_at >= _WINDOW_SECONDS else None

    def waiting(self) -> str:
        """Say for how long nothing was heard; empty while something is, or when nothing is missing.

        It does not say that the line is idle: a large file is told piece by piece.
        """
        quiet = self._clock() - self._news_at
        return (
            f"nothing new for {quiet:.0f} s"
            if quiet >= _WAITING_SECONDS and self.bytes < self.all_bytes
            else ""
        )

    def counted(self) -> str:
        return ", ".join(filter(None, (f"{self.files} of {self.all_files} files", self.failures())))

    def failures(self) -> str:
        return f"{self.failed} failed" if self.failed else ""

    def speed(self) -> str:
        waiting = self.waiting()
        if waiting:
            return waiting
        rate, left = self.rate(), self.seconds_left()
        if rate is None:
            return ""
        speed = f"{human_size(round(rate))}/s"
        return speed if left is None else f"{speed}, {_clock_time(left)} left"


def _clock_time(seconds: float) -> str:
    if seconds > _LONG_SECONDS:
        return "more than 2 days"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"


class LineProgress(Progress):
    """One line that is written over again and again: ``progress=True`` on a terminal.

    Args:
        stream: Where to write; None means stderr.
        clock: Tells seconds.

    Example:
        >>> import io
        >>> line = LineProgress(io.StringIO())
        >>> line.start(files=2, bytes=4_000_000)
        >>> line.advance("a", 1_000_000)
        >>> str(line)
        '25%, 1.0 MB of 4.0 MB, 0 of 2 files...
    """

    def __init__(self, stream: TextIO | None = None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._clock = clock
        self._tally = _Tally(clock)
        self._width = 0
        self._drawn_at = float("-inf")

    def __str__(self) -> str:
        return self._lines()[0]

    def _lines(self) -> list[str]:
        """Return the line, and what is left of it where there is less and less room."""
        tally = self._tally
        done = tally.bytes / tally.all_bytes if tally.all_bytes else tally.files / max(tally.all_files, 1)
        share, amount = f"{done:.0%}", f"{human_size(tally.bytes)} of {human_size(tally.all_bytes)}"
        # Read once, since time goes on.
        speed = tally.speed()
        choices = [
            (share, amount, tally.counted(), speed),
            (share, tally.counted(), speed),
            (share, tally.failures(), speed),
            (share, tally.failures()),
        ]
        return [", ".join(filter(None, choice)) for choice in choices]

    def start(self, files: int, bytes: int) -> None:
        """Show the line."""
        self._tally.start(files, bytes)
        self._draw()

    def resumed(self, path: str, bytes: int) -> None:
        """Count bytes that were there."""
        self._tally.add(bytes, resumed=True)
        self._draw()

    def advance(self, path: str, bytes: int) -> None:
        """Count bytes that came."""
        self._tally.add(bytes, resumed=False)
        self._draw()

    def file_done(self, outcome: FileOutcome) -> None:
        """Count a file."""
        self._tally.settle(outcome)
        self._draw()

    def tick(self) -> None:
        """Show how fast it is by now, or how long nothing has moved."""
        self._draw()

    def finish(self, report: TransferReport | None) -> None:
        """Show the line for the last time, and leave it."""
        self._draw(last=True)

    def _draw(self, *, last: bool = False) -> None:
        now = self._clock()
        # Where there is nothing to do, the report says so.
        if not self._tally.all_files or (not last and now - self._drawn_at < _REDRAW_SECONDS):
            return
        self._drawn_at = now
        # Asked each time, since people change it; a line that fills the last column wraps in some terminals.
        room = max(shutil.get_terminal_size().columns - 1, 1)
        lines = self._lines()
        line = next((line for line in lines if len(line) <= room), lines[-1][:room])
        self._stream.write("\r" + line.ljust(min(self._width, room)) + ("\n" if last else ""))
        self._stream.flush()
        self._width = len(line)


class TqdmProgress(Progress):
    """A bar by tqdm, which must be installed.

    Args:
        bar: The class to make it from, such as ``tqdm.rich.tqdm``; None takes what suits a terminal or a notebook.
        options: Further arguments of tqdm, such as ``desc`` or ``leave``.

    Raises:
        InvalidArgument: tqdm is not installed.

    Example:
        >>> import io
        >>> bar = TqdmProgress(file=io.StringIO())
        >>> meter = Meter(bar)
        >>> meter.start(files=1, bytes=32)
        >>> meter.done(FileOutcome("obs/2024.csv", "downloaded", bytes=32))
        >>> meter.finish(None)
    """

    def __init__(self, bar: Callable[..., Any] | None = None, **options: Any) -> None:
        if bar is None:
            try:
                from tqdm.auto import tqdm
            except ImportError:
                raise _not_installed("tqdm") from None
            bar = tqdm
        self._make = bar
        self._options = options
        self._bar: Any = None
        self._tally = _Tally(time.monotonic)

    def start(self, files: int, bytes: int) -> None:
        """Show the bar."""
        self._tally.start(files, bytes)
        self._bar = self._make(**{"total": bytes, "unit": "B", "unit_scale": True, **self._options})
        self._bar.set_postfix_str(self._tally.counted(), refresh=False)

    def resumed(self, path: str, bytes: int) -> None:
        """Move the bar, leaving the speed alone."""
        self._tally.add(bytes, resumed=True)
        # tqdm takes the speed from what came since it began, and since it was shown last.
        self._bar.initial += bytes
        self._bar.last_print_n += bytes
        self._bar.n += bytes
        self._bar.refresh()

    def advance(self, path: str, bytes: int) -> None:
        """Move the bar."""
        self._tally.add(bytes, resumed=False)
        self._bar.update(bytes)

    def file_done(self, outcome: FileOutcome) -> None:
        """Count a file."""
        self._tally.settle(outcome)
        self._bar.set_postfix_str(self._tally.counted(), refresh=False)

    def tick(self) -> None:
        """Show how long nothing has moved; tqdm's speed is that of the last bytes that came."""
        told = filter(None, (self._tally.counted(), self._tally.waiting()))
        self._bar.set_postfix_str(", ".join(told), refresh=True)

    def finish(self, report: TransferReport | None) -> None:
        """Leave the bar as it is."""
        self._bar.close()


class RichProgress(Progress):
    """A bar by rich, which must be installed.

    Args:
        display: A ``rich.progress.Progress`` of your own, which gets one task more; you begin and end it. Its
            columns may show the task's fields ``files`` and ``speed``. None makes one.
        description: What to write before the bar.

    Raises:
        InvalidArgument: rich is not installed.

    Example:
        >>> import io
        >>> from rich.console import Console
        >>> from rich.progress import Progress as Display
        >>> with Display(console=Console(file=io.StringIO())) as display:
        ...     meter = Meter(RichProgress(display))
        ...     meter.start(files=1, bytes=32)
        ...     meter.moved("obs/2024.csv", 16)
        ...     print(display.tasks[0].fields["files"], display.tasks[0].completed)
        0 of 1 files 16
    """

    def __init__(self, display: RichDisplay | None = None, *, description: str = "Transfer") -> None:
        try:
            from rich import progress as rich
        except ImportError:
            raise _not_installed("rich") from None
        self._owns = display is None
        self._display = display or rich.Progress(
            rich.TextColumn("{task.description}"),
            rich.BarColumn(),
            rich.TaskProgressColumn(),
            rich.DownloadColumn(),
            rich.TextColumn("{task.fields[files]}"),
            rich.TextColumn("{task.fields[speed]}"),
        )
        self._description = description
        self._task: TaskID | None = None
        self._tally = _Tally(time.monotonic)

    def start(self, files: int, bytes: int) -> None:
        """Show the bar."""
        self._tally.start(files, bytes)
        self._task = self._display.add_task(
            self._description, total=bytes, files=self._tally.counted(), speed=""
        )
        if self._owns:
            self._display.start()

    def resumed(self, path: str, bytes: int) -> None:
        """Move the bar, leaving the speed alone."""
        self._tally.add(bytes, resumed=True)
        self._show()

    def advance(self, path: str, bytes: int) -> None:
        """Move the bar."""
        self._tally.add(bytes, resumed=False)
        self._show()

    def file_done(self, outcome: FileOutcome) -> None:
        """Count a file."""
        self._tally.settle(outcome)
        self._show()

    def tick(self) -> None:
        """Show how fast it is by now, or how long nothing has moved."""
        self._show()

    def finish(self, report: TransferReport | None) -> None:
        """Leave the bar as it is."""
        if self._owns:
            self._display.stop()

    def _show(self) -> None:
        if self._task is not None:
            tally = self._tally
            self._display.update(
                self._task, completed=tally.bytes, files=tally.counted(), speed=tally.speed()
            )


class FsspecProgress(Progress):
    """Tells a callback as fsspec's own transfers do: its size is in bytes, and so are its steps.

    Args:
        callback: A ``fsspec.callbacks.Callback``.

    Example:
        >>> from fsspec.callbacks import Callback
        >>> callback = Callback()
        >>> meter = Meter(FsspecProgress(callback))
        >>> meter.start(files=1, bytes=32)
        >>> meter.moved("obs/2024.csv", 16)
        >>> callback.value, callback.size
        (16, 32)
    """

    def __init__(self, callback: Callback) -> None:
        self._callback = callback

    def start(self, files: int, bytes: int) -> None:
        """Set the size."""
        self._callback.set_size(bytes)

    def resumed(self, path: str, bytes: int) -> None:
        """Step on; fsspec knows no difference."""
        self._callback.relative_update(bytes)

    def advance(self, path: str, bytes: int) -> None:
        """Step on."""
        self._callback.relative_update(bytes)

    def finish(self, report: TransferReport | None) -> None:
        """Close the callback."""
        close = getattr(self._callback, "close", None)
        if close is not None:
            close()


def _not_installed(name: str) -> InvalidArgument:
    return InvalidArgument(
        "progress",
        f"{name} is not installed.",
        hint=f"Install it with 'pip install provena-sdk[{name}]', or give True.",
    )
