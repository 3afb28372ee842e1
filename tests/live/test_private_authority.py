"""Keycloak and a store with certificates of a private authority."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from provena_sdk import Deployment, Provena, errors
from provena_sdk.auth import MemoryStore, token_source
from provena_sdk.sandbox import Sandbox
from scripts.live.keycloak import Keycloak
from scripts.live.process import Certificate
from scripts.live.realm import realm
from scripts.live.stores import STORES, Store
from tests.live.conftest import Realm
from tests.live.parts import carry, external, signed_in
from tests.live.signing import Answering, environment_of

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def reef(keycloak_over_https: Keycloak) -> Iterator[Realm]:
    with keycloak_over_https.admin() as admin:
        admin.add_realm(realm("reef"))
        yield Realm("reef", keycloak_over_https.issuer("reef"), keycloak_over_https, admin)
        admin.remove_realm("reef")


def test_it_is_trusted_when_named(reef: Realm, certificate: Certificate) -> None:
    deployment = Deployment.from_env(environment_of(reef) | {"PROVENA_CA_FILE": str(certificate.authority)})
    person = Answering(trust=ssl.create_default_context(cafile=certificate.authority))
    tokens = token_source(deployment, interactive=True, present=person, store=MemoryStore())
    with Provena(deployment, tokens=tokens) as provena:
        provena.sign_in()
        assert person.prompt.url.startswith("https://localhost:")
        assert provena.whoami().username == "writer"
        first = tokens.token()
        assert tokens.renew(first) != first
        provena.sign_out()


def test_it_is_not_trusted_otherwise(reef: Realm) -> None:
    deployment = Deployment.from_env(environment_of(reef))
    tokens = token_source(deployment, interactive=True, present=Answering(None), store=MemoryStore())
    with pytest.raises(errors.CertificateRejected) as caught:
        tokens.sign_in()
    assert "ca_file" in str(caught.value) or "PROVENA_CA_FILE" in str(caught.value)


def test_a_name_that_the_certificate_does_not_have(reef: Realm, certificate: Certificate) -> None:
    """The certificate is for localhost, and the address says ip6-localhost or the like."""
    issuer = reef.issuer.replace("localhost", "localhost.localdomain")
    variables = environment_of(reef) | {
        "PROVENA_CA_FILE": str(certificate.authority),
        "PROVENA_ISSUER_URL": issuer,
    }
    tokens = token_source(Deployment.from_env(variables), interactive=True, store=MemoryStore())
    with pytest.raises((errors.CertificateRejected, errors.ConnectionFailed)) as caught:
        tokens.sign_in()
    assert "localhost.localdomain" in str(caught.value)


@pytest.fixture(scope="module")
def shoal(keycloak_over_https: Keycloak) -> Iterator[str]:
    with keycloak_over_https.admin() as admin:
        admin.add_realm(realm("shoal"))
        yield keycloak_over_https.issuer("shoal")
        admin.remove_realm("shoal")


@pytest.mark.parametrize("name", STORES)
def test_a_sandbox_trusts_it_for_both_parts(
    name: str, shoal: str, new_store: Callable[..., Store], certificate: Certificate, tmp_path: Path
) -> None:
    with (
        new_store(name, certificate) as store,
        Sandbox(issuer=shoal, s3=external(store), ca_file=certificate.authority) as sandbox,
    ):
        with signed_in(sandbox) as provena:
            handle = carry(provena, tmp_path, certificate.authority)
        # The services are reached without https; a user who names no authority fails at the store.
        deployment = Deployment.from_env(sandbox.environment() | {"PROVENA_CA_FILE": ""})
        token = provena.tokens.token().reveal()
        trusting_nobody = Provena(deployment, access_token=token)
        with trusting_nobody, pytest.raises(errors.CertificateRejected) as caught:
            trusting_nobody.datastore.interactive_dataset(handle).list_files()
        assert "PROVENA_CA_FILE" in str(caught.value)
        assert sandbox.crashes == []


def test_a_sandbox_does_not_trust_it_otherwise(shoal: str) -> None:
    with pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
        Sandbox(issuer=shoal).start()
