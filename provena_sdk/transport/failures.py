"""Errors for requests without an answer, and how far each request got."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx

from provena_sdk.errors import ConnectionFailed, ProvenaError, RequestTimedOut
from provena_sdk.net.reachability import proxy_status, rejected_certificate, where, why
from provena_sdk.operations.operation import Call
from provena_sdk.secret import without_frames
from provena_sdk.transport.policy import Failure
from provena_sdk.transport.retry import NoAnswer

_NOT_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)


def unusable_url(call: Call[Any]) -> ProvenaError:
    """Return the error for a request whose URL the HTTP client refuses, as for an id of 100,000 characters."""
    error = ProvenaError(
        f"{call.operation.name} was not sent: a name or an id in its URL is too long or malformed.",
        hint="If it came from a service, report it to the deployment's operator.",
    )
    error.operation = call.operation.name
    return error


def no_answer(call: Call[Any], error: Exception, base: str) -> NoAnswer:
    """Translate the HTTP client's error, without the request in it and the request's token.

    Args:
        call: The call that was sent.
        error: The HTTP client's error, or a fault in the body.
        base: The service's base URL.

    Returns:
        How far the request got, and the error to raise if it is not retried.
    """
    name, service = call.operation.name, f"{call.operation.service.value} service at {where(base)}"
    causes = list(_causes(error))
    failure = Failure.NOT_SENT if isinstance(error, _NOT_SENT) else Failure.NO_ANSWER
    raised: ConnectionFailed
    rejected = rejected_certificate(error, service, operation=name)
    if rejected is not None:
        raised = rejected
    elif isinstance(error, httpx.TimeoutException):
        what = "could not be reached" if failure is Failure.NOT_SENT else "did not answer"
        raised = RequestTimedOut(
            f"The {service} {what} in time.",
            operation=name,
            hint="Try again, or allow more time with with_options(timeout=…).",
        )
    elif failure is Failure.NOT_SENT:
        reason = (proxy_status(error) if isinstance(error, httpx.ProxyError) else None) or why(error)
        raised = ConnectionFailed(
            f"The {service} could not be reached{f': {reason}' if reason else ''}.",
            operation=name,
            hint="Check the network, the proxy settings and the URL, which "
            f"{call.operation.service.value}_url changes.",
        )
    else:
        broke = isinstance(error, httpx.TransportError)
        what = f"connection to the {service} broke" if broke else f"answer of the {service} is damaged"
        raised = ConnectionFailed(f"The {what}.", operation=name, hint="Try again.")
    # The HTTP client's errors hold the request and its token, so keep only the system's error beneath them.
    cause = next((cause for cause in reversed(causes) if isinstance(cause, OSError)), None)
    raised.__cause__ = None if cause is None else without_frames(cause)
    return NoAnswer(failure, raised)


def _causes(error: BaseException) -> Iterator[BaseException]:
    current: BaseException | None = error
    while current is not None:
        yield current
        current = current.__cause__ or current.__context__
