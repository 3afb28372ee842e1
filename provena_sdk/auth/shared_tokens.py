"""Access tokens that this process received from another one, which signed in."""

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
        holder: The name of the sign-in that it comes from; its successors have the same one.
        issuer: Base URL of the sign-in realm.
        token: The access token.
        expires_at: When it expires, in Unix seconds; None when unknown.
    """

    holder: str
    issuer: str
    token: Secret
    expires_at: float | None

    def alive(self, now: float) -> bool:
        """Return whether the token is valid at ``now``, in Unix seconds."""
        return self.expires_at is None or now < self.expires_at


class HandedTokens:
    """The access tokens that a process received. Thread-safe.

    Args:
        clock: Returns Unix seconds.
        patience: Seconds to wait for the successor of an expired token.
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
        """Add a token. If added twice, it must be removed twice: a process may run several workers."""
        with self._changed:
            self._held.append(handed)
            self._changed.notify_all()

    def remove(self, handed: HandedToken) -> None:
        """Remove a token, if it is held."""
        with self._changed:
            if handed in self._held:
                self._held.remove(handed)
            self._changed.notify_all()

    def find(self, issuer: str, *, but: str | None = None) -> HandedToken | None:
        """Return the realm's token that expires last, or None.

        Args:
            issuer: Base URL of the realm.
            but: The name of a sign-in whose tokens are ignored, because it is the one that shares them.
        """
        with self._changed:
            found = [one for one in self._held if one.issuer == issuer and one.holder != but]
        return max(found, key=_end, default=None)

    def newer(self, issuer: str, rejected: Secret | None, *, but: str | None = None) -> HandedToken | None:
        """Wait up to ``patience`` seconds for a valid token of a realm.

        Args:
            issuer: Base URL of the realm.
            rejected: A token that a service refused.
            but: As in :meth:`find`.

        Returns:
            The token; None when none arrived.
        """
        found: HandedToken | None = None

        def good() -> bool:
            nonlocal found
            found = self.find(issuer, but=but)
            # Without any token of the realm, do not wait: the other process has withdrawn it.
            return found is None or (found.alive(self._clock()) and found.token != rejected)

        with self._changed:
            return found if self._changed.wait_for(good, self._patience) else None


def _end(handed: HandedToken) -> float:
    return float("inf") if handed.expires_at is None else handed.expires_at


HANDED: Final = HandedTokens()
"""The tokens that this process received."""

begin_in_child(HANDED.begin)
