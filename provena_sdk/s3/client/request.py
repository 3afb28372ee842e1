"""One request to the object store: signed, admitted, and retried until it is answered.

This is the only layer that retries, for up to a minute and a half of failures. A request that fails raises one of the
SDK's errors, which contain nothing of the data sent.
"""

from __future__ import annotations

import asyncio
import copy
import logging
import platform
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final, NamedTuple, Protocol

from provena_sdk._version import __version__
from provena_sdk.concurrency.fork import HomeProcess
from provena_sdk.display.text import LIMIT, quoted, server_text
from provena_sdk.errors import FileError, FileStoreError, IntegrityError, ProvenaError
from provena_sdk.logs import Retry, log_request, log_retry, note_request
from provena_sdk.net.http_dates import http_time, retry_after
from provena_sdk.net.reachability import where
from provena_sdk.s3 import retry
from provena_sdk.s3.budget import SMALL_BYTES, Admission, Slot
from provena_sdk.s3.credentials import Credentials, CredentialsSupply
from provena_sdk.s3.failures import is_renewable, proxy_refusal, refusal, translate
from provena_sdk.s3.http import endpoint as addresses
from provena_sdk.s3.http.http1 import (
    Limits,
    NotTaken,
    ProxyRefused,
    Receiver,
    Reply,
    TooSlow,
    Unreached,
    WireError,
)
from provena_sdk.s3.http.io_loops import SHARED, IoLoops
from provena_sdk.s3.http.pace import LeastRate
from provena_sdk.s3.http.pool import Connections
from provena_sdk.s3.models import Folder, StoreAddress, Streamed
from provena_sdk.s3.responses import documents
from provena_sdk.s3.retry import RetryRule, Trouble
from provena_sdk.s3.sigv4 import Signer
from provena_sdk.secret import Secret

_log = logging.getLogger("provena_sdk.s3")

USER_AGENT: Final = f"provena-sdk/{__version__} python/{platform.python_version()}"

Data = bytes | bytearray | memoryview | Streamed

_REQUEST_ID: Final = "x-amz-request-id"
_ERROR_BYTES: Final = 64 * 1024
# How much of a body the system may still buffer once the last byte is written, and the slowest rate it may leave at.
_SYSTEM_BYTES: Final = 4 * 1024 * 1024
_SLOW_BYTES: Final = 64 * 1024
_PATIENT: Final = 6
_SLOW_SECONDS: Final = 900.0
_RENEWALS: Final = 5
# S3 refuses requests from a clock that is fifteen minutes off.
_MOST_CLOCK_SKEW: Final = timedelta(days=1)
_SUSPICION_SECONDS: Final = 60.0
# After an attempt that brought less than this, the next one counts as a retry of the same failure.
_PROGRESS_BYTES: Final = 64 * 1024
_REDIRECTS: Final = frozenset({301, 307, 308, 400})


class Body(Receiver, Protocol):
    """A receiver whose bytes are kept if an attempt fails, so that the next attempt asks only for the rest."""

    @property
    def taken(self) -> int:
        """The number of bytes taken by all attempts."""
        ...

    def ask(self) -> None:
        """Prepare the request for the next attempt."""
        ...


@dataclass(slots=True)
class Request:
    """One request to sign and send.

    Attributes:
        method: The HTTP method.
        path: The file's path within the folder; None when the request concerns no single file.
        key: The object's key; empty for the bucket.
        query: The query, in canonical form.
        headers: The headers beyond those of every request, names in lower case.
        data: The body.
        size: The bytes of the body or of the expected answer.
        limit: The most bytes of the answer.
        slow: Whether the store may work for minutes before it answers.
        doubtful: Whether an answer of status 200 may hold an error.
        repeated: Whether it was retried after an attempt that the store may have carried out.
        into: Receives the body of a success, on one of the I/O loops.
        io_loops: The I/O loops that send the request; None chooses by its size.
        sent: Called, on any thread, with the number of bytes of the body sent by the current attempt.
        received: Called, on any thread, with the number of bytes received by the current attempt, if it takes long.
    """

    method: str
    path: str | None
    key: str = ""
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    data: Data | None = None
    size: int = 0
    limit: int = documents.MOST_BYTES
    slow: bool = False
    doubtful: bool = False
    repeated: bool = False
    into: Body | None = None
    io_loops: IoLoops | None = None
    sent: Callable[[int], None] | None = None
    received: Callable[[int], None] | None = None

    def allows(self, status: int) -> bool:
        """Return whether a success may have this status: a read only 200, or 206 for a range or a part."""
        if self.method not in ("GET", "HEAD"):
            return True
        return status == 200 or (status == 206 and ("range" in self.headers or "partNumber=" in self.query))


