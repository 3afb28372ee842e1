"""What a user reads when Keycloak refuses, or is not there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from provena_sdk import Deployment, Provena, errors
from provena_sdk.auth import MemoryStore, token_source
from provena_sdk.sandbox.data.users import SERVICE_CLIENT
from scripts.live.realm import DISABLED_CLIENT, NO_DEVICE_CLIENT, NO_OFFLINE_USER
from tests.live.conftest import MakeRealm, Realm
from tests.live.signing import Answering, client_of, environment_of

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def reef(new_realm: MakeRealm) -> Realm:
    return new_realm()


@pytest.fixture
def refused(reef: Realm) -> Callable[..., str]:
    """Signs in where it cannot work, and returns what the user reads."""

    def sign_in(kind: type[errors.ProvenaError], issuer: str | None = None, **options: Any) -> str:
        variables = environment_of(reef) | {"PROVENA_ISSUER_URL": issuer or reef.issuer}
        deployment = Deployment.from_env(variables)
        source = token_source(
            deployment, interactive=True, present=Answering(None), store=MemoryStore(), **options
        )
        with Provena(deployment, tokens=source) as provena, pytest.raises(kind) as caught:
            provena.sign_in()
        assert type(caught.value) is kind
        return str(caught.value)

    return sign_in


def test_a_wrong_realm(reef: Realm, refused: Callable[..., str]) -> None:
    said = refused(errors.EndpointNotFound, f"{reef.keycloak.url}/realms/nowhere")
    assert "realm" in said
    assert "404" in said


def test_a_client_that_is_not_known(refused: Callable[..., str]) -> None:
    said = refused(errors.SignInDenied, client_id="nobodys-client")
    assert "'nobodys-client'" in said
    assert "client id" in said


def test_a_client_that_is_disabled(refused: Callable[..., str]) -> None:
    assert f"{DISABLED_CLIENT!r}" in refused(errors.SignInDenied, client_id=DISABLED_CLIENT)


def test_a_client_without_device_flow(refused: Callable[..., str]) -> None:
    said = refused(errors.SignInDenied, client_id=NO_DEVICE_CLIENT)
    assert "may not sign in this way" in said
    assert "operator" in said


def test_a_wrong_secret(refused: Callable[..., str]) -> None:
    said = refused(errors.SignInDenied, client_id=SERVICE_CLIENT, client_secret="not-the-secret")
    assert "secret" in said.partition("The server says")[0]
    assert "PROVENA_CLIENT_SECRET" in said
    assert "not-the-secret" not in said


def test_a_user_who_may_not_have_offline_tokens(reef: Realm) -> None:
    client = client_of(reef, Answering(NO_OFFLINE_USER))
    with client as provena, pytest.raises(errors.SignInDenied, match="offline_access"):
        provena.create_offline_token()


def test_a_server_that_is_down(refused: Callable[..., str]) -> None:
    said = refused(errors.ConnectionFailed, "http://127.0.0.1:9/auth/realms/reef")
    assert "127.0.0.1:9" in said
    assert "refused" in said


def test_a_wrong_host_name(refused: Callable[..., str]) -> None:
    said = refused(errors.ConnectionFailed, "https://nowhere.invalid/auth/realms/reef")
    assert "nowhere.invalid" in said
    assert "not known" in said


def test_roles_are_those_of_the_realm(reef: Realm) -> None:
    """Keycloak's own roles on its account page mean nothing to Provena."""
    with client_of(reef) as provena:
        roles = provena.whoami().roles
    assert {"entity-registry-read", "entity-registry-write"} <= set(roles)
    assert not {"manage-account", "view-profile", "manage-account-links"} & set(roles)


def test_the_page_is_said_to_show_the_code_only_where_it_does(reef: Realm) -> None:
    """Keycloak's page does not show the code again when it is opened with the code in its address."""
    person = Answering()
    with client_of(reef, person) as provena:
        provena.sign_in()
    assert "should show" not in person.text.getvalue()
    assert person.prompt.user_code in person.text.getvalue()
