"""One request to the object store: signed, admitted, and retried until it is answered.

This is the only layer that retries. A request either succeeds, within a minute and a half of trouble, or fails with one
of the SDK's own errors, which hold nothing of what was sent.
"""

from __future__ import annotations

import asyncio
import logging
import platform
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final, NamedTuple

from provena_sdk._version import __version__
from provena_sdk.concurrency.fork import HomeProcess
from provena_sdk.display.text import LIMIT, quoted, server_text
from provena_sdk.errors import FileError, FileStoreError, IntegrityError
from provena_sdk.net.http_dates import http_time, retry_after
from provena_sdk.net.reachability import where
from provena_sdk.s3 import retry
from provena_sdk.s3.budget import SMALL_BYTES, Admission
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

_log = logging.getLogger(__name__)

USER_AGENT: Final = f"provena-sdk/{__version__} python/{platform.python_version()}"

Data = bytes | bytearray | memoryview | Streamed

_ERROR_BYTES: Final = 64 * 1024
# What the system may still hold of a body when the last of it has been handed over, and how slowly it may leave.
_SYSTEM_BYTES: Final = 4 * 1024 * 1024
_SLOW_BYTES: Final = 64 * 1024
_PATIENT: Final = 6
_SLOW_SECONDS: Final = 900.0
_RENEWALS: Final = 5
# S3 accepts no request from a clock that is fifteen minutes off.
_OTHER_AGE: Final = timedelta(days=1)
_SUSPICION_SECONDS: Final = 60.0
_REDIRECTS: Final = frozenset({301, 307, 308, 400})


