"""The rules for retries: which failures of the object store are temporary, and how long to wait."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final

from provena_sdk.net.backoff import backoff


class Trouble(enum.Enum):
    """The kinds of failure for which a retry may help, in the words that a user reads."""

    CONNECTION = "connection lost"
    BUSY = "the store is busy"
    SERVER = "the store failed"
    SLOW = "the connection is too slow"
    DAMAGED = "data arrived damaged"


_BUSY: Final = frozenset(
    {"SlowDown", "Throttling", "ThrottlingException", "RequestThrottled", "RequestThrottledException"}
    | {"RequestLimitExceeded", "BandwidthLimitExceeded", "TooManyRequests", "TooManyRequestsException"}
    | {"Busy", "ServerBusy", "429"}
)
_SERVER: Final = frozenset(
    {"InternalError", "InternalFailure", "ServiceUnavailable", "RequestTimeout", "RequestTimeoutException"}
    | {"OperationAborted", "ConditionalRequestConflict", "IncompleteBody"}
)
_DAMAGED: Final = frozenset({"BadDigest", "XAmzContentChecksumMismatch", "XAmzContentSHA256Mismatch"})
_PASSING: Final = frozenset({408, 500, 502, 503, 504})


def trouble(status: int, code: str) -> Trouble | None:
    """Return the kind of failure that an answer reports, or None if a retry would not help.

    Args:
        status: The answer's HTTP status; 200 for an error in the body of a success.
        code: The store's error code, or the status if there is none.

    Example:
        >>> trouble(503, "SlowDown").name, trouble(502, "502").name, trouble(403, "AccessDenied")
        ('BUSY', 'SERVER', None)
    """
    if status == 429 or code in _BUSY:
        return Trouble.BUSY
    if code in _DAMAGED:
        return Trouble.DAMAGED
    if status in _PASSING or code in _SERVER:
        return Trouble.SERVER
    return None


@dataclass(frozen=True, slots=True)
class RetryRule:
    """A rule for when and how long to retry.

    Args:
        base: Upper bound of the first wait in seconds; it doubles with each further wait.
        cap: Upper bound in seconds of any wait that the store did not request.
        patience: Seconds after the first failure of a request during which it is retried.
        least: Attempts made before ``patience`` applies: a slow line may need minutes for each.
        most: The most attempts of any request.
        strangers: The most attempts while the store has never answered, which suggests a wrong URL, not an outage.
        slow: The most attempts of a request whose bytes move too slowly; each takes a minute.
        damaged: The most attempts of a request whose bytes arrive damaged.
        longest_asked: The longest wait in seconds that the store may request.
    """

    base: float = 0.2
    cap: float = 20.0
    patience: float = 90.0
    least: int = 6
    most: int = 60
    strangers: int = 5
    slow: int = 3
    damaged: int = 4
    longest_asked: float = 120.0

    def wait(
        self,
        attempts: int,
        kind: Trouble,
        elapsed: float,
        *,
        reached: bool = True,
        asked: float | None = None,
        chance: float | None = None,
    ) -> float | None:
        """Return the wait before the next attempt, or None to stop.

        Args:
            attempts: The number of attempts so far, from 1.
            kind: The kind of the last failure.
            elapsed: Seconds since the first failure.
            reached: Whether the store has ever answered.
            asked: The wait in seconds that the store requested.
            chance: A number in [0, 1) for the jitter; None draws one.

        Returns:
            The wait in seconds; None to stop.

        Example:
            >>> rule = RetryRule()
            >>> rule.wait(3, Trouble.SERVER, 0.4, chance=0.5), rule.wait(1, Trouble.BUSY, 0.0, asked=7.0, chance=0.5)
            (0.4, 7.0)
            >>> rule.wait(7, Trouble.SERVER, 91.0) is None
            True
        """
        if attempts >= self.most or (attempts >= self.least and elapsed >= self.patience):
            return None
        most = {Trouble.DAMAGED: self.damaged, Trouble.SLOW: self.slow}.get(kind, self.most)
        if attempts >= most or (not reached and attempts >= self.strangers):
            return None
        if asked is not None and asked > self.longest_asked:
            return None
        return max(asked or 0.0, backoff(attempts, first=self.base, longest=self.cap, chance=chance))

    def likely_most(self, kind: Trouble, *, reached: bool = True) -> int:
        """Return the most attempts of a request, or their likely number if time limits them.

        Args:
            kind: The kind of the last failure.
            reached: Whether the store has ever answered.

        Example:
            >>> rule = RetryRule()
            >>> rule.likely_most(Trouble.SLOW), rule.likely_most(Trouble.CONNECTION)
            (3, 16)
        """
        counted = {Trouble.DAMAGED: self.damaged, Trouble.SLOW: self.slow}.get(kind)
        if counted is not None or not reached:
            return min(counted or self.most, self.most if reached else self.strangers)
        attempts, elapsed = 1, 0.0
        while attempts < self.most and (attempts < self.least or elapsed < self.patience):
            elapsed += backoff(attempts, first=self.base, longest=self.cap, chance=0.5)
            attempts += 1
        return attempts


RULE = RetryRule()
"""The default rule of every client."""
