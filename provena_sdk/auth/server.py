"""The sign-in server: its endpoints, and the grants that do not need a person."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeVar

from provena_sdk.auth.answer import Answer, read_refusal, read_tokens
from provena_sdk.auth.discovery import DOCUMENT, Endpoints, read_document
from provena_sdk.auth.errors import Refusal
from provena_sdk.auth.tokens import Tokens
from provena_sdk.config.addresses import require_safe
from provena_sdk.errors import (
    CertificateRejected,
    ConnectionFailed,
    EndpointNotFound,
    ProvenaError,
    RateLimited,
    ServiceError,
)
from provena_sdk.logs import Retry, log_retry
from provena_sdk.secret import Secret

if TYPE_CHECKING:
    from oauthlib.oauth2 import Client

    from provena_sdk.auth.http import Line

_log = logging.getLogger(__name__)
_Result = TypeVar("_Result")

_PAUSES = (0.5, 2.0)
_LONGEST_WAIT = 30.0


class SignInServer:
    """One realm of a Keycloak server, or another OAuth 2 server.

    Args:
        issuer: Base URL of the realm: HTTPS, or plain HTTP on this machine.
        endpoints: URLs to use instead of the published ones, by name: ``token``,
            ``device_authorization``, ``revocation``, ``userinfo``.
        discovery: Whether to request the realm's published URLs; otherwise they are derived from the issuer.
        ca_file: File of the certificate authorities to trust; None means the usual ones.
        timeout: Seconds to wait for a connection, and for a whole answer.
        clock: Returns Unix seconds.
        sleep: Waits for a number of seconds.

    Raises:
        ConfigurationError: A URL is not safe for secrets.
    """

    def __init__(
        self,
        issuer: str,
        *,
        endpoints: Mapping[str, str] | None = None,
        discovery: bool = True,
        ca_file: str | None = None,
        timeout: tuple[float, float] = (10.0, 30.0),
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        require_safe("issuer", issuer)
        self.issuer = issuer.rstrip("/")
        self.clock = clock
        self.sleep = sleep
        self._overrides = dict(endpoints or {})
        self._ca_file = ca_file
        self._timeout = timeout
        known = Endpoints.below(self.issuer).replaced(self._overrides)
        self._found: Endpoints | None = None if discovery else known

    def __repr__(self) -> str:
        return f"SignInServer({self.issuer!r})"

    def line(self, client: Client) -> Line:
        """Return a new connection for ``client``; the caller closes it."""
        from provena_sdk.auth.http import Line  # noqa: PLC0415  # keeps requests away

        return Line(client, ca_file=self._ca_file, timeout=self._timeout, clock=self.clock)

    def endpoints(self, line: Line) -> Endpoints:
        """Return the realm's URLs, requested over ``line`` the first time.

        A realm that publishes none is assumed to be Keycloak's.

        Raises:
            ConnectionFailed: The server cannot be reached.
            ServiceError: A gateway answered, or the server failed.
            ConfigurationError: A published URL is not safe.
        """
        if self._found is None:
            answer = line.get(self.issuer + DOCUMENT, "sign-in.discovery")
            if answer.status == 200 and answer.fields is not None:
                self._found = read_document(self.issuer, answer.fields).replaced(self._overrides)
            elif 400 <= answer.status < 500 and answer.status != 429:
                _log.debug("No published configuration at %s (%s)", self.issuer, answer.status)
                self._found = Endpoints.below(self.issuer).replaced(self._overrides)
            else:
                raise answer.unreadable("sign-in.discovery")
        return self._found

    def refresh(
        self, refresh_token: Secret, *, client_id: str, client_secret: Secret | None = None
    ) -> Tokens | Refusal:
        """Exchange a refresh token for new tokens (RFC 6749, section 6).

        Args:
            refresh_token: The token; servers that rotate tokens accept it once.
            client_id: The client it was issued to.
            client_secret: That client's secret, if it has one.

        Returns:
            The new tokens, with the old refresh token if the server sent no new one; or the server's refusal.

        Raises:
            ConnectionFailed: The server cannot be reached, after three attempts.
            ServiceError: It answered with neither tokens nor an OAuth error, after three attempts.
        """
        from oauthlib.oauth2 import LegacyApplicationClient  # noqa: PLC0415  # keeps oauthlib away

        client = LegacyApplicationClient(client_id)
        form = Secret(
            client.prepare_refresh_body(
                refresh_token=refresh_token.reveal(),
                client_id=client_id,
                include_client_id=True,
                client_secret=None if client_secret is None else client_secret.reveal(),
            ),
            "form",
        )
        secrets = tuple(filter(None, (refresh_token, client_secret)))
        result = self._granted(client, form, "sign-in.refresh", secrets)
        if isinstance(result, Tokens) and result.refresh_token is None:
            return Tokens(
                access_token=result.access_token,
                obtained_at=result.obtained_at,
                expires_at=result.expires_at,
                refresh_token=refresh_token,
                refresh_expires_at=result.refresh_expires_at,
            )
        return result

    def client_credentials(self, client_id: str, client_secret: Secret) -> Tokens | Refusal:
        """Sign in as a service (RFC 6749, section 4.4); returns and raises as :meth:`refresh`."""
        from oauthlib.oauth2 import BackendApplicationClient  # noqa: PLC0415  # keeps oauthlib away

        client = BackendApplicationClient(client_id)
        form = Secret(
            client.prepare_request_body(include_client_id=True, client_secret=client_secret.reveal()), "form"
        )
        return self._granted(client, form, "sign-in.client-credentials", (client_secret,))

    def revoke(
        self, refresh_token: Secret, *, client_id: str, client_secret: Secret | None = None
    ) -> Refusal | None:
        """End a session at the server (RFC 7009).

        Returns:
            None when the token is no longer valid, or the server's refusal.

        Raises:
            ConnectionFailed: The server cannot be reached.
            ServiceError: It answered with neither success nor an OAuth error.
        """
        from oauthlib.common import urlencode  # noqa: PLC0415  # keeps oauthlib away
        from oauthlib.oauth2 import LegacyApplicationClient  # noqa: PLC0415  # keeps oauthlib away

        secrets = (refresh_token,) if client_secret is None else (refresh_token, client_secret)
        names = ("token", "client_secret")
        form = Secret(
            urlencode(
                [
                    ("token_type_hint", "refresh_token"),
                    ("client_id", client_id),
                    *((name, secret.reveal()) for name, secret in zip(names, secrets, strict=False)),
                ]
            ),
            "form",
        )

        def attempt(line: Line) -> Refusal | None:
            answer = line.post(self.endpoints(line).revocation, form, "sign-in.revoke")
            refusal = read_refusal(answer, "sign-in.revoke", secrets)
            if refusal is None and not 200 <= answer.status < 300:
                raise answer.unreadable("sign-in.revoke")
            return refusal

        return self.persist(LegacyApplicationClient(client_id), attempt)

    def userinfo(self, access_token: Secret) -> dict[str, object] | Refusal:
        """Request the profile of an access token's holder (OpenID Connect Core 1.0, section 5.3).

        Args:
            access_token: The token.

        Returns:
            The holder's ``preferred_username``, ``email`` and more; or the server's refusal, which is
            ``invalid_token`` for a token that it no longer accepts.

        Raises:
            ConnectionFailed: The server cannot be reached.
            ServiceError: It answered with neither.
        """
        from oauthlib.oauth2 import LegacyApplicationClient  # noqa: PLC0415  # keeps oauthlib away

        def attempt(line: Line) -> dict[str, object] | Refusal:
            url = self.endpoints(line).userinfo
            answer = line.get(url, "sign-in.userinfo", access_token=access_token)
            refusal = read_refusal(answer, "sign-in.userinfo", (access_token,))
            if refusal is not None:
                return refusal
            if answer.status in (401, 403):
                return Refusal("invalid_token" if answer.status == 401 else "insufficient_scope")
            if answer.fields is None or answer.status >= 300:
                raise answer.unreadable("sign-in.userinfo")
            return answer.fields

        return self.persist(LegacyApplicationClient(""), attempt)

    def _granted(
        self, client: Client, form: Secret, operation: str, secrets: tuple[Secret, ...]
    ) -> Tokens | Refusal:
        def attempt(line: Line) -> Tokens | Refusal:
            answer: Answer = line.post(self.endpoints(line).token, form, operation)
            return read_tokens(answer, operation=operation, secrets=secrets)

        return self.persist(client, attempt)

    def persist(self, client: Client, attempt: Callable[[Line], _Result]) -> _Result:
        """Call ``attempt`` until it gets an answer, at most three times.

        A refresh token is sent again even if a lost request may have used it: there is no other to send.

        Args:
            client: The client to open the connection for.
            attempt: Sends one request to the server.

        Returns:
            The result of ``attempt``.

        Raises:
            ConnectionFailed: No answer came.
            ServiceError: The answers were unreadable, or the server is failing.
        """
        with self.line(client) as line:
            for attempts, pause in enumerate((*_PAUSES, None), start=1):
                try:
                    return attempt(line)
                except (ServiceError, ConnectionFailed) as error:
                    wait = _wait_before_retry(error, pause)
                    if wait is None:
                        error.complete(attempts=attempts)
                        raise
                    method, path = line.sent
                    retry = Retry(path, error.message.rstrip("."), wait, attempts + 1, len(_PAUSES) + 1)
                    log_retry(_log, method, retry)
                self.sleep(wait)
        raise AssertionError("The last attempt returns or raises.")


def _wait_before_retry(error: ProvenaError, pause: float | None) -> float | None:
    """Return the seconds to wait before a retry, or None when a retry is pointless or no pause is left."""
    if pause is None or isinstance(error, (CertificateRejected, EndpointNotFound)):
        return None
    if isinstance(error, RateLimited) and error.retry_after is not None:
        return error.retry_after if error.retry_after <= _LONGEST_WAIT else None
    return pause