@dataclass(slots=True)
class Request:
    """One request, as it is to be signed and sent.

    Attributes:
        method: The HTTP method.
        path: The file it is about, within the folder; None when it is about none.
        key: The object's key; empty for the bucket.
        query: The query, in canonical form.
        headers: What to send besides the headers of every request, names in lower case.
        data: The body.
        size: The bytes that the request carries, one way or the other.
        limit: The most bytes of its answer.
        slow: Whether the store may work for long before it answers.
        doubtful: Whether an answer of status 200 may hold an error.
        repeated: Whether it was sent again after an attempt that may have been carried out.
        into: Takes the body of a success, on one of the I/O loops.
        io_loops: Where the request is made; None chooses by its size.
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
    into: Receiver | None = None
    io_loops: IoLoops | None = None

    def allows(self, status: int) -> bool:
        """Whether a success may have this status: what is read comes whole, or in part if a part was asked for."""
        if self.method not in ("GET", "HEAD"):
            return True
        return status == 200 or (status == 206 and ("range" in self.headers or "partNumber=" in self.query))


class Answer(NamedTuple):
    """A success: status, headers with names in lower case, the body, and how much of it ``into`` took instead."""

    status: int
    headers: Mapping[str, str]
    data: bytearray
    taken: int = 0


@dataclass(slots=True)
class Failure:
    """Why one attempt brought no answer.

    Attributes:
        error: What to raise when it is the last.
        kind: Why another attempt may help; None when it would not.
        asked: The wait in seconds that the store asked for.
        refused: The credentials that the store did not accept.
        ambiguous: Whether the store may have carried the request out.
        moved: Whether the store named another region, which is asked from now on.
    """

    error: Exception
    kind: Trouble | None = None
    asked: float | None = None
    refused: Credentials | None = None
    ambiguous: bool = False
    moved: bool = False


class PreconditionFailed(Exception):
    """There is an object already, where a write wanted to find none."""


class Settled(Exception):
    """What was asked had happened already, by an attempt whose answer was lost."""


class Exchange:
    """Makes requests about the objects of one folder.

    Args:
        folder: The folder.
        credentials: Supplies what requests are signed with.
        address: How the store is reached.
        rule: How patient to be.
        idle: Seconds without a byte after which a connection counts as dead.
        rate: How slowly bytes may move.
        admission: What limits the requests at once.

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
        """The store's clock less this machine's, as its last answer showed it."""
        self._process = HomeProcess()
        self._reached = False
        self._silent_since: float | None = None
        self._last_silence = 0.0
        self._moved = False
        self._accepted: Credentials | None = None
        self._suspected: Credentials | None = None
        self._suspect_again = 0.0
        self._point_to(address.region or addresses.DEFAULT_REGION)

    async def answer(
        self, request: Request, *, has_happened: Callable[[], Awaitable[bool]] | None = None
    ) -> Answer:
        """Make a request until it is answered, or there is no hope of that.

        Args:
            request: What to send.
            has_happened: Finds out, before a request is sent again that may have been carried out, whether it was.

        Raises:
            PreconditionFailed: There is an object already, and ``request`` allowed for none.
            Settled: It had happened, as ``has_happened`` found.
            Exception: Anything else that went wrong.
        """
        attempts = renewals = 0
        failed_at = 0.0
        while True:
            failure = await self._attempt(request)
            if isinstance(failure, Answer):
                return failure
            if failure.moved:
                continue
            if failure.refused is not None:
                # Keys that were never accepted will not be the next time; those that were have merely ended. So may
                # others have, on their way, when they live for seconds and this machine is busy.
                ended = failure.refused is self._accepted or datetime.now(UTC) >= failure.refused.expiry
                if renewals >= _RENEWALS or (renewals and not ended):
                    raise failure.error
                renewals += 1
                self._credentials.refused(failure.refused)
                continue
            if failure.kind is None:
                raise failure.error
            attempts += 1
            now = time.monotonic()
            failed_at = failed_at or now
            # In an outage all requests lose patience together, whenever they began.
            since = failed_at if self._silent_since is None else min(failed_at, self._silent_since)
            wait = self._rule.wait(
                attempts, failure.kind, now - since, reached=self._reached, asked=failure.asked
            )
            if wait is None:
                raise failure.error
            request.repeated = request.repeated or failure.ambiguous
            _log.debug(
                "%s of %r: %s; trying again in %.1f s", request.method, request.path, failure.kind.value, wait
            )
            await asyncio.sleep(wait)
            if failure.ambiguous and has_happened is not None and await has_happened():
                raise Settled

    @property
    def out_of_reach(self) -> bool:
        """Whether nothing has been heard from the store for as long as a request is tried, though it was asked."""
        return (
            self._silent_since is not None and self._last_silence - self._silent_since >= self._rule.patience
        )

    async def pause(self, attempts: int) -> None:
        """Wait before asking again for a part of what a request did not do.

        Args:
            attempts: How many times it was asked for.
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
        """Return the error for what the store said, without the credentials that were sent to it."""
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
            hint="Something between this machine and the store may have changed it; try again.",
        )

    def circular(self) -> FileStoreError:
        """Return the error for a listing that does not go forward."""
        return FileStoreError(
            f"The object store's listing for {self._folder.label} leads in a circle, or has no end.",
            hint="Try again; if it happens again, report it to whoever runs the object store.",
        )

    def replaced(self, path: str | None) -> IntegrityError:
        """Return the error for an object that is not what it was."""
        return IntegrityError(
            f"{quoted(path)} of {self._folder.label} was replaced meanwhile.",
            path=path,
            hint="Try again.",
        )

    # One attempt.

    async def _attempt(self, request: Request) -> Answer | Failure:
        if self._process.moved():
            # A fork has copied which requests of the parent were on their way.
            self.admission = self.admission.fresh()
        async with self.admission.slot(request.size) as slot:
            credentials = await self._credentials.current()
            region = self._signer.region
            try:
                reply = await self._send(request, credentials)
            except Exception as error:
                return self._broken(error, request)
            self._reached = True
            self._silent_since = None
            failure = self._failure(request, reply, credentials, region)
            if failure is None:
                self._accepted = credentials
                return Answer(reply.status, reply.headers, reply.data, reply.taken)
            if failure.kind is Trouble.BUSY:
                self.admission.slowed(slot)
            return failure

    def _point_to(self, region: str) -> None:
        """Address the bucket in a region; connections to the former host end by themselves."""
        self._endpoint = addresses.endpoint(self._address.url, self._folder.bucket, region)
        self._host = self._endpoint.host
        self._signer = Signer(region)
        self._connect = partial(Connections, self._endpoint, self._address.ca_file, idle=self._idle)
        self._connections = self._connect()

    async def _send(self, request: Request, credentials: Credentials) -> Reply:
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
        # A store that works for long sends white space meanwhile, to show that it is alive.
        rate, whole = (None, _SLOW_SECONDS) if request.slow else (self._rate, None)
        limits = Limits(request.limit, _ERROR_BYTES, idle, answer, rate, whole)
        io_loops = request.io_loops
        # What is read from a file while it is sent is read on this loop.
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
        # Raised out here, because that error holds all that was to be signed.
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
        # What failed long ago is no part of this outage.
        if self._silent_since is None or now - self._last_silence > self._rule.patience / 2:
            self._silent_since = now
        self._last_silence = now
        kind = Trouble.SLOW if isinstance(error, TooSlow) else Trouble.CONNECTION
        return Failure(failure, kind, ambiguous=not isinstance(error, Unreached))

    def _failure(
        self, request: Request, reply: Reply, credentials: Credentials, asked: str
    ) -> Failure | None:
        date = http_time(reply.headers.get("date"))
        if date is not None and abs(ahead := date - datetime.now(UTC)) < _OTHER_AGE:
            self.clock_ahead = ahead
        if reply.status >= 300:
            return self._refused(request, reply, credentials, asked)
        if not reply.whole:
            # Never more than was asked for: the object is another one, or no object at all.
            error = self.replaced if request.key and request.method == "GET" else self.senseless
            return Failure(error(request.path))
        if not request.allows(reply.status):
            return Failure(self.senseless(request.path))
        return self._doubted(request, reply, credentials) if request.doubtful else None

    def _refused(self, request: Request, reply: Reply, credentials: Credentials, asked: str) -> Failure:
        status, headers = reply.status, reply.headers
        refused = documents.refused(reply.data, status, headers)
        code, region = refused.code, refused.region
        if region is not None and status in _REDIRECTS and self._moves(asked, region):
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
        """Whether a refusal without a reason may be due to the credentials.

        More likely the file is not ours to look at. The datastore is not asked for others each time.
        """
        if credentials is not self._suspected:
            now = time.monotonic()
            if now < self._suspect_again:
                return False
            self._suspected, self._suspect_again = credentials, now + _SUSPICION_SECONDS
        return True

    def _moves(self, asked: str, named: str) -> bool:
        """Ask another region from now on, if this one is told to be wrong: once, for all who were told so."""
        if named == asked:
            return False
        if named != self._signer.region:
            if self._moved or not addresses.is_region(named):
                return False
            self._moved = True
            SHARED.part_with(self._connections)
            self._point_to(named)
        return True

    def _doubted(self, request: Request, reply: Reply, credentials: Credentials) -> Failure | None:
        """Look for an error in an answer that began as a success."""
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
