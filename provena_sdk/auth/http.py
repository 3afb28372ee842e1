"""HTTP with the sign-in server.

This is the only module that uses requests, which requests-oauthlib requires; all others use httpx. Import it late: it
loads both.

Errors within requests are returned, and raised by :class:`Line` without their frames, which hold forms and headers and
therefore tokens.
"""

from __future__ import annotations

import http.client
import io
import json
import logging
import socket
import ssl
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlsplit

import requests
from oauthlib.oauth2 import Client
from requests.adapters import HTTPAdapter
from requests_oauthlib import OAuth2Session
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.exceptions import TimeoutError as Urllib3Timeout

from provena_sdk.auth.answer import Answer
from provena_sdk.config.addresses import is_loopback, require_safe
from provena_sdk.errors import ConnectionFailed, ProvenaError, RequestTimedOut
from provena_sdk.logs import log_request, note_request, request_id_of
from provena_sdk.net.bodies import Body, DamagedBody
from provena_sdk.net.http_dates import http_time, retry_after
from provena_sdk.net.reachability import proxy_status, rejected_certificate, where, why
from provena_sdk.net.tls import tls_context
from provena_sdk.secret import Secret, without_frames

_log = logging.getLogger(__name__)

MOST_BYTES: Final = 1024 * 1024
"""The most bytes of an answer to read, decompressed; tokens with hundreds of roles take a tenth of it."""

_CHUNK_BYTES: Final = 64 * 1024
_ACCEPTED: Final = {"Accept": "application/json", "Accept-Encoding": "identity"}
_FORM: Final = {**_ACCEPTED, "Content-Type": "application/x-www-form-urlencoded"}


