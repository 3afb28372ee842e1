"""One call from first attempt to result, as a generator that does no I/O of its own."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar, cast

from provena_sdk.errors import (
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
from provena_sdk.operations.operation import Call, Repeat
from provena_sdk.secret import Secret
from provena_sdk.transport.causes import cause_of_failure, with_missing_role
from provena_sdk.transport.policy import Failure, RetryPolicy

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class GetToken:
    """Wanted: a valid access token; with ``rejected``, another one than that."""

    rejected: Secret | None = None


@dataclass(frozen=True, slots=True)
class Send:
    """Wanted: the request sent with this token, or without one."""

    token: Secret | None


@dataclass(frozen=True, slots=True)
class Sleep:
    """Wanted: a pause of so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; the body may hold secrets, and is not whole where it was too large to keep."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    whole: bool = True


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """Nothing came back, and how far the request got."""

    failure: Failure
    error: ConnectionFailed


Step: TypeAlias = GetToken | Send | Sleep


def attempts(call: Call[T], policy: RetryPolicy) -> Generator[Step, Any, T]:
    """Run one call.

    A rejected token is replaced once; it does not count as an attempt.

    Args:
        call: What to send.
        policy: When to send it again.

    Yields:
        What the driver has to do next. It sends back the token, an :class:`Answer` or :class:`NoAnswer`,
        or None.

    Returns:
        The parsed answer.

    Raises:
        OutcomeUnknown: It may have taken effect, and must not be repeated.
        ProvenaError: Any other failure that repeating did not cure.
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
        wait = policy.wait(repeat, attempt, what, asked)
        if wait is None:
            if policy.is_ambiguous(repeat, what) and _may_have_happened(error):
                raise _outcome_unknown(call, error, cause_of_failure(call, error, token)) from error
            raise error
        yield Sleep(wait)
        attempt += 1


def _may_have_happened(error: ProvenaError) -> bool:
    """A missing link to a Person is a 500 when minting, and is found before anything is done."""
    return not isinstance(error, PersonNotLinked)


def _outcome_unknown(call: Call[Any], error: ProvenaError, cause: str | None = None) -> OutcomeUnknown:
    name = call.operation.name
    status = error.status if isinstance(error, ServiceError) else None
    came = f"status {status}" if status is not None else "no answer came"
    return OutcomeUnknown(
        f"{name} may have taken effect ({came}); it was not repeated.",
        operation=name,
        status=status,
        hint=" ".join(
            filter(None, (cause, "Look at your newest datasets, or at this one, before you try again."))
        ),
    )
