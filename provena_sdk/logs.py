"""Log records of requests, retries and files, and the environment variable PROVENA_LOG, which prints them.

Every record carries its figures as attributes, so that a JSON formatter can store them: see :func:`log_request`,
:func:`log_retry` and ``docs/logging.md``.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple, TextIO

from provena_sdk import telemetry
from provena_sdk.display.text import alternatives, printable, quoted
from provena_sdk.errors import ConfigurationError

VARIABLE: Final = "PROVENA_LOG"
"""The environment variable that prints log records to stderr."""

_LEVELS: Final = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING}
_ROOT: Final = logging.getLogger("provena_sdk")
# Without any handler, Python prints warnings to stderr, into the progress line that already shows the retry.
for _part in ("auth", "s3", "transport"):
    logging.getLogger(f"provena_sdk.{_part}").addHandler(logging.NullHandler())
_FORMAT: Final = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_REQUEST_IDS: Final = ("x-amzn-requestid", "apigw-requestid", "x-request-id")
_ID_CHARACTERS: Final = 120


class Retry(NamedTuple):
    """A failed attempt that will be repeated.

    Args:
        path: The file's path, or the URL's path; None if the request concerns no single file.
        reason: Why the attempt failed, in words.
        wait: Seconds until the next attempt.
        attempt: The number of the next attempt; the first retry is attempt 2.
        most: The most attempts that the rule for retries allows in practice.

    Example:
        >>> Retry("obs/2024.csv", "connection lost", wait=4.0, attempt=3, most=16).reason
        'connection lost'
    """

    path: str | None
    reason: str
    wait: float
    attempt: int
    most: int

    def __repr__(self) -> str:
        place = "" if self.path is None else f" of {quoted(self.path, 80)}"
        return f"<Retry {self.attempt}{place} in {self.wait:.1f} s: {printable(self.reason, 60)}>"


class _Stderr(logging.StreamHandler[TextIO]):
    """A handler for the current ``sys.stderr``, which a notebook or a test may replace."""

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        super().emit(record)


_handler: Final = _Stderr()
_handler.setFormatter(logging.Formatter(_FORMAT))


class RecentRequest(NamedTuple):
    """One request that this process sent.

    Attributes:
        time: When it ended, in Unix seconds.
        part: ``services``, ``sign-in`` or ``files``.
        method: The HTTP method.
        path: The URL's path, without the query.
        status: The answer's status; None if no answer arrived.
        seconds: The duration in seconds.
        request_id: The server's name for the request, if it sent one.
        failure: Why no answer arrived.
    """

    time: float
    part: str
    method: str
    path: str
    status: int | None
    seconds: float
    request_id: str | None
    failure: str | None


# Requests for files are many: they must not drive out the others.
_SERVICES: Final[deque[Callable[[], RecentRequest]]] = deque(maxlen=50)
_FILES: Final[deque[Callable[[], RecentRequest]]] = deque(maxlen=50)


def note_request(
    part: str,
    method: str,
    path: Callable[[], str],
    *,
    status: int | None,
    seconds: float,
    request_id: Callable[[], str | None],
    failure: str | None = None,
) -> None:
    """Keep a request for :func:`recent_requests`. Path and request id are formatted only when they are asked for.

    Args:
        part: ``services``, ``sign-in`` or ``files``.
        method: The HTTP method.
        path: Returns the URL's path.
        status: The answer's status; None if no answer arrived.
        seconds: The duration in seconds.
        request_id: Returns the server's name for the request; what it keeps is kept as long as the request.
        failure: Why no answer arrived.
    """
    now = time.time()

    def made() -> RecentRequest:
        shown = printable(path().partition("?")[0])
        return RecentRequest(now, part, method, shown, status, seconds, request_id(), failure)

    (_FILES if part == "files" else _SERVICES).append(made)


def recent_requests() -> tuple[RecentRequest, ...]:
    """Return the last fifty requests to the services and the sign-in server, and the last fifty for files."""
    return tuple(sorted(made() for made in (*_SERVICES.copy(), *_FILES.copy())))


def follow_environment() -> None:
    """Print log records to stderr if PROVENA_LOG is set; an application's own handlers stay.

    Raises:
        ConfigurationError: The variable holds another value than debug, info or warning.
    """
    value = os.environ.get(VARIABLE, "").strip().lower()
    if not value:
        return
    level = _LEVELS.get(value)
    if level is None:
        raise ConfigurationError(f"{VARIABLE} must be {alternatives(_LEVELS)}, not {printable(value, 60)!r}.")
    print_records(level)


def print_records(level: int) -> None:
    """Print log records to stderr.

    Args:
        level: The least level to print, such as ``logging.DEBUG``.
    """
    _ROOT.setLevel(level)
    if _handler not in _ROOT.handlers:
        _ROOT.addHandler(_handler)


def request_id_of(headers: Mapping[str, str]) -> str | None:
    """Return the server's name for a request, from the headers of its answer; None if it sent none.

    Args:
        headers: A case-insensitive mapping.
    """
    given = next((headers[name] for name in _REQUEST_IDS if name in headers), None)
    return None if given is None else printable(given, _ID_CHARACTERS)


def log_request(
    logger: logging.Logger,
    method: str,
    path: str,
    *,
    status: int | None,
    size: int,
    seconds: float,
    request_id: str | None = None,
    failure: str | None = None,
) -> None:
    """Log one attempt of a request at level DEBUG. Call this only if ``logger.isEnabledFor(logging.DEBUG)``.

    The record has the attributes ``method``, ``path``, ``status``, ``bytes``, ``ms`` and ``request_id``.

    Args:
        logger: The logger.
        method: The HTTP method.
        path: The URL's path; a query is removed, because it may hold a signature.
        status: The answer's status; None if no answer arrived.
        size: The bytes of the bodies sent and received.
        seconds: The duration in seconds.
        request_id: The server's name for the request, if it sent one.
        failure: Why no answer arrived.
    """
    path = printable(path.partition("?")[0])
    ms = round(seconds * 1000)
    named = None if request_id is None else printable(request_id, _ID_CHARACTERS)
    fields = {"method": method, "path": path, "status": status, "bytes": size, "ms": ms, "request_id": named}
    logger.debug(
        "%s %s: %s, %d bytes, %d ms%s",
        method,
        path,
        failure or "no answer" if status is None else status,
        size,
        ms,
        f", request {named}" if named else "",
        extra=fields,
    )


def log_retry(logger: logging.Logger, method: str, retry: Retry) -> None:
    """Log a retry at level WARNING, and add it to the current OpenTelemetry span.

    The record has the attributes ``method``, ``path``, ``reason``, ``wait``, ``attempt`` and ``most``.

    Args:
        logger: The logger.
        method: The HTTP method.
        retry: The retry.
    """
    logger.warning(
        "%s%s: %s, trying again in %.1f s (%d of %d)",
        method,
        "" if retry.path is None else f" {quoted(retry.path)}",
        retry.reason,
        retry.wait,
        retry.attempt,
        retry.most,
        extra={"method": method, **retry._asdict()},
    )
    telemetry.event("retry", {"method": method, **retry._asdict()})
