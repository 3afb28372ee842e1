"""The state of the sign-in server: device codes waiting for approval, and sessions."""

from __future__ import annotations

import math
import secrets
import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

# Letters that are not easily confused, as in real codes.
_CODE_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"

Decision = Literal["pending", "approved", "denied"]

Rotation = Literal["off", "one-reuse", "no-reuse"]
"""How often a refresh token can be used: any number of times, twice, once. The same holds for offline tokens."""

REUSES: Final[Mapping[Rotation, float]] = {"off": math.inf, "one-reuse": 1, "no-reuse": 0}


@dataclass(slots=True)
class DeviceCode:
    """One device waiting for approval."""

    device_code: str = field(repr=False)
    user_code: str
    client: str
    scope: str
    expires: float
    interval: float
    decision: Decision = "pending"
    user: str | None = None
    last_poll: float | None = None


@dataclass(slots=True)
class Session:
    """One sign-in; ``used`` counts the uses of its refresh tokens, by their ids."""

    id: str
    user: str
    client: str
    scope: str
    offline: bool
    reuse_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    used: Counter[str] = field(default_factory=Counter)


class Sessions:
    """Device codes and sessions of a realm."""

    def __init__(self) -> None:
        self._codes: dict[str, DeviceCode] = {}
        self._sessions: dict[str, Session] = {}
        self._cut_off: set[str] = set()

    def new_code(self, client: str, scope: str, *, expires: float, interval: float) -> DeviceCode:
        """Return a new device code with a unique user code."""
        while True:
            letters = [secrets.choice(_CODE_LETTERS) for _ in range(8)]
            user_code = "".join(letters[:4]) + "-" + "".join(letters[4:])
            if all(code.user_code != user_code for code in self._all()):
                break
        code = DeviceCode(secrets.token_urlsafe(32), user_code, client, scope, expires, interval)
        self._codes[code.device_code] = code
        return code

    def _all(self) -> list[DeviceCode]:
        # A copy, because tests read it from another thread.
        return list(self._codes.values())

    def code(self, device_code: str) -> DeviceCode | None:
        """Return the entry for the code that a device polls with."""
        return self._codes.get(device_code)

    def waiting(self, user_code: str, now: float) -> DeviceCode | None:
        """Return the undecided, unexpired entry for a code that a user typed, ignoring case and hyphens."""
        wanted = user_code.replace("-", "").replace(" ", "").upper()
        for code in self._all():
            if (
                code.user_code.replace("-", "") == wanted
                and code.decision == "pending"
                and code.expires > now
            ):
                return code
        return None

    def pending(self, now: float) -> list[str]:
        """Return the user codes that wait for approval."""
        return [c.user_code for c in self._all() if c.decision == "pending" and c.expires > now]

    def forget(self, code: DeviceCode) -> None:
        """Remove a code that was used."""
        self._codes.pop(code.device_code, None)

    def open(self, user: str, client: str, scope: str, *, offline: bool) -> Session:
        """Start a session."""
        session = Session(str(uuid.uuid4()), user, client, scope, offline)
        self._sessions[session.id] = session
        return session

    def find(self, session_id: str) -> Session | None:
        """Return a session that has not ended."""
        return self._sessions.get(session_id)

    def end(self, session_id: str) -> None:
        """End a session; does nothing if it has ended."""
        self._sessions.pop(session_id, None)

    def cut_off(self, session_id: str) -> None:
        """End a session because a refresh token of it was used too often."""
        self.end(session_id)
        self._cut_off.add(session_id)

    def was_cut_off(self, session_id: str) -> bool:
        """Return whether a session ended because a refresh token was used too often."""
        return session_id in self._cut_off

    def end_all(self) -> None:
        """End every session and remove every code."""
        self._sessions.clear()
        self._cut_off.clear()
        self._codes.clear()
