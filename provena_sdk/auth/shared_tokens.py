"""Access tokens that another process, which signed in, handed to this one."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from provena_sdk.concurrency.fork import begin_in_child
from provena_sdk.secret import Secret

_PATIENCE_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class HandedToken:
    """An access token from another process. Printing it shows no secret.

    Args:
        holder: The name of the sign-in that it comes from; what renews it has the same one.
        issuer: Base URL of the sign-in realm.
        token: The access token.
        expires_at: When it ends, in Unix seconds; None when that is not known.
    """

    holder: str
    issuer: str
    token: Secret
    expires_at: float | None

    def alive(self, now: float) -> bool:
        """Return whether it has not expired yet."""
        return self.expires_at is None or now < self.expires_at


class HandedTokens:
    """The access tokens that were handed to a process. Safe for threads.

    Args:
        clock: Returns Unix seconds.
        patience: How many seconds to wait for the successor of a token that has ended.
    """

    def __init__(
        self, *, clock: Callable[[], float] = time.time, patience: float = _PATIENCE_SECONDS
    ) -> None:
        self._clock = clock
        self._patience = patience
        self._held: list[HandedToken] = []
        self.begin()

    def begin(self) -> None:
        """Create a new lock: a forked child may have inherited a locked one."""
        self._changed = threading.Condition()

    def __bool__(self) -> bool:
        return bool(self._held)

    def put(self, handed: HandedToken) -> None:
        """Add a token. One that was added twice has to be removed twice: a process may be several workers."""
        with self._changed:
            self._held.append(handed)
            self._changed.notify_all()

    def remove(self, handed: HandedToken) -> None:
        """Remove a token; do nothing when it is not there."""
        with self._changed:
            if handed in self._held:
                self._held.remove(handed)
            self._changed.notify_all()

    def find(self, issuer: str, *, but: str | None = None) -> HandedToken | None:
        """Return the token of a realm that expires last, or None.

        Args:
            issuer: Base URL of the realm.
            but: A sign-in whose own tokens do not count: it is the one that hands them out.
        """
        with self._changed:
            found = [one for one in self._held if one.issuer == issuer and one.holder != but]
        return max(found, key=_end, default=None)

    def newer(self, issuer: str, rejected: Secret | None, *, but: str | None = None) -> HandedToken | None:
        """Wait a moment for a token of a realm that has not expired.

        Args:
            issuer: Base URL of the realm.
            rejected: A token that a service refused.
            but: As in :meth:`find`.

        Returns:
            The token; None when none came.
        """
        found: HandedToken | None = None

        def good() -> bool:
            nonlocal found
            found = self.find(issuer, but=but)
            # One that was taken back is not waited for.
            return found is None or (found.alive(self._clock()) and found.token != rejected)

        with self._changed:
            return found if self._changed.wait_for(good, self._patience) else None


def _end(handed: HandedToken) -> float:
    return float("inf") if handed.expires_at is None else handed.expires_at


HANDED: Final = HandedTokens()
"""The tokens that were handed to this process."""

begin_in_child(HANDED.begin)
