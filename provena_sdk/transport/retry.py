"""Run one call from first attempt to result, as a generator that does no I/O."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar, cast

from provena_sdk.errors import (
    BadRequest,
    CertificateRejected,
    ConnectionFailed,
    OutcomeUnknown,
    PersonNotLinked,
    ProvenaError,
    RateLimited,
    ServiceError,
    TokenRejected,
    UnreadableAnswer,
)
from provena_sdk.net.http_dates import retry_after
from provena_sdk.operations.answers import read
from provena_sdk.operations.operation import Call, Repeat, Service
from provena_sdk.secret import Secret
from provena_sdk.transport.causes import cause_of_failure, with_missing_role
from provena_sdk.transport.policy import Failure, RetryPolicy

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class GetToken:
    """A step that asks for a valid access token, other than ``rejected`` if given."""

    rejected: Secret | None = None


@dataclass(frozen=True, slots=True)
class Send:
    """A step that sends the request, with a token if given."""

    token: Secret | None


@dataclass(frozen=True, slots=True)
class Sleep:
    """A step that waits before a retry.

    Args:
        seconds: The wait.
        reason: Why the attempt before failed.
        most: The most attempts.
    """

    seconds: float
    reason: str
    most: int


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer; the body may hold secrets, and is not whole if it was too large to keep."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    whole: bool = True


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """The lack of an answer: how far the request got, and the error."""

    failure: Failure
    error: ConnectionFailed


Step: TypeAlias = GetToken | Send | Sleep


def attempts(call: Call[T], policy: RetryPolicy) -> Generator[Step, Any, T]:
    """Run one call.

    A rejected token is replaced once, which does not count as an attempt.

    Args:
        call: The call.
        policy: When to retry it.

    Yields:
        The next step for the transport, which sends back the token, an :class:`Answer` or :class:`NoAnswer`, or None.

    Returns:
        The parsed answer.

    Raises:
        OutcomeUnknown: The call may have taken effect, and must not be repeated.
        ProvenaError: Any other failure that remains after the retries.
    """
    repeat = call.operation.repeat
    token = cast("Secret", (yield GetToken())) if call.operation.needs_token else None
    renewed = False
    attempt = 1
    while True:
        outcome = cast("Answer | NoAnswer", (yield Send(token)))
        error: ProvenaError
        what: int | Failure
        asked: float | None = None
        if isinstance(outcome, NoAnswer):
            error, what = outcome.error, outcome.failure
            if isinstance(error, CertificateRejected):
                raise error
        else:
            what = outcome.status
            try:
                return read(call, outcome.status, outcome.headers, outcome.body, whole=outcome.whole)
            except TokenRejected:
                if renewed or token is None:
                    raise
                renewed = True
                token = cast("Secret", (yield GetToken(rejected=token)))
                continue
            except UnreadableAnswer as unreadable:
                if repeat is Repeat.NEVER:
                    raise _outcome_unknown(call, unreadable) from unreadable
                raise
            except RateLimited as limited:
                error, asked = limited, limited.retry_after
            except ServiceError as failed:
                error, asked = with_missing_role(call, failed, token), retry_after(outcome.headers)
        if _is_final(call, error):
            raise error
        wait = None if call.once else policy.wait(repeat, attempt, what, asked)
        if wait is None:
            if policy.is_ambiguous(repeat, what):
                raise _outcome_unknown(call, error, cause_of_failure(call, error, token)) from error
            raise error
        yield Sleep(wait, error.message.rstrip("."), policy.max_retries + 1)
        attempt += 1


def _is_final(call: Call[Any], error: ProvenaError) -> bool:
    """Return whether a call failed before it had an effect, and would fail again, whatever the status.

    A mint without a linked Person is a 500, and so is an unknown id at the auth and provenance services.
    """
    return isinstance(error, PersonNotLinked) or (
        isinstance(error, BadRequest) and call.operation.service is not Service.DATASTORE
    )


def _outcome_unknown(call: Call[Any], error: ProvenaError, cause: str | None = None) -> OutcomeUnknown:
    name = call.operation.name
    status = error.status if isinstance(error, ServiceError) else None
    came = f"status {status}" if status is not None else "no answer came"
    if call.operation.service is Service.DATASTORE:
        look = "Look at your newest datasets, or at this one, before you try again."
    else:
        look = "Find out whether it did before you try again."
    return OutcomeUnknown(
        f"{name} may have taken effect ({came}); it was not repeated.",
        operation=name,
        status=status,
        hint=" ".join(filter(None, (cause, look))),
    )
