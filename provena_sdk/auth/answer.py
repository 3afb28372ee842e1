"""Read answers of the sign-in server: tokens, an OAuth error, or neither."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from provena_sdk.auth.errors import Refusal, known, passing, unreadable
from provena_sdk.auth.tokens import Tokens, lifetimes
from provena_sdk.display.text import LIMIT, server_text
from provena_sdk.errors import ProvenaError, SignInError
from provena_sdk.secret import Secret


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer; its body stays out of the repr.

    Attributes:
        status: The HTTP status.
        text: The body; empty when there is a fault.
        fault: Why the body cannot be read, if it cannot.
        fields: The body as a JSON object, if it is one.
        sent_at: When the request was sent, in Unix seconds.
        server_ahead: Seconds by which the server's clock is ahead.
        retry_after: Seconds that the server asked to wait, if it did.
        url: Where the request went.
        request_id: The server's name for the request, if it sent one.
    """

    status: int
    text: str = field(repr=False)
    fault: str | None
    fields: dict[str, Any] | None = field(repr=False)
    sent_at: float
    server_ahead: float
    retry_after: float | None
    url: str | None = None
    request_id: str | None = None

    def unreadable(self, operation: str) -> ProvenaError:
        """Return the error for this answer, which is neither tokens nor an OAuth error."""
        html = self.text.lstrip()[:1] == "<"
        return unreadable(
            self.status, operation=operation, html=html, fault=self.fault, retry_after=self.retry_after
        ).complete(url=self.url, request_id=self.request_id)


def read_tokens(answer: Answer, *, operation: str, secrets: tuple[Secret, ...]) -> Tokens | Refusal:
    """Read an answer of the token endpoint.

    Args:
        answer: The answer.
        operation: The operation's name, for messages.
        secrets: Secrets that were sent and must not appear in a message.

    Returns:
        The tokens, or the server's refusal.

    Raises:
        ServiceError: The answer is neither; the subclass names the cause.
        SignInError: The answer contains no bearer token.
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
        ).complete(operation=operation, url=answer.url, status=answer.status, request_id=answer.request_id)
    return found


def _tokens(answer: Answer) -> Tokens | None:
    """Read the tokens of RFC 6749, section 5.1; return None without a bearer token that can be sent."""
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
        operation: The operation's name, for messages.
        secrets: Secrets that were sent and must not appear in a message.

    Returns:
        The error; None when the answer is not an OAuth error. Gateways also send JSON with an ``error`` field.

    Raises:
        ServerError: The server is failing or busy.
    """
    refusal = _refusal(answer, operation, secrets)
    failure = None if refusal is None else passing(refusal, operation=operation)
    if failure is not None:
        raise failure.complete(url=answer.url, request_id=answer.request_id)
    return refusal


def _refusal(answer: Answer, operation: str, secrets: tuple[Secret, ...]) -> Refusal | None:
    fields = answer.fields or {}
    code, description = fields.get("error"), fields.get("error_description")
    if not isinstance(code, str) or not code:
        return None
    if not known(code) and answer.status not in (200, 400, 401, 403):
        return None
    sent = [secret.reveal() for secret in secrets]
    said = server_text(description, secrets=sent, limit=LIMIT) if isinstance(description, str) else ""
    return Refusal(
        server_text(code, secrets=sent, limit=LIMIT),
        said or None,
        answer.status,
        operation,
        answer.url,
        answer.request_id,
    )
