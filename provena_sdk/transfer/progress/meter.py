"""Progress reporting: the :class:`Progress` interface, and the :class:`Meter` that reports to it."""

from __future__ import annotations

import logging
import threading
import weakref
from typing import Final, Protocol, TypeAlias

from provena_sdk.display.amounts import duration, human_size, share
from provena_sdk.display.text import printable, quoted
from provena_sdk.errors import InvalidArgument, TransferInterrupted
from provena_sdk.logs import Retry
from provena_sdk.transfer.report import FileOutcome, TransferReport

_log = logging.getLogger("provena_sdk.transfer")

_TICK_SECONDS: Final = 1.0


class Progress(Protocol):
    """A receiver of a transfer's progress. Inherit from it and override the methods you need.

    The methods are called from other threads than the one that started the transfer, but never by two at once. They
    should return quickly, because the transfer waits for them. If one raises an error, the error is logged and the
    transfer continues without progress.

    Example:
        >>> class Names(Progress):
        ...     def file_done(self, outcome: FileOutcome) -> None:
        ...         print(outcome.path)
        >>> meter = Meter(Names())
        >>> meter.done(FileOutcome("obs/2024.csv", "downloaded", bytes=32))
        obs/2024.csv
    """

    def listing(self, files: int) -> None:
        """Handle the listing of the files, before the transfer starts.

        Args:
            files: The number of files found so far.
        """
        return

    def comparing(self, files: int, all_files: int, bytes: int, all_bytes: int) -> None:
        """Handle the comparison of local files with the store's checksums, before the transfer starts.

        Args:
            files: The number of files compared so far.
            all_files: The number of files to compare.
            bytes: The bytes read so far.
            all_bytes: The size of the files to compare, in bytes.
        """
        return

    def start(self, files: int, bytes: int) -> None:
        """Handle the start of the transfer.

        Args:
            files: The number of files to transfer.
            bytes: Their total size in bytes.
        """
        return

    def resumed(self, path: str, bytes: int) -> None:
        """Count bytes that an earlier, interrupted transfer has stored.

        They count towards the total, but not towards the speed.

        Args:
            path: The file's path within the dataset.
            bytes: The number of bytes added to those reported before.
        """
        return

    def advance(self, path: str, bytes: int) -> None:
        """Count transferred bytes. Bytes transferred again after a failure count once.

        Args:
            path: The file's path within the dataset.
            bytes: The number of bytes added to those reported before.
        """
        return

    def file_done(self, outcome: FileOutcome) -> None:
        """Handle the end of one file, transferred or not.

        Args:
            outcome: The file's outcome.
        """
        return

    def retrying(self, retry: Retry) -> None:
        """Handle the failure of a request that will be repeated.

        Args:
            retry: The file's path, the reason, the wait in seconds, and the number of the next attempt.
        """
        return

    def waiting(self, reason: str) -> None:
        """Handle a wait for another process. It ends with the next call of :meth:`advance` or :meth:`finish`.

        Args:
            reason: What is waited for, such as ``another process is downloading 'a.nc' (pid 4711 on node3)``.
        """
        return

    def tick(self) -> None:
        """Update the display. Called about once a second, even while no bytes arrive."""
        return

    def finish(self, report: TransferReport | None) -> None:
        """Handle the end of the transfer.

        Args:
            report: The outcome of every file; None when the transfer was interrupted.
        """
        return


ProgressLike: TypeAlias = Progress | bool | None
"""Progress reporting: None for a display where a person looks, once a transfer lasts two seconds; True for one from the
start; False for none; or a :class:`Progress`."""


