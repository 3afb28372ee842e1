"""Record every secret that the sandbox creates."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from provena_sdk.sandbox import Sandbox
from provena_sdk.sandbox.data.users import SERVICE_SECRET
from provena_sdk.sandbox.object_store.access.grants import Grants
from provena_sdk.sandbox.signin.sessions import Sessions
from provena_sdk.sandbox.signin.tokens import TokenMaker


@dataclass
class Secrets:
    """All tokens and keys in play, by what they are."""

    known: dict[str, str] = field(default_factory=dict, repr=False)

    def note(self, kind: str, secret: str | None) -> None:
        if secret:
            self.known[secret] = kind

    def kinds(self) -> set[str]:
        return set(self.known.values())

    def within(self, text: str | bytes) -> list[str]:
        shown = text if isinstance(text, str) else text.decode("latin-1")
        return sorted({kind for secret, kind in self.known.items() if secret in shown})


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> Secrets:
    """Notes each secret as the sandbox makes it."""
    found = Secrets()
    found.note("client secret", SERVICE_SECRET)
    sign, refresh = TokenMaker.sign, TokenMaker.refresh_token
    new_code, issue = Sessions.new_code, Grants.issue

    def signed(self: TokenMaker, *args: Any, **options: Any) -> str:
        token = sign(self, *args, **options)
        found.note("access token", token)
        return token

    def refreshed(self: TokenMaker, **options: Any) -> str:
        token = refresh(self, **options)
        found.note("offline token" if options["offline"] else "refresh token", token)
        return token

    def coded(self: Sessions, *args: Any, **options: Any) -> Any:
        code = new_code(self, *args, **options)
        found.note("device code", code.device_code)
        return code

    def issued(self: Grants, *args: Any, **options: Any) -> Any:
        keys = issue(self, *args, **options)
        found.note("S3 key id", keys.access_key_id)
        found.note("S3 secret key", keys.secret_access_key)
        found.note("S3 session token", keys.session_token)
        return keys

    monkeypatch.setattr(TokenMaker, "sign", signed)
    monkeypatch.setattr(TokenMaker, "refresh_token", refreshed)
    monkeypatch.setattr(Sessions, "new_code", coded)
    monkeypatch.setattr(Grants, "issue", issued)
    return found


@pytest.fixture
def sandbox(secrets: Secrets) -> Iterator[Sandbox]:
    with Sandbox(approve_as="writer", poll_interval=0.1) as made:
        yield made


@pytest.fixture
def home(tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folders, and the environment that leads to the sandbox; tries again come at once."""
    monkeypatch.setattr("provena_sdk.auth.server._PAUSES", (0.0, 0.0))
    for name in [name for name in os.environ if name.startswith("PROVENA_")]:
        monkeypatch.delenv(name)
    for name, value in sandbox.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PROVENA_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("PROVENA_CONFIG_FILE", str(tmp_path / "config.toml"))
    return tmp_path
