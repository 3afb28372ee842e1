"""Errors for requests without an answer, and how far each request got."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx

from provena_sdk.errors import ConnectionFailed, RequestTimedOut
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


def no_answer(call: Call[Any], error: Exception, base: str) -> NoAnswer:
    """Translate the HTTP client's error, leaving behind the request that it holds, and with it the token.

    Args:
        call: The call that was sent.
        error: What the HTTP client raised, or what is wrong with the body.
        base: The service's base URL.

    Returns:
        How far the request got, and the error to raise when it is not repeated.
    """
    name, service = call.operation.name, f"{call.operation.service.value} service at {where(base)}"
    causes = list(_causes(error))
    failure = Failure.NOT_SENT if isinstance(error, _NOT_SENT) else Failure.NO_ANSWER
    told: ConnectionFailed
    rejected = rejected_certificate(error, service, operation=name)
    if rejected is not None:
        told = rejected
    elif isinstance(error, httpx.TimeoutException):
        what = "could not be reached" if failure is Failure.NOT_SENT else "did not answer"
        told = RequestTimedOut(
            f"The {service} {what} in time.",
            operation=name,
            hint="Try again, or allow more time with with_options(timeout=…).",
        )
    elif failure is Failure.NOT_SENT:
        reason = (proxy_status(error) if isinstance(error, httpx.ProxyError) else None) or why(error)
        told = ConnectionFailed(
            f"The {service} could not be reached{f': {reason}' if reason else ''}.",
            operation=name,
            hint="Check the network, the proxy settings and the deployment's addresses.",
        )
    else:
        broke = isinstance(error, httpx.TransportError)
        what = f"connection to the {service} broke" if broke else f"answer of the {service} is damaged"
        told = ConnectionFailed(f"The {what}.", operation=name, hint="Try again.")
    # The HTTP client's own errors carry the request and with it the token: keep what lies beneath them.
    cause = next((cause for cause in reversed(causes) if isinstance(cause, OSError)), None)
    told.__cause__ = None if cause is None else without_frames(cause)
    return NoAnswer(failure, told)


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__
