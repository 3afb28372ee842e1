"""What the sign-in server remembers: device codes waiting for a person, and sessions."""

from __future__ import annotations

import math
import secrets
import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

# Letters that cannot be mistaken for one another, as real codes have.
_CODE_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"

Decision = Literal["pending", "approved", "denied"]

Rotation = Literal["off", "one-reuse", "no-reuse"]
"""How often a refresh token can be used: always; twice; once. Keycloak treats offline tokens alike."""

REUSES: Final[Mapping[Rotation, float]] = {"off": math.inf, "one-reuse": 1, "no-reuse": 0}


@dataclass(slots=True)
class DeviceCode:
    """One device waiting for a person."""

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
    """One sign-in; ``used`` counts how often each of its refresh tokens was used, by their ids."""

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
        """A fresh device code with a user code nobody else has."""
        while True:
            letters = [secrets.choice(_CODE_LETTERS) for _ in range(8)]
            user_code = "".join(letters[:4]) + "-" + "".join(letters[4:])
            if all(code.user_code != user_code for code in self._all()):
                break
        code = DeviceCode(secrets.token_urlsafe(32), user_code, client, scope, expires, interval)
        self._codes[code.device_code] = code
        return code

    def _all(self) -> list[DeviceCode]:
        # A copy, because tests look from another thread than the server's.
        return list(self._codes.values())

    def code(self, device_code: str) -> DeviceCode | None:
        """The code a device polls with."""
        return self._codes.get(device_code)

    def waiting(self, user_code: str, now: float) -> DeviceCode | None:
        """The code a person typed, if it is known, undecided and not expired; case and hyphen do not matter."""
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
        """The user codes that wait for a person."""
        return [c.user_code for c in self._all() if c.decision == "pending" and c.expires > now]

    def forget(self, code: DeviceCode) -> None:
        """Drop a code that was used up."""
        self._codes.pop(code.device_code, None)

    def open(self, user: str, client: str, scope: str, *, offline: bool) -> Session:
        """Begin a session."""
        session = Session(str(uuid.uuid4()), user, client, scope, offline)
        self._sessions[session.id] = session
        return session

    def find(self, session_id: str) -> Session | None:
        """A session that is alive."""
        return self._sessions.get(session_id)

    def end(self, session_id: str) -> None:
        """End a session; nothing happens when it has ended."""
        self._sessions.pop(session_id, None)

    def cut_off(self, session_id: str) -> None:
        """End a session because a refresh token of it was used too often."""
        self.end(session_id)
        self._cut_off.add(session_id)

    def was_cut_off(self, session_id: str) -> bool:
        """Whether a session ended because a refresh token was used too often."""
        return session_id in self._cut_off

    def end_all(self) -> None:
        """End every session and forget every code."""
        self._sessions.clear()
        self._cut_off.clear()
        self._codes.clear()
