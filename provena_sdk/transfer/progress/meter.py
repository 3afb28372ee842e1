"""Progress reporting: the :class:`Progress` interface, and the :class:`Meter` through which a transfer calls it."""

from __future__ import annotations

import logging
import threading
import weakref
from typing import Final, Protocol, TypeAlias

from provena_sdk.errors import InvalidArgument
from provena_sdk.transfer.report import FileOutcome, TransferReport

_log = logging.getLogger(__name__)

_TICK_SECONDS: Final = 1.0


class Progress(Protocol):
    """Receives the progress of a transfer. Inherit from it and override what you need.

    Its methods are called from other threads than the one that started the transfer, but never by two at once. They
    should return quickly, because the transfer waits for them. If one raises, the error is logged and the transfer
    continues without progress.

    Example:
        >>> class Names(Progress):
        ...     def file_done(self, outcome: FileOutcome) -> None:
        ...         print(outcome.path)
        >>> meter = Meter(Names())
        >>> meter.done(FileOutcome("obs/2024.csv", "downloaded", bytes=32))
        obs/2024.csv
    """

    def start(self, files: int, bytes: int) -> None:
        """Handle the start of the transfer.

        Args:
            files: The number of files to transfer.
            bytes: Their total size in bytes.
        """
        return

    def resumed(self, path: str, bytes: int) -> None:
        """Count bytes that an earlier, interrupted transfer left in place.

        They count towards the total, but not towards the speed.

        Args:
            path: The file's path within the dataset.
            bytes: The number of further bytes in place.
        """
        return

    def advance(self, path: str, bytes: int) -> None:
        """Count transferred bytes. What is fetched again after a failure counts once.

        Args:
            path: The file's path within the dataset.
            bytes: The number of further bytes in place.
        """
        return

    def file_done(self, outcome: FileOutcome) -> None:
        """Handle the end of one file, transferred or not.

        Args:
            outcome: The file's outcome.
        """
        return

    def tick(self) -> None:
        """Update the display; called about once a second, even while no bytes arrive."""
        return

    def finish(self, report: TransferReport | None) -> None:
        """Handle the end of the transfer.

        Args:
            report: The outcome of every file; None when the transfer was interrupted.
        """
        return


ProgressLike: TypeAlias = Progress | bool | None
"""Progress reporting: True for the default display, or a :class:`Progress`; False or None for none."""


class Meter:
    """Adds up the progress of a transfer's files and reports it to a :class:`Progress`. Thread-safe.

    The counts it reports only grow, and never exceed the total, even when ranges are fetched again or resumed.

    Args:
        progress: Receives the progress; None for nobody.
    """

    def __init__(self, progress: Progress | None = None) -> None:
        self._progress = progress
        self._lock = threading.Lock()
        self._reported: dict[str, int] = {}
        self._left: int | None = None
        self._over = threading.Event()

    def start(self, files: int, bytes: int) -> None:
        """Report the start, and tick once a second from now on.

        Args:
            files: The number of files to transfer.
            bytes: Their total size in bytes.
        """
        with self._lock:
            self._left = bytes
            self._call("start", files, bytes)
        if hasattr(self._progress, "tick"):
            threading.Thread(
                target=_keep_ticking,
                args=(weakref.ref(self), self._over),
                name="provena-progress",
                daemon=True,
            ).start()

    def resumed(self, path: str, upto: int) -> None:
        """Report bytes of a file that were in place before this transfer.

        Args:
            path: The file's path within the dataset.
            upto: How many bytes of the file are in place.
        """
        if self._progress is not None:
            with self._lock:
                self._credit("resumed", path, upto)

    def moved(self, path: str, upto: int) -> None:
        """Report how many bytes of a file are in place.

        Args:
            path: The file's path within the dataset.
            upto: How many bytes of the file are in place; fewer than before are ignored.
        """
        if self._progress is not None:
            with self._lock:
                self._credit("advance", path, upto)

    def done(self, outcome: FileOutcome) -> None:
        """Report a file's outcome, and those of its bytes not reported before.

        Args:
            outcome: The file's outcome.
        """
        if self._progress is not None:
            with self._lock:
                if outcome.ok:
                    self._credit("advance", outcome.path, outcome.bytes)
                self._reported.pop(outcome.path, None)
                self._call("file_done", outcome)

    def tick(self) -> None:
        """Report that time has passed."""
        with self._lock:
            self._call("tick")

    def finish(self, report: TransferReport | None) -> None:
        """Report the end. Call it once, however the transfer ends.

        Args:
            report: The outcome of every file; None when the transfer was interrupted.
        """
        self._over.set()
        with self._lock:
            self._call("finish", report)
            self._progress = None

    def _credit(self, method: str, path: str, upto: int) -> None:
        reported = self._reported.get(path, 0)
        if upto <= reported:
            return
        self._reported[path] = upto
        more = upto - reported
        if self._left is not None:
            # The file may have been replaced by a larger one.
            more = min(more, self._left)
            self._left -= more
        if more:
            self._call(method, path, more)

    def _call(self, method: str, *args: object) -> None:
        if self._progress is None:
            return
        try:
            getattr(self._progress, method)(*args)
        except Exception as error:
            _log.warning(
                "The transfer continues without progress: %s.%s() failed.",
                type(self._progress).__name__,
                method,
                exc_info=error,
            )
            self._progress = None


def _keep_ticking(reference: weakref.ref[Meter], over: threading.Event) -> None:
    # Holds no reference between two ticks, so that a meter nobody finished is collected.
    while not over.wait(_TICK_SECONDS):
        meter = reference()
        if meter is None:
            return
        meter.tick()
        del meter


def check_progress(given: ProgressLike) -> None:
    """Check a caller's ``progress`` argument.

    Args:
        given: The argument.

    Raises:
        InvalidArgument: It is neither a :class:`Progress` nor True, False or None.

    Example:
        >>> check_progress(True)
    """
    if given is None or isinstance(given, bool):
        return
    for name in ("start", "resumed", "advance", "file_done", "finish"):
        if isinstance(given, type) or not callable(getattr(given, name, None)):
            raise InvalidArgument(
                "progress",
                f"{type(given).__name__} has no method {name}().",
                hint="Give True, or an object like RichProgress(), TqdmProgress() or FsspecProgress(callback).",
            )


def not_installed(name: str) -> InvalidArgument:
    """Return the error for a display whose library is missing.

    Args:
        name: The library, which is also the name of an extra of this package.
    """
    return InvalidArgument(
        "progress",
        f"{name} is not installed.",
        hint=f"Install it with 'pip install provena-sdk[{name}]', or give True.",
    )
