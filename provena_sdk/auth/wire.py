"""HTTP with the sign-in server, through requests-oauthlib. Import this module late: it loads requests.

Every error is raised outside the ``except`` that noticed it: the exceptions of requests and oauthlib carry the
request, and with it the tokens, and Python would keep them as context.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import requests
from oauthlib.oauth2 import Client
from oauthlib.oauth2.rfc6749.errors import OAuth2Error
from requests_oauthlib import OAuth2Session

from provena_sdk.auth.adapter import TrustingAdapter
from provena_sdk.auth.refusal import Refusal, known, passing, unreadable
from provena_sdk.auth.tokens import Tokens, lifetimes
from provena_sdk.config.addresses import is_loopback, require_safe
from provena_sdk.config.trust import tls_context
from provena_sdk.display.text import LIMIT, server_text
from provena_sdk.errors import (
    ConnectionFailed,
    ProvenaError,
    RequestTimedOut,
    SignInError,
)
from provena_sdk.net.http_dates import http_time, retry_after
from provena_sdk.unreached import proxy_status, rejected_certificate, where, why

_FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer; its body stays out of the repr."""

    status: int
    text: str = field(repr=False)
    fields: dict[str, Any] | None = field(repr=False)
    sent_at: float
    server_ahead: float
    retry_after: float | None

    def unreadable(self, operation: str) -> ProvenaError:
        """Name the error for this answer, when it is neither tokens nor an OAuth error."""
        html = self.text.lstrip()[:1] == "<"
        return unreadable(self.status, operation=operation, html=html, retry_after=self.retry_after)


class _Session(OAuth2Session):
    """An OAuth2Session that sends as requests does.

    Its own ``request`` writes headers and form, secrets included, to the debug log, and knows plain http only
    as a switch for the whole process. The addresses are checked by :class:`Line` instead.
    """

    def request(self, method: str, url: str, **options: Any) -> requests.Response:  # type: ignore[override]  # options pass on as they are
        return requests.Session.request(self, method, url, **options)


class Line:
    """One connection to the sign-in server, for one client.

    Args:
        client: The oauthlib client, which builds the bodies and reads the answers.
        ca_file: File of the authorities to trust; None means the usual ones.
        timeout: Seconds to wait for the connection, and for each part of the answer.
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
        self._ca_file = ca_file
        self._trusting = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._session.close()

    def post(self, url: str, form: str, operation: str) -> Answer:
        """Send a form.

        Args:
            url: Where to.
            form: The encoded form.
            operation: What for, in messages.

        Raises:
            ConnectionFailed: No answer came; RequestTimedOut when it took too long.
            ConfigurationError: The address is not safe for secrets.
        """
        return self._send("POST", url, operation, data=form, headers=_FORM)

    def get(self, url: str, operation: str, *, access_token: str | None = None) -> Answer:
        """Fetch a document, for the holder of ``access_token`` if one is given; errors as in :meth:`post`."""
        headers = {"Accept": "application/json"}
        if access_token is not None:
            headers["Authorization"] = f"Bearer {access_token}"
        return self._send("GET", url, operation, headers=headers)

    def _send(self, method: str, url: str, operation: str, **options: Any) -> Answer:
        require_safe(operation, url)
        # A proxy from the environment cannot reach this machine's own ports.
        self._session.trust_env = not is_loopback(url)
        if url.startswith("https:") and not self._trusting:
            self._session.mount("https://", TrustingAdapter(tls_context(self._ca_file)))
            self._trusting = True
        response: requests.Response | None = None
        failure: ProvenaError | None = None
        sent_at = self._clock()
        try:
            response = self._session.request(
                method, url, timeout=self._timeout, allow_redirects=False, **options
            )
        except requests.RequestException as error:
            failure = _failure(error, operation, url)
        if response is None:
            raise failure or AssertionError("neither an answer nor an error")
        return _read(response, sent_at, self._clock())

    def tokens(self, answer: Answer, *, operation: str, secrets: tuple[str, ...]) -> Tokens | Refusal:
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
        try:
            token: dict[str, Any] | None = self.client.parse_request_body_response(answer.text)
        except (OAuth2Error, ValueError, TypeError):
            token = None
        access = token.get("access_token") if token else None
        kind = str((token or {}).get("token_type", "bearer"))
        if token is None or not isinstance(access, str) or not access or kind.lower() != "bearer":
            raise SignInError(
                "The sign-in server answered without a bearer token.", hint="Check the deployment's issuer."
            )
        refresh = token.get("refresh_token")
        expires_at, refresh_expires_at = lifetimes(answer.fields, answer.sent_at, answer.server_ahead)
        return Tokens(
            access_token=access,
            obtained_at=answer.sent_at,
            expires_at=expires_at,
            refresh_token=refresh if isinstance(refresh, str) and refresh else None,
            refresh_expires_at=refresh_expires_at,
        )


def read_refusal(answer: Answer, operation: str, secrets: tuple[str, ...] = ()) -> Refusal | None:
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
    code = answer.fields.get("error") if answer.fields else None
    if not isinstance(code, str) or not code:
        return None
    if not known(code) and answer.status not in (200, 400, 401, 403):
        return None
    description = answer.fields.get("error_description") if answer.fields else None
    text = server_text(description, secrets=secrets, limit=LIMIT) if isinstance(description, str) else None
    refusal = Refusal(server_text(code, secrets=secrets, limit=LIMIT), text or None, answer.status)
    failure = passing(refusal, operation=operation)
    if failure is not None:
        raise failure
    return refusal


def _failure(error: requests.RequestException, operation: str, url: str) -> ProvenaError:
    """Name the error for a request without an answer, from its kind and cause: its text may hold secrets."""
    server = f"sign-in server at {where(url)}"
    rejected = rejected_certificate(error, server, operation=operation)
    if rejected is not None:
        return rejected
    if isinstance(error, requests.exceptions.Timeout):
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
    try:
        body = json.loads(response.content)
    except (ValueError, RecursionError):
        body = None
    dated = http_time(response.headers.get("Date"))
    # Date has whole seconds: what lies within the flight time and that second is no difference of clocks.
    ahead = 0.0 if dated is None else dated.timestamp() - (sent_at + received_at) / 2
    return Answer(
        status=response.status_code,
        text=response.text,
        fields=body if isinstance(body, dict) else None,
        sent_at=sent_at,
        server_ahead=ahead if abs(ahead) > 2.0 + (received_at - sent_at) else 0.0,
        retry_after=retry_after(response.headers, lambda: received_at),
    )
