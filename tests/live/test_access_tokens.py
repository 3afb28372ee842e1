"""Keycloak's access tokens at the services: keys that change, and tokens that end in the middle of work."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from provena_sdk import Provena
from provena_sdk.sandbox import Sandbox, Seed
from tests.live.conftest import MakeRealm, Realm
from tests.live.signing import async_client_of, client_of

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]
SECONDS = 6


@pytest.fixture(scope="module")
def reef(new_realm: MakeRealm) -> Realm:
    return new_realm(rotation="no-reuse", access_token_seconds=SECONDS)


@pytest.fixture(scope="module")
def sandbox(reef: Realm) -> Iterator[Sandbox]:
    with Sandbox(issuer=reef.issuer, seed=Seed(datasets=60)) as running:
        yield running
        assert running.crashes == []


@pytest.fixture
def provena(reef: Realm, sandbox: Sandbox) -> Iterator[Provena]:
    with client_of(reef, sandbox=sandbox) as made:
        made.sign_in()
        yield made


def test_a_new_key_is_taken_while_people_work(reef: Realm, provena: Provena) -> None:
    for _ in range(3):
        old = provena.tokens.token()
        reef.admin.rotate_key(reef.name)
        assert provena.datastore.check_access("write").username == "writer"
        assert provena.tokens.renew(old) != old
        assert provena.datastore.check_access("write").username == "writer"


def test_a_token_ends_in_the_middle_of_a_listing(provena: Provena) -> None:
    seen, tokens = [], set()
    for dataset in provena.datastore.for_all_datasets(page_size=10):
        seen.append(dataset.id)
        tokens.add(provena.tokens.token())
        if len(seen) % 20 == 0:
            time.sleep(SECONDS + 0.5)
    assert len(seen) == len(set(seen)) == 60
    assert len(tokens) >= 3


def test_a_token_that_the_service_refuses_before_its_time(provena: Provena, sandbox: Sandbox) -> None:
    """The services' clock is ahead: they refuse a token that is still good here."""
    sandbox.advance(SECONDS / 2 + 0.5)
    try:
        for _ in range(16):
            assert provena.datastore.check_access("read").username == "writer"
            time.sleep(0.25)
    finally:
        sandbox.clock.resume()


async def test_an_async_client_goes_on_as_well(reef: Realm, sandbox: Sandbox) -> None:
    async with async_client_of(reef, sandbox=sandbox) as provena:
        await provena.sign_in()
        first = provena.tokens.token()
        assert (await provena.datastore.check_access("read")).username == "writer"
        time.sleep(SECONDS + 0.5)  # noqa: ASYNC251  # nothing else runs here
        assert (await provena.datastore.check_access("read")).username == "writer"
        assert provena.tokens.token() != first


def test_files_are_carried_while_tokens_end(provena: Provena, sandbox: Sandbox, tmp_path: Path) -> None:
    handle = sandbox.add_dataset("Reef", files={f"{number}.csv": b"x" * 1000 for number in range(20)})
    reef = provena.datastore.interactive_dataset(handle)
    for turn in range(3):
        reef.download_all_files(tmp_path / str(turn))
        time.sleep(SECONDS / 2)
    assert len(list((tmp_path / "2").glob("*.csv"))) == 20
