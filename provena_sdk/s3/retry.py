"""Which failures of the object store pass, and how long to wait for that: pure functions of what happened."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final

from provena_sdk.net.backoff import backoff


class Trouble(enum.Enum):
    """Why a request failed, when sending it again may help."""

    CONNECTION = "no whole answer came"
    BUSY = "the store asked to slow down"
    SERVER = "the store failed"
    SLOW = "the bytes moved too slowly"
    DAMAGED = "the bytes were damaged on their way"


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
    """Say what kind of trouble an answer tells of, or None when sending the request again would not help.

    Args:
        status: The answer's HTTP status; 200 for an error inside of one.
        code: The store's word for the error, or the status when there is none.

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
    """How patient the client is.

    Args:
        base: Seconds of the first wait's upper bound; it doubles with each further wait.
        cap: Upper bound in seconds of a wait that we choose.
        patience: Seconds after the first failure of a request during which it is retried.
        least: Attempts made before time counts: a long line may need minutes for each.
        most: The most attempts of a request in any case.
        strangers: The most attempts while the store has never answered, which is rather a wrong address than an outage.
        slow: The most attempts of a request whose bytes move too slowly; each takes a minute.
        damaged: The most attempts of a request whose bytes arrive damaged.
        longest_asked: The longest wait in seconds that the store may ask for.
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
        """Decide whether to send again.

        Args:
            attempts: How many times the request was sent so far, from 1.
            kind: What went wrong with the last.
            elapsed: Seconds since the first failure.
            reached: Whether the store has ever answered.
            asked: The wait in seconds that the store asked for.
            chance: A number in [0, 1) for the jitter; None draws one.

        Returns:
            Seconds to wait before sending again, or None to stop.

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


RULE = RetryRule()
"""What every new client goes by."""
