"""Decide when a request is retried, and after what wait; a pure function of the outcome."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from provena_sdk.errors import InvalidArgument
from provena_sdk.net.backoff import backoff
from provena_sdk.operations import arguments
from provena_sdk.operations.operation import Repeat


class Failure(enum.Enum):
    """How far a request without an answer got."""

    NOT_SENT = "no connection was made, so nothing can have happened"
    NO_ANSWER = "it was sent, at least in part, and no whole answer came"


REJECTED = frozenset({429})
"""Statuses for a request that was rejected before it had any effect."""

PASSING = frozenset({408, 500, 502, 503, 504})
"""Statuses of transient failures, after which the request may or may not have taken effect."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often requests are retried, and how long to wait in between.

    Args:
        max_retries: Retries after the first attempt.
        base: The upper bound of the first wait in seconds; it doubles with each further wait.
        cap: The longest wait in seconds without a ``Retry-After``.
        patience: The longest ``Retry-After`` in seconds that is observed; a longer one ends the retries.

    Raises:
        InvalidArgument: A value is not a number, or negative.
    """

    max_retries: int = 3
    base: float = 0.5
    cap: float = 20.0
    patience: float = 120.0

    def __post_init__(self) -> None:
        arguments.count("max_retries", self.max_retries, least=0)
        for name in ("base", "cap", "patience"):
            value = getattr(self, name)
            if not isinstance(value, int | float) or not value >= 0:
                raise InvalidArgument(name, "must be a number of seconds, 0 or above.")

    def wait(
        self,
        repeat: Repeat,
        attempt: int,
        outcome: int | Failure,
        retry_after: float | None = None,
        chance: float | None = None,
    ) -> float | None:
        """Decide whether to retry.

        Args:
            repeat: Whether the operation can be repeated safely.
            attempt: The number of attempts so far, from 1.
            outcome: The answer's HTTP status, or how far the request got.
            retry_after: The wait that the server asked for, in seconds.
            chance: A number in [0, 1) for the jitter; None draws one.

        Returns:
            Seconds to wait before the retry, or None to stop.

        Example:
            >>> RetryPolicy().wait(Repeat.NEVER, 1, 503) is None
            True
            >>> RetryPolicy().wait(Repeat.SAFE, 1, 429, retry_after=2.0)
            2.0
        """
        if attempt > self.max_retries or not _may_repeat(repeat, outcome):
            return None
        if retry_after is not None:
            return retry_after if retry_after <= self.patience else None
        # Half fixed, half random: many clients spread out, and none retries at once.
        return backoff(attempt, first=self.base, longest=self.cap, least=0.5, chance=chance)

    def is_ambiguous(self, repeat: Repeat, outcome: int | Failure) -> bool:
        """Return whether a failed request that must not be repeated may have taken effect.

        Args:
            repeat: Whether the operation can be repeated safely.
            outcome: The answer's HTTP status, or how far the request got.

        Returns:
            True when the error must state that the outcome is unknown.
        """
        if repeat is not Repeat.NEVER:
            return False
        return outcome is Failure.NO_ANSWER or (
            isinstance(outcome, int) and (outcome >= 500 or outcome == 408)
        )


def _may_repeat(repeat: Repeat, outcome: int | Failure) -> bool:
    if outcome is Failure.NOT_SENT or outcome in REJECTED:
        return True
    return repeat is not Repeat.NEVER and (outcome is Failure.NO_ANSWER or outcome in PASSING)
