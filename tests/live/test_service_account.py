"""A service signs in to Keycloak as itself."""

from __future__ import annotations

import pytest

from provena_sdk import AsyncProvena, Provena, errors
from provena_sdk.sandbox.data.users import SERVICE_CLIENT, SERVICE_SECRET, SERVICE_USER
from tests.live.conftest import MakeRealm, Realm
from tests.live.signing import deployment_of

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def reef(new_realm: MakeRealm) -> Realm:
    return new_realm(rotation="no-reuse")


def test_it_signs_in_and_on(reef: Realm) -> None:
    with Provena(deployment_of(reef), client_id=SERVICE_CLIENT, client_secret=SERVICE_SECRET) as provena:
        assert provena.whoami().username == SERVICE_USER
        first = provena.tokens.token()
        assert provena.tokens.renew(first) != first
        provena.sign_out()
        assert provena.tokens.token() != first


async def test_an_async_client_signs_in(reef: Realm) -> None:
    async with AsyncProvena(
        deployment_of(reef), client_id=SERVICE_CLIENT, client_secret=SERVICE_SECRET
    ) as provena:
        assert (await provena.whoami()).username == SERVICE_USER


def test_a_client_that_is_disabled_while_it_works(reef: Realm) -> None:
    with Provena(deployment_of(reef), client_id=SERVICE_CLIENT, client_secret=SERVICE_SECRET) as provena:
        token = provena.tokens.token()
        reef.admin.change_client(reef.name, SERVICE_CLIENT, {"enabled": False})
        try:
            with pytest.raises(errors.SignInError, match=SERVICE_CLIENT):
                provena.tokens.renew(token)
        finally:
            reef.admin.change_client(reef.name, SERVICE_CLIENT, {"enabled": True})
        assert provena.tokens.renew(token) != token
