"""HTTP with the sign-in server, through requests-oauthlib. Import this module late: it loads requests.

What goes wrong within requests is returned, and raised by :class:`Line` without the frames it came through: they hold
forms and headers, and so tokens.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final, Self

import requests
from oauthlib.oauth2 import Client
from requests_oauthlib import OAuth2Session
from urllib3.exceptions import HTTPError
from urllib3.exceptions import TimeoutError as Urllib3Timeout

from provena_sdk.auth.adapter import SignInAdapter
from provena_sdk.auth.errors import Refusal, known, passing, unreadable
from provena_sdk.auth.tokens import Tokens, lifetimes
from provena_sdk.config.addresses import is_loopback, require_safe
from provena_sdk.display.text import LIMIT, server_text
from provena_sdk.errors import (
    ConnectionFailed,
    ProvenaError,
    RequestTimedOut,
    SignInError,
)
from provena_sdk.net.bodies import Body, DamagedBody
from provena_sdk.net.http_dates import http_time, retry_after
from provena_sdk.net.reachability import proxy_status, rejected_certificate, where, why
from provena_sdk.net.tls import tls_context
from provena_sdk.secret import Secret, without_frames

MOST_BYTES: Final = 1024 * 1024
"""The longest answer that is read, unpacked; tokens with hundreds of roles take a tenth of it."""

_PIECE_BYTES: Final = 64 * 1024
_ACCEPTED: Final = {"Accept": "application/json", "Accept-Encoding": "identity"}
_FORM: Final = {**_ACCEPTED, "Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer; its body stays out of the repr.

    Attributes:
        status: The HTTP status.
        text: The body; empty when there is a fault.
        fault: Why the body cannot be read, if it cannot.
        fields: The JSON object that the body is, if it is one.
        sent_at: When the request was sent, in Unix seconds.
        server_ahead: Seconds by which the server's clock is ahead.
        retry_after: Seconds that the server asked to wait.
    """

    status: int
    text: str = field(repr=False)
    fault: str | None
    fields: dict[str, Any] | None = field(repr=False)
    sent_at: float
    server_ahead: float
    retry_after: float | None

    def unreadable(self, operation: str) -> ProvenaError:
        """Name the error for this answer, when it is neither tokens nor an OAuth error."""
        html = self.text.lstrip()[:1] == "<"
        return unreadable(
            self.status, operation=operation, html=html, fault=self.fault, retry_after=self.retry_after
        )