class Meter:
    """The progress of all files of a transfer, reported to a :class:`Progress`. Thread-safe.

    The reported counts only grow and never exceed the total, even if ranges are fetched again or resumed.

    Args:
        progress: The object to report to; None to report nothing.
    """

    def __init__(self, progress: Progress | None = None) -> None:
        self._progress = progress
        self._lock = threading.Lock()
        self._reported: dict[str, int] = {}
        self._left: int | None = None
        self._over = threading.Event()
        self._ticks = False
        self._bytes = 0
        self._kept = 0
        self._kept_of: dict[str, int] = {}
        self._total: int | None = None
        self._listed = 0
        self._compared = [0, 0, 0, 0]

    def list(self, files: int = 1) -> None:
        """Report that more files were found in a listing.

        Args:
            files: The number of files added to those reported before.
        """
        self._begin()
        with self._lock:
            self._listed += files
            self._call("listing", self._listed)

    def compare(self, files: int, bytes: int) -> None:
        """Report the start of a comparison.

        Args:
            files: The number of files to compare.
            bytes: Their size in bytes.
        """
        self._begin()
        with self._lock:
            self._compared = [0, files, 0, bytes]
            self._call("comparing", *self._compared)

    def compared(self, *, files: int = 0, bytes: int = 0) -> None:
        """Report that more was compared.

        Args:
            files: The number of files added.
            bytes: The number of bytes added. A file may be read twice; bytes beyond the total are ignored.
        """
        if self._progress is None:
            return
        with self._lock:
            self._compared[0] += files
            self._compared[2] = min(self._compared[2] + bytes, self._compared[3])
            self._call("comparing", *self._compared)

    def start(self, files: int, bytes: int) -> None:
        """Report the start.

        Args:
            files: The number of files to transfer.
            bytes: Their total size in bytes.
        """
        self._begin()
        with self._lock:
            self._left = self._total = bytes
            self._call("start", files, bytes)

    def _begin(self) -> None:
        """Tick once a second from now on."""
        if self._ticks or self._over.is_set() or not hasattr(self._progress, "tick"):
            return
        self._ticks = True
        threading.Thread(
            target=_keep_ticking,
            args=(weakref.ref(self), self._over),
            name="provena-progress",
            daemon=True,
        ).start()

    def resumed(self, path: str, upto: int) -> None:
        """Report how many bytes of a file an earlier transfer has stored.

        Args:
            path: The file's path within the dataset.
            upto: The bytes of the file stored so far.
        """
        with self._lock:
            self._credit("resumed", path, upto)

    def moved(self, path: str, upto: int) -> None:
        """Report how many bytes of a file are stored.

        Args:
            path: The file's path within the dataset.
            upto: The bytes of the file stored so far; a smaller number than before is ignored.
        """
        with self._lock:
            self._credit("advance", path, upto)

    def kept(self, path: str, upto: int) -> None:
        """Report how many bytes of an upload the store keeps if the transfer is interrupted now.

        Args:
            path: The file's path within the dataset.
            upto: The bytes of the file in finished parts.
        """
        with self._lock:
            self._keep(path, upto)

    def retrying(self, retry: Retry) -> None:
        """Report that a request failed and will be repeated.

        Args:
            retry: The retry.
        """
        with self._lock:
            self._call("retrying", retry)

    def waiting(self, reason: str) -> None:
        """Report and log that another process is waited for.

        Args:
            reason: What is waited for.
        """
        with self._lock:
            self._call("waiting", reason)
        _log.info("Waiting: %s", reason)

    def done(self, outcome: FileOutcome) -> None:
        """Report and log a file's outcome, after those of its bytes that were not reported yet.

        Args:
            outcome: The file's outcome.
        """
        with self._lock:
            self._keep(outcome.path, outcome.bytes if outcome.ok else 0)
            self._kept_of.pop(outcome.path)
            if outcome.ok:
                self._credit("advance", outcome.path, outcome.bytes)
            self._reported.pop(outcome.path, None)
            self._call("file_done", outcome)
        if _log.isEnabledFor(logging.INFO):
            _log_outcome(outcome)

    def interrupted(self, *, where: str) -> TransferInterrupted:
        """Return the error for an interrupt, with the bytes that the next transfer need not move again.

        Args:
            where: The side that the files go to: ``"here"``, where all that arrived is kept, or ``"there"``, where the
                store keeps whole files and parts.
        """
        with self._lock:
            done = self._bytes if where == "here" else min(self._kept, self._bytes)
            total = self._total
        again = "run the same call again"
        if not total:
            return TransferInterrupted(f"stopped before the transfer began; {again}")
        message = f"stopped; {share(done, total)} are {where}, {again} to resume"
        return TransferInterrupted(message, bytes=done, total_bytes=total)

    def tick(self) -> None:
        """Report that time has passed."""
        with self._lock:
            self._call("tick")

    def finish(self, report: TransferReport | None) -> None:
        """Report the end. Call this once, however the transfer ends.

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
        added = upto - reported
        if self._left is not None:
            # The file may have been replaced with a larger one.
            added = min(added, self._left)
            self._left -= added
        if added:
            self._bytes += added
            self._call(method, path, added)

    def _keep(self, path: str, upto: int) -> None:
        self._kept += upto - self._kept_of.get(path, 0)
        self._kept_of[path] = upto

    def _call(self, method: str, *args: object) -> None:
        # An object written for an older version has fewer methods.
        report = getattr(self._progress, method, None)
        if report is None:
            return
        try:
            report(*args)
        except Exception as error:
            _log.warning(
                "The transfer continues without progress: %s.%s() failed.",
                type(self._progress).__name__,
                method,
                exc_info=error,
            )
            self._progress = None


def _log_outcome(outcome: FileOutcome) -> None:
    name = quoted(outcome.path)
    fields = {
        "path": outcome.path,
        "outcome": outcome.outcome,
        "bytes": outcome.bytes,
        "seconds": round(outcome.seconds, 3),
    }
    if outcome.error is not None:
        fields["error"] = type(outcome.error).__name__
        _log.info("%s %s: %s", outcome.outcome, name, printable(outcome.error), extra=fields)
    else:
        size = human_size(outcome.bytes)
        _log.info("%s %s: %s in %s", outcome.outcome, name, size, duration(outcome.seconds), extra=fields)


def _keep_ticking(reference: weakref.ref[Meter], over: threading.Event) -> None:
    # Hold no reference between ticks, so that an unfinished meter can be garbage-collected.
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
        name: The library, and the extra of this package that installs it.
    """
    return InvalidArgument(
        "progress",
        f"{name} is not installed.",
        hint=f"Install it with 'pip install provena-sdk[{name}]', or give True.",
    )
