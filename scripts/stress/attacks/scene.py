"""What a case has at hand: a client of the attacked servers, in a hurry, and a folder of its own."""

from __future__ import annotations

import io
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from provena_sdk import AsyncProvena, Deployment, Provena
from provena_sdk.auth import (
    ClientCredentials,
    DeviceFlow,
    Flow,
    MemoryStore,
    OfflineToken,
    Secret,
    SessionKey,
    SignInServer,
    TerminalPresenter,
    TokenSource,
)
from scripts.stress.attacks import honest

Face: TypeAlias = Literal["sync", "async"]
Way: TypeAlias = Literal["access", "offline", "device", "service"]
"""How a case signs in."""

PATIENCE: Final = 3.0
"""Seconds that a service or the sign-in server may take for an answer; a busy machine needs some."""


class Hurry:
    """A clock that waiting sets forward, so that nobody waits."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def clock(self) -> float:
        """Tell the time in Unix seconds."""
        return time.time() + self._ahead

    def sleep(self, seconds: float) -> None:
        """Set the clock forward."""
        self._ahead += seconds
        time.sleep(min(seconds, 0.002))


@dataclass
class Scene:
    """One run of a case.

    Attributes:
        face: Which of the two clients is used.
        ports: The servers' ports, by role.
        folder: A folder for files, empty at first.
        options: Fields of the deployment that differ from the usual ones.
        way: How the client signs in.
        retries: How often the services are asked again.
        patience: Seconds that a service or the sign-in server may take for an answer.
        screen: Where a person is asked to sign in.
        hurry: The clock of signing in.
        shown: What a user would look at, besides the result.
    """

    face: Face
    ports: Mapping[str, int]
    folder: Path
    options: Mapping[str, Any] = field(default_factory=dict)
    way: Way = "access"
    retries: int = 0
    patience: float = PATIENCE
    screen: io.StringIO = field(default_factory=io.StringIO)
    hurry: Hurry = field(default_factory=Hurry)
    shown: list[object] = field(default_factory=list)

    def url(self, role: str) -> str:
        """Name a server's address."""
        return f"http://127.0.0.1:{self.ports[role]}"

    @cached_property
    def deployment(self) -> Deployment:
        """Where everything is."""
        fields = {
            "datastore": self.url("datastore"),
            "search": self.url("search"),
            "issuer": f"{self.url('signin')}/auth/realms/provena",
            "s3_endpoint": self.url("store"),
            **self.options,
        }
        return Deployment("reef.example.org", **fields)

    def client(self) -> Any:
        """Make a client of the face: a :class:`Provena` or an :class:`AsyncProvena`."""
        kind: Any = Provena if self.face == "sync" else AsyncProvena
        given: dict[str, Any] = {"timeout": self.patience, "max_retries": self.retries}
        if self.way == "access":
            return kind(self.deployment, access_token=honest.token(), **given)
        return kind(self.deployment, tokens=self.source(), **given)

    def source(self) -> TokenSource:
        """Make a source of tokens that asks the sign-in server."""
        hurry = self.hurry
        return TokenSource(self._flow(), store=MemoryStore(), clock=hurry.clock, sleep=hurry.sleep)

    def _flow(self) -> Flow:
        server = SignInServer(
            self.deployment.issuer,
            timeout=(self.patience, self.patience),
            clock=self.hurry.clock,
            sleep=self.hurry.sleep,
        )
        key = SessionKey.of(self.deployment, "client-tools")
        if self.way == "offline":
            return OfflineToken(server, key, Secret(honest.OFFLINE, name="offline_token"))
        if self.way == "service":
            return ClientCredentials(server, key, Secret(honest.CLIENT_SECRET, name="client_secret"))
        return DeviceFlow(
            server,
            key,
            deployment=self.deployment.domain,
            interactive=True,
            present=TerminalPresenter(stream=self.screen, browser=False),
        )