class Answer(NamedTuple):
    """A successful answer: status, headers (names in lower case), and the body unless ``into`` took it."""

    status: int
    headers: Mapping[str, str]
    data: bytearray


@dataclass(slots=True)
class Failure:
    """Why one attempt failed.

    Attributes:
        error: The error to raise if this attempt is the last.
        kind: The kind of failure if a retry may help; None otherwise.
        asked: The wait in seconds that the store requested.
        refused: The credentials that the store refused.
        ambiguous: Whether the store may have carried the request out.
        moved: Whether the store named another region; requests go there from now on.
    """

    error: Exception
    kind: Trouble | None = None
    asked: float | None = None
    refused: Credentials | None = None
    ambiguous: bool = False
    moved: bool = False

    def final(self, attempts: int) -> Exception:
        """Return the error to raise after the last attempt."""
        if isinstance(self.error, ProvenaError):
            self.error.complete(attempts=attempts)
        return self.error


class PreconditionFailed(Exception):
    """An object exists where a write required that none does."""


class Settled(Exception):
    """An earlier attempt, whose answer was lost, had succeeded."""


_observer: ContextVar[Callable[[Retry], object] | None] = ContextVar("provena_retries", default=None)


@contextmanager
def observed_retries(observer: Callable[[Retry], object]) -> Iterator[None]:
    """Report the retries of all requests that this task, and the tasks that it starts, send within the block.

    Args:
        observer: Receives each retry before its wait.
    """
    token = _observer.set(observer)
    try:
        yield
    finally:
        _observer.reset(token)


