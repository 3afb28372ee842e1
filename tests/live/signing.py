"""Signing in to a realm as users of the SDK do, with somebody who answers Keycloak's pages."""

from __future__ import annotations

import io
import threading
import time
from pathlib import Path
from typing import Any

from provena_sdk import AsyncProvena, Deployment, Provena
from provena_sdk.auth import FileStore, MemoryStore, Prompt, TerminalPresenter, TokenSource, token_source
from provena_sdk.sandbox import Sandbox
from scripts.live.person import Person
from tests.live.conftest import Realm

SECONDS = 60.0


class Answering(TerminalPresenter):
    """Shows on a stream, and lets a person answer the page at once.

    Args:
        user: Who answers; None lets nobody answer.
        approve: Whether they approve.
        trust: What the person's browser verifies certificates with.
        delay: Seconds they take.
    """

    def __init__(
        self, user: str | None = "writer", *, approve: bool = True, trust: Any = False, delay: float = 0
    ) -> None:
        self.text = io.StringIO()
        self.shown = threading.Event()
        self.answered: list[str] = []
        self._user = user
        self._trust = trust
        self._approve = approve
        self._delay = delay
        super().__init__(stream=self.text, browser=False)

    def show(self, prompt: Prompt) -> None:
        super().show(prompt)
        self.prompt = prompt
        self.shown.set()
        if self._user is not None:
            threading.Thread(target=self._answer, args=(self._user,), daemon=True).start()

    def _answer(self, user: str) -> None:
        time.sleep(self._delay)
        person = Person(user, trust=self._trust)
        self.answered.append(person.answer(self.prompt.url, approve=self._approve))


def environment_of(realm: Realm, sandbox: Sandbox | None = None) -> dict[str, str]:
    """The variables that lead the SDK to a realm, and to a sandbox behind it."""
    if sandbox is not None:
        return sandbox.environment()
    nowhere = "http://127.0.0.1:9"
    return {
        "PROVENA_DOMAIN": "localhost",
        "PROVENA_REALM": realm.name,
        "PROVENA_ISSUER_URL": realm.issuer,
        "PROVENA_DATASTORE_URL": nowhere,
        "PROVENA_SEARCH_URL": nowhere,
    }


def deployment_of(realm: Realm, sandbox: Sandbox | None = None) -> Deployment:
    """The deployment of a realm, and of a sandbox behind it."""
    return Deployment.from_env(environment_of(realm, sandbox))


def tokens_of(
    realm: Realm, present: Answering | None = None, *, folder: Path | None = None, **options: Any
) -> TokenSource:
    """A source of tokens for which a person signs in; its session is kept in the folder, or in memory."""
    store = MemoryStore() if folder is None else FileStore(folder)
    sandbox = options.pop("sandbox", None)
    return token_source(
        deployment_of(realm, sandbox),
        interactive=True,
        present=present or Answering(),
        store=store,
        **options,
    )


def client_of(realm: Realm, present: Answering | None = None, **options: Any) -> Provena:
    """A client for which a person signs in; arguments as :func:`tokens_of`."""
    deployment = deployment_of(realm, options.get("sandbox"))
    return Provena(deployment, tokens=tokens_of(realm, present, **options))


def async_client_of(realm: Realm, present: Answering | None = None, **options: Any) -> AsyncProvena:
    """The async twin of :func:`client_of`."""
    deployment = deployment_of(realm, options.get("sandbox"))
    return AsyncProvena(deployment, tokens=tokens_of(realm, present, **options))
