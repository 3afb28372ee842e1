"""A person signs in at Keycloak with the device flow."""

from __future__ import annotations

import time

import pytest

from provena_sdk import errors
from scripts.live.realm import SHORT_CODE_CLIENT, SLOW_POLL_CLIENT, SLOW_POLL_SECONDS
from tests.live.conftest import MakeRealm, Realm
from tests.live.signing import Answering, async_client_of, client_of, tokens_of

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def reef(new_realm: MakeRealm) -> Realm:
    return new_realm()


def test_a_person_approves(reef: Realm) -> None:
    person = Answering("reader")
    with client_of(reef, person) as provena:
        provena.sign_in()
        account = provena.whoami()
        assert (account.username, account.email) == ("reader", "reader@example.com")
        assert "entity-registry-read" in account.roles
        assert person.prompt.user_code in person.text.getvalue()
        assert person.text.getvalue().endswith("Signed in as reader.\n")
        assert person.answered == ["Device Login Successful"]


async def test_a_person_approves_an_async_client(reef: Realm) -> None:
    async with async_client_of(reef, Answering("writer")) as provena:
        await provena.sign_in()
        assert (await provena.whoami()).username == "writer"


def test_a_person_denies(reef: Realm) -> None:
    client = client_of(reef, Answering(approve=False))
    with client as provena, pytest.raises(errors.SignInDenied, match="refused on the sign-in page"):
        provena.sign_in()


async def test_a_person_denies_an_async_client(reef: Realm) -> None:
    async with async_client_of(reef, Answering(approve=False)) as provena:
        with pytest.raises(errors.SignInDenied, match="refused on the sign-in page"):
            await provena.sign_in()


def test_nobody_answers_in_time(reef: Realm) -> None:
    client = client_of(reef, Answering(None), client_id=SHORT_CODE_CLIENT)
    with client as provena, pytest.raises(errors.SignInExpired, match="not used in time"):
        provena.sign_in()


def test_the_pace_that_the_server_asks_for_is_kept(reef: Realm) -> None:
    """A clock that runs too fast makes the SDK poll too early: Keycloak says ``slow_down`` at the second poll."""
    began, speed = time.time(), 1.5

    def clock() -> float:
        return began + speed * (time.time() - began)

    source = tokens_of(
        reef,
        Answering("writer", delay=4),
        client_id=SLOW_POLL_CLIENT,
        clock=clock,
        sleep=lambda seconds: time.sleep(seconds / speed),
    )
    source.sign_in()
    assert source.claims().username == "writer"
    assert clock() - began >= 4 * SLOW_POLL_SECONDS, "after one slow_down the pause is twice as long"