class Exchange:
    """A sender of the requests for one folder, with retries.

    Args:
        folder: The folder.
        credentials: Supplies the credentials that sign the requests.
        address: The store's URL, region and certificate authorities.
        rule: When to retry.
        idle: Seconds without a byte after which a connection counts as dead.
        rate: The slowest rate at which bytes may move.
        admission: Limits the concurrent requests.

    Raises:
        InvalidArgument: The store's URL cannot be used.
    """

    def __init__(
        self,
        folder: Folder,
        credentials: CredentialsSupply,
        address: StoreAddress,
        *,
        rule: RetryRule,
        idle: float,
        rate: LeastRate,
        admission: Admission,
    ) -> None:
        self._folder = folder
        self._credentials = credentials
        self._address = address
        self._rule = rule
        self._idle = idle
        self._rate = rate
        self.admission = admission
        self.clock_ahead = timedelta()
        """The store's clock minus this machine's, by its last answer."""
        self._process = HomeProcess()
        self._reached = False
        self._silent_since: float | None = None
        self._last_silence = 0.0
        self._moved = False
        self._accepted: Credentials | None = None
        self._suspected: Credentials | None = None
        self._suspect_again = 0.0
        self._point_to(address.region or addresses.DEFAULT_REGION)

    def limited(self, admission: Admission) -> Exchange:
        """Return a sender of the same requests with other limits, over connections of its own.

        Args:
            admission: The limits.
        """
        exchange = copy.copy(self)
        exchange.admission = admission
        exchange._point_to(self._signer.region)
        return exchange

    async def answer(
        self, request: Request, *, has_happened: Callable[[], Awaitable[bool]] | None = None
    ) -> Answer:
        """Send a request, and retry it while that may help.

        Args:
            request: The request.
            has_happened: Returns, before a retry, whether an attempt of unknown outcome had succeeded.

        Raises:
            PreconditionFailed: An object exists, and ``request`` required that none does.
            Settled: ``has_happened`` returned True.
            Exception: Any other failure.
        """
        sent = attempts = renewals = 0
        failed_at = 0.0
        while True:
            before = 0
            if request.into is not None:
                before = request.into.taken
                request.into.ask()
            failure = await self._attempt(request)
            sent += 1
            if isinstance(failure, Answer):
                return failure
            if failure.moved:
                continue
            if failure.refused is not None:
                # Credentials that were accepted before have merely expired; so may short-lived ones have, on a busy
                # machine. Others would be refused again.
                expired = failure.refused is self._accepted or datetime.now(UTC) >= failure.refused.expiry
                if renewals >= _RENEWALS or (renewals and not expired):
                    raise failure.final(sent)
                renewals += 1
                self._credentials.refused(failure.refused)
                continue
            if failure.kind is None:
                raise failure.final(sent)
            if request.into is not None and request.into.taken - before >= _PROGRESS_BYTES:
                attempts, failed_at = 0, 0.0
            attempts += 1
            now = time.monotonic()
            failed_at = failed_at or now
            # In an outage all requests stop together, whenever they began.
            since = failed_at if self._silent_since is None else min(failed_at, self._silent_since)
            wait = self._rule.wait(
                attempts, failure.kind, now - since, reached=self._reached, asked=failure.asked
            )
            if wait is None:
                raise failure.final(sent)
            request.repeated = request.repeated or failure.ambiguous
            self._report(request, failure.kind, wait, attempts + 1)
            await asyncio.sleep(wait)
            if failure.ambiguous and has_happened is not None and await has_happened():
                raise Settled

    def _report(self, request: Request, kind: Trouble, wait: float, attempt: int) -> None:
        most = max(attempt, self._rule.likely_most(kind, reached=self._reached))
        retry = Retry(request.path, kind.value, wait, attempt, most)
        log_retry(_log, request.method, retry)
        observer = _observer.get()
        if observer is not None:
            observer(retry)

    @property
    def out_of_reach(self) -> bool:
        """Whether the store has left all requests unanswered for as long as a request is retried."""
        return (
            self._silent_since is not None and self._last_silence - self._silent_since >= self._rule.patience
        )

    async def pause(self, attempts: int) -> None:
        """Wait before requesting again what an otherwise successful request did not do.

        Args:
            attempts: The number of attempts so far.
        """
        await asyncio.sleep(self._rule.wait(attempts, Trouble.SERVER, 0.0) or 0.0)

    async def close(self) -> None:
        """Close the connections; the next request opens new ones."""
        await self._connections.close()
        SHARED.part_with(self._connections)

    # Errors.

    def refusal(
        self,
        refused: documents.Refused,
        path: str | None,
        *,
        status: int | None = None,
        credentials: Credentials | None = None,
        bodiless: bool = False,
    ) -> FileError:
        """Return the error for a refusal, with the store's message and without the credentials sent."""
        sent = () if credentials is None else credentials.secrets
        return refusal(
            refused.code,
            path=path,
            label=self._folder.label,
            status=status,
            message=server_text(refused.message, secrets=(secret.reveal() for secret in sent), limit=LIMIT),
            bodiless=bodiless,
        )

    def senseless(self, path: str | None) -> FileStoreError:
        """Return the error for an answer that does not follow the S3 API."""
        return FileStoreError(
            f"The object store's answer for {self._folder.label} makes no sense.",
            path=path,
            dataset_id=self._folder.dataset_id,
            hint="Something between this machine and the store may have changed it; try again.",
        )

    def circular(self) -> FileStoreError:
        """Return the error for a listing whose pages do not advance."""
        return FileStoreError(
            f"The object store's listing for {self._folder.label} leads in a circle, or has no end.",
            dataset_id=self._folder.dataset_id,
            hint="Try again; if it happens again, report it to whoever runs the object store.",
        )

    def replaced(self, path: str | None) -> IntegrityError:
        """Return the error for an object that was replaced."""
        return IntegrityError(
            f"{quoted(path)} of {self._folder.label} was replaced meanwhile.",
            path=path,
            dataset_id=self._folder.dataset_id,
            hint="Try again.",
        )

    # One attempt.

    async def _attempt(self, request: Request) -> Answer | Failure:
        if self._process.moved():
            # The fork copied the count of the parent's requests.
            self.admission = self.admission.fresh()
        async with self.admission.slot(request.size, sends=request.data is not None) as slot:
            credentials = await self._credentials.current()
            region = self._signer.region
            started = time.monotonic()
            try:
                reply = await self._send(request, credentials, slot)
            except Exception as error:
                failure = self._described(self._broken(error, request), request)
                self._log_attempt(request, time.monotonic() - started, type(failure.error).__name__)
                return failure
            self._log_attempt(request, time.monotonic() - started, reply, credentials)
            self._reached = True
            self._silent_since = None
            refused = self._failure(request, reply, credentials, region)
            if refused is None:
                self._accepted = credentials
                return Answer(reply.status, reply.headers, reply.data)
            if refused.kind is Trouble.BUSY:
                self.admission.slowed(slot)
            return self._described(refused, request, reply, credentials)

    def _described(
        self,
        failure: Failure,
        request: Request,
        reply: Reply | None = None,
        credentials: Credentials | None = None,
    ) -> Failure:
        if isinstance(failure.error, ProvenaError):
            failure.error.complete(
                operation=f"object-store.{request.method.lower()}",
                url=f"{self._endpoint.scheme}://{self._host}{self._endpoint.path(request.key)}",
                status=None if reply is None else reply.status,
                request_id=None
                if reply is None
                else _request_id(reply.headers.get(_REQUEST_ID, ""), credentials),
                dataset_id=self._folder.dataset_id,
            )
        return failure

    def _log_attempt(
        self,
        request: Request,
        seconds: float,
        result: Reply | str,
        credentials: Credentials | None = None,
    ) -> None:
        """Log an attempt: its reply, or why there is none."""
        reply = result if isinstance(result, Reply) else None
        status = None if reply is None else reply.status
        failure = None if isinstance(result, Reply) else result
        named = partial(_request_id, "" if reply is None else reply.headers.get(_REQUEST_ID, ""), credentials)
        path = partial(self._endpoint.path, request.key)
        note_request(
            "files", request.method, path, status=status, seconds=seconds, request_id=named, failure=failure
        )
        if not _log.isEnabledFor(logging.DEBUG):
            return
        received = 0 if reply is None else reply.taken + len(reply.data)
        log_request(
            _log,
            request.method,
            path(),
            status=status,
            size=received if request.data is None else request.size + received,
            seconds=seconds,
            request_id=named(),
            failure=failure,
        )

    def _point_to(self, region: str) -> None:
        """Send requests to a region; connections to the former host close by themselves."""
        self._endpoint = addresses.endpoint(self._address.url, self._folder.bucket, region)
        self._host = self._endpoint.host
        self._signer = Signer(region)
        ahead = self.admission.line.ahead_bytes
        self._connect = partial(
            Connections, self._endpoint, self._address.ca_file, idle=self._idle, ahead=ahead
        )
        self._connections = self._connect()

    async def _send(self, request: Request, credentials: Credentials, slot: Slot) -> Reply:
        path = self._endpoint.path(request.key)
        headers = self._signed(request, path, credentials)
        headers["accept-encoding"] = "identity"
        headers["user-agent"] = USER_AGENT
        idle = self._idle
        answer = idle * _PATIENT if request.slow else idle
        data = request.data
        body: memoryview | AsyncIterator[bytes] | None = None
        if isinstance(data, Streamed):
            headers["content-length"] = str(data.size)
            body = data.chunks()
        elif data is not None:
            body = memoryview(data).cast("B")
            headers["content-length"] = str(body.nbytes)
        if body is not None:
            answer += min(request.size, _SYSTEM_BYTES) / _SLOW_BYTES
        target = f"{path}?{request.query}" if request.query else path
        # While a store works for long, it sends white space to keep the connection alive.
        rate, whole = (None, _SLOW_SECONDS) if request.slow else (self._rate, None)
        limits = Limits(
            request.limit,
            _ERROR_BYTES,
            idle,
            answer,
            rate,
            whole,
            self.admission.line,
            request.sent,
            request.received,
            None if body is None else slot.sent,
        )
        io_loops = request.io_loops
        # A streamed body is read on this loop.
        if io_loops is None and request.size > SMALL_BYTES and not isinstance(data, Streamed):
            io_loops = SHARED
        io_loop = io_loops.choose() if io_loops is not None else None
        sent = request.method, target, headers, body, limits, request.into
        if io_loop is None:
            return await self._connections.exchange(*sent)
        return await io_loop.exchange(self._connections, self._connect, *sent)

    def _signed(self, request: Request, path: str, credentials: Credentials) -> dict[str, str | Secret]:
        headers: dict[str, str | Secret] = {"host": self._host, **request.headers}
        try:
            self._signer.sign(request.method, path, request.query, headers, credentials)
        except UnicodeEncodeError:
            pass
        else:
            return headers
        # Raised outside the handler: the encoding error holds everything that was to be signed.
        raise self.senseless(request.path)

    def _broken(self, error: Exception, request: Request) -> Failure:
        if isinstance(error, NotTaken):
            return Failure(error.error)
        if isinstance(error, ProxyRefused) and error.status < 500:
            return Failure(proxy_refusal(error.status, self._folder.label))
        failure = translate(
            error,
            path=request.path,
            label=self._folder.label,
            store=where(f"{self._endpoint.scheme}://{self._host}"),
            unreached=str(error) if isinstance(error, Unreached) else None,
        )
        if not isinstance(error, WireError):
            return Failure(failure)
        now = time.monotonic()
        # A failure of long ago belongs to another outage.
        if self._silent_since is None or now - self._last_silence > self._rule.patience / 2:
            self._silent_since = now
        self._last_silence = now
        kind = Trouble.SLOW if isinstance(error, TooSlow) else Trouble.CONNECTION
        return Failure(failure, kind, ambiguous=not isinstance(error, Unreached))

    def _failure(
        self, request: Request, reply: Reply, credentials: Credentials, used_region: str
    ) -> Failure | None:
        date = http_time(reply.headers.get("date"))
        if date is not None and abs(ahead := date - datetime.now(UTC)) < _MOST_CLOCK_SKEW:
            self.clock_ahead = ahead
        if reply.status >= 300:
            return self._refused(request, reply, credentials, used_region)
        if not reply.whole:
            # The answer is longer than requested: another object, or not an object.
            error = self.replaced if request.key and request.method == "GET" else self.senseless
            return Failure(error(request.path))
        if not request.allows(reply.status):
            return Failure(self.senseless(request.path))
        return self._doubted(request, reply, credentials) if request.doubtful else None

    def _refused(self, request: Request, reply: Reply, credentials: Credentials, used_region: str) -> Failure:
        status, headers = reply.status, reply.headers
        refused = documents.refused(reply.data, status, headers)
        code, region = refused.code, refused.region
        if region is not None and status in _REDIRECTS and self._moves(used_region, region):
            return Failure(self.refusal(refused, request.path), moved=True)
        if code in ("PreconditionFailed", "412") and "if-none-match" in request.headers:
            return Failure(PreconditionFailed())
        if code in ("InvalidRange", "416") and request.method == "GET":
            return Failure(self.replaced(request.path))
        bodiless = request.method == "HEAD"
        failure = Failure(
            self.refusal(refused, request.path, status=status, credentials=credentials, bodiless=bodiless),
            retry.trouble(status, code),
            retry_after(headers),
            ambiguous=status >= 500 and code != "SlowDown",
        )
        if is_renewable(code, bodiless=bodiless) or (
            bodiless and status == 403 and self._suspects(credentials)
        ):
            failure.refused = credentials
        return failure

    def _suspects(self, credentials: Credentials) -> bool:
        """Return whether a refusal without a reason may be due to the credentials.

        More likely the user may not read the file, so new credentials are suspected at most once a minute.
        """
        if credentials is not self._suspected:
            now = time.monotonic()
            if now < self._suspect_again:
                return False
            self._suspected, self._suspect_again = credentials, now + _SUSPICION_SECONDS
        return True

    def _moves(self, used: str, named: str) -> bool:
        """Return whether to retry in the region that the store named; move all requests there if it is the first."""
        if named == used:
            return False
        if named != self._signer.region:
            if self._moved or not addresses.is_region(named):
                return False
            self._moved = True
            SHARED.part_with(self._connections)
            self._point_to(named)
        return True

    def _doubted(self, request: Request, reply: Reply, credentials: Credentials) -> Failure | None:
        """Return the error within an answer of status 200, if there is one."""
        try:
            if not documents.is_error(reply.data):
                return None
        except documents.UnreadableXml:
            return Failure(self.senseless(request.path), Trouble.SERVER, ambiguous=True)
        refused = documents.refused(reply.data, reply.status, reply.headers)
        if refused.code == "PreconditionFailed" and "if-none-match" in request.headers:
            return Failure(PreconditionFailed())
        error = self.refusal(refused, request.path, credentials=credentials)
        return Failure(error, retry.trouble(reply.status, refused.code), ambiguous=True)


def _request_id(given: str, credentials: Credentials | None) -> str | None:
    # A store may repeat in any header what it was sent.
    secrets = () if credentials is None else credentials.secrets
    return server_text(given, secrets=(secret.reveal() for secret in secrets), limit=LIMIT) or None
