"""Real servers, each started once for a test run; tests whose server this machine does not have are left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from scripts.live import cache, certificates
from scripts.live.keycloak import Keycloak
from scripts.live.process import Certificate, Server
from scripts.live.programs import KEYCLOAK, PROGRAMS
from scripts.live.stores import STORES


def needed(name: str) -> None:
    """Leave the test out unless a server is cached."""
    if not cache.is_cached(PROGRAMS[name]):
        pytest.skip(f"{name} is not cached; make live-servers gets it")


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """A certificate for this machine, of an authority that nobody trusts."""
    return certificates.make(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def keycloak() -> Iterator[Keycloak]:
    """A Keycloak for all tests; each makes realms of its own there."""
    needed(KEYCLOAK.name)
    with Keycloak() as running:
        yield running


@pytest.fixture
def server_of() -> Callable[[str], Server]:
    """Makes a server by its name, not started yet."""

    def make(name: str, tls: Certificate | None = None) -> Server:
        needed(name)
        return Keycloak(tls=tls) if name == KEYCLOAK.name else STORES[name](tls=tls)

    return make
