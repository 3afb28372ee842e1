"""Real servers, each started once for a test run; tests whose server this machine does not have are left out."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from scripts.live import cache, certificates
from scripts.live.keycloak import Keycloak
from scripts.live.keycloak_admin import Admin
from scripts.live.process import Certificate
from scripts.live.programs import KEYCLOAK, MINIO, PROGRAMS
from scripts.live.realm import realm
from scripts.live.stores import STORES, Minio, Store

_numbers = itertools.count(1)


def needed(name: str) -> None:
    """Leave the test out unless a server is cached."""
    if not cache.is_cached(PROGRAMS[name]):
        pytest.skip(f"{name} is not cached; make live-servers gets it")


@dataclass(frozen=True)
class Realm:
    """A realm of a test's own.

    Attributes:
        name: Its name.
        issuer: Its address.
        keycloak: The server.
        admin: What an administrator can do.
    """

    name: str
    issuer: str
    keycloak: Keycloak
    admin: Admin


MakeRealm = Callable[..., Realm]


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


@pytest.fixture(scope="session")
def keycloak_over_https(certificate: Certificate) -> Iterator[Keycloak]:
    """A Keycloak that serves https with that certificate."""
    needed(KEYCLOAK.name)
    with Keycloak(tls=certificate) as running:
        yield running


@pytest.fixture(scope="session")
def admin(keycloak: Keycloak) -> Iterator[Admin]:
    """What an administrator of that Keycloak can do."""
    with keycloak.admin() as made:
        yield made


@pytest.fixture(scope="module")
def new_realm(keycloak: Keycloak, admin: Admin) -> Iterator[MakeRealm]:
    """Makes a realm; the arguments are those of :func:`scripts.live.realm.realm`."""
    made = []

    def make(**settings: Any) -> Realm:
        name = f"reef-{next(_numbers)}"
        admin.add_realm(realm(name, **settings))
        made.append(name)
        return Realm(name, keycloak.issuer(name), keycloak, admin)

    yield make
    for name in made:
        admin.remove_realm(name)


@pytest.fixture(scope="session")
def store_of() -> Iterator[Callable[[str], Store]]:
    """Gives a running store by its name; each is started once."""
    running: dict[str, Store] = {}

    def start(name: str) -> Store:
        if name not in running:
            needed(name)
            store = STORES[name]()
            store.start()
            running[name] = store
        return running[name]

    yield start
    for store in running.values():
        store.stop()


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, store_of: Callable[[str], Store]) -> Store:
    """Each store in turn."""
    return store_of(request.param)


@pytest.fixture
def new_store() -> Callable[..., Store]:
    """Makes a store by its name, not started yet."""

    def make(name: str, tls: Certificate | None = None) -> Store:
        needed(name)
        return STORES[name](tls=tls)

    return make


@pytest.fixture(scope="module")
def trusting_minio(new_realm: MakeRealm) -> Iterator[tuple[Minio, Realm]]:
    """A MinIO that exchanges a realm's tokens for keys, and that realm."""
    needed(MINIO.name)
    trusted = new_realm(access_token_seconds=60)
    with Minio(issuer=trusted.issuer) as store:
        yield store, trusted
