"""The protocol of the device authorization grant (RFC 8628). Nothing here is shown or stored."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from provena_sdk.auth.answer import read_refusal, read_tokens
from provena_sdk.auth.errors import Refusal, explain
from provena_sdk.auth.prompts.prompt import MOST_PAGE_CHARS
from provena_sdk.auth.tokens import Tokens, number
from provena_sdk.concurrency.background import stop_if_abandoned
from provena_sdk.config.addresses import is_safe
from provena_sdk.errors import (
    CertificateRejected,
    ConnectionFailed,
    RateLimited,
    ServiceError,
    SignInError,
    SignInExpired,
)
from provena_sdk.secret import Secret

if TYPE_CHECKING:
    from provena_sdk.auth.http import Line

DEFAULT_INTERVAL = 5.0
LEAST_INTERVAL = 1.0
"""The shortest pause between polls in seconds, whatever the server asks for."""

SLOW_DOWN = 5.0
MOST_CODE_CHARS = 64
_DEFAULT_LIFETIME = 600.0
_LONGEST_LIFETIME = 86_400.0
_LONGEST_BACKOFF = 60.0
_TICK = 1.0


@dataclass(frozen=True, slots=True)
class DeviceCode:
    """The server's codes for one sign-in.

    Attributes:
        device_code: The secret code that the device sends when it polls.
        user_code: The code that the person types or checks.
        verification_uri: The page to open.
        verification_uri_complete: The same page with the code filled in, if the server has one.
        expires_at: When the codes expire, in Unix seconds.
        interval: Seconds to wait between polls.
    """

    device_code: Secret
    user_code: str
    verification_uri: str
    verification_uri_complete: str | None
    expires_at: float
    interval: float


def request_code(line: Line, url: str, *, scopes: tuple[str, ...] = ()) -> DeviceCode | Refusal:
    """Request a code (RFC 8628, section 3.1).

    Args:
        line: The connection, opened for the client that signs in.
        url: The device authorization endpoint.
        scopes: The scopes to request.

    Returns:
        The codes, or the server's refusal.

    Raises:
        ConnectionFailed: The server cannot be reached.
        ServiceError: It answered with neither codes nor an OAuth error.
        SignInError: The codes cannot be used, or the page's URL is not safe to show.
    """
    from oauthlib.common import urlencode  # noqa: PLC0415  # keeps oauthlib away

    form = [("client_id", line.client.client_id)]
    if scopes:
        form.append(("scope", " ".join(scopes)))
    answer = line.post(url, Secret(urlencode(form), "form"), "sign-in.device")
    refusal = read_refusal(answer, "sign-in.device")
    if refusal is not None:
        return refusal
    if answer.fields is None or answer.status >= 300:
        raise answer.unreadable("sign-in.device")
    fault = _fault(answer.fields)
    if fault is not None:
        raise SignInError(
            f"The sign-in server's codes cannot be used: {fault}.",
            hint="Check the deployment's domain and issuer; if they are right, tell its operator.",
        )
    complete = answer.fields.get("verification_uri_complete")
    interval = number(answer.fields.get("interval")) or DEFAULT_INTERVAL
    return DeviceCode(
        device_code=Secret(answer.fields["device_code"], "device_code"),
        user_code=answer.fields["user_code"],
        verification_uri=answer.fields["verification_uri"],
        verification_uri_complete=str(complete) if _is_page(complete) else None,
        expires_at=answer.sent_at + (number(answer.fields.get("expires_in")) or _DEFAULT_LIFETIME),
        interval=max(interval, LEAST_INTERVAL) if interval > 0 else DEFAULT_INTERVAL,
    )


def _fault(fields: Mapping[str, object]) -> str | None:
    """Return why an answer cannot be used, or None. A person will see it and must be able to trust the page."""
    device_code, user_code = fields.get("device_code"), fields.get("user_code")
    if not isinstance(device_code, str) or not Secret(device_code).is_sendable:
        return "there is no device code that can be sent"
    if not isinstance(user_code, str) or not user_code.strip():
        return "there is no user code"
    if not user_code.isprintable() or len(user_code) > MOST_CODE_CHARS:
        return f"the user code is not printable, or longer than {MOST_CODE_CHARS} characters"
    if not _is_page(fields.get("verification_uri")):
        return "the sign-in page has no address of https, or one with a user's name in it"
    lifetime = fields.get("expires_in")
    seconds = lifetime if isinstance(lifetime, (int, float)) else number(lifetime)
    if seconds is not None and not seconds <= _LONGEST_LIFETIME:
        return "they are valid for more than a day"
    return None


def _is_page(url: object) -> bool:
    """Return whether a person can be sent to a URL: in plain HTTP, only on this machine."""
    if not isinstance(url, str) or not url.isprintable() or len(url) > MOST_PAGE_CHARS:
        return False
    return not any(character.isspace() for character in url) and is_safe(url)


def wait_for_approval(
    line: Line,
    url: str,
    code: DeviceCode,
    *,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
    waiting: Callable[[float], None] | None = None,
) -> Tokens:
    """Poll until the person approves, denies or lets the code expire (RFC 8628, sections 3.4 and 3.5).

    Polls keep to the server's interval, plus 5 seconds after each ``slow_down``. Broken connections, timeouts,
    server failures and a proxy's error pages do not end the wait; each doubles the pause, up to a minute.

    Args:
        line: The connection, opened with oauthlib's DeviceClient.
        url: The token endpoint.
        code: The codes, from :func:`request_code`.
        clock: Returns Unix seconds.
        sleep: Waits for a number of seconds.
        waiting: Called about once a second with the seconds left.

    Returns:
        The tokens.

    Raises:
        SignInDenied: The person refused.
        SignInExpired: The person did not answer in time, or the server no longer knows the code.
        SignInError: The server refused for another reason.
        CertificateRejected: The server's certificate is not trusted.
    """
    client_id = line.client.client_id
    form = Secret(
        line.client.prepare_request_body(device_code=code.device_code.reveal(), include_client_id=True),
        "form",
    )
    interval = code.interval
    pause = interval
    trouble: str | None = None
    while _waited(pause, code.expires_at, clock, sleep, waiting):
        try:
            answer = line.post(url, form, "sign-in.device")
            result = read_tokens(answer, operation="sign-in.device", secrets=(code.device_code,))
        except CertificateRejected:
            raise
        except (ConnectionFailed, ServiceError) as error:
            trouble = error.message
            asked = error.retry_after if isinstance(error, RateLimited) else None
            pause = max(interval, asked or min(pause * 2, _LONGEST_BACKOFF))
            continue
        if isinstance(result, Tokens):
            return result
        trouble = None
        if result.code == "slow_down":
            interval += SLOW_DOWN
        elif result.code == "invalid_grant":
            raise _forgotten(result)
        elif result.code != "authorization_pending":
            raise explain(result, client_id=client_id)
        pause = interval
    if trouble is not None:
        raise SignInExpired(
            f"Signing in was not completed in time. At the last try: {trouble}",
            hint="Check the network, then sign in again.",
        )
    raise explain(Refusal("expired_token"), client_id=client_id)


def _forgotten(refusal: Refusal) -> SignInError:
    """Return the error for a code that the server forgot before it expired; section 3.5 has no error code for this."""
    said = f" The server says: {refusal.description.rstrip('.')}." if refusal.description else ""
    return SignInExpired(
        f"The sign-in server does not know the code any more; it may have been restarted.{said}",
        hint="Sign in again.",
    )


def _waited(
    seconds: float,
    deadline: float,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
    waiting: Callable[[float], None] | None,
) -> bool:
    """Wait in small steps; return False when the deadline comes first."""
    now = clock()
    until = now + seconds
    while now < min(until, deadline):
        stop_if_abandoned()
        if waiting is not None:
            waiting(deadline - now)
        sleep(min(_TICK, until - now, deadline - now))
        now = clock()
    return now < deadline