class _Session(OAuth2Session):
    """An OAuth2Session that sends requests as plain requests does.

    ``OAuth2Session.request`` writes headers and form, including secrets, to the debug log, and can allow plain HTTP
    only for the whole process. :class:`Line` checks the URLs instead.
    """

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Return None: redirects are not followed, and requests would first read the whole body."""

    def request(self, method: str, url: str, **options: Any) -> requests.Response:  # type: ignore[override]  # options pass on as they are
        return requests.Session.request(self, method, url, **options)


class Line:
    """A connection to the sign-in server, for one client.

    Args:
        client: The oauthlib client, which builds the bodies and reads the answers.
        ca_file: File of the certificate authorities to trust; None means the usual ones.
        timeout: Seconds to wait for the connection, and for the whole answer.
        clock: Returns Unix seconds.

    Attributes:
        sent: Method and path of the last request.
    """

    def __init__(
        self,
        client: Client,
        *,
        ca_file: str | None = None,
        timeout: tuple[float, float] = (10.0, 30.0),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.client = client
        self._timeout = timeout
        self._clock = clock
        self._session = _Session(client=client)
        self._session.mount("http://", SignInAdapter())
        self._ca_file = ca_file
        self._trusting = False
        self.sent = ("", "")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._session.close()

    def post(self, url: str, form: Secret, operation: str) -> Answer:
        """Send a form.

        Args:
            url: The URL.
            form: The encoded form.
            operation: The operation's name, for messages.

        Raises:
            ConnectionFailed: No answer came; RequestTimedOut when it took too long.
            ConfigurationError: The URL is not safe for secrets.
        """
        return self._send("POST", url, operation, form=form)

    def get(self, url: str, operation: str, *, access_token: Secret | None = None) -> Answer:
        """Fetch a document, for the holder of ``access_token`` if one is given; errors as in :meth:`post`."""
        return self._send("GET", url, operation, access_token=access_token)

    def _send(
        self,
        method: str,
        url: str,
        operation: str,
        *,
        form: Secret | None = None,
        access_token: Secret | None = None,
    ) -> Answer:
        require_safe(operation, url)
        # A proxy from the environment cannot reach ports of this machine.
        self._session.trust_env = not is_loopback(url)
        if url.lower().startswith("https:") and not self._trusting:
            self._session.mount("https://", SignInAdapter(tls_context(self._ca_file)))
            self._trusting = True
        began = time.perf_counter()
        outcome = self._exchange(method, url, operation, form, access_token)
        self.sent = (method, urlsplit(url).path)
        _log_exchange(*self.sent, outcome, time.perf_counter() - began)
        if isinstance(outcome, ProvenaError):
            outcome.complete(operation=operation, url=url)
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    def _exchange(
        self, method: str, url: str, operation: str, form: Secret | None, access_token: Secret | None
    ) -> Answer | BaseException:
        """Send a request; return errors instead of raising them, since the frames here hold tokens."""
        sent_at = self._clock()
        try:
            with self._session.request(
                method,
                url,
                data=None if form is None else form.reveal(),
                headers=_headers(form, access_token),
                timeout=self._timeout,
                allow_redirects=False,
                stream=True,
            ) as response:
                return _read(response, sent_at, self._clock())
        except (requests.RequestException, HTTPError) as error:
            return _failure(error, operation, url)
        except BaseException as error:
            return without_frames(error)


def _log_exchange(method: str, path: str, outcome: Answer | BaseException, seconds: float) -> None:
    answer = outcome if isinstance(outcome, Answer) else None
    status = None if answer is None else answer.status
    request_id = None if answer is None else answer.request_id
    failure = None if answer is not None else type(outcome).__name__
    note_request(
        "sign-in",
        method,
        lambda: path,
        status=status,
        seconds=seconds,
        request_id=lambda: request_id,
        failure=failure,
    )
    if _log.isEnabledFor(logging.DEBUG):
        log_request(
            _log,
            method,
            path,
            status=status,
            size=0 if answer is None else len(answer.text.encode()),
            seconds=seconds,
            request_id=request_id,
            failure=failure,
        )


def _headers(form: Secret | None, access_token: Secret | None) -> dict[str, str]:
    if access_token is not None:
        return {**_ACCEPTED, "Authorization": f"Bearer {access_token.reveal()}"}
    return _ACCEPTED if form is None else _FORM


def _failure(error: requests.RequestException | HTTPError, operation: str, url: str) -> ProvenaError:
    """Return the error for a request without an answer, without using the text of ``error``: it may hold secrets."""
    server = f"sign-in server at {where(url)}"
    rejected = rejected_certificate(error, server, operation=operation)
    if rejected is not None:
        return rejected
    if isinstance(error, (requests.exceptions.Timeout, Urllib3Timeout)):
        return RequestTimedOut(
            f"The {server} did not answer in time.", operation=operation, hint="Check the network."
        )
    through_proxy = isinstance(error, requests.exceptions.ProxyError)
    reason = (proxy_status(error) if through_proxy else None) or why(error)
    message = f"The {server} could not be reached{f': {reason}' if reason else ''}."
    if through_proxy:
        return ConnectionFailed(
            message,
            operation=operation,
            hint="Check HTTPS_PROXY and NO_PROXY.",
        )
    return ConnectionFailed(
        message,
        operation=operation,
        hint="Check the network, the deployment's domain and the issuer.",
    )


def _read(response: requests.Response, sent_at: float, received_at: float) -> Answer:
    text, fault = _text(response)
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        body = None
    dated = http_time(response.headers.get("Date"))
    # Date has whole seconds: a difference within the round trip and that second says nothing about the clocks.
    ahead = 0.0 if dated is None else dated.timestamp() - (sent_at + received_at) / 2
    return Answer(
        status=response.status_code,
        text=text,
        fault=fault,
        fields=body if isinstance(body, dict) else None,
        sent_at=sent_at,
        server_ahead=ahead if abs(ahead) > 2.0 + (received_at - sent_at) else 0.0,
        retry_after=retry_after(response.headers, lambda: received_at),
        url=response.url,
        request_id=request_id_of(response.headers),
    )


def _text(response: requests.Response) -> tuple[str, str | None]:
    """Return the body as UTF-8, whatever the headers say, or why it cannot be read."""
    try:
        body = Body(response.headers, MOST_BYTES)
        while body.whole:
            chunk = response.raw.read(_CHUNK_BYTES, decode_content=False)
            if not chunk or not body.add(chunk):
                break
        content = body.content()
    except DamagedBody:
        return "", "its compression cannot be read"
    except ValueError:  # from the standard library, for a chunk of negative length
        return "", "its length cannot be read"
    if not body.whole:
        return "", "it is longer than 1 MiB"
    return content.decode("utf-8", "replace").removeprefix("\ufeff"), None


class SignInAdapter(HTTPAdapter):
    """An adapter that uses one TLS context, and requires the whole answer within the timeout.

    By default, requests adds certifi's list to the authorities of a context, prefers REQUESTS_CA_BUNDLE to the
    session's setting, and restarts the timeout with every byte.

    Args:
        context: The TLS context; None for plain HTTP.
    """

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self._context = context
        super().__init__()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Create the pool of direct connections."""
        super().init_poolmanager(*args, **options, ssl_context=self._context)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        """Create the pool of connections through a proxy."""
        manager = super().proxy_manager_for(proxy, **options, ssl_context=self._context)
        manager.pool_classes_by_scheme = _POOLS
        return manager

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Require a certificate, without adding trusted authorities."""
        conn.cert_reqs = "CERT_REQUIRED"

    def send(self, request: Any, *args: Any, **options: Any) -> Any:
        """Send a request, ignoring the environment's settings for certificates."""
        return super().send(request, *args, **{**options, "verify": True})


class _WholeAnswer(http.client.HTTPResponse):
    """An answer that must arrive completely within the timeout of its connection."""

    def __init__(self, sock: socket.socket, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        raw = self.fp.detach()
        self.fp = io.BufferedReader(_Timed(raw, sock))


class _Timed(io.RawIOBase):
    def __init__(self, raw: io.RawIOBase, sock: socket.socket) -> None:
        self._raw = raw
        self._sock = sock
        self._timeout = sock.gettimeout()
        self._deadline = time.monotonic() + (self._timeout or 0.0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self._timeout is None:
            return self._raw.readinto(buffer)
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        self._sock.settimeout(left)
        try:
            return self._raw.readinto(buffer)
        finally:
            self._sock.settimeout(self._timeout)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Connection(HTTPConnection):
    response_class = _WholeAnswer


class _SecureConnection(HTTPSConnection):
    response_class = _WholeAnswer


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection  # pyright: ignore[reportAssignmentType]  # urllib3 ignores this in its own subclasses, too


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection  # pyright: ignore[reportAssignmentType]


_POOLS = {"http": _Pool, "https": _SecurePool}
