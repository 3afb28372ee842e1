"""Keycloak goes down and comes back while somebody signs in, and while a session is in use."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from provena_sdk import errors
from scripts.live.keycloak import Keycloak
from scripts.live.programs import KEYCLOAK
from scripts.live.realm import realm
from tests.live.conftest import Realm, needed
from tests.live.signing import SECONDS, Answering, tokens_of

pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def reef() -> Iterator[Realm]:
    needed(KEYCLOAK.name)
    with Keycloak() as keycloak, keycloak.admin() as admin:
        admin.add_realm(realm("reef", rotation="no-reuse"))
        yield Realm("reef", keycloak.issuer("reef"), keycloak, admin)


def restart(reef: Realm) -> None:
    url = reef.keycloak.url
    reef.keycloak.halt()
    time.sleep(1)
    reef.keycloak.start()
    assert reef.keycloak.url == url


def test_while_a_person_is_asked(reef: Realm) -> None:
    """Keycloak forgets the codes of devices: what the person reads must not be that they were too slow."""
    person = Answering(None)
    source = tokens_of(reef, person)
    with ThreadPoolExecutor(1) as thread:
        signing = thread.submit(source.sign_in)
        assert person.shown.wait(SECONDS)
        restart(reef)
        with pytest.raises(errors.SignInError) as caught:
            signing.result(2 * SECONDS)
    assert "not used in time" not in str(caught.value)
    assert "may have been restarted" in str(caught.value)
    assert "Sign in again" in str(caught.value)
    # And that works.
    again = tokens_of(reef)
    again.sign_in()
    assert again.claims().username == "writer"


def test_while_a_session_is_in_use(reef: Realm, tmp_path: Path) -> None:
    source = tokens_of(reef, folder=tmp_path)
    source.sign_in()
    token = source.token()
    reef.keycloak.halt()
    with pytest.raises((errors.ConnectionFailed, errors.ServiceError)) as caught:
        source.renew(token)
    assert not isinstance(caught.value, errors.SessionEnded)
    reef.keycloak.start()
    assert source.renew(token) != token, "the session is still good"
    assert source.claims().username == "writer"


def test_while_it_is_renewed(reef: Realm, tmp_path: Path) -> None:
    """The server goes down between many renewals, wherever they are; none of them costs the session."""
    source = tokens_of(reef, folder=tmp_path)
    source.sign_in()
    renewed = failed = 0
    with ThreadPoolExecutor(1) as thread:
        restarting = thread.submit(restart, reef)
        while not restarting.done():
            try:
                source.renew(source.token())
                renewed += 1
            except (errors.ConnectionFailed, errors.ServiceError):
                failed += 1
        restarting.result()
    assert source.renew(source.token())
    assert failed, "the server was down"