class _Session(OAuth2Session):
    """An OAuth2Session that sends as requests does.

    Its own ``request`` writes headers and form, secrets included, to the debug log, and knows plain http only
    as a switch for the whole process. The addresses are checked by :class:`Line` instead.
    """

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Name none: redirects are not followed, and requests would read the whole body first."""

    def request(self, method: str, url: str, **options: Any) -> requests.Response:  # type: ignore[override]  # options pass on as they are
        return requests.Session.request(self, method, url, **options)


class Line:
    """One connection to the sign-in server, for one client.

    Args:
        client: The oauthlib client, which builds the bodies and reads the answers.
        ca_file: File of the authorities to trust; None means the usual ones.
        timeout: Seconds to wait for the connection, and for the whole answer.
        clock: Returns Unix seconds.
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

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._session.close()

    def post(self, url: str, form: Secret, operation: str) -> Answer:
        """Send a form.

        Args:
            url: Where to.
            form: The encoded form.
            operation: What for, in messages.

        Raises:
            ConnectionFailed: No answer came; RequestTimedOut when it took too long.
            ConfigurationError: The address is not safe for secrets.
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
        # A proxy from the environment cannot reach this machine's own ports.
        self._session.trust_env = not is_loopback(url)
        if url.lower().startswith("https:") and not self._trusting:
            self._session.mount("https://", SignInAdapter(tls_context(self._ca_file)))
            self._trusting = True
        outcome = self._exchange(method, url, operation, form, access_token)
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    def _exchange(
        self, method: str, url: str, operation: str, form: Secret | None, access_token: Secret | None
    ) -> Answer | BaseException:
        """Send a request; what is raised meanwhile is returned, since the frames here hold tokens."""
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

    def tokens(self, answer: Answer, *, operation: str, secrets: tuple[Secret, ...]) -> Tokens | Refusal:
        """Read an answer of the token endpoint.

        Args:
            answer: The answer.
            operation: What was asked, in messages.
            secrets: What was sent and must not come back in a message.

        Returns:
            The tokens, or the server's refusal.

        Raises:
            ServiceError: The answer is neither; the subclass says what it is.
            SignInError: The answer holds no token, or not a bearer token.
        """
        refusal = read_refusal(answer, operation, secrets)
        if refusal is not None:
            return refusal
        if answer.fields is None or answer.status >= 300:
            raise answer.unreadable(operation)
        found = _tokens(answer)
        if found is None:
            raise SignInError(
                "The sign-in server answered without a bearer token.", hint="Check the deployment's issuer."
            )
        return found


def _headers(form: Secret | None, access_token: Secret | None) -> dict[str, str]:
    if access_token is not None:
        return {**_ACCEPTED, "Authorization": f"Bearer {access_token.reveal()}"}
    return _ACCEPTED if form is None else _FORM


def _tokens(answer: Answer) -> Tokens | None:
    """Read the tokens of RFC 6749, section 5.1; None when there is no bearer token that can be sent."""
    fields = answer.fields or {}
    kind = fields.get("token_type", "bearer")
    access = _token(fields, "access_token")
    if access is None or not isinstance(kind, str) or kind.lower() != "bearer":
        return None
    expires_at, refresh_expires_at = lifetimes(fields, answer.sent_at, answer.server_ahead)
    return Tokens(
        access_token=access,
        obtained_at=answer.sent_at,
        expires_at=expires_at,
        refresh_token=_token(fields, "refresh_token"),
        refresh_expires_at=refresh_expires_at,
    )


def _token(fields: dict[str, Any], name: str) -> Secret | None:
    value = fields.get(name)
    token = Secret(value, name) if isinstance(value, str) else None
    return token if token is not None and token.is_sendable else None


def read_refusal(answer: Answer, operation: str, secrets: tuple[Secret, ...] = ()) -> Refusal | None:
    """Read an OAuth error (RFC 6749, section 5.2).

    Args:
        answer: Any answer of the sign-in server.
        operation: What was asked, in messages.
        secrets: What was sent and must not come back in a message.

    Returns:
        The error, or None when the answer is none; gateways, too, write JSON with an ``error`` in it.

    Raises:
        ServerError: The error means that the server is failing, or busy.
    """
    refusal = _refusal(answer, secrets)
    failure = None if refusal is None else passing(refusal, operation=operation)
    if failure is not None:
        raise failure
    return refusal


def _refusal(answer: Answer, secrets: tuple[Secret, ...]) -> Refusal | None:
    fields = answer.fields or {}
    code, description = fields.get("error"), fields.get("error_description")
    if not isinstance(code, str) or not code:
        return None
    if not known(code) and answer.status not in (200, 400, 401, 403):
        return None
    sent = [secret.reveal() for secret in secrets]
    said = server_text(description, secrets=sent, limit=LIMIT) if isinstance(description, str) else ""
    return Refusal(server_text(code, secrets=sent, limit=LIMIT), said or None, answer.status)


def _failure(error: requests.RequestException | HTTPError, operation: str, url: str) -> ProvenaError:
    """Name the error for a request without an answer, from its kind and cause: its text may hold secrets."""
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
    # Date has whole seconds: what lies within the flight time and that second is no difference of clocks.
    ahead = 0.0 if dated is None else dated.timestamp() - (sent_at + received_at) / 2
    return Answer(
        status=response.status_code,
        text=text,
        fault=fault,
        fields=body if isinstance(body, dict) else None,
        sent_at=sent_at,
        server_ahead=ahead if abs(ahead) > 2.0 + (received_at - sent_at) else 0.0,
        retry_after=retry_after(response.headers, lambda: received_at),
    )


def _text(response: requests.Response) -> tuple[str, str | None]:
    """Read the body as UTF-8, whatever the headers say; or say why it cannot be read."""
    try:
        body = Body(response.headers, MOST_BYTES)
        while body.whole:
            piece = response.raw.read(_PIECE_BYTES, decode_content=False)
            if not piece or not body.add(piece):
                break
        content = body.content()
    except DamagedBody:
        return "", "its compression cannot be read"
    except ValueError:  # of the standard library, for a chunk of less than no bytes
        return "", "its length cannot be read"
    if not body.whole:
        return "", "it is longer than 1 MiB"
    return content.decode("utf-8", "replace").removeprefix("\ufeff"), None
