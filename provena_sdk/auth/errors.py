"""Errors for refusals and unreadable answers of the sign-in server.

The codes are those of RFC 6749 (sections 4.1.2.1 and 5.2), RFC 7009 (section 2.2.1) and RFC 8628 (section 3.5).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from provena_sdk.display.text import server_text
from provena_sdk.errors import (
    EndpointNotFound,
    GatewayError,
    ProvenaError,
    RateLimited,
    ServerError,
    SessionEnded,
    SignInDenied,
    SignInError,
    SignInExpired,
    UnreadableAnswer,
)

E = TypeVar("E", bound=ProvenaError)


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error answer of the sign-in server.

    Args:
        code: The error code.
        description: The server's explanation, on one line and without the secrets that were sent.
        status: The HTTP status.
        operation: The operation that was refused; None if there was no request.
        url: Where the request went.
        request_id: The server's name for the request, if it sent one.
    """

    code: str
    description: str | None = None
    status: int = 400
    operation: str | None = None
    url: str | None = None
    request_id: str | None = None

    def describe(self, error: E) -> E:
        """Fill in what an error does not know about the refused request, and return it."""
        return error.complete(
            operation=self.operation,
            url=self.url,
            status=None if self.operation is None else self.status,
            request_id=self.request_id,
        )


@dataclass(frozen=True, slots=True)
class _Entry:
    kind: type[SignInError]
    message: str
    hint: str


_AGAIN = "Sign in again."
_CLIENT = "Check the client id and secret (PROVENA_CLIENT_ID, PROVENA_CLIENT_SECRET)."
_OPERATOR = "Ask the deployment's operator to allow it, or use another client id."
_REPORT = "Check the addresses of the deployment; if they are right, report this."
_LATER = "Try again in a few minutes."

_TABLE = {
    "access_denied": _Entry(SignInDenied, "Signing in was refused on the sign-in page.", _AGAIN),
    "expired_token": _Entry(SignInExpired, "The code was not used in time.", _AGAIN),
    "authorization_pending": _Entry(SignInExpired, "Signing in was not completed in time.", _AGAIN),
    "slow_down": _Entry(SignInError, "The sign-in server was asked too often.", _LATER),
    "invalid_grant": _Entry(SessionEnded, "The session has ended.", _AGAIN),
    "invalid_client": _Entry(
        SignInDenied, "The sign-in server does not know client {client!r} or refused its secret.", _CLIENT
    ),
    "unauthorized_client": _Entry(SignInDenied, "Client {client!r} may not sign in this way.", _OPERATOR),
    "unsupported_grant_type": _Entry(
        SignInDenied, "The sign-in server does not offer this way of signing in.", _OPERATOR
    ),
    "unsupported_response_type": _Entry(
        SignInDenied, "The sign-in server does not offer this way of signing in.", _OPERATOR
    ),
    "unsupported_token_type": _Entry(
        SignInError, "The sign-in server cannot revoke this kind of token.", "It ends by itself."
    ),
    "invalid_scope": _Entry(
        SignInDenied, "Client {client!r} may not have the scopes it asked for.", _OPERATOR
    ),
    "invalid_request": _Entry(SignInError, "The sign-in server did not accept the request.", _REPORT),
}

_KEYCLOAKS = {
    "not_allowed": _Entry(
        SignInDenied,
        "This account, or client {client!r}, may not have offline tokens.",
        "Ask the deployment's operator for the role offline_access.",
    ),
}
"""Keycloak's codes that no standard defines."""

_PASSING = {
    "server_error": "The sign-in server failed.",
    "temporarily_unavailable": "The sign-in server is busy or under maintenance.",
}


def explain(refusal: Refusal, *, client_id: str) -> SignInError:
    """Return the error to raise for an error answer.

    Args:
        refusal: The answer.
        client_id: The client that asked.

    Example:
        >>> print(explain(Refusal("access_denied"), client_id="client-tools"))
        Signing in was refused on the sign-in page. Sign in again.
    """
    code = "invalid_client" if _is_wrong_secret(refusal) else refusal.code
    entry = _TABLE.get(code) or _KEYCLOAKS.get(code)
    if entry is None:
        entry = _Entry(SignInError, "The sign-in server refused with {code!r}.", _REPORT)
    # The server's text is inserted, and never used as a template.
    message = entry.message.format(client=client_id, code=server_text(refusal.code))
    if refusal.description:
        message = f"{message} The server says: {refusal.description.rstrip('.')}."
    return refusal.describe(entry.kind(message, hint=entry.hint))


def _is_wrong_secret(refusal: Refusal) -> bool:
    """Return whether Keycloak means an unknown client or a wrong secret, which it reports under another error code."""
    if refusal.code != "unauthorized_client" or refusal.status != 401:
        return False
    text = (refusal.description or "").lower()
    return not text or "credential" in text or "secret" in text


def known(code: str) -> bool:
    """Return whether a code is one of the standards or of Keycloak."""
    return code in _TABLE or code in _KEYCLOAKS or code in _PASSING


def passing(refusal: Refusal, *, operation: str) -> ServerError | None:
    """Return the error for a refusal that a later retry may overcome; None for any other."""
    if refusal.code not in _PASSING:
        return None
    return ServerError(
        _PASSING[refusal.code],
        operation=operation,
        status=refusal.status,
        detail=refusal.description,
        hint=_LATER,
    )


def unreadable(
    status: int, *, operation: str, html: bool, fault: str | None = None, retry_after: float | None = None
) -> ProvenaError:
    """Return the error for an answer that is neither tokens nor an OAuth error.

    Args:
        status: The HTTP status.
        operation: The operation's name.
        html: Whether the body looks like a web page, such as gateways and proxies send.
        fault: Why the body cannot be read, if it cannot.
        retry_after: Seconds the server asked to wait, if it did.
    """
    if status == 429:
        return RateLimited(
            "The sign-in server was asked too often (429).",
            operation=operation,
            status=status,
            retry_after=retry_after,
            hint=_LATER,
        )
    if 300 <= status < 400 or status in (404, 405):
        return EndpointNotFound(
            f"There is no sign-in server at this address ({status}).",
            operation=operation,
            status=status,
            hint="Check the deployment's domain, realm and issuer.",
        )
    if status in (502, 503, 504) or (html and status != 200):
        return GatewayError(
            f"A gateway or proxy answered instead of the sign-in server ({status}).",
            operation=operation,
            status=status,
            hint=_LATER,
        )
    if status >= 500:
        return ServerError(
            f"The sign-in server failed ({status}).", operation=operation, status=status, hint=_LATER
        )
    return UnreadableAnswer(
        f"The sign-in server's answer makes no sense ({status}{f': {fault}' if fault else ''}).",
        operation=operation,
        status=status,
        hint="A proxy or captive portal may stand in between; check the network and the issuer.",
    )
